"""The same surroundings as for the other tests of the app."""

from tests.tui.conftest import inspector, make_run, no_offers, quick_frames, quiet_surroundings

__all__ = ["inspector", "make_run", "no_offers", "quick_frames", "quiet_surroundings"]
