"""The published schemas fit what is written, whatever the run's state."""

import json
from pathlib import Path

import pytest

from dlcore.config import RunConfig
from dlcore.events import ActivationsMeasured, CommandApplied, CommandRefused, Event, Warned
from dlcore.export import export
from dlcore.export.layout import Comparison, Export, json_schemas
from dlcore.oneline import parse
from tests.dlcore.export.said import document, make, prepared, steps, to_the_end
from tests.dlcore.trained import Trained

EDIT = {"kind": "Set", "key": "optimizer.lr", "value": 0.02}


def runs() -> list[list[Event]]:
    layers: dict[str, float | None] = {"fc1": 0.5, "fc2": float("nan")}
    return [
        [],
        [prepared(), steps(2, (2.0, float("nan")))],
        [
            *to_the_end()[:-1],
            CommandApplied(step=8, id="1", command=EDIT, before=0.01, text="optimizer.lr 0.01 → 0.02"),
            CommandRefused(step=8, id="2", command=EDIT, reason="no"),
            Warned(step=8, message="careful"),
            ActivationsMeasured(step=8, samples=9, mean=layers, deviation=layers, low=layers, high=layers),
            to_the_end()[-1],
        ],
    ]


@pytest.mark.parametrize("said", runs())
def test_a_document_fits_its_schema(home: Path, said: list[Event]) -> None:
    found = Export.model_validate_json(json.dumps(document(make(home, RunConfig(), said))))
    assert len(found.per_epoch) == (2 if len(said) > 2 else 0)
    assert found.edits == [] or (found.edits[0].value, found.edits[0].before) == (0.02, 0.01)


def test_a_regression_and_a_real_run_fit_too(home: Path, real_run: Trained) -> None:
    Export.model_validate_json(json.dumps(document(make(home, parse("diabetes e=1"), []))))
    found = Export.model_validate_json(json.dumps(document(real_run.run)))
    assert (found.steps, found.state, found.task) == (12, "finished", "classification")
    assert found.gradients is not None
    assert set(found.gradients.norms) == {"fc1", "fc2", "fc3"}


def test_several_runs_fit_theirs(home: Path, tmp_path: Path) -> None:
    made = [make(home, parse(line), to_the_end()) for line in ("digits lr=.1", "digits lr=.2 adam")]
    assert list(export(made, ["json"], tmp_path))
    content = (tmp_path / f"2-runs-{made[0].id}.json").read_bytes()
    found = Comparison.model_validate_json(content)
    assert [one.run for one in found.runs] == [run.id for run in made]
    assert found.differing == ["optimizer", "optimizer.lr"], "the kind says the rest"
    assert found.runs[1].settings["optimizer"] == "adam"


def test_schemas_say_what_things_are() -> None:
    for name, schema in json_schemas().items():
        assert name.endswith(".schema.json")
        assert schema["additionalProperties"] is False
    fields = json_schemas()["export.schema.json"]["properties"]
    assert fields["line"]["description"] == "The same in one line, as `dltui run` takes it."
