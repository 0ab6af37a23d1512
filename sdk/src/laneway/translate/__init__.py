"""The doors' languages: requests of OpenAI's and of Ollama's API made into jobs, and results into answers. Pure."""
