"""Ollama's door."""
