"""Sampling designs: where samples are taken, and where they are not."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ConfigError
from hotspot.grid import Coordinates, Grid
from hotspot.seeds import child_seed
from hotspot.worlds.bounds import check_between, check_choice
from hotspot.worlds.stack import cell_centres
from hotspot.worlds.truth import Map

DESIGNS = ("random", "grid", "clustered", "preferential", "road_biased")


@dataclass(frozen=True)
class Survey:
    """How samples are taken.

    Parameters
    ----------
    n_samples : int
        Samples of all campaigns together, from 1.
    design : str
        - ``random``: every place is as likely as any other.
        - ``grid``: a square lattice with a random start.
        - ``clustered``: about `n_clusters` random places.
        - ``preferential``: where the concentration is high; the log of the density of samples
          grows by `strength` per standard deviation of the log concentration.
        - ``road_biased``: near roads; the density falls to exp(-`strength`) over `spread_m`.
    strength : float
        Of preference or bias; 0 for none.
    spread_m : float, m
        Standard deviation of a cluster, or the reach of a road.
    n_clusters : int
        Of the clustered design.
    missing_share : float
        Share of the region, on one side, where nobody samples; goes with every design.
    years : tuple of int
        Campaigns in order.
    visits : {"new", "again"}
        Whether each campaign has new sites, or visits the first ones again.

    References
    ----------
    Diggle, P. J., Menezes, R. and Su, T. (2010), 10.1111/j.1467-9876.2009.00701.x, for the
    preferential design.
    """

    n_samples: int = 300
    design: Literal["random", "grid", "clustered", "preferential", "road_biased"] = "random"
    strength: float = 1.0
    spread_m: float = 500.0
    n_clusters: int = 12
    missing_share: float = 0.0
    years: tuple[int, ...] = (2020,)
    visits: Literal["new", "again"] = "new"

    def __post_init__(self) -> None:
        check_between("n_samples", self.n_samples, 1, 10_000_000)
        check_choice("design", self.design, DESIGNS)
        check_between("strength", self.strength, 0.0, 10.0)
        check_between("spread_m", self.spread_m, 1e-3)
        check_between("n_clusters", self.n_clusters, 1, 100_000)
        check_between("missing_share", self.missing_share, 0.0, 0.9)
        check_choice("visits", self.visits, ("new", "again"))
        is_in_order = self.years == tuple(sorted(set(self.years)))
        if not self.years or not is_in_order or self.years[0] < 1 or self.years[-1] > 9999:
            raise ConfigError(
                f"years={self.years} are no campaigns in order. "
                "Give at least one year, each later than the one before."
            )

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        visits = len(self.years) if self.visits == "again" else 1
        return -(-self.n_samples // visits)


@dataclass(frozen=True, eq=False)
class Visits:
    """Where and when samples are taken.

    Parameters
    ----------
    site : array of int, shape (n_samples,)
        Number of the site, from 0.
    year : array of int, shape (n_samples,)
        Campaign.
    coordinates : array, shape (n_samples, 2)
        Easting, northing, to the centimetre.
    intensity : array, shape (rows, cols)
        Expected number of sites of each cell; sums to the number of sites.
    """

    site: NDArray[np.int64]
    year: NDArray[np.int64]
    coordinates: Coordinates
    intensity: Map


def survey_designs(n_samples: int) -> dict[str, Survey]:
    """Return one survey of each design, and one that leaves out a part of the region.

    Examples
    --------
    >>> list(survey_designs(100))
    ['random', 'grid', 'clustered', 'preferential', 'road_biased', 'region_missing']
    """
    surveys = {name: Survey(n_samples, name) for name in DESIGNS}  # type: ignore[arg-type]
    surveys["region_missing"] = Survey(n_samples, "random", missing_share=0.3)
    return surveys


def draw_visits(
    options: Survey, grid: Grid, *, log_field: Map, road_distance: Map, seed: int
) -> Visits:
    """Return where and when samples are taken.

    Sites are drawn independently of one another, given the intensity; several may lie in one
    cell. Only those of the grid design keep a distance.
    """
    weights = _weights(options, grid, log_field, road_distance, child_seed(seed, "design"))
    allowed = _visited(options, grid, child_seed(seed, "missing"))
    intensity = np.where(allowed, weights, 0.0)
    intensity *= options.n_sites / intensity.sum()
    rng = np.random.default_rng(child_seed(seed, "sites"))
    if options.design == "grid":
        sites = _lattice(options.n_sites, grid, allowed, rng)
    else:
        sites = _scattered(options.n_sites, grid, intensity, rng)
    site, year = _campaigns(options)
    return Visits(site, year, sites[site], intensity)


def _weights(options: Survey, grid: Grid, log_field: Map, road_distance: Map, seed: int) -> Map:
    """Return the relative density of samples."""
    if options.design == "preferential":
        spread = log_field.std() or 1.0
        return np.asarray(np.exp(options.strength * (log_field - log_field.mean()) / spread))
    if options.design == "road_biased":
        return np.asarray(np.exp(-options.strength * road_distance / options.spread_m))
    if options.design == "clustered":
        rng = np.random.default_rng(seed)
        west, east, south, north = grid.region
        middles = rng.uniform([west, south], [east, north], (options.n_clusters, 2))
        centres = cell_centres(grid)
        nearness = np.zeros(len(centres))
        for middle in middles:
            squared = ((centres - middle) ** 2).sum(axis=1)
            nearness += np.exp(-squared / (2 * options.spread_m**2))
        # A cluster narrower than a cell still has one.
        return (nearness + 1e-12).reshape(grid.shape)
    return np.ones(grid.shape)


def _visited(options: Survey, grid: Grid, seed: int) -> NDArray[np.bool_]:
    """Return the cells that are visited; the others lie on one side of a straight line."""
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    along = cell_centres(grid) @ np.array([np.cos(angle), np.sin(angle)])
    # Ties of equal distance are broken by place, so that the share is exact.
    rank = np.argsort(np.argsort(along, kind="stable"), kind="stable")
    return (rank >= round(options.missing_share * len(along))).reshape(grid.shape)


def _scattered(
    number: int, grid: Grid, intensity: Map, rng: np.random.Generator
) -> Coordinates:
    """Return places drawn by the intensity, anywhere within their cells."""
    share = intensity.ravel() / intensity.sum()
    cell = rng.choice(share.size, size=number, p=share)
    rows, cols = np.divmod(cell, grid.shape[1])
    return _within(grid, rows, cols, rng.uniform(-0.5, 0.5, (number, 2)))


def _within(
    grid: Grid, rows: NDArray[np.int64], cols: NDArray[np.int64], shift: NDArray[np.float64]
) -> Coordinates:
    """Return places in cells, rounded to centimetres, a centimetre off the edges."""
    side = grid.resolution[0]
    inner = np.clip(shift * side, -side / 2 + 0.01, side / 2 - 0.01)
    return np.round(grid.centres(rows, cols) + inner, 2)


def _lattice(
    number: int, grid: Grid, allowed: NDArray[np.bool_], rng: np.random.Generator
) -> Coordinates:
    """Return a square lattice with a random start, thinned to the number asked for."""
    west, east, south, north = grid.region
    start = rng.uniform(0, 1, 2)
    step = np.sqrt(allowed.sum() * grid.cell_area_m2 / number)
    while True:
        eastings = np.arange(west + start[0] * step, east, step)
        northings = np.arange(south + start[1] * step, north, step)
        places = np.stack(np.meshgrid(eastings, northings), axis=-1).reshape(-1, 2)
        rows, cols, inside = grid.cells(places)
        kept = inside.copy()
        kept[inside] = allowed[rows[inside], cols[inside]]
        if kept.sum() >= number:
            break
        step *= 0.99
    chosen = np.sort(rng.choice(np.flatnonzero(kept), size=number, replace=False))
    shift = (places - grid.centres(rows, cols))[chosen] / grid.resolution[0]
    return _within(grid, rows[chosen], cols[chosen], shift)


def _campaigns(options: Survey) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return site and year of each sample."""
    number = np.arange(options.n_samples, dtype=np.int64)
    years = np.array(options.years, dtype=np.int64)
    if options.visits == "again":
        return number % options.n_sites, years[number // options.n_sites]
    return number, years[number % len(years)]
