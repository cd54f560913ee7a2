"""A user's own code in a script: it is imported and called, as the run did it."""

from typing import Any

from dlcore.choices.architectures import CustomModel
from dlcore.choices.own import CustomData
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.export.script.part import Part, joined, lines, value, word

LABELS = "labels"
"""By what each class keeps its share in a split: of a data set that is read sample by sample, by nothing."""
LABELLED = lines(f"{LABELS} = targets if is_in_memory else torch.zeros(len(targets))")


def target(name: str, called: str) -> Part:
    """Return code that imports what "package.module:name" or "file.py:name" stands for, as `called`.

    Raises DltuiError for what is neither.
    """
    place, _, found = name.strip().rpartition(":")
    if is_file(name):
        return lines(f"{called} = from_file({word(place)}, {word(found)})")
    if not all(part.isidentifier() for part in (*place.split("."), found)):  # it becomes a statement
        raise DltuiError(f"{clean(name)} does not say what to import", "Write package.module:name.")
    return Part(f"{called} = {found}", (f"from {place} import {found}",))


def is_file(name: str) -> bool:
    """Whether a target is in a file of its own, rather than in a package."""
    place = name.strip().rpartition(":")[0]
    return place.endswith(".py") or "/" in place


FROM_FILE = Part(
    '''def from_file(path: str, name: str):
    """Return what a file of your own calls `name`; the file may import what lies beside it."""
    sys.path.insert(0, str(Path(path).parent))
    spec = importlib.util.spec_from_file_location(f"own_{Path(path).stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)''',
    ("import importlib.util", "import sys", "from pathlib import Path"),
)

CALLED = Part(
    '''def called(target, given: dict, **offered):
    """Call your code with what is given, and with what is offered as far as it asks for that."""
    parameters = inspect.signature(target).parameters.values()
    takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters)
    names = [one.name for one in parameters]
    asked = {name: one for name, one in offered.items() if takes_all or name in names}
    return target(**{**asked, **given})''',
    ("import inspect",),
)


def helpers(*targets: str) -> Part:
    """Return the functions by which targets are imported and called."""
    parts = [FROM_FILE] if any(map(is_file, targets)) else []
    return joined((*parts, CALLED), gap=2)


def data(chosen: CustomData, *, is_regression: bool) -> Part:
    """Return code that makes `inputs` and `targets` of what the user's function returns.

    Whether there is a test split too is seen when it runs: then `test_inputs` is not None.
    """
    call = joined(
        (
            lines("# The data are what your own function returns; what it draws, it draws from the seed."),
            target(chosen.target, "make_data"),
            Part(
                "torch.manual_seed(SEED)\nnp.random.seed(SEED % 2**32)\nrandom.seed(SEED)",
                ("import random", "import numpy as np"),
            ),
            lines(f"training, test = parts(called(make_data, {_args(chosen.args)}, seed=SEED))"),
            lines(
                "is_in_memory = isinstance(training, TensorDataset | tuple | list)",
                "inputs, targets = arrays(training)",
            ),
        )
    )
    numbers = _amounts() if is_regression else _numbers()
    return joined((_PARTS, joined((call, numbers))), gap=2)


_PARTS = Part(
    '''def parts(given):
    """Return the training set and the test set, or None where there is one set alone."""
    if isinstance(given, TensorDataset):
        given = given.tensors
    if isinstance(given, Dataset):
        return given, None
    first, second = given
    if isinstance(first, Dataset) or (isinstance(first, tuple | list) and len(first) == 2):
        return first, second
    return given, None


def arrays(samples) -> tuple[torch.Tensor, np.ndarray]:
    """Return inputs and targets; of a data set all samples are read once, in their order."""
    if isinstance(samples, TensorDataset):
        samples = samples.tensors
    if isinstance(samples, Dataset):
        pairs = [samples[index] for index in range(len(samples))]
        return (
            torch.stack([as_inputs(values) for values, _ in pairs]),
            np.stack([np.asarray(target) for _, target in pairs]),
        )
    values, targets = samples
    inputs, targets = as_inputs(values), np.asarray(targets)
    return inputs.unsqueeze(1) if inputs.dim() == 3 else inputs, targets


def as_inputs(values) -> torch.Tensor:
    """Return numbers as a tensor: bytes stay bytes, everything else becomes float32."""
    if isinstance(values, torch.Tensor):
        values = values.detach()
    else:
        values = torch.from_numpy(np.array(values))
    return values if values.dtype == torch.uint8 else values.to(torch.float32)''',
    (
        "import numpy as np",
        "from torch.utils.data import Dataset",
        "from torch.utils.data import TensorDataset",
    ),
)


def _numbers() -> Part:
    return lines(
        "classes, numbers = np.unique(targets.reshape(len(targets)), return_inverse=True)",
        "targets = torch.from_numpy(numbers)",
        "test_inputs = None",
        "if test is not None:",
        "    test_inputs, test_targets = arrays(test)",
        "    test_targets = torch.from_numpy(np.searchsorted(classes, test_targets.reshape(-1)))",
    )


def _amounts() -> Part:
    made = "torch.from_numpy({0}.astype(np.float32)).reshape(len({0}), -1)"
    return lines(
        f"targets = {made.format('targets')}",
        "test_inputs = None",
        "if test is not None:",
        "    test_inputs, test_targets = arrays(test)",
        f"    test_targets = {made.format('test_targets')}",
    )


def model(chosen: CustomModel, shape: tuple[int, ...], units: int) -> Part:
    """Return code that makes `network` by the user's own class or function."""
    return joined(
        (
            lines("# The network is your own: it is built by your code."),
            target(chosen.target, "make_network"),
            lines(f"network = called(make_network, {_args(chosen.args)}, shape={shape!r}, outputs={units})"),
        )
    )


def _args(given: dict[str, Any]) -> str:
    return value(given)
