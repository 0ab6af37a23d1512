"""What is seen in the cluster, by kopf: told to the world, and keys into the work queue."""
