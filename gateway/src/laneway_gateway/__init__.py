"""The gateway of Laneway: OpenAI's and Ollama's HTTP APIs, and one of its own, in front of a pool's queue."""
