"""The one snapshot of a server, and what is made of it: verdicts and history."""
