"""A pool on this machine: embedded AWS, Ollama, and workers as real processes from the same documents."""
