"""Ledger to facts. Nothing here trains, and nothing here sees a model."""
