"""What a dashboard asks of the API server, and does by it."""
