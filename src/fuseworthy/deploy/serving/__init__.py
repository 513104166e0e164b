"""A model behind HTTP: an exported graph, its requests read strictly, answered in small batches by one light process."""
