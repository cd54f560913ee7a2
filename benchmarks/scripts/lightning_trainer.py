"""Lightning's Trainer as "Lightning in 15 minutes" has it: a LightningModule, a DataLoader, `trainer.fit`.

The progress bar, the logger and the checkpoints are on, because they are unless one turns them off. The bar
is the one that Lightning itself brings; beside dltui it would find rich, and take that one's dearer bar. With
`quiet` as third argument there is none. The data is a TensorDataset of normalized floats; with `torchvision`
as third argument it is torchvision's MNIST with `ToTensor` and `Normalize`, as in that guide.
"""

import sys
import tempfile
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import TQDMProgressBar
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets, transforms

from benchmarks.scripts import arrays, torch_network
from benchmarks.scripts.measured import Epochs


class Classic(lightning.LightningModule):
    """The network, its loss and its optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.network = torch_network.classic()

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        """Return the loss of a batch."""
        images, labels = batch
        loss = nn.functional.cross_entropy(self.network(images), labels)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> optim.Optimizer:
        """Return the optimizer."""
        return optim.SGD(self.parameters(), lr=0.01, momentum=0.9)


class Watch(lightning.Callback):
    """Takes the time of each epoch."""

    def __init__(self) -> None:
        self.epochs = Epochs()

    def on_train_epoch_start(self, *_: Any) -> None:
        """Start the clock."""
        self.epochs.begin()

    def on_train_epoch_end(self, *_: Any) -> None:
        """Stop it."""
        self.epochs.end()


def batches(folder: str, kind: str) -> Any:
    """Return the DataLoader of the training split, on the data that `kind` asks for."""
    if kind == "torchvision":
        transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        train_set = datasets.MNIST(folder, train=True, transform=transform)
    else:
        images, labels = arrays.split(folder, "train")
        train_set = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
    return DataLoader(train_set, batch_size=64, shuffle=True)


def main(folder: str, epochs: int, kind: str) -> None:
    """Train, then say what was measured."""
    lightning.seed_everything(0)
    model, watch = Classic(), Watch()
    is_quiet = kind == "quiet"
    with tempfile.TemporaryDirectory() as logs:
        trainer = lightning.Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            callbacks=[watch] if is_quiet else [watch, TQDMProgressBar()],
            default_root_dir=logs,
            enable_progress_bar=not is_quiet,
        )
        trainer.fit(model, batches(folder, kind))
    accuracy = torch_network.accuracy(model.network, *arrays.split(folder, "t10k"))
    watch.epochs.tell(accuracy, torch.get_num_threads())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "arrays")
