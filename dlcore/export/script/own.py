"""A user's own files as code that reads them: a CSV file, or a folder of images."""

import os
from itertools import islice
from pathlib import Path

from dlcore.choices.dataset import Facts
from dlcore.choices.own import Csv, ImageFolder
from dlcore.datasets.examine import read_csv
from dlcore.datasets.folders import EXTENSIONS, list_images
from dlcore.datasets.tables import Table
from dlcore.datasets.tables.rows import RefusedError, delimiter_of, lines_of, rows_of
from dlcore.errors import DataError
from dlcore.export.script.part import Part, joined, lines, sequence, word

_NUMPY = "import numpy as np"
_MISSING = ("", "nan", "+nan", "-nan", "na", "n/a", "null", "none", "?")
"""What stands for no value in a cell, as `dlcore.datasets.tables` has it."""


# -- CSV --------------------------------------------------------------------------------------------


def csv_file(data: Csv, facts: Facts) -> Part:
    """Return code that makes `inputs` and `targets` of the rows of a file.

    Which columns are numbers and which are words stands in the code, as the file was when this was written.
    Raises DataError where the file cannot be read any more.
    """
    table = read_csv(data)
    names, delimiter = _first_row(data)
    columns = _columns(table, names, data)
    rows = "".join(f"    {word(name)}: {code},\n" for name, code in columns.items())
    missing = "MISSING" if data.missing == "impute" else ""
    head = lines(
        "# A column of numbers has None here; one of words becomes a column of 0 and 1 for each of these.",
        f"COLUMNS = {{\n{rows}}}",
    )
    if missing:
        words = ", ".join(map(word, _MISSING))
        head += lines(f"MISSING = ({words})  # what stands for no value")
    read = Part(
        f"""with open(options.data, encoding="utf-8-sig", newline="") as file:
    rows = csv.reader(file, delimiter={word(delimiter)}, skipinitialspace=True)
    rows = [[cell.strip() for cell in row] for row in rows if len(row) > 1]
{_named(data, names)}""",
        ("import csv",),
    )
    number = "math.nan if cell.lower() in MISSING else float(cell)" if missing else "float(cell)"
    encode = Part(
        f'''def encoded(row: dict[str, str]) -> list[float]:
    """Return a row as numbers."""
    found = []
    for name, words in COLUMNS.items():
        cell = row[name]
        if words is None:
            found.append({number})
        else:
            found += [float(cell == one) for one in words]
    return found''',
        ("import math",) if missing else (),
    )
    made = lines("inputs = torch.tensor([encoded(row) for row in table], dtype=torch.float32)") + _targets(
        table, facts
    )
    return joined((joined((head, read), gap=1), encode, made), gap=2)


def _first_row(data: Csv) -> tuple[list[str], str]:
    """Return the names of a file's columns, and what parts its cells."""
    path = Path(os.path.expanduser(data.file))
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
            sample = list(islice(lines_of(handle), 100))
        delimiter = delimiter_of(sample)
        _, cells = next(rows_of(sample, delimiter))
    except (OSError, RefusedError, StopIteration):
        raise DataError(f"{path} has changed since it was read", "Put it back as it was.") from None
    if not data.header:
        return [f"c{place}" for place in range(1, len(cells) + 1)], delimiter
    return [cell.strip() or f"c{place}" for place, cell in enumerate(cells, 1)], delimiter


def _columns(table: Table, names: list[str], data: Csv) -> dict[str, str]:
    """Return for each input column None, or the words that become a column, as code."""
    ignored = {name.strip() for name in data.ignore.split(",")}
    found: dict[str, str] = {}
    left = list(table.inputs)
    for place, name in enumerate(names):
        if name == table.target or name in ignored:
            continue
        later = set(names[place + 1 :])
        if left[:1] == [name]:
            left.pop(0)
            found[name] = "None"
            continue
        words = []
        while left and left[0].startswith(f"{name}=") and left[0] not in later:
            words.append(word(left.pop(0).removeprefix(f"{name}=")))
        if words:  # a column of words that are all the same has none
            found[name] = sequence(words, "[", "]", depth=1)
    return found


def _named(data: Csv, names: list[str]) -> str:
    """Return the lines that give each row the names of its columns."""
    if data.header and all(not name.startswith("c") or not name[1:].isdigit() for name in names):
        return "names, *rows = rows\ntable = [dict(zip(names, row, strict=True)) for row in rows]"
    listed = sequence(list(map(word, names)), "[", "]")
    rest = "rows[1:]" if data.header else "rows"
    return f"names = {listed}\ntable = [dict(zip(names, row, strict=True)) for row in {rest}]"


def _targets(table: Table, facts: Facts) -> Part:
    cell = f"row[{word(table.target)}]"
    if facts.task == "regression":
        return lines(
            f"targets = [float({cell}) for row in table]",
            "targets = torch.tensor(targets, dtype=torch.float32).unsqueeze(1)",
        )
    if all(_is_number(name) for name in table.classes):
        classes = sequence(list(table.classes), "[", "]")
        return lines(
            f"CLASSES = {classes}",
            f"targets = torch.tensor([CLASSES.index(float({cell})) for row in table])",
        )
    classes = sequence(list(map(word, table.classes)), "[", "]")
    return lines(f"CLASSES = {classes}", f"targets = torch.tensor([CLASSES.index({cell}) for row in table])")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python reads 1_000 as a number, a file means a word


# -- images -----------------------------------------------------------------------------------------


def image_folder(data: ImageFolder) -> Part:
    """Return code that makes `inputs` and `targets` of the images in a folder, and of those for the test.

    Raises DataError where the folder cannot be read any more.
    """
    folder = Path(os.path.expanduser(data.folder))
    images = list_images(folder)
    firsts = {path.relative_to(folder).parts[0] for path, _ in images.training}
    place = 'folder / "train"' if firsts == {"train"} else "folder"
    size, mode = data.size, "RGB" if data.color else "L"
    endings = sequence(list(map(word, EXTENSIONS)), "(", ")")
    found = lines(f"ENDINGS = {endings}", "folder = Path(options.data)", f"classes = class_folders({place})")
    made = lines(f"inputs, targets = images({place})")
    if images.test:
        made += lines('test_inputs, test_targets = images(folder / "test")')
    functions = Part(_FOLDERS + _READ.format(size=size, double=2 * size, mode=mode), _IMPORTS)
    return joined((functions, joined((found, made))), gap=2)


_IMPORTS = ("import os", _NUMPY, "from pathlib import Path", "from PIL import Image, ImageOps")

_FOLDERS = '''def class_folders(folder: Path) -> list[str]:
    """Return the names of the folders in a folder: each holds the images of a class."""
    found = [one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()]
    return sorted(one.name for one in found if not one.name.startswith("."))


def images(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Return all images in the class folders of a folder, by name, and their class numbers."""
    pixels, numbers = [], []
    for number, name in enumerate(classes):
        for here, inside, files in os.walk(folder / name):
            inside[:] = sorted(one for one in inside if not one.startswith("."))
            for file in sorted(files):
                if file.lower().endswith(ENDINGS) and not file.startswith("."):
                    pixels.append(read_image(Path(here, file)))
                    numbers.append(number)
    return torch.stack(pixels), torch.tensor(numbers)


'''

_READ = '''def read_image(path: Path) -> torch.Tensor:
    """Return the middle square of an image, upright and scaled to {size}×{size} pixels."""
    with Image.open(path) as image:
        image.draft(image.mode, ({double}, {double}))  # a JPEG is decoded no larger than is needed
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):  # 16 bits a pixel
            wide = np.asarray(image).astype(np.int64).clip(0, 65_535)
            image = Image.fromarray((wide >> 8).astype(np.uint8))
        if image.mode == "P":
            image = image.convert("RGBA")
        image = image.convert("{mode}")
        side = min(image.size)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
        image = image.resize(({size}, {size}), Image.Resampling.BILINEAR, box=box)
        return torch.from_numpy(np.array(image)).reshape({size}, {size}, -1).permute(2, 0, 1)
'''
_READ = _READ.rstrip("\n")


def has_test(data: ImageFolder) -> bool:
    """Whether the folder has a split for the test of its own."""
    return bool(list_images(Path(os.path.expanduser(data.folder))).test)


def is_streamed(data: ImageFolder, facts: Facts) -> bool:
    """Whether the training images do not fit what the run may hold in memory, and were read as it went."""
    return len(list_images(Path(os.path.expanduser(data.folder))).training) * facts.features > (
        data.memory * 1_000_000
    )
