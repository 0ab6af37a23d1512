"""The operator: turns an LLMWorkerPool into lanes on Kubernetes."""
