"""Exports: documents, tables, weights, and where they go."""
