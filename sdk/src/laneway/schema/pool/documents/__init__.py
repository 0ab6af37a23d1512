"""The documents that the parts hand to each other. Pure."""
