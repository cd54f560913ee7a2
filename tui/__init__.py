"""The terminal application: a view with a pen. It owns no truth and never imports torch."""

import os

# Textual reads this when it is imported. It would paint 60 times a second at most, and what a key changes
# might wait for two sixtieths after a frame. Frames that nobody asked for are spaced by tui.terminal.pace.
os.environ.setdefault("TEXTUAL_FPS", "1000")
