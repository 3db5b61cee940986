"""What a covariate is made from: a raster, a vector layer, or the coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hotspot.covariates.catalogue import Covariate
from hotspot.errors import CovariateError

Value = str | int | float
"""An attribute of a vector feature."""


@dataclass(frozen=True)
class RasterLayer:
    """A covariate read from one band of a raster file.

    Parameters
    ----------
    covariate : Covariate
        What the raster holds.
    path : Path
        A local file.
    band : int
        From 1.
    resampling : str, optional
        How cells of another grid are met; see `hotspot.covariates.align.choose_resampling`.
    crs : str, optional
        CRS of a file that says none; a file that says another one is refused.
    nodata : float, optional
        A value that means missing, beside the one that the file declares.
    """

    covariate: Covariate
    path: Path
    band: int = 1
    resampling: str | None = None
    crs: str | None = None
    nodata: float | None = None


@dataclass(frozen=True)
class VectorLayer:
    """A covariate derived from the points, lines or polygons of a vector file.

    Parameters
    ----------
    covariate : Covariate
        What is derived; its unit is set by the derivation.
    path : Path
        A local file.
    layer : str, optional
        Layer of a file with several.
    where : mapping, optional
        Attributes and the value, or list of values, that a feature must have.
    derive : {"distance", "density"}
        Distance to the nearest feature (m); or number (1/km2), length (km/km2) or share of
        area (1) of the features within `radius_m`.
    radius_m : float, optional
        Above 0; needed for a density and refused for a distance.
    crs : str, optional
        CRS of a file that says none; a file that says another one is refused.

    Raises
    ------
    CovariateError
        The radius and the derivation do not fit, or the covariate is categorical.
    """

    covariate: Covariate
    path: Path
    layer: str | None = None
    where: Mapping[str, Value | list[Value]] | None = field(default=None, hash=False)
    derive: Literal["distance", "density"] = "distance"
    radius_m: float | None = None
    crs: str | None = None

    def __post_init__(self) -> None:
        name = self.covariate.name
        if self.derive not in ("distance", "density"):
            raise CovariateError(
                f"The covariate {name} cannot be derived as {self.derive!r}. "
                "Give distance or density."
            )
        if self.covariate.is_categorical:
            raise CovariateError(
                f"The covariate {name} is a {self.derive}, so it cannot be categorical. "
                "Give it kind continuous."
            )
        if self.derive == "distance" and self.radius_m is not None:
            raise CovariateError(
                f"The covariate {name} is a distance, and radius_m is {self.radius_m:g}. "
                "Leave the radius out, or derive a density."
            )
        if self.derive == "density" and not (self.radius_m is not None and self.radius_m > 0):
            raise CovariateError(
                f"The covariate {name} is a density, and radius_m is {self.radius_m}. "
                "Give the radius in metres, above 0."
            )


@dataclass(frozen=True)
class CoordinateLayer:
    """The easting or northing of each cell centre, in the unit of the CRS of the grid.

    Raises
    ------
    CovariateError
        The axis is another, or the covariate is categorical.
    """

    covariate: Covariate
    axis: Literal["easting", "northing"]

    def __post_init__(self) -> None:
        if self.axis not in ("easting", "northing") or self.covariate.is_categorical:
            raise CovariateError(
                f"The covariate {self.covariate.name} cannot be the {self.covariate.kind} "
                f"coordinate {self.axis!r}. Give easting or northing, and kind continuous."
            )


Layer = RasterLayer | VectorLayer | CoordinateLayer
"""Any of the three."""
