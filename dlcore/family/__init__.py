"""Which runs come from which: branches, twins, repeats, and the queue of those that wait."""
