"""Lets tests below this folder import the ledgers made by hand."""
