"""What is known of the cluster: digests, and the few facts that decide. Pure."""
