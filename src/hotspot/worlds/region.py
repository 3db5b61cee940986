"""The ground that a world covers."""

from dataclasses import dataclass

from affine import Affine
from pyproj import Transformer

from hotspot.errors import ConfigError
from hotspot.grid import Grid, parse_crs
from hotspot.worlds.bounds import check_between


@dataclass(frozen=True)
class Region:
    """Shape, cell size and place of a world.

    Parameters
    ----------
    shape : (int, int)
        (rows, cols), each from 10.
    resolution_m : float, m
        Side of a cell, from 1.
    crs : str
        A projected CRS in metres.
    corner : (float, float), m
        Western and northern edge; must lie where the CRS is meant to be used.

    Examples
    --------
    >>> Region(shape=(20, 30), resolution_m=50.0).grid.region
    (4321000.0, 4322500.0, 3209000.0, 3210000.0)
    """

    shape: tuple[int, int] = (100, 100)
    resolution_m: float = 100.0
    crs: str = "EPSG:3035"
    corner: tuple[float, float] = (4_321_000.0, 3_210_000.0)

    def __post_init__(self) -> None:
        for side in self.shape:
            check_between("shape", side, 10, 20_000)
        check_between("resolution_m", self.resolution_m, 1.0, 1e6)
        crs = parse_crs(self.crs)
        if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1.0:
            raise ConfigError(
                f"crs={self.crs} is not a projected CRS in metres, and a world is made of "
                "distances in metres. Give one such as EPSG:3035 or EPSG:28992."
            )
        area = crs.area_of_use
        if area is None:
            return
        to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        longitude, latitude = to_degrees.transform(*self.corner)
        if not (area.west <= longitude <= area.east and area.south <= latitude <= area.north):
            middle = ((area.west + area.east) / 2, (area.south + area.north) / 2)
            west, north = to_degrees.transform(*middle, direction="INVERSE")
            raise ConfigError(
                f"The corner {self.corner} lies outside the area of use of {self.crs}. "
                f"Give its western and northern edge, such as corner="
                f"{round(west, -3):.0f},{round(north, -3):.0f}."
            )

    @property
    def grid(self) -> Grid:
        """The grid of every covariate and truth."""
        west, north = self.corner
        step = Affine(self.resolution_m, 0, west, 0, -self.resolution_m, north)
        return Grid(crs=self.crs, transform=step, shape=self.shape)

    @property
    def area_km2(self) -> float:
        """Area of the region."""
        return self.shape[0] * self.shape[1] * (self.resolution_m / 1000) ** 2
