"""When it will be a job's turn. Pure: what is known, the moment and the dice arrive as values."""
