"""Patterns of JSON Schema: read by an allow-list, and written as Ollama's grammars can have them. Pure."""
