"""A look at a table before any training: what would be used as what, what is missing, what may leak."""
