"""Answers of the inspector about a run, each at one of its checkpoints."""
