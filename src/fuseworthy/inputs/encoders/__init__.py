"""Frozen encoders: columns to Blocks, before the folds. What must be learned is learned inside each training part."""
