"""The HTTP doors: OpenAI's API, Ollama's API and the pool's own, each request a job that is held."""
