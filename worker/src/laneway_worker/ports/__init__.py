"""What the worker needs of the outside world. Adapters and in-memory fakes pass one test suite (`tests/ports`)."""
