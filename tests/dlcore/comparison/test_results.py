from dlcore.comparison.results import RESULTS, results
from dlcore.events import Evaluated, Event, Prepared, StepsEnded
from dlcore.history import RunHistory


def run() -> RunHistory:
    history = RunHistory()
    events: tuple[Event, ...] = (
        Prepared(
            device="cpu",
            threads=1,
            layers=(),
            parameters=12_345,
            training_samples=640,
            validation_samples=100,
            test_samples=50,
            batch_size=64,
            steps_per_epoch=10,
            total_steps=100,
            epochs=10,
        ),
        StepsEnded(
            step=2, loss=(1.0, 0.5), accuracy=(0.1, 0.2), lr=(0.1, 0.1), samples=128, training_seconds=2.0
        ),
        Evaluated(step=1, split="validation", epoch=0.1, loss=0.9, accuracy=0.75, samples=100, duration=0.1),
        Evaluated(step=2, split="validation", epoch=0.2, loss=0.8, accuracy=0.7, samples=100, duration=0.1),
    )
    for seq, event in enumerate(events):
        history.apply(event.model_copy(update={"seq": seq}))
    return history


def test_every_run_has_the_same_figures() -> None:
    found = {one.name: (one.value, one.text) for one in results(run())}
    assert tuple(found) == RESULTS
    assert found["best score"] == (0.75, "75.00 %")
    assert found["best at step"] == (1, "1")
    assert found["last score"] == (0.7, "70.00 %")
    assert found["last loss"] == (0.8, "0.8000")
    assert found["parameters"] == (12_345, "12,345")
    assert found["training time"] == (2.0, "2 s")
    assert found["samples/s"] == (64.0, "64")
    assert found["test score"] == (None, "–")


def test_a_run_that_has_said_nothing_has_no_figures_but_its_steps() -> None:
    known = {one.name for one in results(RunHistory()) if one.value is not None}
    assert known == {"steps", "training time"}
