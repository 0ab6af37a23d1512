"""What keeps the promises: the lease, the retry, the commit, patience with the world."""
