"""What the pages need of the world; whoever reads a pool or acts on it is an adapter."""
