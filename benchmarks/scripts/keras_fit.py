"""Keras 3 as its guide "Training & evaluation with the built-in methods" has it: `compile`, then `fit`.

The backend is what KERAS_BACKEND says. The progress bar is on, because it is unless one turns it off; with
`quiet` as third argument it is off.
"""

import sys
from typing import Any

import keras

from benchmarks.scripts import arrays
from benchmarks.scripts.measured import Epochs


class Watch(keras.callbacks.Callback):
    """Takes the time of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = Epochs()

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        """Start the clock."""
        self.epochs.begin()

    def on_epoch_end(self, *_: Any, **__: Any) -> None:
        """Stop it; the figures of the epoch have been fetched from the device, so it is over."""
        self.epochs.end()


def main(folder: str, epochs: int, verbose: str | int) -> None:
    """Train, then say what was measured."""
    keras.utils.set_random_seed(0)
    images, labels = arrays.split(folder, "train")
    model = keras.Sequential(
        [
            keras.Input((28 * 28,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.01, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    watch = Watch()
    model.fit(images, labels, batch_size=64, epochs=epochs, verbose=verbose, callbacks=[watch])
    images, labels = arrays.split(folder, "t10k")
    _, accuracy = model.evaluate(images, labels, batch_size=1000, verbose=0)
    watch.epochs.tell(float(accuracy))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), 0 if sys.argv[3:] == ["quiet"] else "auto")
