"""Whose turn it is to have workers replaced, within the fleet's budget."""
