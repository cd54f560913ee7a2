import random
from dataclasses import replace

import pytest

from dlcore.advice import Advice, advise, applied
from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.architectures import ARCHITECTURES
from dlcore.choices.dataset import Facts
from dlcore.choices.datasets import DATASETS
from dlcore.choices.initializers import INITIALIZERS
from dlcore.choices.losses import LOSSES
from dlcore.choices.optimizers import OPTIMIZERS
from dlcore.choices.schedules import SCHEDULES
from dlcore.config import RunConfig, to_table
from dlcore.crosschecks import cross_check
from dlcore.errors import DltuiError
from dlcore.oneline import parse
from dlcore.reading import checked, with_settings

DEEP = "digits mlp 64,64,64,64,64"

CASES = [
    # line, key, a word of the reason, the offer
    ("digits sgd lr=30", "optimizer.lr", "30", "optimizer.lr = 0.1"),
    ("digits adam lr=1e-7", "optimizer.lr", "210 steps", "optimizer.lr = 0.001"),
    ("digits sgd red=sum", "optimizer.lr", "64 times", "loss.reduction = mean"),
    ("digits sgd red=sum lr=3", "optimizer.lr", "192", "loss.reduction = mean, optimizer.lr = 0.1"),
    ("diabetes out=sigmoid", "model.output", "0–1", "model.output = auto"),
    ("regression out=sigmoid scale=false", "model.output", "0–1", "model.output = auto"),
    ("digits mse", "loss.kind", "softmax", "loss.kind = auto, model.output = auto"),
    ("digits mse out=sigmoid", "loss.kind", "sigmoid", "loss.kind = auto, model.output = auto"),
    ("digits mse out=linear", "loss.kind", "10 outputs", "loss.kind = auto"),
    ("digits step", "model.activation", "last layer", "model.activation = relu"),
    ("digits step,relu", "model.activation", "last 2 layers", "model.activation = relu"),
    ("digits mlp 9,9 tanh,step", "model.activation", "slope 0", "model.activation = tanh,relu"),
    ("digits cnn step", "model.activation", "slope 0", "model.activation = relu"),
    ("digits mlp 9,9 step res=true", "model.activation", "slope 0", "model.activation = relu"),
    ("digits identity", "model.activation", "3 layers", "model.activation = relu"),
    ("mnist lenet5 identity", "model.activation", "single", "model.activation = relu"),
    (f"{DEEP} relu", "model.init", "1.1 %", "model.init = he"),
    (f"{DEEP} silu xavier", "model.init", "18 %", "model.init = he"),
    ("cifar10 vgg norm=none", "model.init", "7 hidden layers", "model.init = he"),
    (f"{DEEP} tanh he", "model.init", "5/3", "model.init = xavier"),
    ("digits selu", "model.init", "1/fan_in", "model.init = lecun"),
    ("digits selu lecun norm=batch", "model.norm", "batch norm", "model.norm = none"),
    ("digits selu lecun drop=.9", "model.dropout", "selu", "model.dropout = 0"),
    ("digits zeros", "model.init", "128 units", "model.init = default"),
    (f"{DEEP} zeros", "model.init", "symmetry", "model.init = he"),
    (f"{DEEP} selu zeros", "model.init", "symmetry", "model.init = lecun"),
    ("mnist lenet5 zeros", "model.init", "symmetry", "model.init = default"),
    ("cifar10 resnet zeros", "model.init", "symmetry", "model.init = default"),
    ("digits mlp 128,64,32 relu normal", "model.init", "0.12", "model.init = he"),
    ("digits mlp 128,64,32 tanh normal model.init.std=5", "model.init", "flat", "model.init = xavier"),
    (
        "digits mlp 64,64,64,64 sigmoid",
        "model.activation",
        "0.39 %",
        "model.activation = relu, model.init = he",
    ),
    ("digits mlp 64,64,64,64 sigmoid he", "model.activation", "1/4", "model.activation = relu"),
    ("xor perceptron", "model.kind", "75 %", "model.kind = mlp"),
    ("circles perceptron zeros", "model.kind", "half", "model.kind = mlp, model.init = default"),
    ("moons perceptron", "model.kind", "one point in eight", "model.kind = mlp"),
    ("spiral perceptron", "model.kind", "arm", "model.kind = mlp"),
    ("iris b=500", "data.batch_size", "108", "data.batch_size = full"),
    ("digits batch_growth schedule.most=64", "schedule.most", "64", "schedule.most = 4096"),
    ("digits batch_growth schedule.every=10", "schedule.every", "10", "schedule.every = 3"),
    ("iris batch_growth b=500", "data.batch_size", "108", "data.batch_size = 13"),
    ("digits val=0 stop=3", "data.validation", "359 test", "data.validation = 0.1"),
    ("digits val=0 performance", "data.validation", "performance", "data.validation = 0.1"),
    ("digits val=0 performance stop=3", "data.validation", "and performance", "data.validation = 0.1"),
    ("digits performance schedule.patience=10", "schedule.patience", "10 eval", "schedule.patience = 3"),
    (
        "digits performance training.evaluate_every=90",
        "schedule.patience",
        "2 eval",
        "schedule.patience = 1",
    ),
    ("digits warmup=5000", "schedule.warmup_steps", "5,000", "schedule.warmup_steps = 21"),
    ("digits piecewise", "schedule.boundaries", "1,000 and 2,000", "schedule.boundaries = 70,140"),
    ("digits stop=10", "training.early_stopping", "10 epochs", "training.early_stopping = 3"),
    ("digits stop=1 e=1", "training.early_stopping", "one epoch", "training.early_stopping = 0"),
    (
        "digits adam l2=1e-4",
        "regularization.l2",
        "adam divides",
        "optimizer.kind = adamw, optimizer.weight_decay = 0.0002, regularization.l2 = 0",
    ),
    (
        "digits adamw l2=1e-3",
        "regularization.l2",
        "adamw divides",
        "optimizer.weight_decay = 0.012, regularization.l2 = 0",
    ),
    ("digits aug=flip", "regularization.augment", "mirrored", "regularization.augment = []"),
    ("mnist aug=flip,shift", "regularization.augment", "mirrored", "regularization.augment = shift"),
    ("iris data.shuffle=false", "data.shuffle", "64 out of 108", "data.shuffle = true"),
    ("digits drop=.9", "model.dropout", "90 %", "model.dropout = 0.5"),
    ("digits res=true", "model.residual", "128, 64", "model.hidden = 128,128"),
    ("digits mlp 30 res=true", "model.residual", "30", "model.hidden = 30,30"),
    ("digits clip=1e-4", "regularization.clip_norm", "1e-05", "regularization.clip_norm = 1"),
    ("wine data.normalize=none", "data.normalize", "thousandfold", "data.normalize = auto"),
    ("csv data.file=x.csv data.normalize=none", "data.normalize", "columns", "data.normalize = auto"),
]
CASES = [tuple(text.replace(" scale=", " data.scale_target=") for text in case) for case in CASES]  # type: ignore[misc]


def only(config: RunConfig, facts: Facts | None = None) -> Advice:
    (advice,) = advise(config, facts)
    return advice


@pytest.mark.parametrize(("line", "key", "reason", "offer"), CASES, ids=[case[0] for case in CASES])
def test_advice_says_why_and_offers_what_silences_it(line: str, key: str, reason: str, offer: str) -> None:
    config = parse(line)
    advice = only(config)
    assert advice.key == key
    assert reason in advice.message
    assert not advice.message.endswith(".")
    assert advice.offer == offer
    changed = applied(config, advice)
    assert advise(changed, None) == ()
    typed = checked(with_settings(to_table(config), advice.settings))
    assert typed == changed, "what is printed for --set comes to the same"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("digits rmsprop l2=1e-4", "regularization.l2"),
        ("digits adagrad l2=1e-4", "regularization.l2"),
        ("digits batch_growth e=1", "schedule.every"),
        ("digits performance e=1", "schedule.patience"),
        ("digits piecewise e=1 b=full", "schedule.boundaries"),
        ("iris val=0 n=4 b=full stop=2", "data.validation"),
        ("digits mlp 30 relu, res=true", "model.residual"),
    ],
)
def test_where_no_single_change_helps_there_is_only_the_reason(line: str, key: str) -> None:
    advice = only(parse(line))
    assert advice.key == key
    assert advice.changes == {}
    assert advice.offer == ""


@pytest.mark.parametrize(
    "line",
    [
        "digits",
        "mnist mlp 128,64 relu he momentum lr=.01",
        "mnist lenet5 sgd lr=.1",
        "mnist cnn 64 adam e=3 aug=shift,rotate",
        "fashion cnn relu he adamw one_cycle lr=.01 aug=flip",
        "cifar10 resnet momentum lr=.1 cosine l2=1e-4 aug=flip,shift b=128",
        "cifar10 vgg adam e=30 drop=.5",
        "cifar10 resnet18 adam",
        "kmnist cnn adam drop=.3",
        "xor mlp 4 tanh momentum lr=.1 e=500",
        "xor mlp 4 sigmoid sgd lr=5 e=2000",
        "xor mlp 8 relu adam lr=.01 b=full e=300 stop=50",
        "moons mlp 16,16 tanh sgd lr=.5 e=100",
        "circles mlp 8 adam lr=.01 e=50",
        "spiral mlp 64,64,64 relu he adam e=200",
        "blobs perceptron sgd",
        "iris perceptron sgd e=100",
        "iris perceptron zeros sgd b=full data.shuffle=false",
        "wine mlp 16 adam e=50 stop=10",
        "breast_cancer mlp 16 bce adam",
        "breast_cancer perceptron hinge sgd lr=.01",
        "diabetes mlp 32 huber adam",
        "regression mlp 32,32 tanh xavier adam lr=.01 e=100",
        "regression mlp 8 identity data.function=linear",
        f"{DEEP} relu he momentum",
        f"{DEEP} relu norm=batch",
        f"{DEEP} relu orthogonal",
        f"{DEEP} relu res=true",
        f"{DEEP} tanh xavier",
        f"{DEEP} elu",
        f"{DEEP} selu lecun",
        f"{DEEP} sigmoid norm=batch",
        "digits mlp 64,64,64 sigmoid xavier sgd lr=2",
        "digits mlp 64,64,64 relu normal model.init.std=.1",
        "digits batch_growth e=10",
        "digits performance e=30 stop=10",
        "digits piecewise e=200",
        "digits warmup=20 cosine",
        "digits val=0",
        "digits sgd red=sum lr=.002",
        "digits adam red=sum",
        "digits clip=1 l2=1e-4",
        "digits sgd lr=3 clip=.1",
        "noise mlp 256 adam",
        "csv data.file=x.csv",
        "image_folder data.folder=x cnn adam",
        "data=custom data.target=a:b model=custom model.target=a:b",
    ],
)
def test_a_healthy_configuration_gets_no_advice(line: str) -> None:
    assert [advice.message for advice in advise(parse(line), None)] == []


def test_data_that_had_to_be_opened_have_a_say() -> None:
    config = parse("csv data.file=x.csv mse adam b=64")
    classes = Facts("classification", (4,), 120, 30, classes=3)
    assert advise(config, None) == ()
    assert only(config, classes).key == "loss.kind"
    assert advise(config, Facts("regression", (4,), 120, 30)) == ()
    folder = parse("image_folder data.folder=x mlp adam data.shuffle=false")
    assert only(folder, Facts("classification", (3, 32, 32), 900, 100, classes=4)).key == "data.shuffle"
    own = parse("csv data.file=x.csv out=sigmoid adam")
    assert only(own, Facts("regression", (4,), 120, 30)).key == "model.output"
    unscaled = replace(own, data=own.data.model_copy(update={"scale_target": False}))
    assert advise(unscaled, Facts("regression", (4,), 120, 30)) == ()


def test_a_list_of_activations_keeps_the_fields_of_the_others() -> None:
    config = parse(
        'digits mlp 9,9,9 model.activation=\'[{kind = "leaky_relu", slope = 0.2}, "step", "tanh"]\''
    )
    advice = only(config)
    assert advice.settings == ('model.activation=[{kind = "leaky_relu", slope = 0.2}, "relu", "tanh"]',)
    changed = applied(config, advice)
    assert checked(with_settings(to_table(config), advice.settings)) == changed
    assert [one.kind for one in changed.model.activation] == ["leaky_relu", "relu", "tanh"]  # type: ignore[union-attr]


def test_the_most_important_comes_first() -> None:
    found = advise(parse("digits zeros adam l2=1e-4 lr=5 stop=20"), None)
    assert [advice.key for advice in found] == [
        "model.init",
        "optimizer.lr",
        "regularization.l2",
        "training.early_stopping",
    ]


_SETTINGS = """
    lr=50 lr=1e-9 red=sum out=sigmoid norm=batch norm=layer res=true drop=.9 drop=.2 val=0 stop=3 stop=50
    b=7 b=full b=5000 n=40 e=1 e=2 clip=1e-5 l2=.01 aug=flip aug=flip,shift warmup=9 warmup=100000 s=3
    data.normalize=none data.shuffle=false data.scale_target=false schedule.most=1 schedule.every=30
    schedule.patience=40 training.evaluate_every=5 model.hidden=5,5,5,5,5,5 model.hidden=9
    model.pooling=average model.init.std=7 data.function=linear
""".split()  # noqa: SIM905


def _drawn(random_: random.Random) -> str:
    families = (DATASETS, ARCHITECTURES, ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES)
    kinds = [random_.choice(family).word() for family in families]
    return " ".join([*(kind for kind in kinds if kind != "custom"), *random_.sample(_SETTINGS, 5)])


def test_following_every_advice_ends_in_a_configuration_that_runs() -> None:
    random_ = random.Random(20)
    tried = 0
    for _ in range(6000):
        line = _drawn(random_)
        try:
            config = parse(line)
        except DltuiError:
            continue
        tried += 1
        for _ in range(20):
            offers = [advice for advice in advise(config, None) if advice.changes]
            if not offers:
                break
            before, config = config, applied(config, offers[0])
            assert config != before, (line, offers[0])
            assert not list(cross_check(config.chosen()))
        else:
            pytest.fail(f"{line}: advice without end")
    assert tried > 200
