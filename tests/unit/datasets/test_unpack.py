"""One file is taken out of an archive; hostile archives are refused whole."""

import stat
import zipfile
from pathlib import Path

import pytest

from hotspot.datasets.unpack import unpack_member
from hotspot.errors import DownloadError


def archive(path: Path, entries: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.filename = entry.orig_filename = name
            entry.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(entry, attribute, value)
            made.writestr(entry, content)
    return path


def test_a_member_goes_where_the_caller_says(tmp_path: Path) -> None:
    """Its folder inside the archive decides nothing."""
    packed = archive(tmp_path / "a.zip", {"deep/table.csv": b"a,b\n1,2\n", "readme.txt": b"x"})
    unpack_member(packed, "deep/table.csv", tmp_path / "out" / "mine.csv")
    assert (tmp_path / "out" / "mine.csv").read_bytes() == b"a,b\n1,2\n"
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"mine.csv"}


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil", "a/../../evil", "..\\evil.csv", "C:\\evil.csv"]
)
def test_names_that_leave_the_folder_refuse_the_archive(tmp_path: Path, name: str) -> None:
    """Also when the file that is asked for has a harmless name."""
    packed = archive(tmp_path / "a.zip", {"table.csv": b"1", name: b"evil"})
    with pytest.raises(DownloadError, match="would leave its folder"):
        unpack_member(packed, "table.csv", tmp_path / "out.csv")
    assert [each.name for each in tmp_path.iterdir()] == ["a.zip"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    """A link would read another file of this machine."""
    mode = (stat.S_IFLNK | 0o777) << 16
    packed = archive(tmp_path / "a.zip", {"table.csv": b"/etc/passwd"}, external_attr=mode)
    with pytest.raises(DownloadError, match="no plain file"):
        unpack_member(packed, "table.csv", tmp_path / "out.csv")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """Twenty million zeros in some kilobytes are no table."""
    packed = archive(tmp_path / "a.zip", {"table.csv": bytes(20_000_000)})
    with pytest.raises(DownloadError, match="would grow from"):
        unpack_member(packed, "table.csv", tmp_path / "out.csv")


def test_a_missing_and_a_double_member_are_told(tmp_path: Path) -> None:
    """The message says what the archive has."""
    packed = archive(tmp_path / "a.zip", {"other.csv": b"1"})
    with pytest.raises(DownloadError, match=r"0 files 'table\.csv'.*other\.csv"):
        unpack_member(packed, "table.csv", tmp_path / "out.csv")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(packed, "a") as more:
        more.writestr("other.csv", b"2")
    with pytest.raises(DownloadError, match="2 files"):
        unpack_member(packed, "other.csv", tmp_path / "out.csv")


@pytest.mark.parametrize("cut", [10, -30])
def test_a_damaged_archive_leaves_nothing(tmp_path: Path, cut: int) -> None:
    """Cut off at the end, or no archive at all."""
    whole = archive(tmp_path / "whole.zip", {"table.csv": bytes(range(256)) * 50}).read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[:cut])
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        unpack_member(tmp_path / "a.zip", "table.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    """The checksum of the member is looked at."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as made:
        made.writestr("table.csv", b"1,2,3,4,5,6,7,8\n" * 10)
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        unpack_member(path, "table.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_damaged_data_in_a_sound_archive_leave_nothing(tmp_path: Path) -> None:
    """The directory of the archive is whole, and what is packed no longer unpacks."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("table.csv", bytes(range(256)) * 20)
    content = bytearray(path.read_bytes())
    for place in range(45, 65):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(DownloadError, match=r"a\.zip"):
        unpack_member(path, "table.csv", tmp_path / "out.csv")
    assert [each.name for each in tmp_path.iterdir()] == ["a.zip"]
