"""Covariates derived from vector features, as functions of places."""

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from hotspot.covariates.density import LineKernel, amount_of, density_of, kinds_of
from hotspot.covariates.derivations import Amount, Density, Distance, Emission, KernelDensity
from hotspot.covariates.layers import VectorLayer
from hotspot.covariates.point_sums import Falloff, PointSum, counted, inverse, quartic
from hotspot.covariates.proximity import Proximity
from hotspot.covariates.sources import segments_of
from hotspot.covariates.sphere import GlobeProximity, cell_sides_m, check_degrees
from hotspot.covariates.vectors.read import FeatureSet, read_features
from hotspot.errors import CovariateError, GridError
from hotspot.grid import Coordinates, Grid

PlaceFunction = Callable[[Coordinates], NDArray[np.float64]]
"""From places to values, each place answered for itself."""


def derive_features(layer: VectorLayer, grid: Grid) -> tuple[str, PlaceFunction]:
    """Return the unit of a covariate derived from features, and its values at places.

    On a grid in degrees distances are those along great circles, and only points can be
    measured.

    Raises
    ------
    CovariateError
        The features cannot be read, or do not fit the derivation.
    GridError
        The grid is in degrees and the features are no points.
    """
    derive = layer.derive
    features = read_features(
        layer.features,
        grid,
        name=layer.covariate.name,
        reach_m=None if isinstance(derive, Distance) else derive.radius_m,
        weight=derive.weight if isinstance(derive, KernelDensity | Emission) else None,
    )
    if not grid.is_projected:
        check_degrees(grid)
        _check_are_points(layer, features, grid)
    metres = grid.metres_per_unit if grid.is_projected else None
    if isinstance(derive, Distance):
        return "m", _distance(features, metres)
    if isinstance(derive, KernelDensity):
        return _kernel(layer, derive, features, metres)
    if isinstance(derive, Emission):
        return _emission(layer, derive, features, grid)
    return _within(derive, features, metres)


def _distance(features: FeatureSet, metres: float | None) -> PlaceFunction:
    if metres is None:
        return GlobeProximity(shapely.get_coordinates(features.geometries)).distance
    proximity = Proximity(features.geometries)
    return lambda coordinates: proximity.distance(coordinates) * metres


def _within(
    derive: Density | Amount, features: FeatureSet, metres: float | None
) -> tuple[str, PlaceFunction]:
    """Return what lies within a radius, as an amount or per area of the circle."""
    radius = derive.radius_m
    if metres is None:
        if isinstance(derive, Amount) and derive.measure != "count":
            amount_of(features.geometries, derive.measure, radius_m=radius)
        total = _point_sum(features, counted(radius), None)
        if isinstance(derive, Amount):
            return "1", total.at
        area_km2 = np.pi * (radius / 1000) ** 2
        return "1/km2", lambda coordinates: total.at(coordinates) / area_km2
    if isinstance(derive, Amount):
        unit, within = amount_of(
            features.geometries, derive.measure, radius_m=radius, metres_per_unit=metres
        )
        return unit, within.amount
    density = density_of(features.geometries, radius, metres)
    return density.unit, density.density


def _kernel(
    layer: VectorLayer, derive: KernelDensity, features: FeatureSet, metres: float | None
) -> tuple[str, PlaceFunction]:
    what = derive.weight.attribute if derive.weight else None
    kinds = kinds_of(features.geometries)
    if kinds == ["points"]:
        total = _point_sum(features, quartic(derive.radius_m), metres)
        return f"{what or 1}/km2", total.at
    if kinds == ["lines"] and metres is not None:
        lines, feature = shapely.get_parts(features.geometries, return_index=True)
        segments, line = segments_of(shapely.force_2d(lines))
        kernel = LineKernel(
            segments,
            features.weights[feature][line],
            radius=derive.radius_m / metres,
            metres_per_unit=metres,
        )
        return f"{what} km/km2" if what else "km/km2", kernel.density
    raise CovariateError(
        f"A kernel density is of points or of lines, and the features of "
        f"{layer.features.path.name} are {' and '.join(kinds) or 'empty'}. Derive `share` for "
        "polygons, or keep one kind with `where`."
    )


def _emission(
    layer: VectorLayer, derive: Emission, features: FeatureSet, grid: Grid
) -> tuple[str, PlaceFunction]:
    kinds = kinds_of(features.geometries)
    if kinds != ["points"]:
        raise CovariateError(
            f"An emission is that of points, and the features of {layer.features.path.name} "
            f"are {' and '.join(kinds) or 'empty'}. Give points, such as stacks or centroids."
        )
    nearest = derive.nearest_m
    if nearest is None:
        nearest = min(0.5 * _cell_side_m(grid), 0.5 * derive.radius_m)
    falloff = inverse(derive.radius_m, nearest_m=nearest, power=derive.power, rose=derive.rose)
    metres = grid.metres_per_unit if grid.is_projected else None
    total = _point_sum(features, falloff, metres)
    what = derive.weight.attribute if derive.weight else "1"
    unit = f"{what}/km" if derive.power == 1 else f"{what}/km^{derive.power:g}"
    if derive.rose is None:
        return unit, total.at
    return unit, lambda coordinates: total.at(coordinates, true_north(coordinates, grid))


def true_north(coordinates: Coordinates, grid: Grid) -> NDArray[np.float64]:
    """Return the direction of true north at places, radians clockwise from the northing axis.

    Wind is told from true north; away from its central meridian a projection turns it.
    """
    if not grid.is_projected:
        return np.zeros(len(coordinates))
    globe = grid.pyproj_crs.geodetic_crs
    to_globe = Transformer.from_crs(grid.pyproj_crs, globe, always_xy=True)
    longitude, latitude = to_globe.transform(*coordinates.T)
    step = 1e-4
    back = Transformer.from_crs(globe, grid.pyproj_crs, always_xy=True)
    easting, northing = back.transform(longitude, latitude + step)
    south_easting, south_northing = back.transform(longitude, latitude - step)
    return np.asarray(np.arctan2(easting - south_easting, northing - south_northing))


def _point_sum(features: FeatureSet, falloff: Falloff, metres: float | None) -> PointSum:
    points, feature = shapely.get_coordinates(features.geometries, return_index=True)
    return PointSum(points, features.weights[feature], falloff, metres_per_unit=metres)


def _cell_side_m(grid: Grid) -> float:
    """Return the longer side of a cell, in the middle of a grid in degrees."""
    if grid.is_projected:
        return max(grid.resolution) * grid.metres_per_unit
    _, _, south, north = grid.region
    width, height = cell_sides_m(np.array([(south + north) / 2]), grid)
    return max(float(width[0]), height)


def _check_are_points(layer: VectorLayer, features: FeatureSet, grid: Grid) -> None:
    kinds = kinds_of(features.geometries)
    if kinds != ["points"]:
        raise GridError(
            f"The grid is in degrees of {grid.crs}, where only points can be measured, and the "
            f"features of {layer.features.path.name} are {' and '.join(kinds)}. Give the grid "
            "a projected CRS, such as the UTM zone of the region."
        )
