"""Every key of the app in one table: dispatch, footer and help are made from it."""

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal[
    "app",
    "setup",
    "train",
    "tuning",
    "inside",
    "errors",
    "microscope",
    "runs",
    "branch",
    "twins",
    "compare",
    "rates",
    "replay",
]

PLACES: dict[Place, str] = {
    "setup": "Setup",
    "rates": "Learning-rate finder",
    "train": "Train",
    "tuning": "Tune",
    "replay": "Replay",
    "inside": "Inside",
    "errors": "Errors",
    "microscope": "Microscope",
    "runs": "Runs",
    "branch": "Branch",
    "twins": "Twins",
    "compare": "Compare",
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


def _in_view(place: Place) -> tuple[Key, ...]:
    """Return the keys that change how curves are seen."""
    return (
        Key(place, "y", "log_scale", "Log", "Loss on a logarithmic scale, or not.", footer=place != "train"),
        Key(place, "Y", "log_steps", "Log x", "The x axis on a logarithmic scale, or not.", False, "Y"),
        Key(place, "X", "turn_axis", "X axis", "Steps, epochs, time or samples on the x axis.", False, "X"),
        Key(place, "z", "zoom(1)", "Closer", "Half of what is seen, around the cursor.", False),
        Key(place, "Z", "zoom(-1)", "Wider", "Twice as much of the curves.", False, "Z"),
        Key(place, "shift+left", "pan(-1)", "Before", "What comes before what is seen.", False),
        Key(place, "shift+right", "pan(1)", "Behind", "What comes behind what is seen.", False),
        Key(place, "a", "show_spikes", "Spikes", "Spikes in full, or cut off if they flatten all.", False),
        Key(place, "plus,equals_sign", "smooth(1)", "Smoother", "Smooth the training curves more.", False),
        Key(place, "minus", "smooth(-1)", "Rougher", "Smooth the training curves less.", False),
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
    Key("setup", "t", "twins", "Twins", "Runs that differ in one setting.", footer=False),
    Key("setup", "f", "find_rate", "Find rate", "A learning rate, by three short sweeps.", footer=False),
    Key("rates", "left,h", "move(-1)", "Lower", "The next rate below: 1, 2, 5, 10 and so on.", shown="←"),
    Key("rates", "right,l", "move(1)", "Higher", "The next rate above: 1, 2, 5, 10 and so on.", shown="→"),
    Key("rates", "comma", "fine(-1)", "Bit lower", "A little lower.", shown=","),
    Key("rates", "full_stop", "fine(1)", "Bit higher", "A little higher.", shown="."),
    Key("rates", "home", "middle", "Middle", "The middle of the band.", shown="home"),
    Key("rates", "enter", "take", "Take", "Take the rate into the form."),
    Key("rates", "escape", "leave", "Leave", "Leave the form as it is.", shown="esc"),
    Key("train", "R", "resume", "Resume", "Go on from the run's last checkpoint.", shown="R"),
    Key("train", "space", "pause", "Pause", "Stand still after this step.", shown="space"),
    Key("train", "space", "go_on", "Go on", "Go on after a pause.", shown="space"),
    Key("train", "s", "step('step')", "Step", "Take one training step, then stand still."),
    Key("train", "S", "step('epoch')", "Epoch", "Go on to the epoch's end, then stand still.", shown="S"),
    Key("train", "x", "stop", "Stop", "Stop after this step and save; again: end it hard."),
    Key("train", "t", "tune", "Tune", "Change hyperparameters while it runs."),
    Key("train", "[", "nudge(-1)", "Less", "What was chosen in t (at first lr) down.", footer=False),
    Key("train", "]", "nudge(1)", "More", "What was chosen in t (at first lr) up.", footer=False),
    Key("train", "u", "undo", "Undo", "Take the last change back; again: the one before.", footer=False),
    *_in_view("train"),
    Key("train", "l", "log", "Trainer's log", "What the trainer has printed.", footer=False),
    Key("train", "d", "findings", "Findings", "What is wrong, why, and what would help.", footer=False),
    Key("train", "b", "branch", "Branch", "Go on from the checkpoint at the cursor, changed.", footer=False),
    Key("train", "T", "twins", "Twins", "The same, but for one setting.", footer=False, shown="T"),
    Key("train", "n", "repeat", "More seeds", "The same, and its twins, with more seeds.", footer=False),
    Key("train", "p", "show_parent", "Parent", "The run that this one comes from.", footer=False),
    Key("train", "P", "show_remedy", "Remedy", "The latest remedy taken of this run.", False, "P"),
    Key("train", "e", "export", "Export", "Write the run to files: summary, figures, weights."),
    Key("train", "V", "verify", "Verify", "Run its script, and compare the losses.", False, "V"),
    Key("train", "c", "copy_setup", "To Setup", "Take this run's configuration to Setup.", footer=False),
    Key("train", "o", "copy_run_line", "Copy line", "Copy the run as one line of words.", footer=False),
    Key("train", "m", "microscope", "Microscope", "One batch, step by step, with its numbers.", False),
    *_in_time("train", footer=False),
    Key("replay", "space", "hold", "Hold", "Stand still, or go on.", shown="space"),
    Key("replay", "[", "hasten(-1)", "Slower", "Play at half the speed."),
    Key("replay", "]", "hasten(1)", "Faster", "Play at twice the speed."),
    Key("replay", "comma", "step_through(-1)", "Back", "One change of the picture back.", shown=","),
    Key("replay", "full_stop", "step_through(1)", "On", "One change of the picture on.", shown="."),
    Key("replay", "home", "again", "Again", "Play from the beginning.", False, "home"),
    Key("replay", "end", "hurry", "To the end", "Show the end at once.", False, "end"),
    *_in_view("replay"),
    Key("replay", "d", "findings", "Findings", "What is wrong by then, and why.", footer=False),
    Key("replay", "e", "export", "Export", "Write the whole run to files.", footer=False),
    Key("replay", "escape", "end_replay", "Leave", "End the replay.", shown="esc"),
    Key("tuning", "left,h,[", "nudge(-1)", "Less", "The next smaller value, or the kind before.", shown="←"),
    Key("tuning", "right,l,]", "nudge(1)", "More", "The next larger value, or the next kind.", shown="→"),
    Key("tuning", "enter", "edit", "Type", "Type a value, or choose from a list."),
    Key("tuning", "u", "undo", "Undo", "Take the last change back; again: the one before."),
    Key("tuning", "escape,t", "close", "Close", "Back to the run; or t.", shown="esc"),
    Key("tuning", "up,k", "focus_row(-1)", "Up", "One hyperparameter up.", footer=False),
    Key("tuning", "down,j", "focus_row(1)", "Down", "One hyperparameter down.", footer=False),
    Key("tuning", "home", "focus_row(-1000)", "First", "The first one.", footer=False),
    Key("tuning", "end", "focus_row(1000)", "Last", "The last one.", footer=False),
    Key("tuning", "pageup", "focus_row(-10)", "Page up", "Ten up.", footer=False),
    Key("tuning", "pagedown", "focus_row(10)", "Page down", "Ten down.", footer=False),
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
    Key("runs", "enter", "open", "Open", "Watch the run; fold a group, or unfold it."),
    Key("runs", "slash", "filter", "Filter", "Only such runs: acc>97% and optimizer=adam.", shown="/"),
    Key("runs", "escape", "back", "Back", "Leave the filter; then the marks.", footer=False, shown="esc"),
    Key("runs", "space", "mark", "Mark", "Mark the run, or a whole group.", shown="space"),
    Key("runs", "v", "compare", "Compare", "The marked runs over each other, or with kin."),
    Key("runs", "s", "sort", "Sort", "Sort by the next column."),
    Key("runs", "S", "reverse", "Reverse", "Turn the order around.", footer=False, shown="S"),
    Key("runs", "g", "group", "Group", "Group by a key; means stand in the headings.", footer=False),
    Key("runs", "t", "tree", "Tree", "Runs below those that they come from.", footer=False),
    Key("runs", "C", "columns", "Columns", "Choose columns and their order.", footer=False, shown="C"),
    Key("runs", "i", "label", "Label", "Edit name, tags, notes; of marked runs, add tags.", footer=False),
    Key("runs", "h", "hide", "Hide", "Leave the run out of the list, or no longer.", footer=False),
    Key("runs", "H", "show_hidden", "Hidden", "Show hidden runs too, or not.", footer=False, shown="H"),
    Key("runs", "d", "delete", "Delete", "Delete the run or the marked ones, after asking.", footer=False),
    Key("runs", "e", "export", "Export", "Write the run or the marked ones to files.", footer=False),
    Key("runs", "V", "verify", "Verify", "Run its script, and compare the losses.", False, "V"),
    Key("runs", "R", "resume", "Resume", "Go on from the run's last checkpoint.", False, shown="R"),
    Key("runs", "b", "branch", "Branch", "Go on from a checkpoint, with something changed.", footer=False),
    Key("runs", "T", "twins", "Twins", "Runs like it that differ in one setting.", False, shown="T"),
    Key("runs", "p", "replay", "Replay", "See the run again as it went.", footer=False),
    Key("runs", "c", "copy_setup", "To Setup", "Take the run's configuration to Setup.", footer=False),
    Key("branch", "r,ctrl+r", "start", "Start", "Start the branch beside its parent.", shown="r"),
    Key("branch", "comma", "other(-1)", "Earlier", "Begin at the checkpoint before.", shown=","),
    Key("branch", "full_stop", "other(1)", "Later", "Begin at the checkpoint behind.", shown="."),
    Key("branch", "enter", "edit", "Change", "Choose from a list, or type a value."),
    Key("branch", "escape", "dismiss(None)", "Back", "No branch.", shown="esc"),
    Key("branch", "up,k", "focus_row(-1)", "Up", "One field up.", footer=False),
    Key("branch", "down,j", "focus_row(1)", "Down", "One field down.", footer=False),
    Key("branch", "pageup", "focus_row(-10)", "Page up", "Ten fields up.", footer=False),
    Key("branch", "pagedown", "focus_row(10)", "Page down", "Ten fields down.", footer=False),
    Key("branch", "left,h", "nudge(-1)", "Less", "The kind before, or a smaller value.", footer=False),
    Key("branch", "right,l", "nudge(1)", "More", "The next kind, or a larger value.", footer=False),
    Key("twins", "ctrl+r", "start", "Start", "Train the twins; enter in the values does so, too."),
    Key("twins", "tab", "turn", "Values", "From the setting to its values, and back.", shown="tab"),
    Key("twins", "escape", "dismiss(None)", "Back", "No twins.", shown="esc"),
    Key("compare", "tab", "turn(1)", "Pane", "The next pane.", shown="tab"),
    Key("compare", "shift+tab", "turn(-1)", "Pane before", "The pane before.", footer=False),
    Key("compare", "up,k", "choose(-1)", "Up", "The run above.", footer=False),
    Key("compare", "down,j", "choose(1)", "Run", "The run below.", shown="↓"),
    Key("compare", "h", "hide", "Hide", "Take the run out of the plots, or put it back."),
    Key("compare", "enter", "open", "Open", "Watch the run."),
    Key("compare", "w", "swap", "Split", "Held-out figures for those of training; and back."),
    Key("compare", "left", "turn_parameter(-1)", "Key before", "The key before.", footer=False),
    Key("compare", "right", "turn_parameter(1)", "Key", "The next key in which the runs differ.", shown="→"),
    Key("compare", "r", "turn_result(1)", "Result", "The next figure of what came of the runs."),
    Key("compare", "R", "turn_result(-1)", "Result before", "The figure before.", False, "R"),
    Key("compare", "pageup", "scroll(-10)", "Page up", "Ten lines up.", footer=False),
    Key("compare", "pagedown", "scroll(10)", "Page down", "Ten lines down.", footer=False),
    Key("compare", "e", "export", "Export", "Write all runs to files, or the chosen one."),
    Key("compare", "V", "verify", "Verify", "Run its script, and compare the losses.", False, "V"),
    Key("compare", "escape", "back", "Back", "Back to where one came from.", shown="esc"),
    *_in_view("compare"),
    *_in_time("compare", footer=False),
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


def keys_of(place: Place, *actions: str) -> frozenset[str]:
    """Return the keys of a place that lead to any of some actions, which are named without parameters."""
    found = (key for key in KEYS if key.place == place and key.action.partition("(")[0] in actions)
    return frozenset(one for key in found for one in key.key.split(","))


def written(key: Key) -> str:
    """Return how a key is written in the help: `up k` for two ways, `+` for plus."""
    names = {"plus": "+", "minus": "-", "equals_sign": "=", "question_mark": "?"}
    return " ".join(names.get(one, one) for one in key.key.split(","))
