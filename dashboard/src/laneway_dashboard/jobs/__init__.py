"""Jobs that have ended, as a list."""
