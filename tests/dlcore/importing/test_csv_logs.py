"""CSV logs of others: whose they are, what their steps are, and what is no log."""

from pathlib import Path

import pytest

from dlcore.errors import DataError
from dlcore.importing.csv_logs import read_csv
from dlcore.importing.log import Log
from dlcore.importing.mapping import chosen

LIGHTNING = """epoch,lr-SGD,step,train_loss_epoch,train_loss_step,val_acc,val_loss
0,,49,,1.5,,
0,0.1,49,,,,
0,,99,,1.25,,
0,,99,,,0.5,1.125
0,,99,1.375,,,
1,,149,,1.0,,
1,,199,,0.75,,
1,,199,,,0.625,1.0
1,,199,0.875,,,
"""
KERAS = (
    "epoch,accuracy,loss,learning_rate,val_accuracy,val_loss\n0,.5,1.5,.01,.4,1.6\n1,.75,1.0,.01,.6,1.25\n"
)
FASTAI = "epoch,train_loss,valid_loss,accuracy,time\n0,1.5,1.6,0.5,00:12\n1,1.0,1.25,0.6,00:11\n"
ULTRALYTICS = (
    "          epoch,     train/loss,  metrics/accuracy_top1,       val/loss,    lr/pg0\n"
    "              1,            2.0,                    0.5,           1.75,      0.01\n"
    "              2,            1.5,                   0.75,           1.25,     0.009\n"
)


def written(path: Path, content: str, name: str = "log.csv") -> Log:
    (path / name).write_text(content)
    return read_csv(path / name)


def series(log: Log) -> dict[str, list[tuple[int, float]]]:
    choice = chosen(log)
    return {
        wanted: list(zip(log.columns[name].steps, log.columns[name].values, strict=True))
        for wanted, name in choice.series.items()
    }


def test_lightning_with_its_gaps(tmp_path: Path) -> None:
    log = written(tmp_path, LIGHTNING, "metrics.csv")
    assert log.format == "Lightning CSV"
    assert log.name == tmp_path.name
    assert not log.by_epoch
    assert series(log) == {
        "train_loss": [(49, 1.5), (99, 1.25), (149, 1.0), (199, 0.75)],
        "epoch_loss": [(99, 1.375), (199, 0.875)],
        "lr": [(49, 0.1)],
        "validation_loss": [(99, 1.125), (199, 1.0)],
        "validation_accuracy": [(99, 0.5), (199, 0.625)],
    }


def test_keras(tmp_path: Path) -> None:
    log = written(tmp_path, KERAS)
    assert (log.format, log.by_epoch) == ("Keras CSV", True)
    assert series(log) == {
        "train_loss": [(0, 1.5), (1, 1.0)],
        "train_accuracy": [(0, 0.5), (1, 0.75)],
        "lr": [(0, 0.01), (1, 0.01)],
        "validation_loss": [(0, 1.6), (1, 1.25)],
        "validation_accuracy": [(0, 0.4), (1, 0.6)],
    }


def test_fastai_measures_its_accuracy_on_the_validation_split(tmp_path: Path) -> None:
    log = written(tmp_path, FASTAI)
    assert log.format == "fastai CSV"
    assert series(log)["validation_accuracy"] == [(0, 0.5), (1, 0.6)]
    assert "train_accuracy" not in series(log)
    assert log.others == {"time": "words, not numbers"}


def test_ultralytics_with_its_blanks(tmp_path: Path) -> None:
    log = written(tmp_path, ULTRALYTICS)
    assert log.format == "ultralytics CSV"
    found = series(log)
    assert found["train_loss"] == [(1, 2.0), (2, 1.5)]
    assert found["validation_accuracy"] == [(1, 0.5), (2, 0.75)]
    assert found["lr"] == [(1, 0.01), (2, 0.009)]


def test_any_table_counts_its_rows(tmp_path: Path) -> None:
    log = written(tmp_path, "loss;acc\n1.5;50\n1,25;60\n".replace("1,25", "1.25"))
    assert series(log) == {"train_loss": [(0, 1.5), (1, 1.25)], "train_accuracy": [(0, 50.0), (1, 60.0)]}


def test_rows_of_an_epoch_are_counted_where_no_step_is_said(tmp_path: Path) -> None:
    log = written(tmp_path, "epoch,loss\n0,4\n0,3\n1,2\n1,nan\n")
    assert not log.by_epoch
    assert [step for step, _ in series(log)["train_loss"]] == [0, 1, 2, 3]
    assert log.epochs is not None
    assert list(log.epochs.values) == [0, 0, 1, 1]


def test_a_line_that_is_still_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("step,loss\n1,2.5\n2,1.")
    assert list(read_csv(path, grows=True).columns["loss"].values) == [2.5]
    assert list(read_csv(path).columns["loss"].values) == [2.5, 1.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        ("1,2\n3,4\n", "no names of columns"),
        ("loss,loss\n1,2\n", 'two columns are called "loss"'),
        ("step,loss\n1,2\n3\n", "line 3 has 1 cell"),
        ('step,loss\n1,"2\n', "open quotation mark"),
        ("step,loss\n1,\0\n", "zero byte"),
    ],
)
def test_what_is_no_log_is_said(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        written(tmp_path, content)
