"""Which pictures of a network at a checkpoint there are, and what each may be asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, assert_never

import torch

from dlcore.training.looking.boundary import boundary
from dlcore.training.looking.features import features
from dlcore.training.looking.filters import filters
from dlcore.training.looking.predictions import predictions
from dlcore.training.looking.surface import surface

Looks = Literal["filters", "features", "boundary", "predictions", "surface"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread in the block: beside a training, two mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def look(what: Looks, request: dict[str, Any]) -> dict[str, Any]:
    """Return a picture of the run in the folder `run`, at its newest checkpoint up to `step`."""
    path, step = str(request["run"]), request.get("step")

    def number(name: str, otherwise: int = 0) -> int:
        return int(request.get(name, otherwise))

    match what:
        case "filters":
            return filters(path, step, number("start"))
        case "features":
            return features(path, step, number("layer"), number("sample"))
        case "boundary":
            return boundary(path, step, number("columns", 64), number("rows", 48), number("layer"))
        case "predictions":
            return predictions(path, step, number("split"), number("target"))
        case "surface":
            return surface(path, step)
        case _:
            assert_never(what)
