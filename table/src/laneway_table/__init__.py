"""Rows of results in a database, and the projector that writes them."""
