"""The same surroundings as for the other tests of the app."""

from tests.tui.conftest import inspector, make_run, quick_frames, quiet_surroundings

__all__ = ["inspector", "make_run", "quick_frames", "quiet_surroundings"]
