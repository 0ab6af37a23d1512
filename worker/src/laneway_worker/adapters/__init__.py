"""The outside world behind the ports: AWS over boto3, Ollama and the pod's API server over httpx, OpenTelemetry, the
process that checks answers, the system's clock.
"""
