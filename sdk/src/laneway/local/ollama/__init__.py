"""Ollama on this machine: found or built, its models, a server a lane."""
