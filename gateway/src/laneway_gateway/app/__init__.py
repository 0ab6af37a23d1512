"""Composition root: builds a gateway on real adapters, and runs it until it has to leave."""
