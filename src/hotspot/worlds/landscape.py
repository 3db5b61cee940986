"""The covariates of a world: what acts on the contaminant, what goes with it, and noise."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.density import density_of
from hotspot.covariates.proximity import Proximity
from hotspot.grid import Grid
from hotspot.seeds import child_seed
from hotspot.worlds.bounds import check_between
from hotspot.worlds.features import PointSources, Roads
from hotspot.worlds.randomfield import GaussianField
from hotspot.worlds.stack import CovariateStack, cell_centres

FOREST, GRASSLAND, ARABLE, URBAN = 1, 2, 3, 4
LAND_USES = ((FOREST, "forest"), (GRASSLAND, "grassland"), (ARABLE, "arable"), (URBAN, "urban"))
ROAD_DENSITY_RADIUS_M = 1000.0
# Half the side of the square over which the share of built-up land is taken.
_BUILT_UP_REACH_M = 500.0
# A copy differs from its original by this share of the original's standard deviation.
_COPY_NOISE = 0.02
COPIED = ("clay", "wetness", "organic_carbon", "fertiliser_input")

# What clay, organic carbon and wetness vary about, and by how much; effects are told in these.
CLAY_PERCENT, CLAY_SPREAD = 22.0, 7.0
CARBON_PERCENT, CARBON_LOG_SPREAD = 2.0, 0.5
# What a field of usual intensity gets; the unit of the contribution of farming.
FERTILISER_KG_HA = 100.0

Band = NDArray[np.float64]


@dataclass(frozen=True)
class Derivation:
    """How a covariate is derived from the roads or the sources.

    Parameters
    ----------
    features : {"roads", "sources"}
        The layer, and the name of its file.
    derive : {"distance", "density"}
        As in a configuration.
    radius_m : float or None, m
        Of a density.
    where : dict of str
        Attributes of the features that count; empty for all.
    """

    features: str
    derive: str
    radius_m: float | None = None
    where: Mapping[str, str] = field(default_factory=dict)


# Covariates that are on disk only as the features from which they are derived.
DERIVED = {
    "industry_distance": Derivation("sources", "distance"),
    "road_distance": Derivation("roads", "distance"),
    "main_road_distance": Derivation("roads", "distance", where={"class": "main"}),
    "road_density": Derivation("roads", "density", radius_m=ROAD_DENSITY_RADIUS_M),
}


@dataclass(frozen=True)
class Landscape:
    """How the covariates of a world are drawn.

    Parameters
    ----------
    patch_m : float, m
        Practical range of soil, land use and geology; terrain has twice as much.
    n_geology : int
        Classes of geology, from 2.
    km2_per_town : float, km2
        Area per town; roads join towns.
    n_white_noise : int
        Covariates that are noise without any pattern. Role ``atmosphere``.
    n_smooth_noise : int
        Covariates that are noise with the pattern of soil. Role ``atmosphere``.
    n_copies : int
        How many of clay, wetness, organic carbon and fertiliser input get a near copy.

    Notes
    -----
    Nothing of the roles ``atmosphere``, ``climate`` and ``terrain`` acts on the contaminant.
    The first is noise; the others go with wetness and land use, which do act.
    """

    patch_m: float = 3000.0
    n_geology: int = 4
    km2_per_town: float = 12.0
    n_white_noise: int = 1
    n_smooth_noise: int = 2
    n_copies: int = 0

    def __post_init__(self) -> None:
        check_between("patch_m", self.patch_m, 1e-3)
        check_between("n_geology", self.n_geology, 2, 20)
        check_between("km2_per_town", self.km2_per_town, 1e-6)
        check_between("n_white_noise", self.n_white_noise, 0, 100)
        check_between("n_smooth_noise", self.n_smooth_noise, 0, 100)
        check_between("n_copies", self.n_copies, 0, len(COPIED))

    def number_of_towns(self, area_km2: float) -> int:
        """Return the number of towns of a region, at least 3 and at most 2000."""
        return int(np.clip(round(area_km2 / self.km2_per_town), 3, 2000))


def draw_covariates(
    options: Landscape, grid: Grid, *, roads: Roads, sources: PointSources, seed: int
) -> CovariateStack:
    """Return the covariates of a region with roads and point sources.

    Distances and densities are those that `hotspot.covariates` derives from the vector files
    of the same features.
    """
    found = [
        (replace(covariate, name=name), np.asarray(band, dtype=np.float32))
        for name, covariate, band in _bands(options, grid, roads, sources, seed)
    ]
    return CovariateStack(
        values=np.stack([band for _, band in found]),
        catalogue=Catalogue(tuple(covariate for covariate, _ in found)),
        grid=grid,
    )


def _bands(
    options: Landscape, grid: Grid, roads: Roads, sources: PointSources, seed: int
) -> Iterator[tuple[str, Covariate, Band]]:
    """Yield name, meaning and values of every covariate, in the order of the catalogue."""
    resolution = grid.resolution[0]
    smooth = GaussianField(grid.shape, resolution, range_m=options.patch_m, smoothness=1.5)
    broad = GaussianField(grid.shape, resolution, range_m=2 * options.patch_m, smoothness=1.5)

    def drawn(name: str, field: GaussianField = smooth) -> Band:
        return field.draw(child_seed(seed, name))

    near = _nearness(grid, roads, sources)
    height = drawn("elevation", broad)
    elevation = 300.0 + 80.0 * height
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(elevation, resolution))))
    wet = -0.6 * height + 0.8 * drawn("wetness")
    rocks = np.stack([drawn(f"geology/{k}") for k in range(options.n_geology)])
    geology = 1.0 + np.argmax(rocks, axis=0)
    # Clay follows the rock below it a little, as soils do.
    fine = 0.5 * rocks[0] + np.sqrt(0.75) * drawn("clay")
    carbon = 0.5 * wet + np.sqrt(0.75) * drawn("organic_carbon")
    land_use = _land_use(height, wet, fine, near["road_distance"], drawn)
    arable = land_use == ARABLE
    fertiliser = np.where(
        arable, FERTILISER_KG_HA * np.exp(0.4 * drawn("fertiliser_input") - 0.08), 0.0
    )
    rain = 0.7 * height + np.sqrt(0.51) * drawn("precipitation", broad)

    yield "land_use", _classes(Role.LAND_USE, LAND_USES, "What the land is used for."), land_use
    built_up = uniform_filter(
        (land_use == URBAN).astype(np.float64), 1 + 2 * round(_BUILT_UP_REACH_M / resolution)
    )
    yield "built_up_share", _number("1", Role.LAND_USE, "Share of urban land around."), built_up
    if "industry_distance" in near:
        meaning = _number("m", Role.INDUSTRY, "Distance to the nearest works.")
        yield "industry_distance", meaning, near["industry_distance"]
    meaning = _number("m", Role.ROADS, "Distance to the nearest road.")
    yield "road_distance", meaning, near["road_distance"]
    meaning = _number("m", Role.ROADS, "Distance to the nearest main road.")
    yield "main_road_distance", meaning, near["main_road_distance"]
    meaning = _number("km/km2", Role.ROADS, "Length of roads within 1000 m.")
    yield "road_density", meaning, near["road_density"]
    names = tuple((code, f"rock {code}") for code in range(1, options.n_geology + 1))
    yield "geology", _classes(Role.GEOLOGY, names, "Class of the geological map."), geology
    clay = np.clip(CLAY_PERCENT + CLAY_SPREAD * fine, 1.0, 80.0)
    soil = {
        "clay": (_number("%", Role.SOIL, "Clay in the topsoil."), clay),
        "organic_carbon": (
            _number("%", Role.SOIL, "Organic carbon in the topsoil."),
            CARBON_PERCENT * np.exp(CARBON_LOG_SPREAD * carbon),
        ),
        "wetness": (_number("1", Role.WATER, "Topographic wetness, standardised."), wet),
        "fertiliser_input": (
            _number("kg/ha", Role.AGRICULTURE, "Phosphate fertiliser on arable land."),
            fertiliser,
        ),
    }
    for name, (meaning, band) in soil.items():
        yield name, meaning, band
    yield "elevation", _number("m", Role.TERRAIN, "Height above the sea."), elevation
    yield "slope", _number("degree", Role.TERRAIN, "Steepest slope."), slope
    meaning = _number("mm", Role.CLIMATE, "Yearly rain; follows the terrain.")
    yield "precipitation", meaning, 800.0 + 100.0 * rain
    for k in range(1, options.n_white_noise + 1):
        rng = np.random.default_rng(child_seed(seed, "white_noise", k))
        meaning = _number("1", Role.ATMOSPHERE, "Noise without pattern.")
        yield f"white_noise_{k}", meaning, rng.standard_normal(grid.shape)
    for k in range(1, options.n_smooth_noise + 1):
        meaning = _number("1", Role.ATMOSPHERE, "Noise with the pattern of soil.")
        yield f"smooth_noise_{k}", meaning, drawn(f"smooth_noise/{k}")
    for name in COPIED[: options.n_copies]:
        meaning, band = soil[name]
        rng = np.random.default_rng(child_seed(seed, "copy", name))
        noise = _COPY_NOISE * band.std() * rng.standard_normal(grid.shape)
        description = f"{meaning.description} A near copy."
        yield f"{name}_copy", replace(meaning, description=description), band + noise


def _nearness(grid: Grid, roads: Roads, sources: PointSources) -> dict[str, Band]:
    """Return distances and densities of the vector features at the cell centres."""
    centres = cell_centres(grid)

    def on_grid(values: NDArray[np.float64]) -> Band:
        return values.reshape(grid.shape)

    near = {
        "road_distance": on_grid(Proximity(roads.lines).distance(centres)),
        "main_road_distance": on_grid(Proximity(roads.lines[roads.is_main]).distance(centres)),
        "road_density": on_grid(
            density_of(roads.lines, ROAD_DENSITY_RADIUS_M).density(centres)
        ),
    }
    if len(sources):
        points = np.asarray(shapely.points(sources.coordinates))
        near["industry_distance"] = on_grid(Proximity(points).distance(centres))
    return near


def _land_use(
    height: Band, wet: Band, fine: Band, road_distance: Band, drawn: Callable[[str], Band]
) -> Band:
    """Return the use that suits each cell best; towns grow along roads."""
    suits = [
        0.9 * height + drawn("land_use/forest"),
        0.6 * wet + drawn("land_use/grassland"),
        0.6 * fine - 0.4 * height + 0.3 + drawn("land_use/arable"),
        2.5 * np.exp(-road_distance / 500.0) - 1.3 + drawn("land_use/urban"),
    ]
    return np.asarray(1.0 + np.argmax(np.stack(suits), axis=0))


# The name is given by the caller, beside the values.
_UNNAMED = "covariate"


def _number(unit: str, role: Role, description: str) -> Covariate:
    return Covariate(_UNNAMED, unit, Kind.CONTINUOUS, role, description)


def _classes(role: Role, classes: tuple[tuple[int, str], ...], description: str) -> Covariate:
    return Covariate(_UNNAMED, "class", Kind.CATEGORICAL, role, description, classes)
