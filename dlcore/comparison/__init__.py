"""Runs beside each other: in what they differ, what came of them, and whether it is more than chance."""
