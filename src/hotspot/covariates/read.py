"""Reading covariates: raster layers on the cells of a grid, and features in its CRS."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from hotspot.covariates.align import Placement, choose_resampling
from hotspot.covariates.layers import RasterLayer, Value, VectorLayer
from hotspot.errors import CovariateError, GridError, few, nearest_name
from hotspot.grid import Grid, Window, same_crs
from hotspot.rasters import dataset_crs, local_path, open_raster, read_grid, read_window

if TYPE_CHECKING:
    import geopandas

# A window that needs more source cells than this (64 MB) is read in halves.
_SOURCE_CELLS = 2**23

# One cell of the grid may need more, up to 1 GB.
_SOURCE_CELLS_OF_ONE = 2**27


class AlignedRaster:
    """A raster layer, read on the cells of a grid. A context manager.

    Parameters
    ----------
    layer : RasterLayer
        What to read.
    grid : Grid
        The cells to fill.

    Raises
    ------
    CovariateError
        The file cannot be read, or the resampling does not fit the kind of covariate.
    GridError
        The CRS is missing or contradicts the layer, or no cell of the raster meets the grid.
    """

    def __init__(self, layer: RasterLayer, grid: Grid) -> None:
        self.layer = layer
        self.grid = grid

    def __enter__(self) -> Self:
        self._dataset = open_raster(self.layer.path)
        try:
            self.placement = self._place()
            self.method = choose_resampling(
                self.layer.covariate.kind,
                self.placement.source_cells_per_cell,
                self.layer.resampling,
            )
        except (CovariateError, GridError):
            self._dataset.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dataset.close()

    @property
    def is_in_place(self) -> bool:
        """Whether the cells of the raster are cells of the grid, so that nothing changes."""
        return self.placement.offset is not None

    @property
    def dtype(self) -> str:
        """``float64`` where values are copied that float32 would change, else ``float32``."""
        stored = np.dtype(self._dataset.dtypes[self.layer.band - 1])
        exact = np.can_cast(stored, np.float32)
        return "float64" if self.is_in_place and not exact else "float32"

    def read(self, window: Window) -> NDArray[np.float64]:
        """Return the values of a window of the grid; NaN where missing or infinite.

        Raises
        ------
        CovariateError
            The file is damaged, or a class has a code that is no whole number.
        """
        if self.placement.offset is not None:
            return self._copied(window, self.placement.offset)
        part = self.placement.source_window(window)
        if part is None:
            return np.full(window.shape, np.nan)
        needed = part.height * part.width
        if needed > _SOURCE_CELLS and window.shape != (1, 1):
            return self._in_halves(window)
        if needed > _SOURCE_CELLS_OF_ONE:
            raise CovariateError(
                f"One cell of the grid holds {needed} cells of {self.layer.path.name}, more "
                "than fit the memory. Aggregate the raster first, or take smaller cells."
            )
        return self.placement.warp(self._source(part), part, window, self.method)

    def _copied(self, window: Window, offset: tuple[int, int]) -> NDArray[np.float64]:
        values = np.full(window.shape, np.nan)
        row, col = window.row + offset[0], window.col + offset[1]
        rows, cols = self.placement.shape
        top, bottom = max(row, 0), min(row + window.height, rows)
        left, right = max(col, 0), min(col + window.width, cols)
        if top < bottom and left < right:
            found = self._source(Window(top, left, bottom - top, right - left))
            values[top - row : bottom - row, left - col : right - col] = found
        return values

    def _in_halves(self, window: Window) -> NDArray[np.float64]:
        row, col, height, width = window.row, window.col, window.height, window.width
        if height >= width:
            half = height // 2
            upper = self.read(Window(row, col, half, width))
            return np.vstack([upper, self.read(Window(row + half, col, height - half, width))])
        half = width // 2
        left = self.read(Window(row, col, height, half))
        return np.hstack([left, self.read(Window(row, col + half, height, width - half))])

    def _source(self, part: Window) -> NDArray[np.float64]:
        layer = self.layer
        values = read_window(self._dataset, part, layer.band, nodata=layer.nodata)
        values[np.isinf(values)] = np.nan
        if layer.covariate.is_categorical:
            whole = (values == np.rint(values)) & (np.abs(values) < 2**31)
            broken = values[~whole & ~np.isnan(values)]
            if broken.size:
                raise CovariateError(
                    f"The covariate {layer.covariate.name} is categorical, and "
                    f"{layer.path.name} holds {few(np.unique(broken))}, which are no codes. "
                    "Give it kind continuous, or declare the value as nodata."
                )
        return values

    def _place(self) -> Placement:
        name, dataset = self.layer.path.name, self._dataset
        if not 1 <= self.layer.band <= dataset.count:
            raise CovariateError(
                f"{name} has {dataset.count} band(s), so there is no band {self.layer.band}. "
                "Bands are counted from 1."
            )
        crs = _agreed_crs(dataset_crs(dataset), self.layer.crs, name)
        if dataset.transform.is_identity:
            raise GridError(
                f"{name} has a CRS but no position: its corner is (0, 0) and its cells are "
                "1 by 1. Write the region into the file: gdal_edit.py -a_ullr."
            )
        placement = Placement(crs, dataset.transform, dataset.shape, self.grid)
        if placement.source_window(Window(0, 0, *self.grid.shape)) is None:
            raise GridError(
                f"{name} and the grid have no cell in common. In {self.grid.crs} the raster "
                f"covers {_region_text(_region_of(placement))} and the grid "
                f"{_region_text(self.grid.region)} (west, east, south, north). "
                "Check the CRS of both, and the region of the grid."
            )
        return placement


def read_features(layer: VectorLayer, grid: Grid) -> NDArray[np.object_]:
    """Return the geometries of a vector layer in the CRS of a grid.

    For a distance all of them are read, however far away; for a density those that come
    near its radius of the grid. Edges are straight in the CRS of the grid.

    Raises
    ------
    CovariateError
        The file, the layer or an attribute does not exist, or no feature is left or near.
    GridError
        The CRS is missing or contradicts the layer, or does not reach the grid.
    """
    table = _selected(_read_table(layer), layer)
    crs = _agreed_crs(
        table.crs.to_wkt() if table.crs is not None else None, layer.crs, layer.path.name
    )
    table = table.set_crs(crs, allow_override=True)
    if not same_crs(crs, grid.crs):
        table = table.to_crs(grid.crs)
    if not np.isfinite(table.total_bounds).all():
        raise GridError(
            f"{layer.path.name} has features that cannot be placed in {grid.crs}. "
            f"Check that its coordinates are in {CRS.from_user_input(crs).name}."
        )
    if layer.radius_m is not None:
        west, east, south, north = grid.region
        reach = layer.radius_m / grid.metres_per_unit
        everywhere = table.total_bounds[[0, 2, 1, 3]]
        table = table.cx[west - reach : east + reach, south - reach : north + reach]
        if table.empty:
            raise CovariateError(
                f"No feature of {layer.path.name} comes within {layer.radius_m:g} m of the "
                f"grid, so that {layer.covariate.name} would be 0 throughout. In {grid.crs} "
                f"the features cover {_region_text(everywhere)} and the grid "
                f"{_region_text(grid.region)}. Check the CRS, or leave the layer out."
            )
    return np.asarray(table.geometry.to_numpy(), dtype=object)


def resolve_grid(
    *,
    like: Path | None = None,
    crs: str | None = None,
    resolution: float | None = None,
    region: tuple[float, float, float, float] | None = None,
) -> Grid:
    """Return the grid of a raster, or the one that a CRS, a cell size and a region make.

    Parameters
    ----------
    like : Path, optional
        A raster; the rest must then be absent.
    crs : str, optional
        Authority code or WKT.
    resolution : float, optional
        Side of a cell in the unit of the CRS.
    region : tuple of float, optional
        (west, east, south, north) in the unit of the CRS.

    Raises
    ------
    GridError
        Neither a raster nor all three others are given, or both are.
    """
    if like is not None and crs is None and resolution is None and region is None:
        return read_grid(like)
    if like is None and crs is not None and resolution is not None and region is not None:
        return Grid.from_region(region, resolution, crs)
    raise GridError(
        f"The grid is not told by like={like}, crs={crs}, resolution={resolution}, "
        f"region={region}. Give `like` alone, or `crs`, `resolution` and `region` together."
    )


def _agreed_crs(in_file: str | None, declared: str | None, name: str) -> str:
    if in_file is None and declared is None:
        raise GridError(
            f"{name} says no coordinate reference system. Declare it with the key `crs` of "
            "the layer, such as EPSG:28992."
        )
    if in_file is not None and declared is not None and not same_crs(in_file, declared):
        raise GridError(
            f"{name} is in {CRS.from_user_input(in_file).name}, and the layer declares "
            f"{declared}. Leave the key `crs` out, or correct the file."
        )
    return in_file or declared or ""


def _region_of(placement: Placement) -> tuple[float, ...]:
    """Return the region of a source in the CRS of the grid, not finite where there is none."""
    rows, cols = placement.shape
    corners = [placement.transform @ at for at in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
    eastings, northings = zip(*corners, strict=True)
    transformer = Transformer.from_crs(placement.crs, placement.grid.crs, always_xy=True)
    try:
        west, south, east, north = transformer.transform_bounds(
            min(eastings), min(northings), max(eastings), max(northings)
        )
    except ProjError:
        return (np.nan,) * 4
    return west, east, south, north


def _region_text(region: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{value:.8g}" for value in region) + ")"


def _read_table(layer: VectorLayer) -> "geopandas.GeoDataFrame":
    import geopandas
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    file = local_path(layer.path)
    _check_content(file)
    if file.suffix.lower() == ".parquet":
        return _read_parquet(file, layer.path)
    try:
        names = [str(name) for name in pyogrio.list_layers(file)[:, 0]]
        if layer.layer is not None and layer.layer not in names:
            raise CovariateError(
                f"{layer.path.name} has no layer {layer.layer!r}."
                f"{nearest_name(layer.layer, names)} It has {few(names)}."
            )
        if layer.layer is None and len(names) > 1:
            raise CovariateError(
                f"{layer.path.name} has {len(names)} layers: {few(names)}. "
                "Name one with the key `layer`."
            )
        table = geopandas.read_file(file, layer=layer.layer, engine="pyogrio")
    except (DataLayerError, DataSourceError) as error:
        raise _unreadable(layer.path, error) from error
    if not isinstance(table, geopandas.GeoDataFrame):
        raise CovariateError(
            f"{layer.path.name} is a table without geometries. Give a layer of points, lines "
            "or polygons."
        )
    return table


def _read_parquet(file: Path, path: Path) -> "geopandas.GeoDataFrame":
    import geopandas
    import pyarrow as pa

    try:
        return geopandas.read_parquet(file)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise _unreadable(path, error) from error


def _check_content(file: Path) -> None:
    """Refuse a virtual layer under any name: it makes GDAL open other files and addresses."""
    with file.open("rb") as stream:
        head = stream.read(4096)
    if b"OGRVRT" in head or file.suffix.lower() in (".vrt", ".zip"):
        raise _unreadable(file, "it only points to other data")


def _unreadable(path: Path, reason: object) -> CovariateError:
    return CovariateError(
        f"{path} cannot be read as a vector layer: {reason}. "
        "Give a GeoPackage, GeoParquet, GeoJSON, FlatGeobuf or shapefile."
    )


def _selected(table: Any, layer: VectorLayer) -> Any:
    """Return the features that have a geometry and the attributes asked for."""
    conditions: Mapping[str, Value | list[Value]] = layer.where or {}
    attributes = [str(name) for name in table.columns if name != table.geometry.name]
    for attribute, wanted in conditions.items():
        if attribute not in attributes:
            raise CovariateError(
                f"{layer.path.name} has no attribute {attribute!r}."
                f"{nearest_name(attribute, attributes)} It has {few(attributes) or 'none'}."
            )
        values = wanted if isinstance(wanted, list) else [wanted]
        there = table[attribute]
        table = table[there.isin(values)]
        if table.empty:
            known = few(sorted(map(str, there.dropna().unique())))
            raise CovariateError(
                f"No feature of {layer.path.name} has {attribute} = {few(values)}. "
                f"It is {known or 'never given'} there; write the value as it stands."
            )
    table = table[~(table.geometry.isna() | table.geometry.is_empty)]
    if table.empty:
        raise CovariateError(
            f"{layer.path.name} has no feature with a geometry for the covariate "
            f"{layer.covariate.name}. Check the layer."
        )
    return table
