"""Published sets of images, downloaded once and kept."""

from typing import ClassVar, Literal

from dlcore.choices.dataset import Facts, ImageChoice


class Published(ImageChoice):
    """Ten classes of images with a test split of its own."""

    shape: ClassVar[tuple[int, ...]] = (1, 28, 28)
    sizes: ClassVar[tuple[int, int]] = (60_000, 10_000)
    names: ClassVar[tuple[str, ...]] = ()

    @property
    def facts(self) -> Facts:
        """As published."""
        return Facts("classification", self.shape, *self.sizes, classes=10, names=self.names)


class Mnist(Published):
    """70,000 handwritten digits of 28×28 pixels, the classic; downloaded once (11 MB).

    Ten classes; 60,000 for training, 10,000 for the test.
    """

    kind: Literal["mnist"] = "mnist"


class FashionMnist(Published):
    """70,000 grey pictures of clothes, 28×28 pixels; downloaded once (31 MB).

    Laid out like mnist and harder: shirts and pullovers are told apart only with effort.
    """

    kind: Literal["fashion_mnist"] = "fashion_mnist"
    names: ClassVar[tuple[str, ...]] = (
        "T-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    )


class Kmnist(Published):
    """70,000 handwritten Japanese characters, 28×28 pixels; downloaded once (21 MB).

    Ten classes with several shapes each: convolutions gain more here than on mnist.
    """

    kind: Literal["kmnist"] = "kmnist"
    names: ClassVar[tuple[str, ...]] = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


class Cifar10(Published):
    """60,000 colour photographs of 32×32 pixels; downloaded once (170 MB).

    Ten classes; where fully connected layers fall behind and convolutions with augmentation shine.
    """

    kind: Literal["cifar10"] = "cifar10"
    shape: ClassVar[tuple[int, ...]] = (3, 32, 32)
    sizes: ClassVar[tuple[int, int]] = (50_000, 10_000)
    names: ClassVar[tuple[str, ...]] = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )
