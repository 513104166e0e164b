"""One run: planned, cut into units, executed, resumed, and read back as evidence."""
