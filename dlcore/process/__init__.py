"""The trainer as a process: what it shares the machine with, what ends it, and what is left of it."""
