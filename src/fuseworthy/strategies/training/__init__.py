"""Training fusions inside a model: one loop, many copies at once where that pays."""
