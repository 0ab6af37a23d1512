"""What tells whether this operator is well: probes, metrics, what must move."""
