"""Whether a run that is started here outlives the logout."""

from dlcore.process.session import Survival
from tui.checkup.check import Check


def logout_check(survival: Survival) -> Check:
    """Return what a logout does to runs, and how they are kept from it."""
    if survival.warning:
        found, _, cure = survival.warning.partition(". ")
        return Check("logout", "note", found, f"{cure}." if cure else "")
    if survival.prefix:
        return Check("logout", "ok", f"ends no run: they are started with {survival.prefix[0]}")
    return Check("logout", "ok", "ends no run, as far as this system says")
