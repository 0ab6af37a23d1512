"""Rows and what is asked of them, as values. Pure."""
