"""`hotspot covariates`: every layer onto one grid."""

from pathlib import Path

from hotspot.commands.console import Console
from hotspot.config.paths import Paths, input_path
from hotspot.config.schema import (
    Config,
    CoordinateLayerConfig,
    LayerConfig,
    RasterLayerConfig,
    VectorLayerConfig,
)
from hotspot.covariates.build import build_covariates
from hotspot.covariates.catalogue import Covariate, Kind, Role
from hotspot.covariates.layers import CoordinateLayer, Layer, RasterLayer, VectorLayer
from hotspot.covariates.read import resolve_grid
from hotspot.grid import Grid


def run(config: Config, paths: Paths, console: Console) -> None:
    """Align or derive each layer and write it with the catalogue."""
    layers = [_layer(name, layer, paths) for name, layer in config.covariates.layers.items()]
    grid = grid_of(config, paths)
    console.line(
        f"  grid of {grid.shape[0]} x {grid.shape[1]} cells of {grid.resolution[0]:g}, "
        f"{grid.crs}"
    )
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


def _layer(name: str, layer: LayerConfig, paths: Paths) -> Layer:
    if isinstance(layer, CoordinateLayerConfig):
        covariate = Covariate(
            name, "m", Kind.CONTINUOUS, Role.LOCATION, layer.description or layer.axis
        )
        return CoordinateLayer(covariate, axis=layer.axis)
    path = input_path(layer.path, f"covariates.layers.{name}.path", root=paths.root)
    if isinstance(layer, VectorLayerConfig):
        return VectorLayer(
            Covariate(name, "", Kind.CONTINUOUS, layer.role, layer.description),
            path,
            layer=layer.layer,
            where=dict(layer.where) or None,
            derive=layer.derive,
            radius_m=layer.radius_m,
            crs=layer.crs,
        )
    return _raster_layer(name, layer, path)


def _raster_layer(name: str, layer: RasterLayerConfig, path: Path) -> RasterLayer:
    covariate = Covariate(
        name=name,
        unit=layer.unit,
        kind=layer.kind,
        role=layer.role,
        description=layer.description,
        classes=tuple(sorted(layer.classes.items())),
    )
    return RasterLayer(
        covariate,
        path,
        band=layer.band,
        resampling=layer.resampling,
        crs=layer.crs,
        nodata=layer.nodata,
    )
