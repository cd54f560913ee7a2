"""A run proven by its own script: the process that it runs in, the comparison, the verdict."""
