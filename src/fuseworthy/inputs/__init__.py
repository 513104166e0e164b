"""User files to Blocks: the only place that opens what a user hands in."""
