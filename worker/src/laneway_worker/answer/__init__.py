"""Structured output: which schemas can be served, and which answers meet them. Pure."""
