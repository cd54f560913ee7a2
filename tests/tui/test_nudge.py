import pytest

from dlcore.config import SECTIONS, Section
from tui.draft import Draft, Row
from tui.nudge import nudged


def row_of(key: str, **kinds: str) -> Row:
    """The row of a field, in a form where `kinds` are chosen (section → kind)."""
    draft = Draft()
    for section, word in kinds.items():
        draft.put(f"{section}.kind", word)
    return next(row for row in draft.rows() if row.key == key)


def walk(row: Row, text: str, direction: int, steps: int) -> list[str]:
    path = []
    for _ in range(steps):
        text = nudged(row, text, direction)
        path.append(text)
    return path


@pytest.mark.parametrize(
    ("key", "start", "up"),
    [
        ("data.batch_size", "64", ["128", "256", "512"]),
        ("data.batch_size", "full", ["1", "2", "4"]),
        ("data.limit", "0", ["1", "2", "4"]),
        ("training.threads", "auto", ["1", "2", "4"]),
        ("training.evaluate_every", "epoch", ["1", "2", "4"]),
        ("optimizer.lr", "0.01", ["0.02", "0.05", "0.1"]),
        ("optimizer.lr", "0.03", ["0.05", "0.1", "0.2"]),
        ("optimizer.lr", "5", ["10", "20", "50"]),
        ("optimizer.momentum", "0.5", ["0.8", "0.9", "0.95"]),
        ("optimizer.momentum", "0.95", ["0.98", "0.99", "0.99"]),
        ("training.epochs", "10", ["20", "50", "100"]),
        ("training.steps_per_second", "0", ["0.2", "0.5", "1"]),
        ("data.validation", "0.1", ["0.15", "0.2", "0.25"]),
        ("data.validation", "0.9", ["0.95", "0.95", "0.95"]),
        ("model.dropout", "0", ["0.05", "0.1", "0.15"]),
        ("regularization.l2", "0", ["0.0001", "0.0002", "0.0005"]),
        ("model.bias", "true", ["false", "true", "false"]),
        ("model.output", "auto", ["linear", "sigmoid", "softmax"]),
        ("model.activation", "identity", ["relu", "leaky_relu", "elu"]),
        ("optimizer.kind", "adam", ["adamw", "sgd", "momentum"]),
        ("regularization.augment", "[]", ["shift", "flip", "rotate"]),
        ("regularization.augment", "", ["shift", "flip", "rotate"]),
        ("regularization.augment", "rotate", ["[]", "shift", "flip"]),
        ("regularization.augment", "flip,", ["rotate", "[]", "shift"]),
        ("data.validation", "0.03", ["0.08", "0.13", "0.18"]),
        ("training.early_stopping", "0", ["1", "2", "4"]),
    ],
)
def test_right_is_the_next_sensible_value(key: str, start: str, up: list[str]) -> None:
    assert walk(row_of(key), start, 1, 3) == up


@pytest.mark.parametrize(
    ("key", "start", "down"),
    [
        ("data.batch_size", "4", ["2", "1", "full", "full"]),
        ("data.limit", "3", ["1", "0", "0", "0"]),
        ("training.epochs", "30", ["20", "10", "5", "2"]),
        ("training.epochs", "2", ["1", "1", "1", "1"]),
        ("optimizer.momentum", "0.9", ["0.8", "0.5", "0", "0"]),
        ("training.threads", "2", ["1", "auto", "auto", "auto"]),
        ("optimizer.lr", "0.01", ["0.005", "0.002", "0.001", "0.0005"]),
        ("optimizer.lr", "0.03", ["0.02", "0.01", "0.005", "0.002"]),
        ("data.validation", "0.1", ["0.05", "0", "0", "0"]),
        ("regularization.l2", "0.0002", ["0.0001", "0", "0", "0"]),
        ("model.output", "auto", ["softmax", "sigmoid", "linear", "auto"]),
        ("regularization.augment", "[]", ["rotate", "flip", "shift", "[]"]),
    ],
)
def test_left_is_the_one_before(key: str, start: str, down: list[str]) -> None:
    assert walk(row_of(key), start, -1, 4) == down


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("optimizer.lr", "fast"),
        ("optimizer.lr", ""),
        ("data.batch_size", "1.5"),
        ("training.epochs", "many"),
        ("name", "a name"),
        ("model.hidden", "128,64"),
        ("training.device", "cpu"),
        ("optimizer.lr_per_layer", "{}"),
        ("optimizer.lr_per_layer", ""),
    ],
)
def test_what_has_no_next_value_stays(key: str, text: str, direction: int) -> None:
    assert nudged(row_of(key), text, direction) == text


@pytest.mark.parametrize("text", ["same,", "same", "same, ", " same"])
def test_a_list_that_needs_a_word_goes_from_one_to_the_next(text: str) -> None:
    row = row_of("model.padding", model="cnn")
    assert walk(row, text, 1, 3) == ["none", "same", "none"]
    assert walk(row, text, -1, 3) == ["none", "same", "none"]


@pytest.mark.parametrize(
    ("text", "up", "down"), [("flip,shift", "shift", "rotate"), ("spin", "shift", "rotate")]
)
def test_several_words_or_unknown_ones_are_left_behind(text: str, up: str, down: str) -> None:
    row = row_of("regularization.augment")
    assert (nudged(row, text, 1), nudged(row, text, -1)) == (up, down)


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_list_of_numbers_has_no_next_value(direction: int) -> None:
    for key in ("schedule.factors", "schedule.boundaries"):
        assert nudged(row_of(key, schedule="piecewise"), "0.1,0.01", direction) == "0.1,0.01"


def test_an_unknown_word_goes_on_from_the_first_one() -> None:
    assert nudged(row_of("model.activation"), "relu,tanh", 1) == "leaky_relu"


@pytest.mark.parametrize("section", [section for section in SECTIONS if section.has_kinds])
def test_all_kinds_are_reached_and_the_first_comes_again(section: Section) -> None:
    row = row_of(section.path("kind"))
    words = [kind.word() for kind in section.family]
    assert walk(row, words[0], 1, len(words)) == [*words[1:], words[0]]
    assert walk(row, words[0], -1, len(words)) == words[::-1]


@pytest.mark.parametrize("key", ["optimizer.eps", "optimizer.lr"])
def test_small_numbers_stay_above_zero(key: str) -> None:
    values = [float(text) for text in walk(row_of(key, optimizer="adam"), "1e-8", -1, 9)]
    assert all(0 < after < before for before, after in zip([1e-8, *values], values, strict=False))


def test_rates_of_layers_go_together() -> None:
    row = row_of("optimizer.lr_per_layer")
    assert walk(row, "{fc1 = 0.01, fc2 = 0.002}", 1, 2) == [
        "{fc1 = 0.02, fc2 = 0.005}",
        "{fc1 = 0.05, fc2 = 0.01}",
    ]
    for text in ("{}", "", "{fc1 = 0}", "{fc1 = true}", "{fc1 =", "fc1"):
        assert nudged(row, text, 1) == text
