"""What there is to draw beside the form, and which row of the form asks for what."""

from typing import Literal

Subject = Literal["data", "network", "function", "spread", "course", "loss"]

TITLES: dict[Subject, str] = {
    "data": "Data",
    "network": "Network",
    "function": "Activation and its slope",
    "spread": "Activations at step 0",
    "course": "Over the run",
    "loss": "What the loss compares",
}
QUESTIONS: dict[Subject, str] = {"data": "data", "network": "network", "spread": "activations"}
"""What the inspector is asked; the other subjects need nobody."""


def subject_of(key: str) -> Subject:
    """Return what the picture for a row shows, by the row's dotted key."""
    section, dot, name = key.partition(".")
    if section == "model" and name.startswith("activation"):
        return "function"
    if section == "model" and name.partition(".")[0] == "init":
        return "spread"
    subjects: dict[str, Subject] = {
        "data": "data",
        "optimizer": "course",
        "schedule": "course",
        "loss": "loss",
    }
    return subjects.get(section, "network") if dot else "network"
