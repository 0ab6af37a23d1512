"""What the parts of Laneway must agree on, and nothing else: names, job, result, keys, pool and its documents. Pure."""
