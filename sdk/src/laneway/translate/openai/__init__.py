"""OpenAI's door: chat completions, completions, embeddings, responses, models."""
