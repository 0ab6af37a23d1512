"""What an OpenAPI document of the doors is made of."""
