"""Whole files or none."""

from hashlib import sha256
from pathlib import Path

import pytest

from hotspot.errors import OutputError
from hotspot.files import file_sha256, replaced_file, replaced_folder, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    """A failure half-way keeps what was there and leaves nothing beside it."""
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(ZeroDivisionError), replaced_file(target) as beside:  # noqa: PT012
        beside.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """An error of the system becomes an error in three parts, and nothing is left."""

    def fill_the_disk() -> None:
        with replaced_file(tmp_path / "a.txt") as beside:
            beside.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"could not be written: No space left.*Free space"):
        fill_the_disk()
    assert names(tmp_path) == []


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    """Files of the old folder do not linger in the new one."""
    target = tmp_path / "folder"
    with replaced_folder(target) as beside:
        (beside / "old.txt").write_text("1")
    with replaced_folder(target) as beside:
        (beside / "new.txt").write_text("2")
    assert names(target) == ["new.txt"]
    assert names(tmp_path) == ["folder"]


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    """A failure half-way keeps the folder that was there."""
    target = tmp_path / "folder"
    with replaced_folder(target) as beside:
        (beside / "old.txt").write_text("1")
    with pytest.raises(ZeroDivisionError), replaced_folder(target) as beside:  # noqa: PT012
        (beside / "new.txt").write_text("2")
        raise ZeroDivisionError
    assert names(target) == ["old.txt"]
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize("size", [0, 3_000_001])
def test_the_checksum_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    """However many pieces a file is read in."""
    content = bytes(range(256)) * (size // 256) + b"a" * (size % 256)
    (tmp_path / "a.bin").write_bytes(content)
    assert file_sha256(tmp_path / "a.bin") == sha256(content).hexdigest()
