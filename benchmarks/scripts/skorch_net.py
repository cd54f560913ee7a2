"""skorch as its MNIST tutorial has it: NeuralNetClassifier on NumPy arrays, `fit`, its table of epochs.

`train_split=None` trains on all images and leaves out the validation that it would else do in each epoch.
"""

import sys
from typing import Any

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn, optim

from benchmarks.scripts import arrays, torch_network
from benchmarks.scripts.measured import Epochs


class Watch(Callback):
    """Takes the time of each epoch."""

    def __init__(self) -> None:
        self.epochs = Epochs()

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        """Start the clock."""
        self.epochs.begin()

    def on_epoch_end(self, *_: Any, **__: Any) -> None:
        """Stop it."""
        self.epochs.end()


def main(folder: str, epochs: int) -> None:
    """Train, then say what was measured."""
    torch.manual_seed(0)
    images, labels = arrays.split(folder, "train")
    watch = Watch()
    net = NeuralNetClassifier(
        torch_network.classic,
        criterion=nn.CrossEntropyLoss,
        optimizer=optim.SGD,
        optimizer__momentum=0.9,
        lr=0.01,
        batch_size=64,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[watch],
    )
    net.fit(images, labels)
    images, labels = arrays.split(folder, "t10k")
    watch.epochs.tell(float(net.score(images, labels)), torch.get_num_threads())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
