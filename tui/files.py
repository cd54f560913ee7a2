"""What the app writes outside the home of its runs: only where a person said so, never over something."""

from pathlib import Path

from dlcore.config import RunConfig, to_toml
from dlcore.errors import DltuiError


def save_config(config: RunConfig, path: str) -> Path:
    """Write a configuration to a new file; raises DltuiError when it cannot be or is there already."""
    target = Path(path).expanduser().absolute()
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(to_toml(config))
    except FileExistsError:
        raise DltuiError(f"{target} is there already", "Choose another name.") from None
    except OSError as error:
        raise DltuiError(f"{target} cannot be written: {error.strerror}", "Choose another place.") from None
    return target
