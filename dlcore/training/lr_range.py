"""The learning-rate range test (Smith, 2017, "Cyclical Learning Rates for Training Neural Networks").

Starting from a run's first weights, or those of a checkpoint, real training steps are taken while the rate
grows by the same factor from each to the next. Three such sweeps see the training data in different orders;
between them and at the end, weights and all that the optimizer remembers are put back, bit for bit.
"""

import json
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from dlcore import rundir
from dlcore.config import RunConfig, output_units, plan
from dlcore.errors import DltuiError
from dlcore.lr_band import STEPS, SWEEPS, Course, rates_of
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.augment import augmented
from dlcore.training.data import Data, load
from dlcore.training.device import pick_device
from dlcore.training.known import known, source_of
from dlcore.training.layers import describe
from dlcore.training.losses import terms
from dlcore.training.models import build_model, check_outputs
from dlcore.training.safe_load import fitting
from dlcore.training.seeds import derive, draw_on, drawing, generator
from dlcore.training.sources import Arrays, read
from dlcore.training.step import TrainingStep
from dlcore.training.threads import choose_threads

_MOST_SECONDS = 20.0
"""What all sweeps together should not take much longer than: of slow steps there are fewer."""
_LEAST_STEPS = 50
_SLICE_SECONDS = 0.15
"""So long the inspector computes before other questions have their turn."""


class RangeTest:
    """Sweeps over the learning rates, one after the other. `advance` goes on with them for a while."""

    def __init__(self, config: RunConfig, data: Data, weights: Mapping[str, Any] | None = None) -> None:
        """`config` is resolved. The network is built as the trainer would: one seed, one network.

        It starts from `weights` where they are given; the optimizer remembers nothing in either case. Raises
        DltuiError where they do not fit.
        """
        self.config = config
        self.data = data
        self.plan = plan(config, data.facts)
        before = drawing(None, data.device)
        torch.manual_seed(config.seed)
        network = build_model(config, data.facts).to(data.device)
        _, outputs = describe(network, data.facts.shape)
        check_outputs(outputs, output_units(config.loss, data.facts))
        if weights is not None:
            network.load_state_dict(fitting(weights, network.state_dict(), "the weights"))
        self.step = TrainingStep(config, network)
        network.train()
        self._threads = torch.get_num_threads()
        self._try_out()
        self.courses: list[Course] = []
        """The sweeps so far; the last may be under way."""
        self.is_done = False
        self._sweeping = self._sweep_all()
        self._chance = drawing(None, data.device)
        draw_on(before, None, data.device)

    def _try_out(self) -> None:
        """Find out how many threads help, how long a step takes, and over how many terms a loss is a sum."""
        size = self.plan.batch_size
        inputs, targets = self.data.first(self.data.training, size)
        before = torch.get_num_threads()
        self._threads = choose_threads(self.step, inputs, targets)
        with self.step.untouched():
            _, outputs = self.step(inputs, targets)  # the first is slower than all others
            began = time.perf_counter()
            float(self.step(inputs, targets)[0])
            took = time.perf_counter() - began
        torch.set_num_threads(before)
        affordable = int(_MOST_SECONDS / SWEEPS / max(took, 1e-6))
        steps = next((STEPS // part for part in (1, 2, 3) if STEPS // part <= affordable), _LEAST_STEPS)
        is_sum = self.config.loss.reduction == "sum"
        times = terms(self.config.loss, outputs) if is_sum else 1
        self.rates = rates_of(self.config.optimizer, times, steps)

    def advance(self, seconds: float) -> None:
        """Take steps for about so long, or to the end of the last sweep."""
        until = time.perf_counter() + seconds
        with self._own_conditions():
            for _ in self._sweeping:
                if time.perf_counter() >= until:
                    return
            self.is_done = True

    def end(self) -> None:
        """Leave off, with everything put back."""
        with self._own_conditions():
            self._sweeping.close()
        self.is_done = True

    @contextmanager
    def _own_conditions(self) -> Iterator[None]:
        """Draw on where the last part left off, with as many threads; and leave others what is theirs."""
        device, threads = self.data.device, torch.get_num_threads()
        before = drawing(None, device)
        draw_on(self._chance, None, device)
        torch.set_num_threads(self._threads)
        try:
            yield
        finally:
            self._chance = drawing(None, device)
            torch.set_num_threads(threads)
            draw_on(before, None, device)

    def _sweep_all(self) -> Generator[None, None, None]:
        for number in range(SWEEPS):
            yield from self._sweep(number)

    def _sweep(self, number: int) -> Generator[None, None, None]:
        """Take the steps of one sweep, with a pause after each; whatever ends it puts everything back."""
        course = Course()
        self.courses.append(course)
        optimizer = self.step.optimizer
        lr = optimizer.lr
        batches = self._batches(number)
        with self.step.untouched():
            torch.manual_seed(derive(self.config.seed, "lr range dropout", number))
            try:
                for rate, (inputs, targets) in zip(self.rates, batches, strict=False):
                    optimizer.lr = rate
                    loss, _ = self.step(inputs, targets)
                    if not course.goes_on(float(loss)):
                        break
                    yield
            finally:
                optimizer.lr = lr

    def _batches(self, number: int) -> Iterator[Arrays]:
        """Yield whole training batches without end, in an order of the sweep's own."""
        seed, size, purpose = self.config.seed, self.plan.batch_size, f"lr range {number}"
        chosen = self.config.regularization.augment
        chance = generator(seed, f"{purpose} augment")
        epoch = 0
        while True:
            shuffle = generator(seed, purpose, epoch)
            order = torch.randperm(self.plan.training, generator=shuffle).to(self.data.device)
            stream = derive(seed, f"{purpose} stream", epoch)
            for inputs, targets in self.data.batches(self.data.training, size, order, stream):
                if len(targets) == size:  # a short last batch would look like a jump
                    yield (augmented(inputs, chosen, chance) if chosen else inputs), targets
            epoch += 1


_under_way: dict[str, RangeTest] = {}
"""The test that a viewer is looking at, by its configuration; there is one at most."""


def lr_range(request: dict[str, Any]) -> dict[str, Any]:
    """Go on with the test of a configuration for a moment; return all that is known of it by now.

    `begin` starts it anew, and `end` leaves it. With `fetch`, data that are not here are downloaded. `start`
    names a `step` of a run, by its `path`, whose checkpoint has the weights to start from.
    """
    if request.get("end"):
        _leave()
        return {"done": True}
    start = request.get("start")
    key = json.dumps([request.get("config", {}), start], sort_keys=True, default=str)
    if request.get("begin") or key not in _under_way:
        _leave()
        at = (RunDir(Path(start["path"])), int(start["step"])) if start else None
        _under_way[key] = begun(request.get("config", {}), fetch=bool(request.get("fetch")), start=at)
    test = _under_way[key]
    try:
        test.advance(_SLICE_SECONDS)
    except BaseException:  # memory that has run out, or a network of the user's own: there is no going on
        _leave()
        raise
    answer = {
        "rates": list(test.rates),
        "sweeps": [course.losses for course in test.courses],
        "done": test.is_done,
    }
    if test.is_done:
        _leave()
    return answer


def _leave() -> None:
    while _under_way:
        _under_way.popitem()[1].end()


def begun(
    table: dict[str, Any], *, fetch: bool = False, start: tuple[RunDir, int] | None = None
) -> RangeTest:
    """Return the test of a configuration, given as its tables; raises DltuiError where it cannot be made.

    `start` is a run and the step of the checkpoint whose weights it starts from.
    """
    config, _ = known(table)
    source = source_of(config)
    if source is None:
        if not fetch:
            raise DltuiError(
                f"The data {config.data.kind} are not here yet", "Start a run once: it fetches them."
            )
        source = read(config, rundir.home(), lambda *_: None)
    weights = checkpoint.load(*start).get("model", {}) if start is not None else None
    return RangeTest(config, load(config, source, pick_device(config.training.device)), weights)
