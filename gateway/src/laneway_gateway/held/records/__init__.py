"""What stands of held requests in the pool's bucket and queues: jobs, whose they are, who waits, how they ended."""
