"""What the projector and the readers of a table need: small protocols."""
