"""Logs of other programs, read as runs: TensorBoard's event files, and CSV files. They are never written to.

`tfevents` and `csv_logs` read what others wrote, `sources` finds it below a path, `mapping` finds out what is
what, `writing` says it again in events of ours, and `following` does all that, once or for as long as it
grows.
"""

from dlcore.importing.following import Following, Imported
from dlcore.importing.mapping import NONE, SERIES

__all__ = ["NONE", "SERIES", "Following", "Imported"]
