"""What is offered: public data sets with their addresses and checksums."""

import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml

from hotspot.errors import ConfigError, nearest_name

# Plain names only: they become files and folders of the project.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class PublishedTable:
    """How a published table becomes the one that a configuration reads.

    Parameters
    ----------
    name : str
        File name of the table.
    header_row : int
        Line of the column names, from 1; what stands above is left out.
    unit_row : int or None
        Line of the units, left out.
    drop_prefix : str
        Taken off the front of column names, which become lower case.
    dates : dict of str to str
        Published column to the form of its dates, as ``%m/%d/%y``; they become ISO dates.
    """

    name: str
    header_row: int = 1
    unit_row: int | None = None
    drop_prefix: str = ""
    dates: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PublicDataset:
    """A file that a publisher offers to everybody; the keys of ``catalogue.yaml``."""

    name: str
    title: str
    publisher: str
    licence: str
    citation: str
    address: str
    bytes: int | None
    sha256: str | None
    checked: str
    file: str
    folder: str
    member: str | None
    table: PublishedTable | None
    used_by: str


def load_catalogue(text: str | None = None) -> dict[str, PublicDataset]:
    """Return the public data sets by name.

    Parameters
    ----------
    text : str, optional
        The catalogue as YAML; that of the package by default.

    Raises
    ------
    ConfigError
        A name is no plain file name, an address is not of https or http, or a checksum is none.

    Examples
    --------
    >>> load_catalogue()["usgs_ds801"].bytes
    1450062
    """
    if text is None:
        text = (files("hotspot.datasets") / "catalogue.yaml").read_text(encoding="utf-8")
    return {name: _dataset(str(name), entry) for name, entry in yaml.safe_load(text).items()}


def find_dataset(name: str) -> PublicDataset:
    """Return a data set of the catalogue.

    Raises
    ------
    ConfigError
        There is none of this name.
    """
    catalogue = load_catalogue()
    if name not in catalogue:
        raise ConfigError(
            f"data {name}: there is no such data set.{nearest_name(name, list(catalogue))} "
            f"There are {', '.join(catalogue)}; `hotspot data list` tells of each."
        )
    return catalogue[name]


def _dataset(name: str, entry: dict[str, Any]) -> PublicDataset:
    table = None if entry["table"] is None else PublishedTable(**entry["table"])
    found = PublicDataset(**{**entry, "name": name, "table": table})
    for given in (found.file, found.folder, *([] if table is None else [table.name])):
        if not _NAME.fullmatch(given):
            raise ConfigError(
                f"{name}: {given!r} is no plain name of a file or folder. Use letters, digits, "
                "dots, dashes and underscores."
            )
    if not found.address.startswith(("https://", "http://")):
        raise ConfigError(f"{name}: {found.address!r} is no address. Begin it with https://.")
    if found.sha256 is not None and not _SHA256.fullmatch(found.sha256):
        raise ConfigError(
            f"{name}: {found.sha256!r} is no SHA-256. Give 64 hex digits, or null."
        )
    return found
