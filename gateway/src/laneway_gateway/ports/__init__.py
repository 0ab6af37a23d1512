"""What the gateway needs of the world: one Protocol a thing."""
