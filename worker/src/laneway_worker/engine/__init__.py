"""One Ollama and who is on it, and when a lane takes jobs."""
