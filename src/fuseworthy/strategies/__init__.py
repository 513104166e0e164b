"""Blocks to predictions: singles first, then fusions, then the controls that keep them honest."""
