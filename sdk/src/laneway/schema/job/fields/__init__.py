"""What the fields of a job hold, and what of Ollama's requests a job can't have."""
