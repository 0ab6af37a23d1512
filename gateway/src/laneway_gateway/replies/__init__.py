"""Where workers tell what they do: a registration that they find, and a listener that it names."""
