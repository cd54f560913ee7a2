"""Python, and the packages of dltui themselves."""

import importlib.metadata
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import dlcore
import tui
from tui.checkup.check import Check

_OLDEST = (3, 11)
_PACKAGES = ("dlcore", "tui")


def installation_checks() -> Iterator[Check]:
    """Yield whether Python is new enough, where dltui is, and whether its packages are its own."""
    found = f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"
    if sys.version_info < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        yield Check("python", "fault", found, f"Install dltui with Python {wanted} or newer.")
    else:
        yield Check("python", "ok", found)
    yield packages_check(Path(tui.__file__).parent, Path(dlcore.__file__).parent, _owners())


def _owners() -> Mapping[str, Sequence[str]]:
    """Return the distributions that install each package; nothing where their metadata is damaged."""
    try:
        return importlib.metadata.packages_distributions()
    except (OSError, ValueError):
        return {}


def packages_check(tui_at: Path, dlcore_at: Path, owners: Mapping[str, Sequence[str]]) -> Check:
    """Return whether both packages come from dltui: other distributions install packages of these names.

    `owners` has the distributions that install each package.
    """
    owning = {owner for name in _PACKAGES for owner in owners.get(name, ()) if owner}
    others = sorted(owning - {"dltui"})
    alone = "Install dltui into an environment of its own: pipx install dltui."
    if tui_at.parent != dlcore_at.parent:
        return Check("dltui", "fault", f"tui is in {tui_at}, but dlcore in {dlcore_at}", alone)
    found = f"{dlcore.__version__}, tui and dlcore in {tui_at.parent}"
    if others:
        also = f"{found}; {', '.join(others)} installs packages of the same names here"
        return Check("dltui", "note", also, f"The two can overwrite each other. {alone}")
    return Check("dltui", "ok", found)
