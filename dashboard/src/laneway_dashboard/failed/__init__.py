"""Failed jobs, by cause first."""
