"""Rules that a person has switched off, for all runs: their codes stand in `silenced.json` below the home."""

from pathlib import Path

from dlcore.errors import RunError
from dlcore.files.atomic import read_json, write_json
from dlcore.files.private import private_folder

_FILE = "silenced.json"


def silenced(root: Path) -> frozenset[str]:
    """Return the codes whose rules are switched off; a damaged or foreign file switches none off."""
    codes = read_json(root / _FILE).get("codes")
    return frozenset(one for one in codes if isinstance(one, str)) if isinstance(codes, list) else frozenset()


def switch(root: Path, code: str, *, off: bool) -> frozenset[str]:
    """Switch a rule off, or on again; return the codes of all that are off then.

    Raises RunError where the home is not ours to write to.
    """
    codes = silenced(root) | {code} if off else silenced(root) - {code}
    try:
        private_folder(root)
        write_json(root / _FILE, {"codes": sorted(codes)})
    except OSError as error:
        raise RunError(
            f"{root / _FILE} cannot be written: {error.strerror}",
            "Make the folder writable, or set DLTUI_HOME to one that is.",
        ) from None
    return codes
