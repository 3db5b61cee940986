"""The concentration field: natural, diffuse and from point sources, times a random field."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from hotspot.errors import ConfigError
from hotspot.observations.contaminants import Contaminants
from hotspot.seeds import child_seed
from hotspot.worlds.bounds import check_between, check_choice
from hotspot.worlds.features import MINOR_TRAFFIC
from hotspot.worlds.landscape import (
    CARBON_LOG_SPREAD,
    CARBON_PERCENT,
    CLAY_PERCENT,
    CLAY_SPREAD,
    FERTILISER_KG_HA,
    URBAN,
)
from hotspot.worlds.randomfield import GaussianField
from hotspot.worlds.stack import CovariateStack
from hotspot.worlds.truth import ADDED, Components, Map, Truth, log_contributions

# Mean of exp(-w²) of a standard normal w.
_MEAN_HUMP = 3**-0.5


@dataclass(frozen=True)
class Field:
    """The natural concentration, and what no covariate tells of it.

    Parameters
    ----------
    contaminant : str
        Id of the registry. Worlds of one seed that differ in it share ground and sites.
    background_mg_kg : float, mg/kg
        Typical natural concentration.
    effect : float
        Size of the effects of geology, clay, wetness and clay by carbon: about the standard
        deviation, in natural logs, of each. 0 for none.
    range_m : float, m
        Practical range of the residual.
    sill : float
        Variance of the residual, natural logs.
    smoothness : {0.5, 1.5, 2.5}
        Matérn parameter of the residual; 0.5 is exponential.
    nugget : float
        Variance of single soil samples about the field, natural logs.
    trend_per_year : float
        Growth of the log concentration per year. Truth is that of the last campaign.
    """

    contaminant: str = "pb"
    background_mg_kg: float = 25.0
    effect: float = 0.3
    range_m: float = 1500.0
    sill: float = 0.15
    smoothness: float = 0.5
    nugget: float = 0.05
    trend_per_year: float = 0.0

    def __post_init__(self) -> None:
        known = Contaminants.load().id_of(self.contaminant)
        if known != self.contaminant:
            raise ConfigError(
                f"contaminant={self.contaminant} is a name, not an id. Give the id: {known}."
            )
        check_between("background_mg_kg", self.background_mg_kg, 1e-9, 1e5)
        check_between("effect", self.effect, 0.0, 3.0)
        check_between("range_m", self.range_m, 1e-3)
        check_between("sill", self.sill, 0.0, 10.0)
        check_choice("smoothness", self.smoothness, (0.5, 1.5, 2.5))
        check_between("nugget", self.nugget, 0.0, 10.0)
        check_between("trend_per_year", self.trend_per_year, -1.0, 1.0)


@dataclass(frozen=True)
class Diffuse:
    """What comes from everywhere a little.

    Parameters
    ----------
    roads_mg_kg : float, mg/kg
        What a main road adds beside it; a minor one adds 0.3 of it.
    roads_decay_m : float, m
        Distance from a road at which the addition has fallen to 1/e.
    farming_mg_kg : float, mg/kg
        What usual fertilising adds on arable land, in proportion to the input.
    urban_mg_kg : float, mg/kg
        What urban land adds.
    """

    roads_mg_kg: float = 40.0
    roads_decay_m: float = 200.0
    farming_mg_kg: float = 8.0
    urban_mg_kg: float = 25.0

    def __post_init__(self) -> None:
        check_between("roads_mg_kg", self.roads_mg_kg, 0.0, 1e5)
        check_between("roads_decay_m", self.roads_decay_m, 1e-3)
        check_between("farming_mg_kg", self.farming_mg_kg, 0.0, 1e5)
        check_between("urban_mg_kg", self.urban_mg_kg, 0.0, 1e5)


def draw_truth(
    options: Field, diffuse: Diffuse, covariates: CovariateStack, *, plumes: Map, seed: int
) -> Truth:
    """Return the truth of a region.

    Parameters
    ----------
    options, diffuse : Field, Diffuse
        What acts, and how much.
    covariates : CovariateStack
        Where.
    plumes : array, shape (rows, cols), mg/kg
        What the point sources add.
    seed : int
        Of the residual, the effects of geology, and the realisation.
    """
    grid = covariates.grid
    natural = _natural_log(options, covariates, child_seed(seed, "geology"))
    residual = np.zeros(grid.shape)
    if options.sill > 0:
        field = GaussianField(
            grid.shape,
            grid.resolution[0],
            range_m=options.range_m,
            smoothness=options.smoothness,
        )
        residual = np.sqrt(options.sill) * field.draw(child_seed(seed, "residual"))
    added = np.stack(
        [
            diffuse.roads_mg_kg * _traffic(diffuse, covariates),
            diffuse.farming_mg_kg * covariates["fertiliser_input"] / FERTILISER_KG_HA,
            diffuse.urban_mg_kg * (covariates["land_use"] == URBAN),
            plumes,
        ]
    )
    natural_mg_kg = np.exp(natural.total)
    log = Components(
        names=(*natural.names, *ADDED, "residual"),
        values=np.concatenate(
            [natural.values, log_contributions(natural_mg_kg, added), residual[None]]
        ),
    )
    mg_kg = Components(
        names=("natural", *ADDED),
        values=np.concatenate([natural_mg_kg[None], added]) * np.exp(residual),
    )
    noise = np.random.default_rng(child_seed(seed, "realisation")).standard_normal(grid.shape)
    realised = np.exp(log.total + np.sqrt(options.nugget) * noise)
    return Truth(log, mg_kg, options.sill, options.nugget, realised)


def _natural_log(options: Field, covariates: CovariateStack, seed: int) -> Components:
    """Return the parts of the log of the natural concentration."""
    clay = (covariates["clay"] - CLAY_PERCENT) / CLAY_SPREAD
    carbon = np.log(covariates["organic_carbon"] / CARBON_PERCENT) / CARBON_LOG_SPREAD
    wet = covariates["wetness"]
    rock = covariates["geology"].astype(np.int64)
    n_rocks = len(covariates.catalogue["geology"].classes)
    # Normal scores, so that their spread does not depend on the number of classes.
    scores = ndtri((np.arange(n_rocks) + 0.5) / n_rocks)
    scores = np.random.default_rng(seed).permutation(scores / scores.std())
    parts: dict[str, NDArray[np.float64]] = {
        "background": np.full(rock.shape, np.log(options.background_mg_kg)),
        "geology": options.effect * scores[rock - 1],
        "clay": options.effect * clay,
        "wetness": options.effect * 3.0 * (np.exp(-(wet**2)) - _MEAN_HUMP),
        "clay_by_carbon": options.effect * clay * carbon,
    }
    return Components(tuple(parts), np.stack(list(parts.values())))


def _traffic(diffuse: Diffuse, covariates: CovariateStack) -> Map:
    """Return what roads add, as a share of what a main road adds beside it."""
    to_main, to_any = covariates["main_road_distance"], covariates["road_distance"]
    reach = diffuse.roads_decay_m
    # Whichever is felt more: the main road, or a minor one that is nearer.
    main, nearest = np.exp(-to_main / reach), np.exp(-to_any / reach)
    return np.asarray(np.maximum(main, MINOR_TRAFFIC * nearest))
