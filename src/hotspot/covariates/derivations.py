"""How a covariate is derived: one small value per derivation, with its parameters."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from hotspot.covariates.wind import WindRose
from hotspot.errors import CovariateError

Measure = Literal["count", "length", "share"]
"""What is added up within a radius: points, kilometres of line, or the share of area."""

FocalStatistic = Literal["mean", "sum", "difference"]
"""What is said of the cells about a cell; `difference` is the cell less their mean."""

Surface = Literal["slope", "northness", "eastness", "profile_curvature", "plan_curvature"]
"""What is derived from a cell of an elevation model and its eight neighbours."""

FlowMeasure = Literal["upslope_area", "wetness", "outlet_distance"]
"""What is derived from the way of water over an elevation model."""


@dataclass(frozen=True)
class Weight:
    """A number of each feature by which it counts.

    Parameters
    ----------
    attribute : str
        Name of a numeric attribute, 0 or above.
    missing : float, optional
        What stands for a missing number; without it a missing number is an error.
    """

    attribute: str
    missing: float | None = None


# Of vector features


@dataclass(frozen=True)
class Distance:
    """Distance to the nearest feature, m."""


@dataclass(frozen=True)
class Density:
    """Features within a radius: points per km2, km of line per km2, or share of area."""

    radius_m: float

    def __post_init__(self) -> None:
        _check_length("density", "radius_m", self.radius_m)


@dataclass(frozen=True)
class Amount:
    """Features within a radius: their number, their length in km, or their share of area."""

    measure: Measure
    radius_m: float

    def __post_init__(self) -> None:
        _check_length(self.measure, "radius_m", self.radius_m)


@dataclass(frozen=True)
class KernelDensity:
    """Points or lines per km2, smoothed by a quartic kernel that ends at a radius."""

    radius_m: float
    weight: Weight | None = None

    def __post_init__(self) -> None:
        _check_length("kernel density", "radius_m", self.radius_m)


@dataclass(frozen=True)
class Emission:
    """Sum of point sources, each divided by a power of its distance.

    Parameters
    ----------
    radius_m : float, m
        Sources further off count for nothing.
    weight : Weight, optional
        How much each emits; without it each counts 1.
    nearest_m : float, optional, m
        Distances below are taken for this one; by default half the side of a cell.
    power : float
        Above 0.
    rose : WindRose, optional
        Weighs each source by how often the wind blows from it to the cell.
    """

    radius_m: float
    weight: Weight | None = None
    nearest_m: float | None = None
    power: float = 1.0
    rose: WindRose | None = None

    def __post_init__(self) -> None:
        _check_length("emission", "radius_m", self.radius_m)
        _check_length("emission", "power", self.power)
        if self.nearest_m is not None:
            _check_length("emission", "nearest_m", self.nearest_m)
            if self.nearest_m >= self.radius_m:
                raise CovariateError(
                    f"An emission has nearest_m {self.nearest_m:g} and radius_m "
                    f"{self.radius_m:g}, so that distance would not matter. "
                    "Give a smaller nearest_m."
                )


VectorDerivation = Distance | Density | Amount | KernelDensity | Emission
"""What can be derived from vector features."""


# Of rasters


@dataclass(frozen=True)
class ClassDistance:
    """Distance to the nearest cell of some classes, m.

    Parameters
    ----------
    codes : tuple of int
        At least one.
    maximum_m : float, optional, m
        Further distances are set to it, and no cell beyond has to be read.
    """

    codes: tuple[int, ...]
    maximum_m: float | None = None

    def __post_init__(self) -> None:
        _check_codes("distance", self.codes)
        if self.maximum_m is not None:
            _check_length("distance", "maximum_m", self.maximum_m)


@dataclass(frozen=True)
class ClassShare:
    """Share of some classes among the cells within a radius, 0 to 1."""

    codes: tuple[int, ...]
    radius_m: float

    def __post_init__(self) -> None:
        _check_codes("share", self.codes)
        _check_length("share", "radius_m", self.radius_m)


@dataclass(frozen=True)
class Focal:
    """Mean or sum of the cells within a radius, or the cell less their mean."""

    statistic: FocalStatistic
    radius_m: float

    def __post_init__(self) -> None:
        _check_length(self.statistic, "radius_m", self.radius_m)


@dataclass(frozen=True)
class Terrain:
    """Slope, aspect or curvature of an elevation model."""

    surface: Surface


@dataclass(frozen=True)
class Flow:
    """Upslope area (km2), wetness, or distance along the flow to the edge (m).

    Parameters
    ----------
    measure : {"upslope_area", "wetness", "outlet_distance"}
        What is derived.
    margin_m : float, m
        How far around the grid the elevation model is used; water from beyond is unknown.
    """

    measure: FlowMeasure
    margin_m: float = 0.0

    def __post_init__(self) -> None:
        _check_margin(self.measure, self.margin_m)


@dataclass(frozen=True)
class FlowDistance:
    """Distance along the flow of water between a cell and the nearest source.

    Parameters
    ----------
    direction : {"downstream", "upstream"}
        Whether cells downstream of a source are meant (what comes off a mine), or cells
        upstream of it (what runs into a river).
    maximum_m : float, m
        Given to cells that no source lies above, or below, within this length.
    margin_m : float, m
        How far around the grid the elevation model and the sources are used.
    """

    direction: Literal["downstream", "upstream"]
    maximum_m: float
    margin_m: float = 0.0

    def __post_init__(self) -> None:
        _check_length(f"{self.direction} distance", "maximum_m", self.maximum_m)
        _check_margin(f"{self.direction} distance", self.margin_m)


RasterDerivation = ClassDistance | ClassShare | Focal | Terrain | Flow | FlowDistance
"""What can be derived from a raster."""


def _check_length(derivation: str, key: str, value: float) -> None:
    if not (isfinite(value) and value > 0):
        raise CovariateError(
            f"A covariate is derived as {derivation} with {key} {value}. "
            f"Give {key} as a number above 0."
        )


def _check_margin(derivation: str, value: float) -> None:
    if not (isfinite(value) and value >= 0):
        raise CovariateError(
            f"A covariate is derived as {derivation} with margin_m {value}. "
            "Give margin_m in metres, 0 or above."
        )


def _check_codes(derivation: str, codes: tuple[int, ...]) -> None:
    if not codes:
        raise CovariateError(
            f"A covariate is derived as {derivation} of no class. "
            "Give the codes of one class or more with `of`."
        )
