"""Layers onto one grid: one cloud-optimised GeoTIFF per covariate, and their catalogue."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue, Covariate
from hotspot.covariates.density import density_of
from hotspot.covariates.layers import CoordinateLayer, Layer, RasterLayer, VectorLayer
from hotspot.covariates.proximity import Proximity
from hotspot.covariates.read import AlignedRaster, read_features
from hotspot.covariates.store import write_catalogue
from hotspot.errors import CovariateError, few
from hotspot.files import replaced_folder
from hotspot.grid import Coordinates, Grid, Window
from hotspot.rasters import CogWriter

# A multiple of the tiles on disk, so that each is written once.
_WINDOW = 512

# More codes than any map of classes has: such a raster holds numbers.
_MOST_CLASSES = 1000


@dataclass(frozen=True)
class _Recipe:
    """How the windows of a covariate are filled."""

    covariate: Covariate
    dtype: str
    source: str
    read: Callable[[Window], NDArray[np.float64]]


def build_covariates(
    layers: Sequence[Layer],
    grid: Grid,
    folder: Path,
    *,
    progress: Callable[[str], None] | None = None,
) -> Catalogue:
    """Write every layer on one grid, with the catalogue, and return it.

    Each becomes ``folder/<name>.tif``; ``folder/catalogue.json`` holds the catalogue and the
    grid. An error leaves an existing folder as it was. Memory holds a window of 512 by 512
    cells, what of the source it needs, and the features of one vector layer.

    Parameters
    ----------
    layers : sequence of Layer
        In the order that the covariates shall have.
    grid : Grid
        The grid of all of them; projected if a layer is derived from vectors.
    folder : Path
        Replaced as a whole.
    progress : callable, optional
        Called with the name of each covariate before it is made.

    Raises
    ------
    CovariateError
        A layer cannot be read, has no value on the grid, or has codes that are not among its
        classes.
    GridError
        A CRS is missing or contradicts the layer, or a layer lies elsewhere.
    OutputError
        The folder cannot be written.

    Warns
    -----
    UserWarning
        A raster covers less of the grid than another one does.
    """
    if not layers:
        raise CovariateError("There is no covariate. Describe at least one layer.")
    # Names are compared before the first layer is read, which may take long.
    Catalogue(tuple(layer.covariate for layer in layers))
    with replaced_folder(folder) as hidden:
        covariates = []
        cover: dict[str, float] = {}
        for layer in layers:
            if progress is not None:
                progress(layer.covariate.name)
            with ExitStack() as files:
                recipe = _recipe(layer, grid, files)
                covariate, share = _write(recipe, grid, hidden)
            covariates.append(covariate)
            if isinstance(layer, RasterLayer):
                cover[covariate.name] = share
        _warn_of_gaps(cover)
        catalogue = Catalogue(tuple(covariates))
        write_catalogue(hidden, catalogue, grid)
    return catalogue


def _recipe(layer: Layer, grid: Grid, files: ExitStack) -> _Recipe:
    covariate = layer.covariate
    if isinstance(layer, RasterLayer):
        raster = files.enter_context(AlignedRaster(layer, grid))
        dtype = "int32" if covariate.is_categorical else raster.dtype
        return _Recipe(covariate, dtype, layer.path.name, raster.read)
    if isinstance(layer, CoordinateLayer):
        column = 0 if layer.axis == "easting" else 1
        # float32 would place a northing to half a metre only.
        return _Recipe(
            covariate, "float64", "coordinates", _at_centres(grid, lambda c: c[:, column])
        )
    unit, values = _derived(layer, grid)
    return _Recipe(
        replace(covariate, unit=unit), "float32", layer.path.name, _at_centres(grid, values)
    )


def _derived(
    layer: VectorLayer, grid: Grid
) -> tuple[str, Callable[[Coordinates], NDArray[np.float64]]]:
    """Return the unit of a derived covariate, and the function from places to values."""
    metres = grid.metres_per_unit
    features = read_features(layer, grid)
    if layer.radius_m is not None:
        density = density_of(features, layer.radius_m, metres)
        return density.unit, density.density
    proximity = Proximity(features)
    return "m", lambda coordinates: proximity.distance(coordinates) * metres


def _at_centres(
    grid: Grid, values: Callable[[Coordinates], NDArray[np.float64]]
) -> Callable[[Window], NDArray[np.float64]]:
    def read(window: Window) -> NDArray[np.float64]:
        rows, cols = np.indices(window.shape).reshape(2, -1)
        centres = grid.centres(rows + window.row, cols + window.col)
        return values(centres).reshape(window.shape)

    return read


def _write(recipe: _Recipe, grid: Grid, folder: Path) -> tuple[Covariate, float]:
    """Write a covariate; return it, and the share of the grid where it has a value."""
    covariate = recipe.covariate
    tags = {
        "covariate": covariate.name,
        "role": str(covariate.role),
        "kind": str(covariate.kind),
        "unit": covariate.unit,
        "description": covariate.description,
        "source": recipe.source,
    }
    codes: set[int] = set()
    present = 0
    with CogWriter(
        folder / f"{covariate.name}.tif",
        grid,
        dtype=recipe.dtype,
        tags=tags,
        descriptions=[covariate.description or covariate.name],
        units=[covariate.unit],
        categorical=covariate.is_categorical,
    ) as writer:
        for window, values in _windows(recipe, grid):
            found = values[~np.isnan(values)]
            present += found.size
            if covariate.is_categorical:
                codes.update(np.unique(found).astype(int).tolist())
                _check_codes(covariate, codes, recipe.source)
            writer.write(window, values)
        share = present / (grid.shape[0] * grid.shape[1])
        _check_present(covariate, share, recipe.source)
    if covariate.is_categorical and not covariate.classes:
        covariate = replace(covariate, classes=tuple((c, str(c)) for c in sorted(codes)))
    return covariate, share


def _windows(recipe: _Recipe, grid: Grid) -> Iterator[tuple[Window, NDArray[np.float64]]]:
    for window in grid.windows(_WINDOW):
        yield window, recipe.read(window)


def _check_codes(covariate: Covariate, codes: set[int], source: str) -> None:
    declared = {code for code, _ in covariate.classes}
    unknown = sorted(codes - declared) if declared else []
    if unknown:
        raise CovariateError(
            f"{source} has codes that are not among the classes of {covariate.name}: "
            f"{few(unknown, 10)}. Add them to `classes`, or declare one as `nodata`."
        )
    if len(codes) > _MOST_CLASSES:
        raise CovariateError(
            f"{source} has more than {_MOST_CLASSES} different codes, so {covariate.name} "
            "looks like a number, not a class. Give it kind continuous."
        )


def _check_present(covariate: Covariate, share: float, source: str) -> None:
    if share == 0:
        raise CovariateError(
            f"The covariate {covariate.name} has no value on the grid: {source} is nodata "
            "throughout. Check its nodata value and the region of the grid."
        )


def _warn_of_gaps(cover: Mapping[str, float]) -> None:
    """Tell which rasters keep land off the map that others cover."""
    widest = max(cover.values(), default=1.0)
    short = {name: share for name, share in cover.items() if share < 0.99 * widest}
    if short:
        shown = few(f"{name} {share:.1%}" for name, share in short.items())
        warnings.warn(
            f"Some rasters cover less of the grid than the widest one, {widest:.1%}: {shown}. "
            "Cells where one is missing are left off the map. Give rasters that cover the "
            "region, or leave them out.",
            stacklevel=3,
        )
