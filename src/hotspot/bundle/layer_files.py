"""The rasters of a bundle: which there are, what each is, which belong together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hotspot.bundle.findings import Findings
from hotspot.bundle.names import MASK, STATISTICS, LayerName
from hotspot.bundle.profiles import Profile
from hotspot.bundle.read import RasterFacts, RefusedError, opened, raster_facts
from hotspot.bundle.read_files import child
from hotspot.grid import Grid

_TIFF = (".tif", ".tiff")
# Rasters of other formats; some name further files or addresses.
_OTHER_RASTERS = (".vrt", ".asc", ".img", ".nc", ".h5", ".jp2", ".grd", ".bil", ".zarr")


@dataclass(frozen=True)
class LayerFile:
    """One raster of a bundle.

    Parameters
    ----------
    file : str
        Name within the bundle.
    path : Path
        Where it lies.
    name : LayerName or None
        What its name says, if it keeps the convention.
    role : str or None
        Key of `STATISTICS`, from its name or its tags; ``mask`` for a mask.
    facts : RasterFacts
        What the file says.
    """

    file: str
    path: Path
    name: LayerName | None
    role: str | None
    facts: RasterFacts

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return str(PurePosixPath(self.file).with_suffix(""))

    @property
    def token(self) -> str:
        """The contaminant it belongs to, by its name or its tags."""
        if self.name is not None:
            return self.name.token
        return self.facts.tags.get("contaminant", "")


@dataclass(frozen=True)
class Parcel:
    """A bundle that is being checked.

    Parameters
    ----------
    root : Path
        The folder.
    files : tuple of str
        Names of all files.
    declaration : mapping
        bundle.json, or empty.
    profile : Profile or None
        Whose rules hold, if that is known.
    layers : tuple of LayerFile
        The rasters that could be opened.
    """

    root: Path
    files: tuple[str, ...]
    declaration: Mapping[str, Any]
    profile: Profile | None
    layers: tuple[LayerFile, ...]

    @property
    def maps(self) -> list[LayerFile]:
        """Rasters that are no mask."""
        return [layer for layer in self.layers if layer.role != "mask"]

    def groups(self) -> dict[str, dict[str, LayerFile]]:
        """Return the rasters of each contaminant by role; of two alike the first."""
        found: dict[str, dict[str, LayerFile]] = defaultdict(dict)
        for layer in self.maps:
            if layer.role is not None:
                found[layer.token.casefold()].setdefault(layer.role, layer)
        return dict(found)

    def properties(self) -> list[Mapping[str, Any]]:
        """Return what bundle.json says of each contaminant."""
        given = self.declaration.get("properties")
        entries = given if isinstance(given, list) else []
        return [entry for entry in entries if isinstance(entry, dict)]

    def declared(self, group: Mapping[str, LayerFile]) -> Mapping[str, Any]:
        """Return what bundle.json says of the contaminant of a group, or nothing."""
        tokens = {layer.token.casefold() for layer in group.values()}
        ids = {layer.facts.tags.get("contaminant", "").casefold() for layer in group.values()}
        for entry in self.properties():
            if str(entry.get("property", "")).casefold() in tokens:
                return entry
            if str(entry.get("contaminant", "")).casefold() in ids:
                return entry
        return {}


def find_layers(root: Path, files: Sequence[str], findings: Findings) -> list[LayerFile]:
    """Return the rasters of a bundle that can be opened; note those that cannot."""
    layers = []
    for file in files:
        suffix = PurePosixPath(file).suffix.lower()
        if suffix in _OTHER_RASTERS:
            findings.add("raster-refused", file, "the raster is no GeoTIFF", suffix)
        path = child(root, file)
        if suffix not in _TIFF or path is None:
            continue
        try:
            with opened(path) as dataset:
                facts = raster_facts(dataset)
        except RefusedError as error:
            findings.add(error.code, file, "the raster is not opened", error.seen)
            continue
        stem = PurePosixPath(file).stem
        name = LayerName.read(stem)
        layers.append(LayerFile(file, path, name, _role(stem, name, facts), facts))
    return layers


def reference_grid(layers: Sequence[LayerFile]) -> Grid | None:
    """Return the grid that most rasters have, or None where none has one."""
    grids = [layer.facts.grid for layer in layers]
    known = [grid for grid in grids if grid is not None]
    if not known:
        return None
    return max(known, key=lambda grid: sum(same_grid(grid, other) for other in known))


def same_grid(one: Grid, other: Grid) -> bool:
    """Whether two grids are one, within a thousandth of a cell."""
    return one.crs == other.crs and one.shape == other.shape and aligned(one, other)


def aligned(one: Grid, other: Grid) -> bool:
    """Whether corner and cell size of two grids agree within a thousandth of a cell."""
    side = min(one.resolution)
    return (
        all(abs(a - b) <= 1e-3 * side for a, b in zip(one.region, other.region, strict=True))
        and abs(one.resolution[0] - other.resolution[0]) <= 1e-6 * side
    )


def _role(stem: str, name: LayerName | None, facts: RasterFacts) -> str | None:
    if MASK.fullmatch(stem):
        return "mask"
    if name is not None:
        return name.role
    tagged = facts.tags.get("layer", stem)
    return tagged if tagged in STATISTICS else None
