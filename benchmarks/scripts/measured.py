"""The clock of a peer's epochs, and the lines in which every program here says what it has measured."""

import time


class Epochs:
    """Seconds of each epoch's training steps alone: a peer calls `begin` and `end` around them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began = 0.0

    def begin(self) -> None:
        """Start the clock of an epoch."""
        self._began = time.perf_counter()

    def end(self) -> None:
        """Stop it."""
        self.seconds.append(time.perf_counter() - self._began)

    def tell(self, accuracy: float, threads: int | None = None) -> None:
        """Print a line for each epoch, and the share of test images that are recognized after the last."""
        print()  # behind a progress bar
        if threads is not None:
            print(f"threads {threads}")
        for number, seconds in enumerate(self.seconds, 1):
            print(f"epoch {number}  training {seconds:.4f} s")
        print(f"test accuracy {accuracy:.4f}", flush=True)
