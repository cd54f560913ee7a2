"""A loss that leaves the numbers: the step and the layer are named, and finite weights are kept."""

import math

import pytest

from dlcore.checkpoints import is_whole, saved
from dlcore.summary import read_history, state_of
from dlcore.training import checkpoint
from tests.process.laboratory import Laboratory
from tests.torture.forked import ForkServer, fork_server
from tests.torture.ledger import Promise, fault
from tests.torture.test_resume import make

LINES = (
    "digits mlp 16,16 relu he mse out=linear sgd lr=1e6 e=5",
    "digits mlp 32,32 leaky_relu mse out=linear momentum lr=1e4 e=5 b=8",
    "diabetes mlp 64, relu he mse sgd lr=1e10 e=50",
    "digits cnn filters=8,8 relu he mse out=linear momentum lr=1e8 n=400 e=5 b=16",
)


@pytest.fixture(scope="module")
def trainers(tmp_path_factory: pytest.TempPathFactory) -> ForkServer:  # type: ignore[misc]
    laboratory = Laboratory(tmp_path_factory.mktemp("not_finite"))
    with fork_server("tests.torture.training", environment=laboratory.environment) as server:
        yield server


@pytest.mark.parametrize("line", LINES)
def test_the_first_bad_step_and_layer_are_named(
    laboratory: Laboratory, trainers: ForkServer, line: str
) -> None:
    run = make(laboratory.home, line)
    with fault(Promise.NOT_FINITE):
        trainers.call("tests.torture.training:train", str(run.path))
        trainers.wait()
        assert trainers.status == 1
        history = read_history(run, whole=True)
        assert state_of(run, history) == "failed"
        assert history.ended is not None
        first = next(step for step, loss in enumerate(history.loss.values, 1) if not math.isfinite(loss))
        assert history.ended.message.startswith(f"The loss is not finite since step {first} (it is ")
        assert "; the first to leave the numbers was the " in history.ended.message
        steps = [step for step, path in saved(run).items() if is_whole(path)]
        assert steps
        assert steps[-1] < first
        kept = checkpoint.load(run, steps[-1])["model"]
        assert all(bool(tensor.isfinite().all()) for tensor in kept.values())
