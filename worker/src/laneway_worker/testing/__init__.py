"""In-memory ports for tests: queue, store, notifier, a scripted runtime, a manual clock. They pass `tests/ports`."""
