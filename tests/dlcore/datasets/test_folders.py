import os
from pathlib import Path

import pytest

from dlcore.datasets import folders
from dlcore.datasets.folders import list_images
from dlcore.errors import DataError


def _put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_for_each_class_sorted_by_name(tmp_path: Path) -> None:
    _put(tmp_path, "dog/b.PNG", "dog/a.jpg", "cat/z.webp", "cat/notes.txt", "cat/.hidden.png", ".git/x.png")
    images = list_images(tmp_path)
    assert images.classes == ("cat", "dog")
    assert images.training == (
        (tmp_path / "cat/z.webp", 0),
        (tmp_path / "dog/a.jpg", 1),
        (tmp_path / "dog/b.PNG", 1),
    )
    assert images.test == ()


def test_splits_of_their_own_and_nothing_for_validation(tmp_path: Path) -> None:
    _put(tmp_path, "train/a/1.png", "train/b/2.png", "test/b/3.png", "val/a/4.png")
    images = list_images(tmp_path)
    assert images.classes == ("a", "b")
    assert [number for _, number in images.training] == [0, 1]
    assert images.test == ((tmp_path / "test/b/3.png", 1),)


def test_a_training_folder_alone_is_all_there_is(tmp_path: Path) -> None:
    _put(tmp_path, "train/a/1.png", "train/b/2.png", "valid/a/4.png")
    images = list_images(tmp_path)
    assert (images.classes, len(images.training), images.test) == (("a", "b"), 2, ())


def test_folders_inside_a_class_belong_to_it_but_links_do_not(tmp_path: Path) -> None:
    deep = "/".join("12345")
    _put(tmp_path, f"a/{deep}/x.png", f"a/{deep}/6/too_deep.png", "b/y.png", "elsewhere/c/z.png")
    (tmp_path / "data").mkdir()
    for name in "ab":
        (tmp_path / name).rename(tmp_path / "data" / name)
    (tmp_path / "data/b/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data/c").symlink_to(tmp_path / "elsewhere")
    images = list_images(tmp_path / "data")
    assert images.classes == ("a", "b")
    assert [path.name for path, _ in images.training] == ["x.png", "y.png"]


def test_a_new_image_or_class_is_seen(tmp_path: Path) -> None:
    _put(tmp_path, "a/1.png", "b/2.png")
    assert list_images(tmp_path) is list_images(tmp_path)
    _put(tmp_path, "c/3.png")
    assert list_images(tmp_path).classes == ("a", "b", "c")
    _put(tmp_path, "c/4.png")
    assert len(list_images(tmp_path).training) == 4


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ((), "holds no folders"),
        (("a/1.png",), r"holds a single folder \(a\)"),
        (("a/1.png", "b/readme.txt"), "b holds no images"),
        (("train/a/1.png", "train/b/1.png", "test/c/1.png"), "has a class c, which the folder train has not"),
        (("train/a/1.png", "train/b/1.png", "test/x.png"), "test has no class folders"),
        (("train/a/1.png", "test/a/1.png"), r"train holds a single folder \(a\)"),
        (("Training/a/1.png", "Testing/a/1.png"), "holds splits, not classes: Testing, Training"),
    ],
)
def test_what_is_no_data_set(tmp_path: Path, files: tuple[str, ...], message: str) -> None:
    _put(tmp_path, *files)
    for _ in range(2):  # the second answer comes from memory
        with pytest.raises(DataError, match=message) as caught:
            list_images(tmp_path)
        assert caught.value.hint.endswith(".")


def test_missing_file_and_forbidden_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="There is no folder"):
        list_images(tmp_path / "none")
    _put(tmp_path, "file", "data/a/1.png", "data/b/1.png")
    with pytest.raises(DataError, match="is not a folder"):
        list_images(tmp_path / "file")
    with pytest.raises(DataError, match="is no path"):
        list_images(tmp_path / "a\0b")

    def forbidden(path: object) -> object:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:  # a superuser who runs the tests may read everything
        patch.setattr(os, "scandir", forbidden)
        with pytest.raises(DataError, match="cannot be read"):
            list_images(tmp_path / "data")
    assert len(list_images(tmp_path / "data").training) == 2


def test_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path, "a/1.png", "b/1.png", "c/1.png")
    with monkeypatch.context() as patch:
        patch.setattr(folders, "MOST_CLASSES", 2)
        with pytest.raises(DataError, match="holds 3 folders, at most 2"):
            list_images(tmp_path)
    _put(tmp_path, "c/2.png")
    with monkeypatch.context() as patch:
        patch.setattr(folders, "MOST_FILES", 3)
        with pytest.raises(DataError, match="more than 3 images"):
            list_images(tmp_path)
    _put(tmp_path, *(f"b/{number}.txt" for number in range(8)))
    (tmp_path / "b/1.png").rename(tmp_path / "b/z.png")
    monkeypatch.setattr(folders, "MOST_STRANGERS", 5)
    with pytest.raises(DataError, match="b holds no images"):
        list_images(tmp_path)
