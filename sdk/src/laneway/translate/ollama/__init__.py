"""Ollama's own door: chat, generate, embed, embeddings, tags, show, ps, version."""
