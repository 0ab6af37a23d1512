"""The API server, as the operator needs it."""
