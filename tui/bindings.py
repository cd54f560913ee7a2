"""Every key of the app in one table: dispatch, footer and help are made from it."""

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal["app", "setup", "train", "inside", "errors", "microscope", "runs"]

PLACES: dict[Place, str] = {
    "setup": "Setup",
    "train": "Train",
    "inside": "Inside",
    "errors": "Errors",
    "microscope": "Microscope",
    "runs": "Runs",
    "app": "Everywhere",
}


@dataclass(frozen=True)
class Key:
    """One key (or several, by comma) in one place."""

    place: Place
    key: str
    action: str
    label: str
    help: str
    footer: bool = True
    shown: str | None = None
    """How the key is written, when Textual's own way is not what keyboards say."""


def _in_time(place: Place, footer: bool) -> tuple[Key, ...]:
    """Return the keys that move the cursor through the steps of a run."""
    back, on = "One measured step back in time.", "One measured step on in time."
    return (
        Key(place, "comma", "move_cursor(-1)", "Back", back, footer, ","),
        Key(place, "full_stop", "move_cursor(1)", "On", on, footer, "."),
        Key(place, "less_than_sign", "jump_cursor(-1)", "Far back", "Well back in time.", False, "<"),
        Key(place, "greater_than_sign", "jump_cursor(1)", "Far on", "Well on in time.", False, ">"),
        Key(place, "home", "first_step", "First step", "Look at the first step.", False),
        Key(place, "end", "live", "Live", "Look at the newest step, and follow the run.", footer, "end"),
    )


KEYS: tuple[Key, ...] = (
    Key("setup", "r,ctrl+r", "train", "Train", "Start training with this configuration.", shown="r"),
    Key("setup", "up,k", "focus_row(-1)", "Up", "One field up.", footer=False),
    Key("setup", "down,j", "focus_row(1)", "Down", "One field down.", footer=False),
    Key("setup", "home", "focus_row(-1000)", "First", "The first field.", footer=False),
    Key("setup", "end", "focus_row(1000)", "Last", "The last field.", footer=False),
    Key("setup", "pageup", "focus_row(-10)", "Page up", "Ten fields up.", footer=False),
    Key("setup", "pagedown", "focus_row(10)", "Page down", "Ten fields down.", footer=False),
    Key("setup", "left,h", "nudge(-1)", "Less", "The kind before, or a smaller value.", footer=False),
    Key("setup", "right,l", "nudge(1)", "More", "The next kind, or a larger value.", footer=False),
    Key("setup", "enter", "edit", "Choose", "Choose from a list, or type a value."),
    Key("setup", "backspace,delete", "restore", "Default", "Back to the default value.", footer=False),
    Key("setup", "w", "save", "Save as", "Write the configuration to a TOML file."),
    Key("setup", "p", "presets", "Presets", "Start from a run that shows something."),
    Key("setup", "o", "copy_line", "Copy line", "Copy the run as one line of words.", footer=False),
    Key("setup", "a", "take_advice", "Advice", "Take the first advice."),
    Key("train", "R", "resume", "Resume", "Go on from the run's last checkpoint.", shown="R"),
    Key("train", "space", "pause", "Pause", "Stand still after this step.", shown="space"),
    Key("train", "space", "go_on", "Go on", "Go on after a pause.", shown="space"),
    Key("train", "s", "step('step')", "Step", "Take one training step, then stand still."),
    Key("train", "S", "step('epoch')", "Epoch", "Go on to the epoch's end, then stand still.", shown="S"),
    Key("train", "x", "stop", "Stop", "Stop after this step, and save the weights."),
    Key("train", "[", "scale_lr(0.5)", "Rate ÷2", "Halve the learning rate.", footer=False),
    Key("train", "]", "scale_lr(2)", "Rate ×2", "Double the learning rate.", footer=False),
    Key("train", "y", "log_scale", "Log", "Loss on a logarithmic scale, or not."),
    Key(
        "train", "plus,equals_sign", "smooth(1)", "Smoother", "Smooth the training curves more.", footer=False
    ),
    Key("train", "minus", "smooth(-1)", "Rougher", "Smooth the training curves less.", footer=False),
    Key("train", "l", "log", "Trainer's log", "What the trainer has printed.", footer=False),
    Key("train", "d", "findings", "Findings", "What is wrong, why, and what would help.", footer=False),
    Key("train", "p", "show_parent", "Parent", "The run that this one is a remedy of.", footer=False),
    Key("train", "n", "show_remedy", "Remedy", "The latest remedy taken of this run.", footer=False),
    Key("train", "e", "export", "Export", "Write a summary: Markdown, JSON and CSV."),
    Key("train", "c", "copy_setup", "To Setup", "Take this run's configuration to Setup.", footer=False),
    Key("train", "o", "copy_run_line", "Copy line", "Copy the run as one line of words.", footer=False),
    Key("train", "m", "microscope", "Microscope", "One batch, step by step, with its numbers.", False),
    *_in_time("train", footer=False),
    Key("inside", "tab", "turn(1)", "Pane", "The next pane.", shown="tab"),
    Key("inside", "shift+tab", "turn(-1)", "Pane before", "The pane before.", footer=False),
    *_in_time("inside", footer=True),
    Key("inside", "m", "microscope", "Microscope", "One batch, step by step, with its numbers.", False),
    Key("inside", "up,k", "move_in_pane(0, -1)", "Up", "Up within the pane.", footer=False),
    Key("inside", "down,j", "move_in_pane(0, 1)", "Down", "Down within the pane.", footer=False),
    Key("inside", "left,h", "move_in_pane(-1, 0)", "Left", "To the left within the pane.", footer=False),
    Key("inside", "right,l", "move_in_pane(1, 0)", "Right", "To the right within the pane.", footer=False),
    Key("errors", "tab", "turn_pane", "Pane", "The next pane.", shown="tab"),
    Key("errors", "enter", "open", "Samples", "The samples behind it, the worst first."),
    Key("errors", "escape", "back", "Back", "Back from the samples.", shown="esc"),
    Key("errors", "w", "worst", "Worst", "To the next of the worst confusions."),
    Key("errors", "s", "sort", "Sort", "Sort the list by another figure."),
    Key("errors", "t", "target", "Target", "The next of several numbers to predict."),
    Key("errors", "up,k", "move(0, -1)", "Up", "Up in the matrix or list.", footer=False),
    Key("errors", "down,j", "move(0, 1)", "Down", "Down in the matrix or list.", footer=False),
    Key("errors", "left,h", "move(-1, 0)", "Left", "To the left, or the sample before.", footer=False),
    Key("errors", "right,l", "move(1, 0)", "Right", "To the right, or the next sample.", footer=False),
    Key("errors", "pageup", "move(0, -10)", "Page up", "Ten lines up.", footer=False),
    Key("errors", "pagedown", "move(0, 10)", "Page down", "Ten lines down.", footer=False),
    *_in_time("errors", footer=False),
    Key("microscope", "right,space,enter", "turn(1)", "Next", "The next page; or space.", shown="→"),
    Key("microscope", "left,backspace", "turn(-1)", "Back", "The page before.", footer=False),
    Key("microscope", "escape,m", "back", "Close", "Back to the run; or m.", shown="esc"),
    Key("microscope", "l", "choose('layer', 1)", "Layer", "The next layer."),
    Key("microscope", "L", "choose('layer', -1)", "Layer", "The layer before.", footer=False),
    Key("microscope", "u", "choose('unit', 1)", "Unit", "The next unit of the layer, or filter."),
    Key("microscope", "U", "choose('unit', -1)", "Unit", "The unit before.", footer=False),
    Key("microscope", "w", "choose('weight', 1)", "Weight", "The next weight; the bias is the last."),
    Key("microscope", "W", "choose('weight', -1)", "Weight", "The weight before.", footer=False),
    Key("microscope", "s", "choose('sample', 1)", "Sample", "The next sample of the batch."),
    Key("microscope", "S", "choose('sample', -1)", "Sample", "The sample before.", footer=False),
    Key("microscope", "n", "choose('batch', 1)", "Batch", "The next batch of the training data."),
    Key("microscope", "p", "choose('batch', -1)", "Batch", "The batch before.", footer=False),
    Key("microscope", "t", "mode", "Mode", "Training mode, or evaluation mode."),
    Key("microscope", "z", "forget", "Forget", "Forget zero_grad: gradients pile up. Or not."),
    Key("microscope", "plus,equals_sign", "passes(1)", "More", "One more backward pass.", footer=False),
    Key("microscope", "minus", "passes(-1)", "Fewer", "One backward pass fewer.", footer=False),
    Key("microscope", "up,k", "scroll(-1)", "Up", "One line up.", footer=False),
    Key("microscope", "down,j", "scroll(1)", "Down", "One line down.", footer=False),
    Key("microscope", "pageup", "scroll(-10)", "Page up", "Ten lines up.", footer=False),
    Key("microscope", "pagedown", "scroll(10)", "Page down", "Ten lines down.", footer=False),
    Key("runs", "enter", "open", "Open", "Watch the run."),
    Key("runs", "R", "resume", "Resume", "Go on from the run's last checkpoint.", shown="R"),
    Key("runs", "e", "export", "Export", "Write a summary of the run: Markdown, JSON and CSV."),
    Key("runs", "d", "delete", "Delete", "Delete the run, after asking."),
    Key("runs", "c", "copy_setup", "To Setup", "Take the run's configuration to Setup.", footer=False),
    Key("app", "1", "show('setup')", "Setup", "Choose data, network and training.", footer=False),
    Key("app", "2", "show('train')", "Train", "Watch the run.", footer=False),
    Key("app", "3", "show('inside')", "Inside", "Look inside the network.", footer=False),
    Key("app", "4", "show('errors')", "Errors", "What the network gets wrong.", footer=False),
    Key("app", "5", "show('runs')", "Runs", "All runs.", footer=False),
    Key("app", "ctrl+p", "command_palette", "Palette", "Search everything that can be done.", shown="ctrl+p"),
    Key("app", "question_mark", "help", "Help", "All keys.", shown="?"),
    Key("app", "q", "leave", "Quit", "Leave; a run that goes on can be left running."),
)


def bindings(place: Place) -> list[BindingType]:
    """Return the bindings of a place, as Textual wants them."""
    return [
        Binding(key.key, key.action, key.label, show=key.footer, key_display=key.shown, tooltip=key.help)
        for key in KEYS
        if key.place == place
    ]


def written(key: Key) -> str:
    """Return how a key is written in the help: `up k` for two ways, `+` for plus."""
    names = {"plus": "+", "minus": "-", "equals_sign": "=", "question_mark": "?"}
    return " ".join(names.get(one, one) for one in key.key.split(","))
