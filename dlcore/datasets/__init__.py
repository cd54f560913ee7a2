"""Data sets as files: as published and fetched, and as users bring them; no torch."""
