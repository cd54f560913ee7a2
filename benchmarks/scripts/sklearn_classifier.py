"""scikit-learn's MLPClassifier as its MNIST example has it ("Visualization of MLP weights on MNIST"): `fit`.

`verbose` makes it print a line after each epoch, which is where the clock is read. `alpha=0` takes away the
penalty on large weights that no other program here has; with so few epochs it always warns that it has not
converged.
"""

import contextlib
import io
import sys
import time
import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.scripts import arrays
from benchmarks.scripts.measured import Epochs


class Watch(io.TextIOBase):
    """Notes when a line about an epoch is written to it."""

    def __init__(self) -> None:
        self.moments = [time.perf_counter()]

    def write(self, text: str) -> int:
        """Take a piece of a line in."""
        if text.startswith("Iteration"):
            self.moments.append(time.perf_counter())
        return len(text)


def main(folder: str, epochs: int) -> None:
    """Train, then say what was measured."""
    images, labels = arrays.split(folder, "train")
    model = MLPClassifier(
        hidden_layer_sizes=(128, 64),
        solver="sgd",
        momentum=0.9,
        nesterovs_momentum=False,
        learning_rate_init=0.01,
        alpha=0,
        batch_size=64,
        max_iter=epochs,
        random_state=0,
        verbose=True,
    )
    watch = Watch()
    with contextlib.redirect_stdout(watch), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(images, labels)
    measured = Epochs()
    measured.seconds = [
        after - before for before, after in zip(watch.moments, watch.moments[1:], strict=False)
    ]
    measured.tell(float(model.score(*arrays.split(folder, "t10k"))))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
