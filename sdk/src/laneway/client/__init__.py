"""The client: `Pool`, and what it is made of: connection, lanes, failed jobs, calls to AWS."""
