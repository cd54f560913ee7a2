"""Small things on a disk: written as a whole or not at all, locked, judged before they are read."""
