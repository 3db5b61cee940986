"""What a covariate is made from: a raster, vector features, or the coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hotspot.covariates.catalogue import Covariate
from hotspot.covariates.derivations import (
    Distance,
    FlowDistance,
    RasterDerivation,
    VectorDerivation,
)
from hotspot.covariates.remote import RemoteFile
from hotspot.errors import CovariateError, few

Value = str | int | float
"""An attribute of a vector feature."""


@dataclass(frozen=True)
class RasterLayer:
    """A covariate read from one band of a raster file.

    Parameters
    ----------
    covariate : Covariate
        What the raster holds. An empty unit stands for that of the file.
    path : Path or RemoteFile
        A local file, the folder of a Zarr store, or a GeoTIFF on a server.
    band : int
        From 1.
    variable : str, optional
        Variable of a NetCDF file or a Zarr store with several.
    resampling : str, optional
        How cells of another grid are met: ``auto``, or a method of
        `hotspot.covariates.align.choose_resampling`. Without it a file on other cells than
        those of the grid is refused.
    crs : str, optional
        CRS of a file that says none; a file that says another one is refused.
    nodata : float or "none", optional
        A value that means missing, beside the one that the file declares; or "none", where
        every value is meant, zeros at the border included.
    cover : {"whole", "part"}
        Whether the file must reach over the whole grid.
    """

    covariate: Covariate
    path: Path | RemoteFile
    band: int = 1
    variable: str | None = None
    resampling: str | None = None
    crs: str | None = None
    nodata: float | Literal["none"] | None = None
    cover: Literal["whole", "part"] = "whole"

    @property
    def missing_value(self) -> float | None:
        """The value that means missing, as a number."""
        return None if isinstance(self.nodata, str) else self.nodata


@dataclass(frozen=True)
class Features:
    """Points, lines or polygons of a file.

    Parameters
    ----------
    path : Path
        A local vector file, or a table of points (``.csv``).
    layer : str, optional
        Layer of a file with several.
    where : mapping, optional
        Attributes and the value, or list of values, that a feature must have.
    crs : str, optional
        CRS of a file that says none; a file that says another one is refused.
    columns : tuple of str, optional
        Of a table: the columns of easting and northing, or longitude and latitude.
    """

    path: Path
    layer: str | None = None
    where: Mapping[str, Value | list[Value]] | None = field(default=None, hash=False)
    crs: str | None = None
    columns: tuple[str, str] | None = None


@dataclass(frozen=True)
class VectorLayer:
    """A covariate derived from the points, lines or polygons of a file.

    Parameters
    ----------
    covariate : Covariate
        What is derived; its unit is set by the derivation.
    features : Features
        What it is derived from.
    derive : VectorDerivation
        How.

    Raises
    ------
    CovariateError
        The covariate is categorical.
    """

    covariate: Covariate
    features: Features
    derive: VectorDerivation = field(default_factory=Distance)

    def __post_init__(self) -> None:
        _check_is_number(self.covariate)


@dataclass(frozen=True)
class DerivedLayer:
    """A covariate derived from a raster, cell by cell from the cells about it.

    Parameters
    ----------
    raster : RasterLayer
        What it is derived from; its covariate is the derived one.
    derive : RasterDerivation
        How.
    sources : Features, optional
        Where a distance along the flow of water begins or ends.

    Raises
    ------
    CovariateError
        The covariate is categorical, or sources and derivation do not fit.
    """

    raster: RasterLayer
    derive: RasterDerivation
    sources: Features | None = None

    def __post_init__(self) -> None:
        _check_is_number(self.covariate)
        if isinstance(self.derive, FlowDistance) != (self.sources is not None):
            raise CovariateError(
                f"The covariate {self.covariate.name} is a {type(self.derive).__name__} with "
                f"sources {self.sources}. Give `sources` for a distance along the flow, and "
                "for nothing else."
            )

    @property
    def covariate(self) -> Covariate:
        """What is derived; its unit is set by the derivation."""
        return self.raster.covariate


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


PlainLayer = RasterLayer | VectorLayer | DerivedLayer | CoordinateLayer
"""A layer that is the same whatever the date."""


@dataclass(frozen=True)
class DatedLayer:
    """A covariate that changed: one layer per year, matched to the date of each sample.

    Parameters
    ----------
    years : tuple of (int, PlainLayer)
        Year that each layer shows; all layers of one covariate.
    shown : int
        The year on the map; one of them.

    Raises
    ------
    CovariateError
        There is no year, a year comes twice, the year shown is none of them, or the layers
        are of several covariates.
    """

    years: tuple[tuple[int, PlainLayer], ...]
    shown: int

    def __post_init__(self) -> None:
        known = [year for year, _ in self.years]
        if len(set(known)) != len(known) or self.shown not in known:
            raise CovariateError(
                f"A dated covariate has layers of {few(known) or 'no year'} and shows "
                f"{self.shown}. Give each year once, and show one of them."
            )
        if len({layer.covariate.name for _, layer in self.years}) > 1:
            raise CovariateError(
                f"A dated covariate has layers named "
                f"{few(layer.covariate.name for _, layer in self.years)}. Give one name."
            )

    @property
    def covariate(self) -> Covariate:
        """What the layers hold."""
        return self.shown_layer.covariate

    @property
    def shown_layer(self) -> PlainLayer:
        """The layer on the map."""
        return dict(self.years)[self.shown]


Layer = PlainLayer | DatedLayer
"""Any of them."""


def _check_is_number(covariate: Covariate) -> None:
    if covariate.is_categorical:
        raise CovariateError(
            f"The covariate {covariate.name} is derived, so it cannot be categorical. "
            "Give it kind continuous."
        )
