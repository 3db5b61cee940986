"""What each covariate was made from, so that an unchanged one is taken over."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import pyproj
import rasterio
import shapely

from hotspot.covariates.catalogue import Covariate
from hotspot.covariates.layers import PlainLayer
from hotspot.covariates.remote import RemoteFile, remote_edition
from hotspot.covariates.source_files import source_files
from hotspot.covariates.store import read_recipes
from hotspot.files import file_sha256
from hotspot.grid import Grid

# Code outside this package that the values depend on.
_BASE = ("grid.py", "rasters/*.py")


@dataclass(frozen=True)
class Built:
    """A file of a covariate, and what it was made from.

    Parameters
    ----------
    digest : str
        Of sources, parameters, grid and code.
    content : str
        SHA-256 of the file.
    covariate : Covariate
        As it came out, with unit and classes.
    cover : float
        Share of the grid with a value.
    warnings : tuple of str
        What was said when it was made, to be said again.
    """

    digest: str
    content: str
    covariate: Covariate
    cover: float
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        file: Path,
        digest: str,
        *,
        covariate: Covariate,
        cover: float,
        warnings: tuple[str, ...],
    ) -> Self:
        """Return the entry of a file that was just written."""
        return cls(digest, file_sha256(file), covariate, cover, warnings)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain values for JSON."""
        values = asdict(self)
        return {
            **values,
            "covariate": self.covariate.to_dict(),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the entry that `to_dict` described."""
        return cls(
            digest=str(values["digest"]),
            content=str(values["content"]),
            covariate=Covariate.from_dict(values["covariate"]),
            cover=float(values["cover"]),
            warnings=tuple(str(text) for text in values["warnings"]),
        )


class Cache:
    """The covariates that a folder holds already.

    Parameters
    ----------
    folder : Path
        Written by an earlier build, or absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recipes = read_recipes(folder)

    def take(self, file: str, digest: str, target: Path) -> Built | None:
        """Put a file made by the same recipe at a target, and return its entry, or None.

        A file that is no longer what was written then is not taken.
        """
        try:
            known = Built.from_dict(self._recipes[file])
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        source = self._folder / file
        if known.digest != digest or not source.is_file():
            return None
        if file_sha256(source) != known.content:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Files are replaced whole and never written into, so both names may share one.
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
        return known


def recipe_digest(layer: PlainLayer, grid: Grid) -> str:
    """Return one SHA-256 over all that the values of a covariate depend on.

    The content of its files, its parameters, the grid, the code of this package, and the
    versions of the libraries that read and transform.
    """
    content = {
        "layer": _plain(layer),
        "grid": grid.to_dict(),
        "code": _code_digest(),
        "libraries": [
            rasterio.__version__,
            rasterio.__gdal_version__,
            shapely.geos_version_string,
            pyproj.proj_version_str,
        ],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value of layers as JSON; a path as the digests of its files."""
    if isinstance(value, Path):
        return [[file.name, _known_digest(file)] for file in source_files(value)]
    if isinstance(value, RemoteFile):
        return [value.address, remote_edition(value)]
    if is_dataclass(value):
        parts = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
        return {"type": type(value).__name__, **parts}
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _known_digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    status = path.stat()
    return _digest_once(path.absolute(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_once(path: Path, size: int, time: int) -> str:
    """Return the digest of a file, read once for all layers that are made from it."""
    return file_sha256(path)


@lru_cache(maxsize=1)
def _code_digest() -> str:
    package = Path(__file__).parent
    files = [file for name in _BASE for file in sorted(package.parent.glob(name))]
    files += sorted(package.rglob("*.py"))
    whole = hashlib.sha256()
    for file in files:
        name = file.relative_to(package.parent).as_posix()
        whole.update(f"{name}:{file_sha256(file)}\n".encode())
    return whole.hexdigest()
