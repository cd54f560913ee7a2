"""The one-line form: what it says, what it reads, and that the two agree for every configuration."""

import pytest
from hypothesis import HealthCheck, example, given, settings

from dlcore.choices.activations import ACTIVATIONS, LeakyReLU, ReLU, Sigmoid, Tanh
from dlcore.choices.architectures import Cnn, CustomModel, Mlp, Vgg
from dlcore.choices.bundled import BreastCancer, Digits
from dlcore.choices.choice import Choice, fields_of
from dlcore.choices.downloaded import Cifar10
from dlcore.choices.drawn import Xor
from dlcore.choices.initializers import INITIALIZERS, He, Normal
from dlcore.choices.losses import BinaryCrossEntropy, CrossEntropy
from dlcore.choices.optimizers import Adam, Momentum, Sgd
from dlcore.choices.own import Csv, CustomData
from dlcore.choices.regularization import Regularization
from dlcore.choices.schedules import Exponential, OneCycle, Piecewise
from dlcore.choices.training import Training
from dlcore.config import SECTIONS, General, RunConfig
from dlcore.errors import ConfigError, DltuiError
from dlcore.oneline import SHORT_KINDS, parse, print_line
from dlcore.short_keys import SHORT_KEYS
from tests.dlcore.strategies import configurations


@settings(max_examples=1000, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations())
@example(RunConfig(model=Mlp(hidden=(3,), activation=(ReLU(),))))
@example(RunConfig(model=Mlp(hidden=(3, 4), activation=(LeakyReLU(), LeakyReLU(slope=0.2)))))
@example(RunConfig(model=Cnn(hidden=())))
@example(RunConfig(general=General(name="it's = \"quoted\"\n\t# [x] \\ 'y'")))
@example(RunConfig(general=General(name="128,64")))
@example(RunConfig(training=Training(evaluate_every=5, device="cuda:1", threads=2)))
@example(RunConfig(general=General(name="0.5")))
@example(RunConfig(data=Csv(file="0.1.csv", target="0.1", ignore="0.1, 0.2")))
@example(
    RunConfig(data=CustomData(target="a:b", args={"": {"\x7f\u2028": ["\n'\"", 1e300, 10**30, {}, []]}}))
)
@example(RunConfig(model=CustomModel(target="dir/a b.py:C", args={"a.b": True, "c": "0.5"})))
@example(RunConfig(schedule=Piecewise(boundaries=(5,), factors=(0.5,))))
@example(RunConfig(schedule=Piecewise(boundaries=(), factors=())))
@example(RunConfig(optimizer=Sgd(lr_per_layer={"block1.conv1": 5e-324})))
@example(RunConfig(model=Vgg(hidden=())))
@example(RunConfig(model=Mlp(init=Normal(std=0.5))))
@example(RunConfig(model=Cnn(pooling=("average",), padding=("none", "same"), kernel=(5,))))
def test_reading_a_printed_line_gives_the_same_configuration(config: RunConfig) -> None:
    assert parse(print_line(config)) == config


def test_the_line_of_the_design() -> None:
    line = "digits mlp 128,64 relu he ce momentum lr=.01 m=.9 b=64 e=10 seed=0"
    config = parse(line)
    assert config.data == Digits(batch_size=64)
    assert config.model == Mlp(hidden=(128, 64), activation=ReLU(), init=He())
    assert config.loss == CrossEntropy()
    assert config.optimizer == Momentum(lr=0.01, momentum=0.9)
    assert config.training == Training(epochs=10)
    assert config.seed == 0


def test_a_printed_line_is_short() -> None:
    assert print_line(RunConfig()) == "digits mlp 128,64 relu momentum b=64 lr=.01 m=.9 e=10 seed=0"
    config = RunConfig(
        data=Xor(batch_size="full"),
        model=Mlp(hidden=(4,), activation=Tanh(), init=He()),
        optimizer=Adam(lr=0.05),
        schedule=Exponential(gamma=0.5),
        training=Training(epochs=200),
        general=General(seed=7, name="my xor"),
    )
    line = "xor mlp 4, tanh he adam exponential b=full lr=.05 gamma=.5 e=200 'name=my xor' seed=7"
    assert print_line(config) == line


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (
            RunConfig(
                data=Cifar10(),
                model=Cnn(filters=(8, 8, 16), pool=(1, 1, 2), pooling=("average",)),
                schedule=OneCycle(rise=0.2),
                regularization=Regularization(augment=("flip", "shift"), l2=5e-4),
            ),
            "cifar10 cnn 64, relu momentum one_cycle b=64 filters=8,8,16 pool=1,1,2 model.pooling=average "
            "lr=.01 m=.9 schedule.rise=.2 l2=.0005 aug=flip,shift e=10 seed=0",
        ),
        (
            RunConfig(
                data=BreastCancer(),
                loss=BinaryCrossEntropy(),
                optimizer=Sgd(lr=1, lr_per_layer={"fc1": 0.02}),
                schedule=Piecewise(boundaries=(100, 200), factors=(0.5, 0.25)),
                regularization=Regularization(label_noise=0.25, clip_norm=1),
            ),
            "breast_cancer mlp 128,64 relu bce sgd piecewise b=64 lr=1 'optimizer.lr_per_layer={fc1 = 0.02}' "
            "schedule.boundaries=100,200 schedule.factors=.5,0.25 clip=1 regularization.label_noise=.25 "
            "e=10 seed=0",
        ),
        (
            RunConfig(data=CustomData(target="a.py:b"), model=CustomModel(target="c:D", args={"width": 3})),
            "data=custom model=custom momentum data.target=a.py:b b=64 model.target=c:D "
            "'model.args={width = 3}' lr=.01 m=.9 e=10 seed=0",
        ),
    ],
)
def test_printed_lines_by_hand(config: RunConfig, line: str) -> None:
    assert print_line(config) == line


KINDS: list[tuple[str, type[Choice]]] = [
    *((section.key, kind) for section in SECTIONS if section.has_kinds for kind in section.family),
    *(("activation", kind) for kind in ACTIVATIONS),
    *(("init", kind) for kind in INITIALIZERS),
]


@pytest.mark.parametrize(("key", "kind"), KINDS, ids=[f"{key}={kind.word()}" for key, kind in KINDS])
def test_a_kind_alone_is_a_line(key: str, kind: type[Choice]) -> None:
    others = {
        "mae": "diabetes",
        "huber": "diabetes",
        "csv": "data.file=x.csv",
        "image_folder": "data.folder=x",
    }
    word = f"{key}={kind.word()} {key}.target=a:b" if kind.word() == "custom" else kind.word()
    needs = "mnist" if key == "model" and kind.word() != "custom" else others.get(kind.word(), "")
    config = parse(f"{needs} {word}")
    chosen = getattr(config.model, key) if key in ("activation", "init") else config.section(key)
    assert type(chosen) is kind


def test_a_custom_kind_says_of_what() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("custom")
    (problem,) = caught.value.problems
    assert str(problem) == "custom: can be data or a model. Write data=custom or model=custom."


def test_an_empty_line_is_the_default() -> None:
    assert parse("") == RunConfig()


def test_order_does_not_matter() -> None:
    first = parse("model.activation.slope=.2 lr=1 leaky_relu adam xor")
    assert first == parse("xor adam lr=1 leaky_relu model.activation.slope=.2")
    assert first == parse("model.activation.slope=.2 lr=1 model.activation=leaky_relu adam xor")
    assert first == parse(
        "lr=1 model.activation.slope=.2 model.activation.kind=leaky_relu adam data.kind=xor"
    )
    assert isinstance(first.model, Mlp)
    assert first.model.activation == LeakyReLU(slope=0.2)


@pytest.mark.parametrize(("short", "long"), SHORT_KINDS.items())
def test_short_kinds(short: str, long: str) -> None:
    assert parse(short) == parse(long) != RunConfig()


def test_short_keys_stand_for_keys_that_exist() -> None:
    known = {
        section.path(spec.name) for section in SECTIONS for kind in section.family for spec in fields_of(kind)
    }
    assert set(SHORT_KEYS.values()) <= known
    assert len(set(SHORT_KEYS.values())) == len(SHORT_KEYS)


@pytest.mark.parametrize(
    ("words", "activation"),
    [
        ("tanh,sigmoid", (Tanh(), Sigmoid())),
        ("lrelu,relu", (LeakyReLU(), ReLU())),
        ("lrelu", LeakyReLU()),
    ],
)
def test_a_list_of_activations(words: str, activation: object) -> None:
    model = parse(f"mlp 8,8 {words}").model
    assert isinstance(model, Mlp)
    assert model.activation == activation


def test_widths_of_one_layer() -> None:
    assert parse("16,").model == Mlp(hidden=(16,))


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("mlpp", ["mlpp: is no kind of anything. Did you mean mlp?"]),
        ("relu,mlp", ["relu,mlp: is no kind of anything. relu and mlp are of different lists"]),
        ("relu,mlpp", ["relu,mlpp: is no kind of anything. Did you mean mlp?"]),
        (",", [",: is no kind of anything."]),
        ("optimizer.lrr=1", ["optimizer.lrr: momentum has no such key. Did you mean lr?"]),
        ("perceptron 8,", ["model.hidden: perceptron has no such key."]),
        (
            "xyz lr=-1 e=x",
            ["xyz: is no", "optimizer.lr: must be greater than 0", "training.epochs: must be a"],
        ),
        ("cnn xor", ["model.kind: cnn needs images, and xor has rows of 2 numbers."]),
        ("diabetes ce", ["loss.kind: cross_entropy is for classes, and these data are a regression."]),
        (
            "aug=flp b=0",
            ["data.batch_size: must be at", "regularization.augment: must be a list out of shift"],
        ),
        ("'optimizer.lr_per_layer={fc1 = -1}'", ["optimizer.lr_per_layer: 'fc1' must be greater than 0"]),
        ("'optimizer.lr_per_layer={fc1'", ["optimizer.lr_per_layer: must be a table, as in {name = 1}"]),
        ("=5", ["=5: has no key before its =. Write key=value"]),
        ("seed.x=1", ["seed.x: is no key of anything."]),
    ],
)
def test_all_that_is_wrong_is_said_at_once(line: str, sentences: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(line)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == len(sentences)
    for one, sentence in zip(said, sentences, strict=True):
        assert one.startswith(sentence)
    assert str(caught.value).startswith("the line has ")


def test_an_open_quotation_mark() -> None:
    with pytest.raises(DltuiError, match="the line cannot be read: No closing quotation") as caught:
        parse("digits 'name=x")
    assert caught.value.hint == "Close the quotation marks."


def test_a_second_kind_of_the_same_thing_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("mnist mlp digits 64,32 16, tanh relu")
    assert [problem.key for problem in caught.value.problems] == ["digits", "16,", "relu"]
    assert "mnist stands before it" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("line", "second", "first"),
    [
        ("lr=.1 lr=.2", "lr=.2", "lr=.1"),
        ("optimizer.lr=.1 adam lr=.1", "lr=.1", "optimizer.lr=.1"),
        ("relu model.activation=tanh", "model.activation=tanh", "relu"),
        ("mlp model.hidden=3, 8,", "model.hidden=3,", "8,"),
        ("data.kind=xor moons", "data.kind=xor", "moons"),
        ("seed=1 data=xor data=moons", "data=moons", "data=xor"),
        ("epochs=3 e=3", "e=3", "epochs=3"),
    ],
)
def test_a_second_value_of_the_same_key_is_refused(line: str, second: str, first: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(line)
    problem = caught.value.problems[-1]
    assert problem.key == second
    assert f"{first} stands before it" in problem.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "csv file=h.csv target=sold",
            [
                "file: is no key of anything. Write data.file=…",
                "target: is no key of anything. Write data.target=…",
            ],
        ),
        (
            "target=sold file=h.csv data=csv",
            [
                "target: is no key of anything. Write data.target=…",
                "file: is no key of anything. Write data.file=…",
            ],
        ),
        ("target=a:b", ["target: is no key of anything. Write data.target=… or model.target=…"]),
        ("epochs=3", ["epochs: is no key of anything. Write training.epochs=… or e=…"]),
        ("optimiser.lr=1", ["optimiser.lr: is no key of anything. Write optimizer.lr=… or lr=…"]),
        ("leaky_relu slope=.1", ["slope: is no key of anything. Write model.activation.slope=…"]),
        ("lrr=.1", ["lrr: is no key of anything. Did you mean lr? All names: docs/catalogue.md."]),
        (
            "csv data.file=h.csv tarrget=sold",
            [
                "tarrget: is no key of anything. Did you mean data.target, schedule.start or "
                "data.scale_target? All names: docs/catalogue.md."
            ],
        ),
        ("zzz=1", ["zzz: is no key of anything. All names: docs/catalogue.md."]),
    ],
)
def test_an_unknown_key_names_the_dotted_ones(line: str, said: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(line)
    assert [str(problem) for problem in caught.value.problems] == said


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("foo", "All names: docs/catalogue.md."),
        ("''", "All names: docs/catalogue.md."),
        ("mnits", "Did you mean mnist, kmnist or noise? All names: docs/catalogue.md."),
        ("softmax", "Write out=softmax."),
        ("max", "Write model.pooling=max."),
        ("mnist cnn average", "Write model.pooling=average."),
        ("batch", "Write norm=batch."),
        ("layer", "Write norm=layer."),
        ("shift", "Write aug=shift."),
        ("shift,flip", "Write aug=shift,flip."),
        ("sum", "Write red=sum."),
        ("half", "Write data.normalize=half."),
        ("none", "Write data.normalize=none or norm=none."),
        ("full", "Write b=full."),
        ("linear data=regression", "Write data.function=linear or out=linear."),
        ("lr", "Write lr=…"),
        ("epochs", "Write training.epochs=… or e=…"),
    ],
)
def test_an_unknown_word_has_a_short_cure(line: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(line)
    assert [problem.hint for problem in caught.value.problems] == [hint]


def test_every_word_of_an_option_has_a_cure_that_names_its_key() -> None:
    for section in SECTIONS:
        for kind in section.family:
            for spec in fields_of(kind):
                for word in set(spec.options) - {kind.word() for _, kind in KINDS}:
                    with pytest.raises(ConfigError) as caught:
                        parse(f"{section.key}={kind.word()} {word}" if section.has_kinds else word)
                    key = section.path(spec.name)
                    shorts = [short for short, long in SHORT_KEYS.items() if long == key]
                    assert f"{[*shorts, key][0]}={word}" in caught.value.problems[0].hint


def test_a_list_may_have_lost_its_quotation_marks() -> None:
    config = parse(
        'mnist cnn aug=["flip"] tanh schedule=piecewise schedule.factors=[.5,.1] schedule.boundaries=[1,2]'
    )
    assert config.regularization.augment == ("flip",)
    assert config.schedule == Piecewise(boundaries=(1, 2), factors=(0.5, 0.1))


def test_a_width_may_stand_alone() -> None:
    assert parse("digits mlp 32") == parse("digits mlp 32,") == parse("digits mlp model.hidden=32")
