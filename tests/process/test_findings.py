"""Findings of a real training, from the command line alone."""

import json

from dlcore.files.atomic import read_json
from tests.process.laboratory import Laboratory

DEEP = "digits mlp 16,16,16,16,16,16,16,16 sigmoid e=40 device=cpu training.threads=1"


def test_a_sick_run_is_told_once_as_it_trains_and_in_full_at_the_end(laboratory: Laboratory) -> None:
    done = laboratory.dltui("run", DEEP)
    run = laboratory.run()
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert sum(line.startswith("found: vanishing gradient since step ") for line in lines) == 1
    (title,) = [number for number, line in enumerate(lines) if line.startswith("error: vanishing gradient")]
    assert "     --set model.activation=relu --set model.init=he" in lines[title:]
    assert lines[-2] == f"  dltui train {run.config}"
    assert lines[-1].startswith(f"{run.id}: finished, best validation accuracy")
    told = laboratory.dltui("diagnose", "latest").stdout.splitlines()
    assert told[2:] == lines[title:-1], "it is judged the same afterwards"
    (finding,) = json.loads(laboratory.dltui("show", run.id, "--json").stdout)["findings"]
    assert finding["code"] == "vanishing_gradient"
    assert "findings" not in read_json(run.facts)["summary"]
