"""Covariates derived from rasters, as functions of windows."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from hotspot.covariates import flow
from hotspot.covariates.catalogue import Kind
from hotspot.covariates.derivations import (
    ClassDistance,
    ClassShare,
    Flow,
    FlowDistance,
    Focal,
    Terrain,
)
from hotspot.covariates.euclidean import StripDistance
from hotspot.covariates.focal import circle_mean, circle_sum, half_chords, halo
from hotspot.covariates.grids import grown_grid
from hotspot.covariates.layers import DerivedLayer, RasterLayer
from hotspot.covariates.read import AlignedRaster
from hotspot.covariates.sphere import cell_sides_m, check_degrees
from hotspot.covariates.terrain import HALO, derive_surface, slope_tangent
from hotspot.covariates.vectors.read import read_features
from hotspot.errors import CovariateError, few
from hotspot.grid import Grid, Window

Values = NDArray[np.float64]

# Units of height in metres.
_HEIGHTS = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "km": 1000.0, "ft": 0.3048}

# A source that would make the grid this many times larger is first asked for a maximum.
_MOST_GROWTH = 64


@dataclass(frozen=True)
class DerivedValues:
    """Values of a derived covariate.

    Parameters
    ----------
    unit : str
        Of the values.
    read : callable
        From a window to its values.
    windows : tuple of Window, optional
        The windows that `read` answers, where these are not at will; they make up the grid.
    """

    unit: str
    read: Callable[[Window], Values]
    windows: tuple[Window, ...] | None = None


def derive_raster(layer: DerivedLayer, grid: Grid, files: ExitStack) -> DerivedValues:
    """Return the values of a covariate derived from a raster.

    Windows are read with as many cells around as they need, so that each gives exactly what
    the whole raster would give. The flow of water is the exception: it is derived from the
    whole elevation model at once.

    Raises
    ------
    CovariateError
        The raster or the sources cannot be read, or do not fit the derivation.
    GridError
        The raster does not fit the grid, or the grid is in degrees where lengths are needed.
    """
    derive = layer.derive
    if isinstance(derive, ClassDistance):
        return _class_distance(layer.raster, derive, grid, files)
    if isinstance(derive, ClassShare | Focal):
        return _focal(layer.raster, derive, grid, files)
    if isinstance(derive, Terrain):
        return _terrain(layer.raster, derive, grid, files)
    return _flow(layer, derive, grid, files)


def _opened(
    raster: RasterLayer,
    grid: Grid,
    files: ExitStack,
    *,
    halo_cells: int = 0,
    convert: Callable[[Values], Values] | None = None,
) -> AlignedRaster:
    """Return a raster on the grid grown by a halo; it must cover the grid itself."""
    aligned = files.enter_context(AlignedRaster(raster, grid.pad(halo_cells), convert=convert))
    aligned.check_cover(grid)
    aligned.warn_of_collar()
    return aligned


def _grown(window: Window, cells: int) -> Window:
    """Return a window of the grid with its halo, as a window of the grown grid."""
    return Window(window.row, window.col, window.height + 2 * cells, window.width + 2 * cells)


def _class_distance(
    raster: RasterLayer, derive: ClassDistance, grid: Grid, files: ExitStack
) -> DerivedValues:
    metres = grid.metres_per_unit
    # Codes are classes, whatever the derived covariate is.
    coded = replace(raster, covariate=replace(raster.covariate, kind=Kind.CATEGORICAL))
    with AlignedRaster(coded, grid) as probe:
        probe.check_cover(grid)
        probe.warn_of_collar()
        maximum = None if derive.maximum_m is None else derive.maximum_m / metres
        whole, place = grown_grid(probe.placement, maximum)
    cells = whole.shape[0] * whole.shape[1]
    if maximum is None and cells > _MOST_GROWTH * max(grid.shape[0] * grid.shape[1], 2**20):
        raise CovariateError(
            f"{raster.path.name} reaches far beyond the grid: the distance to its classes "
            f"needs {whole.shape[0]} x {whole.shape[1]} cells. Say with `maximum_m` up to "
            "which distance it matters, or cut the raster."
        )
    aligned = files.enter_context(AlignedRaster(coded, whole))
    codes = np.array(derive.codes, dtype=np.float64)
    try:
        distances = StripDistance(
            whole.shape,
            lambda window: np.isin(aligned.read(window), codes),
            resolution=grid.resolution,
        )
    except CovariateError as error:
        within = f" within {derive.maximum_m:g} m of the grid" if derive.maximum_m else ""
        raise CovariateError(
            f"No cell of {raster.path.name} has the code {few(derive.codes)}{within}, so "
            f"there is no distance to it. Correct `of` of {raster.covariate.name}, or leave "
            "the layer out."
        ) from error
    tops = {}
    for strip in distances.strips():
        top = max(strip.row, place.row)
        bottom = min(strip.row + strip.height, place.row + place.height)
        if top < bottom:
            window = Window(top - place.row, 0, bottom - top, place.width)
            tops[window] = strip

    def read(window: Window) -> Values:
        strip = tops[window]
        first = window.row + place.row - strip.row
        found = distances.read(strip)[
            first : first + window.height, place.col : place.col + place.width
        ]
        limit = np.inf if derive.maximum_m is None else derive.maximum_m
        return np.minimum(found * metres, limit)

    return DerivedValues("m", read, tuple(tops))


def _focal(
    raster: RasterLayer, derive: ClassShare | Focal, grid: Grid, files: ExitStack
) -> DerivedValues:
    chords = half_chords(derive.radius_m / grid.metres_per_unit, grid.resolution)
    reach = halo(chords)
    convert = None
    if isinstance(derive, ClassShare):
        codes = np.array(derive.codes, dtype=np.float64)

        def convert(values: Values) -> Values:
            return np.where(np.isnan(values), np.nan, np.isin(values, codes))

    aligned = _opened(raster, grid, files, halo_cells=reach, convert=convert)

    def read(window: Window) -> Values:
        values = aligned.read(_grown(window, reach))
        if isinstance(derive, ClassShare) or derive.statistic == "mean":
            return circle_mean(values, chords)
        if derive.statistic == "difference":
            inner = values[reach:-reach, reach:-reach]
            return inner - circle_mean(values, chords)
        total, count = circle_sum(values, chords)
        return np.where(count > 0, total, np.nan)

    return DerivedValues("1" if isinstance(derive, ClassShare) else aligned.unit, read)


def _terrain(
    raster: RasterLayer, derive: Terrain, grid: Grid, files: ExitStack
) -> DerivedValues:
    aligned = _opened(raster, grid, files, halo_cells=HALO)
    to_metres = _metres_of_height(aligned)
    unit = {"slope": "degree", "northness": "1", "eastness": "1"}.get(derive.surface, "1/m")
    if not grid.is_projected:
        check_degrees(grid)

    def read(window: Window) -> Values:
        elevation = aligned.read(_grown(window, HALO)) * to_metres
        width, height = _sides_m(grid, window)
        return derive_surface(elevation, derive.surface, width=width, height=height)

    return DerivedValues(unit, read)


def _flow(
    layer: DerivedLayer, derive: Flow | FlowDistance, grid: Grid, files: ExitStack
) -> DerivedValues:
    metres = grid.metres_per_unit
    margin = ceil(derive.margin_m / metres / min(grid.resolution) - 1e-9)
    grown = grid.pad(margin)
    flow.check_size(grown.shape)
    aligned = _opened(layer.raster, grid, files, halo_cells=margin)
    elevation = aligned.read(Window(0, 0, *grown.shape)) * _metres_of_height(aligned)
    width, height = (side * metres for side in grid.resolution)
    routing = flow.route(elevation, width=width, height=height)
    unit = "m"
    if isinstance(derive, FlowDistance):
        marked = _marked(layer, grown)
        along = (
            flow.downstream_distance
            if derive.direction == "downstream"
            else flow.upstream_distance
        )
        values = np.minimum(along(routing, marked), derive.maximum_m)
    elif derive.measure == "outlet_distance":
        values = flow.outlet_distance(routing)
    else:
        values = flow.upslope_area(routing)
        if derive.measure == "upslope_area":
            values, unit = values / 1e6, "km2"
        else:
            edged = np.pad(elevation, HALO, constant_values=np.nan)
            tangent = slope_tangent(edged, width=width, height=height)
            values, unit = flow.wetness(values, tangent, width, height), "1"
    rows, cols = grid.shape
    inner = values[margin : margin + rows, margin : margin + cols]
    return DerivedValues(unit, lambda window: inner[window.slices])


def _marked(layer: DerivedLayer, grid: Grid) -> NDArray[np.bool_]:
    """Return the cells that the sources of a distance along the flow touch."""
    from rasterio.features import rasterize

    name, sources = layer.covariate.name, layer.sources
    if sources is None:
        raise CovariateError(f"The covariate {name} has no sources. Give `sources`.")
    found = read_features(sources, grid, name=name, reach_m=1.0)
    touched = rasterize(
        list(found.geometries),
        out_shape=grid.shape,
        transform=Affine(*tuple(grid.transform)[:6]),
        all_touched=True,
        dtype="uint8",
    )
    marked = np.asarray(touched, dtype=np.bool_)
    if not marked.any():
        raise CovariateError(
            f"No feature of {sources.path.name} touches a cell of the elevation model, "
            f"so that {name} would be the same everywhere. Check the CRS, or give `margin_m`."
        )
    return marked


def _metres_of_height(aligned: AlignedRaster) -> float:
    """Return the metres in the unit of an elevation model; metres where none is said."""
    unit = {"1": "m"}.get(aligned.unit, aligned.unit)
    spelt = {"metre": "m", "metres": "m", "meter": "m", "meters": "m", "feet": "ft"}
    unit = spelt.get(unit.casefold(), unit.casefold())
    if unit not in _HEIGHTS:
        raise CovariateError(
            f"{aligned.layer.path.name} is in {aligned.unit!r}, which is no unit of height. "
            f"Give `unit`, one of {', '.join(_HEIGHTS)}."
        )
    return _HEIGHTS[unit]


def _sides_m(grid: Grid, window: Window) -> tuple[NDArray[np.float64] | float, float]:
    """Return width and height of the cells of a window, m; widths by row in degrees."""
    if grid.is_projected:
        width, height = grid.resolution
        return width * grid.metres_per_unit, height * grid.metres_per_unit
    rows = np.arange(window.row, window.row + window.height)
    latitudes = grid.centres(rows, np.zeros_like(rows))[:, 1]
    widths, high = cell_sides_m(latitudes, grid)
    return widths[:, np.newaxis], high
