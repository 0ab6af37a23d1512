"""One lane."""
