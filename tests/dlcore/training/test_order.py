"""The fingerprint of the order of batches: that of the real order, and of nothing else."""

import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.config import plan
from dlcore.files.atomic import read_json
from dlcore.oneline import parse
from dlcore.rundir import create
from dlcore.training.data import Data
from dlcore.training.order import fingerprint
from dlcore.training.seeds import derive
from tests.conftest import MOMENT
from tests.dlcore.trained import make, train_run

LINE = "digits mlp 8, b=32 n=96 e=2 device=cpu training.threads=1"


def of(line: str) -> str:
    config = parse(line).resolved()
    return fingerprint(config, plan(config))


def test_it_is_the_sha256_of_batch_sizes_and_orders() -> None:
    digest = hashlib.sha256()
    samples = plan(parse(LINE)).training
    for epoch in (1, 2):
        chance = torch.Generator().manual_seed(derive(0, "order", epoch))
        digest.update(struct.pack("<q", 32))
        digest.update(struct.pack(f"<{samples}q", *torch.randperm(samples, generator=chance).tolist()))
    assert of(LINE) == digest.hexdigest()[:16]


def test_only_what_moves_the_order_changes_it() -> None:
    line = "digits e=2"
    first = of(line)
    for words in ("sigmoid", "adam", "lr=1", "mlp 16,16", "drop=.5", "l2=.1", "cnn"):
        assert of(f"{line} {words}") == first, words
    others = ["seed=1", "b=16", "n=95", "val=.2", "data.shuffle=false", "batch_growth schedule.every=1"]
    assert len({first, *(of(f"{line} {words}") for words in others)}) == 7


def test_a_long_run_is_told_by_its_first_epochs() -> None:
    config = parse("xor mlp 4, e=1000000").resolved()
    one = fingerprint(config, plan(config))
    shorter = parse("xor mlp 4, e=32").resolved()
    assert one == fingerprint(shorter, plan(shorter))


def test_a_run_says_it_and_its_list_keeps_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = make(home, parse(LINE))
    facts = read_json(plain.facts) | {"group": {"id": "a", "kind": "twins", "differs": [], "order": ""}}
    twin = create(home, "twin", MOMENT, plain.config.read_text(), facts)
    drawn: list[torch.Tensor] = []
    batches = Data.batches

    def watching(
        data: Data, split: Any, size: int, order: torch.Tensor | None = None, *rest: Any, **more: Any
    ) -> Any:
        if order is not None:
            drawn.append(order)
        return batches(data, split, size, order, *rest, **more)

    monkeypatch.setattr(Data, "batches", watching)
    trained = train_run(twin)
    assert trained.history.prepared is not None
    assert trained.history.prepared.order == of(LINE)
    assert read_json(twin.facts)["group"]["order"] == of(LINE)
    digest = hashlib.sha256()
    for order in drawn:
        digest.update(struct.pack("<q", 32) + struct.pack(f"<{len(order)}q", *order.tolist()))
    assert digest.hexdigest()[:16] == of(LINE), "the order in which the batches really came"
