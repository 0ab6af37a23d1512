"""The outside world behind the ports: AWS over boto3, Ollama over httpx, the system's clock."""
