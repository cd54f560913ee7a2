"""What keeps the network from learning its samples by heart."""

from typing import Literal

from dlcore.choices.choice import Settings, number, words

Augmentation = Literal["shift", "flip", "rotate"]


class Regularization(Settings):
    """What keeps the network from learning its samples by heart."""

    l1: float = number(0.0, at_least=0, help="Adds l1 · Σ |w| over all weights (not biases) to the loss.")
    l2: float = number(0.0, at_least=0, help="Adds l2 · Σ w² over all weights (not biases) to the loss.")
    clip_norm: float = number(
        0.0, at_least=0, help="Most that the gradient's norm may be, as a whole; 0 is off."
    )
    clip_value: float = number(0.0, at_least=0, help="Most that one gradient may be, either way; 0 is off.")
    label_noise: float = number(
        0.0, at_least=0, at_most=1, help="Share of the training labels that are drawn at random."
    )
    augment: tuple[Augmentation, ...] = words(
        (), help="Images anew in every step: shift (up to 1/10), flip (left–right), rotate (up to 15°)."
    )
