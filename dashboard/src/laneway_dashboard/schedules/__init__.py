"""When lanes sleep and wake."""
