"""OpenAI's responses: requests, answers and events."""
