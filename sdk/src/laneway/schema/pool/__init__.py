"""The pool as people write it, and its lanes. Pure."""
