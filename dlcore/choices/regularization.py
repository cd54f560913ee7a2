"""What keeps the weights modest."""

from dlcore.choices.choice import Settings, number


class Regularization(Settings):
    """What keeps the weights modest."""

    l2: float = number(0.0, at_least=0, help="Adds l2 · Σ w² over all weights (not biases) to the loss.")
