"""Tables in real databases, and the calls to AWS."""
