"""What the app writes besides runs: configurations where a person said so, and one line in its home."""

from pathlib import Path

from dlcore.config import RunConfig, to_toml
from dlcore.errors import DltuiError
from dlcore.files.atomic import write_atomic, write_new
from dlcore.files.private import private_folder


def save_config(config: RunConfig, path: str) -> Path:
    """Write a configuration to a new file; raises DltuiError when it cannot be or is there already."""
    target = Path(path).expanduser().absolute()
    try:
        write_new(target, to_toml(config).encode())
    except FileExistsError:
        raise DltuiError(f"{target} is there already", "Choose another name.") from None
    except OSError as error:
        raise DltuiError(f"{target} cannot be written: {error.strerror}", "Choose another place.") from None
    return target


def save_line(line: str, home: Path) -> Path:
    """Write the one-line form of a configuration to the app's home, over the last one; raises DltuiError."""
    target = home / "line.txt"
    try:
        private_folder(home)
        write_atomic(target, f"{line}\n".encode())
    except OSError as error:
        raise DltuiError(
            f"{target} cannot be written: {error.strerror}", "Set DLTUI_HOME to a folder that can be."
        ) from None
    return target
