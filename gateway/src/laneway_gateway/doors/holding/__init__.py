"""A job that is held while its client waits, and what the client hears meanwhile."""
