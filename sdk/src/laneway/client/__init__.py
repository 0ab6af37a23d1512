"""What `Pool` is made of."""
