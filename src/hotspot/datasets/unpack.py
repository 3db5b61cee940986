"""Taking one file out of a zip archive that a stranger made."""

import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from hotspot.errors import DownloadError, few
from hotspot.files import replaced_file

# What one file may become, and how much larger than it is packed.
_MOST_BYTES = 4 * 1024**3
_MOST_RATIO = 200
# What the standard library raises at a damaged archive or packed data, and at a way of packing
# that it does not know (NotImplementedError).
_DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, lzma.LZMAError)


def unpack_member(archive: Path, member: str, path: Path) -> None:
    """Write one file of a zip archive to a path of the caller's choice.

    Names inside the archive decide nothing about where files go. An archive whose names would
    leave a folder is refused whole, since nobody makes such by accident.

    Raises
    ------
    DownloadError
        The file is no zip archive, has no such member, or a hostile one; or the member is a
        link, encrypted, damaged, or would fill the disk.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            _check_names(opened, archive)
            entry = _entry(opened, archive, member)
            with (
                opened.open(entry) as packed,
                replaced_file(path) as beside,
                beside.open("wb") as out,
            ):
                shutil.copyfileobj(packed, out)
    except _DAMAGE as error:
        raise _damaged(archive, str(error)) from error


def _entry(opened: zipfile.ZipFile, archive: Path, member: str) -> zipfile.ZipInfo:
    names = [each for each in opened.infolist() if each.filename == member]
    if len(names) != 1:
        there = few(each.filename for each in opened.infolist())
        raise DownloadError(
            f"{archive.name} has {len(names)} files {member!r}, and one was expected. It has "
            f"{there or 'nothing'}: the publisher has changed it. Take the table out by hand."
        )
    entry = names[0]
    if stat.S_ISLNK(entry.external_attr >> 16) or entry.is_dir():
        raise _damaged(archive, f"{member} is no plain file")
    if entry.flag_bits & 1:
        raise _damaged(archive, f"{member} is encrypted")
    most = min(_MOST_BYTES, _MOST_RATIO * max(entry.compress_size, 1024))
    if entry.file_size > most:
        raise _damaged(
            archive,
            f"{member} would grow from {entry.compress_size} to {entry.file_size} bytes",
        )
    return entry


def _check_names(opened: zipfile.ZipFile, archive: Path) -> None:
    for entry in opened.infolist():
        # The name as it stands in the archive; zipfile turns backslashes on some systems only.
        name = entry.orig_filename.replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name:
            raise _damaged(archive, f"{entry.orig_filename!r} would leave its folder")


def _damaged(archive: Path, reason: str) -> DownloadError:
    return DownloadError(
        f"{archive.name} cannot be unpacked: {reason}. Nothing was taken out of it. Fetch it "
        "again from the publisher, or take the table out by hand if you trust it."
    )
