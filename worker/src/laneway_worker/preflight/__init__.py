"""What a pool's preflight does: tries its rights, and publishes `pool.json`."""
