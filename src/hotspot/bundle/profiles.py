"""What each receiver asks of a bundle: the grid, and where it starts."""

from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from hotspot.errors import ConfigError, GridError, few
from hotspot.grid import Grid, same_crs

# 250 m along the equator of the WGS 84 sphere of map tiles (6 378 137 m), as in the GSNmap
# quality check: about 0.002246 degrees.
_GSN_DEGREES = 0.002246


@dataclass(frozen=True)
class Profile:
    """The grid rules of a receiver.

    Parameters
    ----------
    name : str
        ``gsp``, ``inspire`` or ``stac``.
    crs : str or None
        The CRS asked for; None for that of the run.
    resolution : float or None
        Side of a cell in units of `crs`; None for that of the run.
    origin : tuple of float
        (west, north) of the template that cells are snapped to.
    convention : str
        Where the rules come from.
    resolutions : tuple of float
        Sides of cells that the receiver takes.
    """

    name: str
    crs: str | None
    resolution: float | None
    origin: tuple[float, float]
    convention: str
    resolutions: tuple[float, ...] = ()

    def takes(self, resolution: float) -> bool:
        """Whether the receiver takes cells of this side."""
        return self.crs is None or any(
            abs(resolution - side) <= 1e-6 * side for side in self.resolutions
        )

    def with_resolution(self, resolution: float | None) -> "Profile":
        """Return the profile with another side of a cell, if one is given.

        Raises
        ------
        ConfigError
            The profile keeps the grid of the run, or the receiver takes no such cells.
        """
        if resolution is None:
            return self
        if self.crs is None:
            raise ConfigError(
                f"bundle.resolution is {resolution:g}, but the profile {self.name} keeps the "
                "grid of the run. Leave it out, or choose bundle=gsp or bundle=inspire."
            )
        if not self.takes(resolution):
            raise ConfigError(
                f"bundle.resolution is {resolution:g}, which the profile {self.name} does not "
                f"take. Choose one of {few((f'{side:.6g}' for side in self.resolutions), 9)}."
            )
        return replace(self, resolution=float(resolution))

    def grid_for(self, source: Grid) -> Grid:
        """Return the grid of a bundle: the template's cells that touch the map.

        Raises
        ------
        GridError
            The map has no place in the CRS of the profile, or crosses its date line.
        """
        if self.crs is None or self.resolution is None:
            return source
        west, south, east, north = _bounds_in(source, self.crs)
        step, (west_0, north_0) = self.resolution, self.origin
        # A whisker of tolerance, so that a map on the template keeps its cells.
        first = floor((west - west_0) / step + 1e-6)
        last = ceil((east - west_0) / step - 1e-6)
        top = floor((north_0 - north) / step + 1e-6)
        bottom = ceil((north_0 - south) / step - 1e-6)
        transform = Affine(step, 0, west_0 + first * step, 0, -step, north_0 - top * step)
        shape = (max(1, bottom - top), max(1, last - first))
        return Grid(crs=self.crs, transform=transform, shape=shape)

    def off_template(self, grid: Grid) -> float:
        """Return how far a grid's corner is from the template, in cells.

        Examples
        --------
        >>> gsp = PROFILES["gsp"]
        >>> grid = Grid.from_region((5, 5.1, 50, 50.1), 0.002246, "EPSG:4326")
        >>> round(gsp.off_template(grid), 2)
        0.34
        """
        if self.crs is None or self.resolution is None:
            return 0.0
        steps = (
            (grid.transform.c - self.origin[0]) / self.resolution,
            (self.origin[1] - grid.transform.f) / self.resolution,
        )
        return float(max(abs(step - round(step)) for step in steps))


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "gsp",
            "EPSG:4326",
            _GSN_DEGREES,
            (-180.0, 90.0),
            "FAO Global Soil Partnership, GSNmap technical manual: GeoTIFF, EPSG:4326, 250 m "
            "(about 0.002246 degrees), ISO 3166-1 alpha-3 in the name, one uncertainty map per "
            "map. No specification for pollution maps is published; names are a proposal.",
            # GSNmap; GSOCmap, 30 arc-seconds; GSSmap, 1 km.
            (_GSN_DEGREES, 1 / 120, 0.008984),
        ),
        Profile(
            "inspire",
            "EPSG:3035",
            100.0,
            (0.0, 10_000_000.0),
            "INSPIRE, Regulation (EU) 1089/2010, Annex II, section 2.2.1: Grid_ETRS89-LAEA, "
            "cells of a power of ten metres; metadata after ISO 19139.",
            (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0),
        ),
        Profile(
            "stac",
            None,
            None,
            (0.0, 0.0),
            "SpatioTemporal Asset Catalog 1.1.0, cloud-optimised GeoTIFF on the grid of the "
            "run.",
        ),
    )
}


def wants_crs(profile: Profile, grid: Grid) -> bool:
    """Whether a grid has the CRS that a profile asks for."""
    return profile.crs is None or same_crs(profile.crs, grid.crs)


def row_areas_m2(grid: Grid) -> NDArray[np.float64]:
    """Return the area of a cell of each row, in square metres.

    Cells of a projected grid have one area, that of the map. Cells in degrees shrink towards
    the poles; theirs is the exact area on the ellipsoid.

    Examples
    --------
    >>> row_areas_m2(Grid.from_region((0, 1, 0, 1), 1, "EPSG:4326")).round(-6)
    array([1.2309e+10])

    References
    ----------
    Snyder 1987, Map projections: a working manual, USGS Professional Paper 1395, eq. 3-12.
    """
    rows = grid.shape[0]
    if grid.is_projected:
        return np.full(rows, grid.cell_area_m2)
    ellipsoid = grid.pyproj_crs.ellipsoid
    if ellipsoid is None:
        raise GridError(
            f"The CRS {grid.crs} has no ellipsoid, so that its cells have no area. "
            "Use EPSG:4326, or a projected CRS."
        )
    major = float(ellipsoid.semi_major_metre)
    flattening = (
        1.0 / float(ellipsoid.inverse_flattening) if ellipsoid.inverse_flattening else 0.0
    )
    squared = flattening * (2.0 - flattening)
    first = np.sqrt(squared)
    edges = np.radians(
        np.clip(grid.transform.f + grid.transform.e * np.arange(rows + 1), -90.0, 90.0)
    )
    sine = np.sin(edges)
    zone = sine / (1.0 - squared * sine**2)
    zone = zone + (np.arctanh(first * sine) / first if squared else sine)
    width = np.radians(grid.resolution[0])
    return np.asarray(major**2 * (1.0 - squared) * width * (zone[:-1] - zone[1:]) / 2.0)


def _bounds_in(source: Grid, crs: str) -> tuple[float, float, float, float]:
    from pyproj import Transformer

    west, east, south, north = source.region
    transformer = Transformer.from_crs(source.pyproj_crs, crs, always_xy=True)
    bounds = transformer.transform_bounds(west, south, east, north, densify_pts=51)
    if not np.isfinite(bounds).all() or bounds[0] >= bounds[2] or bounds[1] >= bounds[3]:
        raise GridError(
            f"The region {source.region} of {source.crs} has no place in {crs}: {bounds}. "
            "Check the CRS of the covariates, or choose bundle=stac, which keeps the grid."
        )
    return bounds
