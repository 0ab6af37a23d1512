"""The server: which page is where, and what it is made of."""
