"""A job and its end: body, result, history, failed job, and the keys of their objects. Pure."""
