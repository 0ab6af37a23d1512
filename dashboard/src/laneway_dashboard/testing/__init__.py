"""Worlds to look at, and fakes of every port."""
