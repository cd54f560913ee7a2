from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tests.tui.fakes import NASTY
from tui.widgets.network import Network


class Bench(App[None]):
    def compose(self) -> ComposeResult:
        yield Network()

    @property
    def network(self) -> Network:
        return self.query_one(Network)


def layer(name: str, text: str, shape: list[int], activation: str, parameters: int) -> dict[str, Any]:
    return {"name": name, "text": text, "shape": shape, "activation": activation, "parameters": parameters}


CNN: dict[str, Any] = {
    "input": [1, 28, 28],
    "layers": [
        layer("conv1", "3×3, 16 filters", [16, 14, 14], "relu", 160),
        layer("conv2", "3×3, 32 filters", [32, 7, 7], "relu", 4_640),
        layer("fc1", "1568 → 64", [64], "relu", 100_416),
        layer("fc2", "64 → 10", [10], "", 650),
    ],
    "parameters": 105_866,
}


def deep(layers: int) -> dict[str, Any]:
    made = [layer(f"fc{number}", "64 → 64", [64], "tanh", 4_160) for number in range(1, layers + 1)]
    return {"input": [64], "layers": made, "parameters": 4_160 * layers}


def rows(network: Network) -> list[list[str]]:
    """The words of each line that says something."""
    texts = [network.render_line(y).text for y in range(network.size.height)]
    return [text.split() for text in texts if text.strip()]


async def test_each_layer_has_its_shape_activation_and_parameters() -> None:
    app = Bench()
    async with app.run_test(size=(60, 20)) as pilot:
        app.network.show(CNN)
        await pilot.pause()
        assert [words for words in rows(app.network) if words != ["│"]] == [
            ["input", "1×28×28"],
            ["conv1", "3×3,", "16", "filters", "→", "16×14×14", "relu", "160"],
            ["conv2", "3×3,", "32", "filters", "→", "32×7×7", "relu", "4,640"],
            ["fc1", "1568", "→", "64", "relu", "100,416"],
            ["fc2", "64", "→", "10", "650"],
            ["parameters", "105,866"],
        ]


@pytest.mark.parametrize(("height", "joined"), [(20, True), (12, True), (11, False), (7, False)])
async def test_layers_are_joined_where_there_is_room(height: int, joined: bool) -> None:
    app = Bench()
    async with app.run_test(size=(60, height)) as pilot:
        app.network.show(CNN)
        await pilot.pause()
        assert (["│"] in rows(app.network)) == joined
        assert rows(app.network)[-1] == ["parameters", "105,866"]


@pytest.mark.parametrize("height", [4, 5, 9, 14])
async def test_too_many_layers_leave_out_those_in_the_middle(height: int) -> None:
    app = Bench()
    async with app.run_test(size=(60, height)) as pilot:
        app.network.show(deep(40))
        await pilot.pause()
        lines = rows(app.network)
        assert len(lines) == height
        assert lines[0][0] == "input"
        assert lines[-2][0] == "fc40"
        assert lines[-1] == ["parameters", "166,400"]
        left_out = next(words for words in lines if words[0] == "⋮")
        assert int(left_out[1]) == 41 - (height - 2)


async def test_no_line_is_broken_where_the_form_leaves_room_for_it() -> None:
    app = Bench()
    async with app.run_test(size=(80, 30)) as pilot:
        app.network.show(CNN)
        for width in (200, 80, 58, 36, 25):
            await pilot.resize_terminal(width, 30)
            lines = app.network.render().plain.split("\n")
            assert max(map(cell_len, lines)) <= app.network.size.width
            words = next(line.split() for line in lines if "conv1" in line)
            assert words[-1] == "160"
            assert ("filters" in words) == (width >= 58)
            assert ("relu" in words) == (width >= 36)


async def test_an_error_is_shown_as_it_is_and_goes_with_the_next_answer() -> None:
    app = Bench()
    async with app.run_test(size=(60, 20)) as pilot:
        assert rows(app.network) == [["waking", "the", "inspector", "…"]]
        app.network.show({"error": f"no {NASTY}\nsecond line"})
        await pilot.pause()
        assert rows(app.network) == [["no", "[/x]", "\\x1b[2J", "한글"], ["second", "line"]]
        app.network.show(CNN)
        await pilot.pause()
        assert rows(app.network)[0] == ["input", "1×28×28"]
        app.network.say("resting")
        await pilot.pause()
        assert rows(app.network) == [["resting"]]


async def test_what_a_unit_sees_is_told_where_there_is_room() -> None:
    app = Bench()
    layers = [{**one, "receptive_field": 4 if one["name"] == "conv1" else None} for one in CNN["layers"]]
    async with app.run_test(size=(64, 20)) as pilot:
        app.network.show({**CNN, "layers": layers})
        await pilot.pause()
        assert ["conv1", "3×3,", "16", "filters", "→", "16×14×14,", "sees", "4×4", "relu", "160"] in rows(
            app.network
        )
        await pilot.resize_terminal(44, 20)
        assert ["conv1", "16×14×14,", "sees", "4×4", "relu", "160"] in rows(app.network)


async def test_a_pooling_stands_behind_its_convolution() -> None:
    app = Bench()
    layers = [{**one} for one in CNN["layers"]]
    layers[0]["pooling"] = "max 2×2 of 16×28×28"
    async with app.run_test(size=(64, 20)) as pilot:
        app.network.show({**CNN, "layers": layers})
        await pilot.pause()
        found = rows(app.network)
        place = found.index(["conv1", "3×3,", "16", "filters", "→", "16×28×28", "relu", "160"])
        assert ["max", "2×2", "→", "16×14×14"] in found[place + 1 : place + 3]


async def test_long_names_stand_apart_and_the_ending_is_as_long_as_fits() -> None:
    app = Bench()
    layers = [{**one, "name": f"block{place}.shortcut"} for place, one in enumerate(CNN["layers"])]
    async with app.run_test(size=(64, 20)) as pilot:
        app.network.show({**CNN, "layers": layers}, ("ten outputs, in many words", "10 outputs"))
        for width, ending in ((64, "ten outputs, in many words"), (24, "10 outputs")):
            await pilot.resize_terminal(width, 20)
            lines = app.network.render().plain.split("\n")
            assert ending in lines
            assert "block0.shortcut" in [word for line in lines for word in line.split()]
