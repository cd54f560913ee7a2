"""What names of others stand for."""

import pytest

from dlcore.errors import DltuiError
from dlcore.importing.log import Log
from dlcore.importing.mapping import chosen, split_of


def log_of(*names: str, form: str = "TensorBoard") -> Log:
    log = Log("x", "/x", form)
    for name in names:
        log.add(name, 0, 0.5)
    return log


NAMES = {
    "loss": "train_loss",
    "Loss/train": "train_loss",
    "train/loss": "train_loss",
    "train_loss_step": "train_loss",
    "trainLoss": "train_loss",
    "batch_loss": "train_loss",
    "total_loss": "train_loss",
    "epoch_loss": "train_loss",  # where there is no other
    "eval/loss": "validation_loss",
    "validation/epoch_loss": "validation_loss",
    "Loss/val": "validation_loss",
    "dev-loss": "validation_loss",
    "test_loss": "test_loss",
    "test_loss_epoch": "test_loss",
    "Accuracy/train": "train_accuracy",
    "train_acc": "train_accuracy",
    "val_acc": "validation_accuracy",
    "val/acc@1": "validation_accuracy",
    "validation/epoch_sparse_categorical_accuracy": "validation_accuracy",
    "eval/accuracy": "validation_accuracy",
    "r2": "train_r2",
    "val_r2_score": "validation_r2",
    "val/MAE": "validation_mae",
    "test/rmse": "test_rmse",
    "lr": "lr",
    "lr-AdamW": "lr",
    "lr/pg0": "lr",
    "train/learning_rate": "lr",
    "epoch_learning_rate": "lr",
    "train/epoch": "epoch",
    "epoch": "epoch",
}


@pytest.mark.parametrize("name", NAMES)
def test_plain_names(name: str) -> None:
    assert chosen(log_of(name)).series == {NAMES[name]: name}


@pytest.mark.parametrize(
    "name",
    [
        "val/box_loss",
        "accuracy_top5",
        "grad_norm",
        "train/loss_scale",
        "loss_weight",
        "lr_loss",
        "error_rate",
        "/",
        "£",
    ],
)
def test_other_names_are_left(name: str) -> None:
    assert chosen(log_of(name)).left == (name,)


def test_the_plainest_of_several_is_taken() -> None:
    choice = chosen(log_of("train/total_loss", "train/loss", "train/loss_epoch"))
    assert choice.series == {"train_loss": "train/loss", "epoch_loss": "train/loss_epoch"}
    assert choice.left == ("train/total_loss",)


def test_what_is_given_counts_before_the_rules() -> None:
    log = log_of("loss", "val_f1", "val_acc")
    choice = chosen(log, {"val_f1": "validation_accuracy", "loss": "none"})
    assert choice.series == {"validation_accuracy": "val_f1"}
    assert choice.left == ("loss", "val_acc")


def test_what_was_chosen_before_stays() -> None:
    before = chosen(log_of("total_loss"))
    assert chosen(log_of("total_loss", "loss"), before=before).series == {"train_loss": "total_loss"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"lss": "train_loss"}, 'has no "lss"'),
        ({"loss": "los"}, '"los" is no series'),
        ({"loss": "lr", "acc": "lr"}, "Two names are mapped to lr"),
        ({"pictures": "lr"}, "holds image"),
    ],
)
def test_what_cannot_be_given_is_said(given: dict[str, str], said: str) -> None:
    log = log_of("loss", "acc")
    log.others["pictures"] = "image"
    with pytest.raises(DltuiError, match=said):
        chosen(log, given)


def test_splits_of_folders() -> None:
    names = ("train", "validation", "loss_val", "Loss_test", "run-1", "validation-of-1", "")
    assert [split_of(name) for name in names] == ["train", "validation", "validation", "test", "", "", ""]
