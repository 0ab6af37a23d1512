"""What the worker needs of the outside world, and how it is told to stop.

Adapters and in-memory fakes pass one test suite (`tests/ports`).
"""
