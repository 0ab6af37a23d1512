"""Least-privilege policies for everybody who has to do with a pool. Pure: a pool goes in, dictionaries come out."""
