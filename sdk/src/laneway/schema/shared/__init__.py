"""What all of the schema stands on: the base of its models, names, JSON and YAML, problems in words. Pure."""
