"""CustomResourceDefinitions, made from the models. Pure."""
