"""One pass over one pool, and the queue of pools that wait for theirs."""
