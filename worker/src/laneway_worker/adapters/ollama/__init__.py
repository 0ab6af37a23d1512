"""Ollama over httpx: its answers as they come, its models, its errors as kinds of trouble."""
