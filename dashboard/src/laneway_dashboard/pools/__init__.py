"""The first page: how every pool stands."""
