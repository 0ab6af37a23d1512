"""OpenAI's door."""
