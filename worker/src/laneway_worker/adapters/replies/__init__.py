"""Telling gateways of jobs while they run: which gateway is believed, the stream to it, and what goes into it."""
