"""A lane's queue as people write it, and what a queue of one's own must be like. Pure."""
