"""The worker: pulls jobs from a lane's queue, generates with Ollama, commits exactly one result per job."""
