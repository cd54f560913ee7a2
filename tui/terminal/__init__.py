"""The terminal itself: its cells, its line, its bell, and what it looks like from outside."""
