"""The trainer and the inspector: the only place that imports torch."""
