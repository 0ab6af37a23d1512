"""Embedded AWS: its server, what it keeps, and what a pool needs in it."""
