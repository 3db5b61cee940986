"""`hotspot covariates`: every layer onto one grid."""

import warnings

from hotspot.commands.console import Console
from hotspot.config.paths import Paths, input_path, raster_source
from hotspot.config.schema import (
    Config,
    CoordinateLayerConfig,
    FeaturesConfig,
    LayerConfig,
    RasterLayerConfig,
    VectorLayerConfig,
)
from hotspot.covariates.build import build_covariates
from hotspot.covariates.catalogue import Covariate, Kind, Role
from hotspot.covariates.derivations import (
    Amount,
    ClassDistance,
    ClassShare,
    Density,
    Distance,
    Emission,
    Flow,
    FlowDistance,
    Focal,
    KernelDensity,
    RasterDerivation,
    Terrain,
    VectorDerivation,
    Weight,
)
from hotspot.covariates.grids import resolve_grid
from hotspot.covariates.layers import (
    CoordinateLayer,
    DatedLayer,
    DerivedLayer,
    Features,
    Layer,
    RasterLayer,
    VectorLayer,
)
from hotspot.covariates.wind import WindRose
from hotspot.grid import Grid

# Cells from which on a grid is rather a mistake of the unit than a map.
_MANY_CELLS = 10**9


def run(config: Config, paths: Paths, console: Console) -> None:
    """Align or derive each layer and write it with the catalogue."""
    layers = [layer_of(name, node, paths) for name, node in config.covariates.layers.items()]
    grid = grid_of(config, paths)
    console.line(f"  {told_grid(grid)}")
    warn_of_grid(grid)
    build_covariates(
        layers, grid, paths.covariates, progress=lambda name: console.line(f"  {name}")
    )


def grid_of(config: Config, paths: Paths) -> Grid:
    """Return the grid of the experiment."""
    grid = config.covariates.grid
    like = None
    if grid.like is not None:
        like = input_path(grid.like, "covariates.grid.like", root=paths.root)
    return resolve_grid(like=like, crs=grid.crs, resolution=grid.resolution, region=grid.region)


def told_grid(grid: Grid) -> str:
    """Return a grid in words, its cells with their unit.

    Examples
    --------
    >>> told_grid(Grid.from_region((0, 500, 0, 100), 50, "EPSG:28992"))
    'grid of 2 x 10 cells of 50 m, EPSG:28992'
    """
    rows, cols = grid.shape
    width, height = (f"{side:.6g}" for side in grid.resolution)
    side = width if width == height else f"{width} x {height}"
    return f"grid of {rows} x {cols} cells of {side} {_unit_of(grid)}, {grid.crs}"


def _unit_of(grid: Grid) -> str:
    axes = grid.pyproj_crs.axis_info
    name = axes[0].unit_name if axes else "metre"
    plain = {"metre": "m", "meter": "m", "degree": "degrees", "kilometre": "km"}
    return plain.get(name, name)


def warn_of_grid(grid: Grid) -> None:
    """Warn of a grid on which distances are no lengths, or that is larger than any map."""
    if not grid.is_projected:
        warnings.warn(
            f"The grid is in degrees ({grid.crs}): cells get narrower towards the poles, and "
            "distances between places are those of the globe only in part. Give "
            "covariates.grid a projected crs, such as EPSG:3035 for Europe.",
            stacklevel=2,
        )
    cells = grid.shape[0] * grid.shape[1]
    if cells > _MANY_CELLS:
        warnings.warn(
            f"The grid has {cells / 1e9:.3g} billion cells of {grid.resolution[0]:.6g} "
            f"{_unit_of(grid)}: covariates and maps may take days and terabytes. Check the "
            "unit of covariates.grid.resolution, give larger cells or a smaller region; "
            "`hotspot predict --dry-run` tells what a map would take.",
            stacklevel=2,
        )


def layer_of(name: str, node: LayerConfig, paths: Paths) -> Layer:
    """Return the layer that an entry of ``covariates.layers`` describes."""
    if isinstance(node, CoordinateLayerConfig):
        covariate = Covariate(
            name, "m", Kind.CONTINUOUS, Role.LOCATION, node.description or node.axis
        )
        return CoordinateLayer(covariate, axis=node.axis)
    if isinstance(node, VectorLayerConfig):
        covariate = Covariate(name, "", Kind.CONTINUOUS, node.role, node.description)
        features = features_of(node, f"covariates.layers.{name}", paths)
        return VectorLayer(covariate, features, _vector_derivation(node))
    return _raster_layer(name, node, paths)


def features_of(node: FeaturesConfig, key: str, paths: Paths) -> Features:
    """Return the features that a node of the configuration names.

    Parameters
    ----------
    node : FeaturesConfig
        A vector layer, or the sources of another.
    key : str
        Of the node, for messages: ``covariates.layers.roads``.
    paths : Paths
        Of the experiment.
    """
    columns = None
    if node.easting is not None and node.northing is not None:
        columns = (node.easting, node.northing)
    return Features(
        input_path(node.path, f"{key}.path", root=paths.root),
        layer=node.layer,
        where=dict(node.where) or None,
        crs=node.crs,
        columns=columns,
    )


def _vector_derivation(node: VectorLayerConfig) -> VectorDerivation:
    radius_m = node.radius_m or 0.0
    weight = None if node.weight is None else Weight(node.weight, node.missing_weight)
    if node.derive == "distance":
        return Distance()
    if node.derive == "density":
        return Density(radius_m)
    if node.derive == "kernel":
        return KernelDensity(radius_m, weight)
    if node.derive == "emission" or node.derive == "upwind":
        return Emission(
            radius_m,
            weight,
            nearest_m=node.nearest_m,
            power=1.0 if node.power is None else node.power,
            rose=None if node.wind is None else WindRose.from_names(node.wind),
        )
    return Amount(node.derive, radius_m)


def _raster_layer(name: str, node: RasterLayerConfig, paths: Paths) -> Layer:
    covariate = Covariate(
        name=name,
        unit=node.unit or "",
        kind=node.kind,
        role=node.role,
        description=node.description,
        classes=tuple(sorted(node.classes.items())),
    )
    derive = _raster_derivation(node)
    key = f"covariates.layers.{name}"
    sources = None
    if node.sources is not None:
        sources = features_of(node.sources, f"{key}.sources", paths)

    def plain(path: str, path_key: str) -> RasterLayer | DerivedLayer:
        raster = RasterLayer(
            covariate,
            raster_source(path, f"{key}.{path_key}", root=paths.root),
            band=node.band,
            variable=node.variable,
            resampling=node.resampling,
            crs=node.crs,
            nodata=node.nodata,
            cover=node.cover,
        )
        return raster if derive is None else DerivedLayer(raster, derive, sources)

    if not node.dated:
        return plain(node.path or "", "path")
    years = tuple(
        (year, plain(path, f"dated.{year}")) for year, path in sorted(node.dated.items())
    )
    return DatedLayer(years, node.shown_year or max(node.dated))


def _raster_derivation(node: RasterLayerConfig) -> RasterDerivation | None:
    radius_m, margin_m = node.radius_m or 0.0, node.margin_m or 0.0
    match node.derive:
        case None:
            return None
        case "distance":
            return ClassDistance(tuple(node.of or ()), node.maximum_m)
        case "share":
            return ClassShare(tuple(node.of or ()), radius_m)
        case "mean" | "sum" | "difference":
            return Focal(node.derive, radius_m)
        case "upslope_area" | "wetness" | "outlet_distance":
            return Flow(node.derive, margin_m)
        case "downstream_distance":
            return FlowDistance("downstream", node.maximum_m or 0.0, margin_m)
        case "upstream_distance":
            return FlowDistance("upstream", node.maximum_m or 0.0, margin_m)
    return Terrain(node.derive)
