"""Curves as lines of text: what is drawn, where it stands, and what the picture does not show."""
