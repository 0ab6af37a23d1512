"""What Ollama is asked for a job, and what can be told about a job before the model runs. Pure."""
