"""Runs to start from: each shows something, says in two sentences what to look for, and is a line to read.

`tests/dlcore/training/test_presets.py` trains each and asserts that its lesson is really in the numbers.
"""

from dataclasses import dataclass

from dlcore.choices.choice import nearest
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.oneline import parse


@dataclass(frozen=True)
class Variant:
    """One run of a preset: the other variants differ from it in what the preset is about."""

    name: str
    line: str
    """Its configuration in the one-line form."""


@dataclass(frozen=True)
class Preset:
    """One run, or a few to compare."""

    name: str
    title: str
    look_for: str
    """Two sentences: what will be seen, and why."""
    variants: tuple[Variant, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return what its variants are called in full: the preset's name alone when there is only one."""
        if len(self.variants) == 1:
            return (self.name,)
        return tuple(f"{self.name}/{variant.name}" for variant in self.variants)


def _one(name: str, title: str, look_for: str, line: str) -> Preset:
    return Preset(name, title, look_for, (Variant("", line),))


def _several(name: str, title: str, look_for: str, **lines: str) -> Preset:
    variants = tuple(Variant(key.replace("_", "-"), line) for key, line in lines.items())
    return Preset(name, title, look_for, variants)


_DEEP = "digits mlp 64,64,64,64,64,64,64,64"
_NARROW = "moons mlp 4,4,4,4,4,4,4,4,4,4"
_NOISY = "digits mlp 256,256 adam lr=.003 n=500 val=0 e=100 regularization.label_noise=.2"
_FEW = "lr=.003 adam n=200 e=40"
_SHAPES = "noise samples=100 b=32 e=10 adam"

PRESETS: tuple[Preset, ...] = (
    _one(
        "classic",
        "The classic MNIST script",
        "The loss falls fastest in the first epoch, and about 97 % of the test digits are right after "
        "five. Gradients of all three layers stay within a factor of ten of each other: nothing "
        "vanishes.",
        "mnist mlp 128,64 relu momentum lr=.01 m=.9 b=64 e=5",
    ),
    _several(
        "xor",
        "XOR with and without a hidden layer",
        "The perceptron never gets more than three of the four points right, for no straight line parts "
        "them. With eight hidden units the same loss, rate and data reach all four.",
        hidden="xor mlp 8, tanh bce sgd lr=.5 b=full e=500",
        perceptron="xor perceptron bce sgd lr=.5 b=full e=500",
    ),
    _several(
        "vanishing",
        "A deep sigmoid network that vanishes, and its three cures",
        "Behind eight sigmoid layers the first layer's gradient is about a hundred-thousandth of the "
        "last one's, and the loss never leaves 2.30, which is chance. Relu with he, tanh with xavier, "
        "and batch norm each bring the ratio back to about 1, and the same depth learns.",
        sigmoid=f"{_DEEP} sigmoid xavier momentum lr=.05 e=15",
        relu=f"{_DEEP} relu he momentum lr=.01 e=15",
        tanh=f"{_DEEP} tanh xavier momentum lr=.01 e=15",
        batch_norm=f"{_DEEP} sigmoid norm=batch momentum lr=.05 e=15",
    ),
    _several(
        "dead-relu",
        "Relu units that are dead from birth",
        "In ten layers of four relu units one layer starts with all of its units below zero, so no "
        "gradient comes through and the loss stays at 0.69, a coin's. A leaky relu from the same "
        "weights keeps a slope there, and learns.",
        relu=f"{_NARROW} relu he adam lr=.01 e=30 seed=1",
        leaky=f"{_NARROW} leaky_relu model.activation.slope=.2 he adam lr=.01 e=30 seed=1",
    ),
    _several(
        "zig-zag",
        "Sigmoid's zig-zag against tanh",
        "Both follow the full gradient at the same rate: with sigmoid the loss jumps up and down, "
        "because all of its outputs are positive and push a unit's weights the same way. Tanh is "
        "centred, and falls smoothly.",
        sigmoid="digits mlp 512, sigmoid xavier sgd lr=.4 b=full e=60",
        tanh="digits mlp 512, tanh xavier sgd lr=.4 b=full e=60",
    ),
    _several(
        "rate",
        "A learning rate too high, right, and too low",
        "Too high, the loss jumps to more than chance and stays; too low, it hardly moves in ten "
        "epochs. The right one lies a factor of fifty from the one and two hundred from the other.",
        high="digits mlp 64,64 sgd lr=5 e=10",
        right="digits mlp 64,64 sgd lr=.1 e=10",
        low="digits mlp 64,64 sgd lr=.0005 e=10",
    ),
    _several(
        "saddle",
        "Momentum that leaves a saddle",
        "Small first weights put both runs near a saddle, where the gradient is almost nothing: plain "
        "descent is still there after 600 steps. Momentum adds up the little there is, and is out "
        "within 300.",
        plain="xor mlp 4, tanh bce normal model.init.std=.05 sgd lr=.1 b=full e=600",
        momentum="xor mlp 4, tanh bce normal model.init.std=.05 momentum lr=.1 m=.9 b=full e=600",
    ),
    _several(
        "minimum",
        "Momentum that rolls through a shallow minimum",
        "From the same weights plain descent ends in a shallow minimum: its loss stays at 0.13 while "
        "its gradient goes to zero. Momentum rolls through, and its loss goes to zero.",
        plain="xor mlp 3, leaky_relu mse out=linear sgd lr=.1 b=full e=800 seed=3",
        momentum="xor mlp 3, leaky_relu mse out=linear momentum lr=.1 m=.9 b=full e=800 seed=3",
    ),
    _several(
        "overfitting",
        "Overfitting on 500 images, and with dropout, L1 and L2",
        "With one label in five wrong, the plain network learns its 500 images by heart: the training "
        "loss goes to zero while the test loss doubles from its lowest. Dropout, L1 and L2 each keep "
        "the training loss up and the test loss down.",
        plain=_NOISY,
        dropout=f"{_NOISY} drop=.6",
        l1=f"{_NOISY} l1=.001",
        l2=f"{_NOISY} l2=.005",
    ),
    _several(
        "pixels",
        "A CNN against an MLP, with pixels in order and shuffled",
        "Shuffling all images the same way costs the CNN several points, for what was near is near no "
        "more. The MLP sees a row of numbers in either case, and hardly notices.",
        cnn=f"digits cnn filters=8,16 {_FEW}",
        cnn_shuffled=f"digits cnn filters=8,16 {_FEW} data.shuffle_pixels=true",
        mlp=f"digits mlp 64, {_FEW}",
        mlp_shuffled=f"digits mlp 64, {_FEW} data.shuffle_pixels=true",
    ),
    _several(
        "parameters",
        "Parameters of an MLP and a CNN as images grow",
        "From 8×8 to 32×32 pixels the MLP's parameters grow about twelvefold, since each unit has a "
        "weight for every pixel. The CNN, which ends in an average over the map, does not grow at all.",
        mlp_8=f"{_SHAPES} data.side=8 mlp 64,",
        mlp_16=f"{_SHAPES} data.side=16 mlp 64,",
        mlp_32=f"{_SHAPES} data.side=32 mlp 64,",
        cnn_8=f"{_SHAPES} data.side=8 resnet model.width=8",
        cnn_16=f"{_SHAPES} data.side=16 resnet model.width=8",
        cnn_32=f"{_SHAPES} data.side=32 resnet model.width=8",
    ),
    _several(
        "optimizers",
        "Every optimizer from one start",
        "All begin with the same weights and see the same batches, each with its own usual rate. Plain "
        "descent is the slowest of the eight, and those with a memory are far ahead after the first "
        "epoch.",
        sgd="digits mlp 64, sgd lr=.01 e=5",
        momentum="digits mlp 64, momentum lr=.01 e=5",
        nesterov="digits mlp 64, nesterov lr=.01 e=5",
        adagrad="digits mlp 64, adagrad lr=.01 e=5",
        adadelta="digits mlp 64, adadelta lr=1 e=5",
        rmsprop="digits mlp 64, rmsprop lr=.001 e=5",
        adam="digits mlp 64, adam lr=.001 e=5",
        adamw="digits mlp 64, adamw lr=.001 e=5",
    ),
    _several(
        "schedules",
        "Every schedule on one network",
        "The rate on the Train screen follows the curve that Setup has drawn, and the loss calms down "
        "when it falls. batch-growth keeps its rate and takes fewer, larger steps instead.",
        constant="digits mlp 64, sgd lr=.2 e=12",
        power="digits mlp 64, sgd lr=.2 e=12 power s=100",
        exponential="digits mlp 64, sgd lr=.2 e=12 exp s=200",
        piecewise="digits mlp 64, sgd lr=.2 e=12 piecewise schedule.boundaries=120,200",
        performance="digits mlp 64, sgd lr=.2 e=12 performance schedule.patience=1",
        one_cycle="digits mlp 64, sgd lr=.4 e=12 one_cycle",
        cosine="digits mlp 64, sgd lr=.2 e=12 cosine",
        warmup="digits mlp 64, sgd lr=.2 e=12 cosine warmup=60",
        batch_growth="digits mlp 64, sgd lr=.2 e=12 batch_growth b=32 schedule.every=3",
    ),
    _several(
        "linear",
        "Linear layers that collapse into one",
        "Five linear layers without a function between them draw a straight line through the moons, and "
        "get no more right than the perceptron. With relu between them the same layers follow the "
        "curve.",
        identity="moons mlp 32,32,32,32 identity adam lr=.01 e=20",
        perceptron="moons perceptron adam lr=.01 e=20",
        relu="moons mlp 32,32,32,32 relu adam lr=.01 e=20",
    ),
    _several(
        "batches",
        "Plain gradient descent against mini-batches",
        "Both see all images twenty times at the same rate: the full batch makes one step of each pass, "
        "the mini-batches make forty. Their steps are noisier, and get much further.",
        full="digits mlp 32, sgd lr=.1 b=full e=20",
        mini="digits mlp 32, sgd lr=.1 b=32 e=20",
    ),
    _several(
        "reduction",
        "Mean against sum in the loss",
        "The sum over a batch of 64 makes each step 64 times as long: at the same rate it runs away. "
        "With the rate divided by 64 its loss follows that of the mean almost to the digit.",
        mean="digits mlp 64, sgd lr=.1 b=64 e=5",
        sum="digits mlp 64, sgd lr=.1 b=64 e=5 red=sum",
        sum_divided="digits mlp 64, sgd lr=.0015625 b=64 e=5 red=sum",
    ),
    _one(
        "noise",
        "Random labels: learning by heart",
        "There is nothing to learn in random pictures with random labels, yet training reaches nearly "
        "100 %. The test stays at chance, one in ten: fitting the training data proves nothing.",
        "noise mlp 256, adam lr=.003 e=40",
    ),
    _one(
        "digits",
        "8×8 digits, well tuned",
        "About 98 % of the test digits are right within a few seconds. The rate falls along a cosine, "
        "and the loss settles with it.",
        "digits mlp 128,64 relu he adam lr=.002 e=40 cosine",
    ),
    _one(
        "mnist-mlp",
        "MNIST with fully connected layers, well tuned",
        "One cycle of the rate brings an MLP past 98 %. Training goes on to 99.8 %, and that gap is "
        "what convolutions will close.",
        "mnist mlp 400,100 relu he adam lr=.002 b=128 e=10 one_cycle",
    ),
    _one(
        "mnist-cnn",
        "MNIST with convolutions, well tuned",
        "Two convolutions reach 99 % in four epochs, with fewer parameters than the MLP. Validation and "
        "training stay close together: the network knows what is near what.",
        "mnist cnn filters=16,32 kernel=5 norm=batch adam lr=.004 b=128 e=4 one_cycle",
    ),
    _one(
        "moons",
        "Two half-moons",
        "Two small layers follow the curve between the moons, and nearly every test point is right. The "
        "noise of 0.1 hardly lets the moons touch.",
        "moons mlp 32,32 adam lr=.01 e=40 cosine",
    ),
    _one(
        "circles",
        "A circle in a circle",
        "Within a few epochs all points are on the right side of a ring. Without a hidden layer it "
        "would stay at a coin's chance.",
        "circles mlp 32,32 adam lr=.01 e=30 cosine",
    ),
    _one(
        "spiral",
        "Two arms that wind",
        "The loss stands still for some epochs, then falls as the arms come apart. It takes two layers "
        "of 64 to part them all.",
        "spiral mlp 64,64 adam lr=.01 e=60 cosine",
    ),
    _one(
        "iris",
        "Three species of iris",
        "One species lies apart and is right at once, the other two touch: about 96 % is what there is. "
        "With 30 test flowers one mistake more or less is three points.",
        "iris mlp 16, tanh adam lr=.01 b=16 e=100 cosine",
    ),
    _one(
        "wine",
        "Three cultivars of wine",
        "Straight lines part the wines once every column has mean 0 and deviation 1. Weight decay "
        "keeps the weights modest, for 142 samples say little about thirteen columns.",
        "wine perceptron adamw lr=.02 b=16 e=40 cosine decay=.1",
    ),
    _one(
        "diabetes",
        "A regression with little to find",
        "R² ends near 0.47, and no larger network does better: the rest is noise in these ten figures. "
        "That is as good as ridge regression.",
        "diabetes perceptron adamw lr=.01 b=32 e=100 cosine decay=.1",
    ),
)


def preset(name: str) -> tuple[Preset, RunConfig]:
    """Return the preset and the configuration that a name such as `xor/hidden` stands for.

    The preset's name alone is its first variant. Raises DltuiError that names the nearest known one.
    """
    for found in PRESETS:
        for full, variant in zip(found.names, found.variants, strict=True):
            if name == full or (name == found.name and variant is found.variants[0]):
                return found, parse(variant.line)
    known = [full for found in PRESETS for full in found.names]
    close = nearest(name, known).split("Known:", 1)[0]
    raise DltuiError(f"there is no preset {name!r}", f"{close}See them all: dltui presets.")
