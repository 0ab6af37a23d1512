"""The queues of lanes on AWS: Laneway's own, and others'."""
