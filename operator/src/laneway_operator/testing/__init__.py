"""In-memory ports of the operator: they ship, so that whoever builds on a port can test without a cluster."""
