"""`hotspot data NAME`: fetch a public data set, check it, and bring it into form."""

import shutil
import sys
from pathlib import Path, PurePosixPath

from hotspot.commands.console import Console
from hotspot.config.paths import RAW_DATA
from hotspot.datasets.catalogue import PublicDataset, find_dataset, load_catalogue
from hotspot.datasets.fetch import fetch
from hotspot.datasets.record import Fetched, read_record, record_path, write_record
from hotspot.datasets.tables import convert_table
from hotspot.datasets.unpack import unpack_member
from hotspot.errors import ConfigError, DownloadError
from hotspot.files import file_sha256, replaced_file

OPTIONS = ("address", "file")


def list_datasets() -> None:
    """Print what is offered."""
    for dataset in load_catalogue().values():
        sys.stdout.write(
            f"{dataset.name}\n"
            f"    {dataset.title}; {dataset.publisher}, {dataset.licence}\n"
            f"    {dataset.address}\n"
            f"    checksum: {dataset.sha256 or 'not known, recorded when first fetched'}\n"
            f"    used by {dataset.used_by}\n"
        )


def download(name: str, options: dict[str, str]) -> None:
    """Fetch a data set into its folder below data/raw, unless it is there and right."""
    dataset = find_dataset(name)
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown or len(options) > 1:
        raise ConfigError(
            f"data {name} takes address=URL or file=PATH, not {', '.join(options)}. Leave "
            "both out for the official address."
        )
    path = RAW_DATA / dataset.folder / dataset.file
    console = Console(sys.stderr)
    fetched = _fetched(dataset, path, options, console)
    rest = path
    if dataset.member is not None:
        rest = path.with_name(PurePosixPath(dataset.member).name)
        unpack_member(path, dataset.member, rest)
    if dataset.table is not None:
        rest = path.with_name(dataset.table.name)
        rows = convert_table(path, dataset.table, rest)
        console.line(f"{rows} rows written to {rest.as_posix()}")
    word = "as expected" if fetched.is_expected else "recorded; it was not known before"
    console.line(f"SHA-256 {fetched.sha256}, {word}")
    console.line(f"{dataset.publisher}, {dataset.licence}. Cite: {dataset.citation}")
    console.line(f"Used by {dataset.used_by}.")
    sys.stdout.write(f"{rest.as_posix()}\n")


def _fetched(
    dataset: PublicDataset, path: Path, options: dict[str, str], console: Console
) -> Fetched:
    """Return what is known of the file, which is there and right afterwards."""
    record = read_record(path)
    known = dataset.sha256 or (None if record is None else record.sha256)
    if "file" in options:
        fetched = _copied(dataset, Path(options["file"]).expanduser(), path, known)
    elif path.is_file() and known is not None:
        found = file_sha256(path)
        if found != known:
            raise DownloadError(
                f"{path.as_posix()} has the SHA-256 {found}, and {known} was expected: it was "
                "changed after it was fetched. Raw files are never edited; remove it and run "
                "again to fetch it anew."
            )
        console.line(f"{path.as_posix()} is there already, and unchanged")
        return Fetched(dataset.address, found, path.stat().st_size, is_expected=True)
    else:
        address = options.get("address", dataset.address)
        console.line(f"{dataset.title}, from {address}")
        with console.bar("bytes") as move:
            fetched = fetch(
                address,
                path,
                expected_sha256=known,
                expected_bytes=dataset.bytes,
                progress=move,
            )
    write_record(fetched, path)
    return fetched


def _copied(dataset: PublicDataset, source: Path, path: Path, known: str | None) -> Fetched:
    """Return what is known of a file that the user fetched and that is copied into place."""
    if not source.is_file():
        raise ConfigError(
            f"file={source}: there is no such file. Fetch {dataset.address} in a browser, and "
            "give the path of what it saved."
        )
    found = file_sha256(source)
    if known is not None and found != known:
        by = "the catalogue" if dataset.sha256 else record_path(path).as_posix()
        raise DownloadError(
            f"{source} has the SHA-256 {found}, and {known} is expected by {by}: it is "
            f"another file or another edition. Fetch {dataset.address} again."
        )
    with replaced_file(path) as beside:
        shutil.copyfile(source, beside)
    return Fetched(dataset.address, found, path.stat().st_size, known is not None)
