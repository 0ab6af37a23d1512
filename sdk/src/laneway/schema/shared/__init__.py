"""What all of the schema stands on: the base of its models, names, JSON, problems in words. Pure."""
