"""How much of one cell is read; known without loading what reads it."""

from __future__ import annotations

LONGEST_TEXT = 100_000
"""Characters of a text that are read; longer texts are cut, and counted in the notices."""
LARGEST = 1e15
"""Of an entry of a vector; the squares of larger ones, summed, leave the range of 32 bits that networks compute in."""
MOST_TOKENS = 512
"""Vectors in a row; what networks compute and hold grows with the square of it."""
