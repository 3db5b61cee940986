"""Hotspots: patches of a map where the limit is probably exceeded, as ranked polygons."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Covariate
from hotspot.errors import ConfigError, GridError
from hotspot.grid import Grid, Window
from hotspot.maps.clusters import false_discovery_cut, getis_ord
from hotspot.maps.patches import Patch, PatchFinder

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# Side of the windows of a map that is given as one array.
_WINDOW = 1024
# Largest number of coarse cells on which clusters are looked for: four arrays of 32 MB.
_MOST_COARSE = 4_000_000
# Coarse cells along the radius of a neighbourhood.
_STEPS = 4
# Log-odds are summed as whole multiples of this, so that the sum does not depend on windows.
_LOG_ODDS_STEP = 2.0**-24
_CLIP = 1e-6


@dataclass(frozen=True)
class HotspotRule:
    """A hotspot is where the limit is probably exceeded: P(exceed) from a cut upwards.

    Parameters
    ----------
    probability : float
        Cells from this P(exceed) upwards belong to a hotspot; inside (0, 1).
    minimum_area_m2 : float
        Smaller hotspots are left out; 0 keeps single cells.

    Raises
    ------
    ConfigError
        A value is out of its range.
    """

    probability: float = 0.8
    minimum_area_m2: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 < self.probability < 1.0 and 0.0 <= self.minimum_area_m2 < np.inf):
            raise ConfigError(
                f"A hotspot cannot begin at a probability of {self.probability} and an area "
                f"of {self.minimum_area_m2} m2. Set predict.hotspots.probability inside "
                "(0, 1) and predict.hotspots.minimum_area_m2 to 0 or more."
            )


@dataclass(frozen=True)
class TopShareRule:
    """A hotspot is where the probability is among the highest, whatever it is.

    For where to look first with a given budget. Cells of equal probability are all in or all
    out, and never more than the share are in: of a map of one probability nothing is.

    Parameters
    ----------
    share : float
        Of the mapped area inside the area of applicability, inside (0, 1).
    minimum_area_m2 : float
        Smaller hotspots are left out.
    """

    share: float = 0.05
    minimum_area_m2: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 < self.share < 1.0 and 0.0 <= self.minimum_area_m2 < np.inf):
            raise ConfigError(
                f"Hotspots cannot be a share of {self.share} of the map with an area of at "
                f"least {self.minimum_area_m2} m2. Set predict.hotspots.share inside (0, 1) "
                "and predict.hotspots.minimum_area_m2 to 0 or more."
            )


@dataclass(frozen=True)
class ClusterRule:
    """A hotspot is where high probabilities gather, with a bound on false findings.

    The map is averaged to coarse cells, a quarter of the radius wide, and the local Gi* of
    their log-odds is compared with what the same values in random order would give.
    The false discovery rate is controlled over all coarse cells. A model's map is smooth, so
    that random order is refuted in many places: the rule tells where the map gathers its
    high values, not how sure they are. For that there are the probabilities.

    Parameters
    ----------
    rate : float
        Expected share of coarse cells called hot by mistake, inside (0, 1).
    radius_m : float
        Half the side of the neighbourhood, in metres.
    minimum_area_m2 : float
        Smaller hotspots are left out.
    """

    rate: float = 0.05
    radius_m: float = 1000.0
    minimum_area_m2: float = 0.0

    def __post_init__(self) -> None:
        if not (
            0.0 < self.rate < 1.0
            and 0.0 < self.radius_m < np.inf
            and 0.0 <= self.minimum_area_m2 < np.inf
        ):
            raise ConfigError(
                f"Clusters cannot be found with a false discovery rate of {self.rate}, a "
                f"radius of {self.radius_m} m and an area of {self.minimum_area_m2} m2. Set "
                "predict.hotspots.false_discovery_rate inside (0, 1), "
                "predict.hotspots.radius_m above 0 and predict.hotspots.minimum_area_m2 to 0 "
                "or more."
            )


Rule = HotspotRule | TopShareRule | ClusterRule


@dataclass(frozen=True)
class HotspotBlock:
    """What hotspots are made of, under one window.

    Parameters
    ----------
    window : Window
        Its place in the map.
    probability : array, shape of the window
        P(exceed); NaN where there is no data.
    applicable : array of bool, shape of the window, or None
        Whether a cell lies inside the area of applicability; None counts every cell.
    land_use : array, shape of the window, or None
        Codes of land use; NaN where not known.
    """

    window: Window
    probability: NDArray[Any]
    applicable: NDArray[np.bool_] | None = None
    land_use: NDArray[Any] | None = None

    @property
    def candidates(self) -> NDArray[np.bool_]:
        """Cells with a probability inside the area of applicability."""
        inside = True if self.applicable is None else self.applicable
        return np.asarray(~np.isnan(self.probability) & inside, dtype=np.bool_)


Blocks = Callable[[], Iterable[HotspotBlock]]
"""Called once for each pass over a map; gives its windows row by row."""

_Select = Callable[[HotspotBlock], NDArray[np.bool_]]


def find_hotspots(
    probability: NDArray[np.float32] | NDArray[np.float64],
    applicable: NDArray[np.bool_] | None,
    *,
    grid: Grid,
    rule: Rule,
    contaminant: str,
    threshold_id: str,
) -> "GeoDataFrame":
    """Return the hotspots of a map that is held in memory, as `trace_hotspots` does.

    Parameters
    ----------
    probability : array, shape (rows, cols)
        P(exceed); NaN where there is no data.
    applicable : array of bool, shape (rows, cols), or None
        Whether a cell lies inside the area of applicability. None counts every cell, and
        hotspots may then lie where no sample resembles the ground.
    grid, rule, contaminant, threshold_id
        As in `trace_hotspots`.

    Raises
    ------
    GridError
        The arrays are not of the shape of the grid, or the grid is not projected.
    """
    for array in (probability, applicable):
        if array is not None and array.shape != grid.shape:
            raise GridError(
                f"The array has the shape {array.shape}, its grid {grid.shape}. "
                "Give the probability, the applicability and the grid of the same raster."
            )

    def blocks() -> Iterator[HotspotBlock]:
        for window in grid.windows(_WINDOW):
            inside = None if applicable is None else applicable[window.slices]
            yield HotspotBlock(window, probability[window.slices], inside)

    return trace_hotspots(
        blocks, grid=grid, rule=rule, contaminant=contaminant, threshold_id=threshold_id
    )


def trace_hotspots(
    blocks: Blocks,
    *,
    grid: Grid,
    rule: Rule,
    contaminant: str,
    threshold_id: str,
    land_use: Covariate | None = None,
) -> "GeoDataFrame":
    """Return the hotspots of a map of any size as ranked polygons.

    A hotspot is a set of cells, connected through edges or corners, that the rule chooses
    inside the area of applicability. Cells are compared in float32, as the map stores them.
    The map is gone through window by window: once for `HotspotRule`, twice for `ClusterRule`,
    three times for `TopShareRule`. Memory is that of a window and of the hotspots themselves,
    and polygons and numbers do not depend on the windows.

    Parameters
    ----------
    blocks : callable
        Gives the windows of the map, row by row and the same in each pass.
    grid : Grid
        Of the whole map; projected.
    rule : HotspotRule, TopShareRule or ClusterRule
        What counts as a hotspot.
    contaminant, threshold_id : str
        Written into each row.
    land_use : Covariate, optional
        The covariate whose codes the blocks hold.

    Returns
    -------
    GeoDataFrame
        One MultiPolygon a row, in the CRS of the grid, no row when there is no hotspot:

        ``rank``
            From 1, by ``expected_area_m2`` downwards; then by ``max_probability``, then
            from north to south.
        ``area_m2``, ``area_km2``, ``n_cells``
            Size.
        ``mean_probability``, ``max_probability``
            Over the cells. The mean is also the expected share of the hotspot above the
            limit, whether or not its cells depend on each other.
        ``expected_area_m2``
            Area times mean probability: the expected area above the limit.
        ``confidence``
            Least probability that at least half of the hotspot is above the limit,
            ``max(0, 2 * mean_probability - 1)``. It is Markov's inequality on the share
            that is not above, so it holds however the cells depend on each other; the
            probability itself is higher by an unknown amount, and the bound is only as good
            as the calibration of the map. One minus the product of (1 - P), the chance of
            any exceedance, would be near 1 for every large patch, and would take neighbours
            for independent, which they are not.
        ``land_use``, ``land_use_share``, ``land_use_shares``
            The commonest class by name, its share of the cells whose class is known, and the
            shares of all classes as JSON, largest first. Only with `land_use`.
        ``contaminant``, ``threshold_id``
            As given.

    Raises
    ------
    GridError
        The grid is not projected.
    """
    import geopandas as gpd

    cell_area = grid.cell_area_m2
    chosen = _selection(rule, blocks, grid)
    finder = PatchFinder(grid.shape, rule.minimum_area_m2 / cell_area)
    for block in blocks():
        finder.add(block.window, chosen(block), block.probability, block.land_use)
    patches = sorted(finder.patches(), key=lambda p: (-p.total, -p.highest, p.first))

    n_cells = np.array([patch.n_cells for patch in patches], dtype=np.int64)
    total = np.array([patch.total for patch in patches], dtype=np.float64)
    mean = total / n_cells
    classes = {} if land_use is None else _land_use(patches, dict(land_use.classes))
    return gpd.GeoDataFrame(
        {
            "rank": np.arange(1, len(patches) + 1, dtype=np.int32),
            "area_m2": n_cells * cell_area,
            "area_km2": n_cells * cell_area / 1e6,
            "mean_probability": mean,
            "max_probability": np.array([p.highest for p in patches], dtype=np.float64),
            "expected_area_m2": total * cell_area,
            "confidence": np.maximum(0.0, 2.0 * mean - 1.0),
            "n_cells": n_cells,
            **classes,
            "contaminant": np.full(len(patches), contaminant, dtype=object),
            "threshold_id": np.full(len(patches), threshold_id, dtype=object),
        },
        geometry=gpd.GeoSeries(
            _placed([patch.shape for patch in patches], grid), crs=grid.pyproj_crs
        ),
    )


def _placed(shapes: list[Any], grid: Grid) -> list[Any]:
    """Return shapes of cells as MultiPolygons in the CRS of the grid."""
    import shapely

    step = grid.transform

    def place(cells: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([step.c + step.a * cells[:, 0], step.f + step.e * cells[:, 1]])

    return [
        shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
        for shape in shapely.transform(np.array(shapes, dtype=object), place)
    ]


def _land_use(patches: list[Patch], names: Mapping[int, str]) -> dict[str, NDArray[Any]]:
    """Return the columns on land use."""
    commonest, share, shares = [], [], []
    for patch in patches:
        known = sum(n for _, n in patch.codes)
        ranked = sorted(patch.codes, key=lambda entry: (-entry[1], entry[0]))
        named = {names.get(code, str(code)): round(n / known, 4) for code, n in ranked}
        commonest.append(next(iter(named), None))
        share.append(ranked[0][1] / known if ranked else np.nan)
        shares.append(json.dumps(named, ensure_ascii=False))
    return {
        "land_use": np.array(commonest, dtype=object),
        "land_use_share": np.array(share, dtype=np.float64),
        "land_use_shares": np.array(shares, dtype=object),
    }


def _selection(rule: Rule, blocks: Blocks, grid: Grid) -> _Select:
    """Return what tells the cells of hotspots, after the passes that it needs."""
    if isinstance(rule, HotspotRule):
        return _from_cut(np.float32(rule.probability))
    if isinstance(rule, TopShareRule):
        return _from_cut(top_share_cut(blocks, rule.share))
    return _in_clusters(rule, blocks, grid)


def _from_cut(cut: np.float32) -> _Select:
    def select(block: HotspotBlock) -> NDArray[np.bool_]:
        # A comparison with NaN is False, so that missing cells belong to no hotspot.
        cells = np.asarray(block.probability, dtype=np.float32) >= cut
        inside = True if block.applicable is None else block.applicable
        return np.asarray(cells & inside, dtype=np.bool_)

    return select


def top_share_cut(blocks: Blocks, share: float) -> np.float32:
    """Return the lowest probability from which at most a share of the cells lies upwards.

    Exact, in two passes and 0.5 MB: floats of one sign are ordered as their bits are, so the
    upper half of the bits is counted first, then the lower half where the cut falls.
    """

    def counts(upper: int | None) -> NDArray[np.int64]:
        found = np.zeros(1 << 16, dtype=np.int64)
        for block in blocks():
            chance = block.probability[block.candidates].astype(np.float32) + np.float32(0.0)
            bits = chance.view(np.uint32)
            keys = bits >> 16 if upper is None else bits[bits >> 16 == upper] & 0xFFFF
            found += np.bincount(keys, minlength=1 << 16)
        return found

    def first_beyond(numbers: NDArray[np.int64], above: int, most: int) -> int:
        """Return the highest key from which on there are more than allowed, or -1."""
        upwards = above + np.cumsum(numbers[::-1])[::-1]
        return int(np.flatnonzero(upwards > most)[-1]) if (upwards > most).any() else -1

    coarse = counts(None)
    most = int(share * coarse.sum())
    upper = first_beyond(coarse, 0, most)
    if upper < 0:
        return np.float32(0.0)
    lower = first_beyond(counts(upper), int(coarse[upper + 1 :].sum()), most)
    return np.uint32((upper << 16) + lower + 1).view(np.float32)


def _in_clusters(rule: ClusterRule, blocks: Blocks, grid: Grid) -> _Select:
    from scipy.stats import norm

    width, height = (step * grid.metres_per_unit for step in grid.resolution)
    side = max(
        1,
        int(rule.radius_m / _STEPS / max(width, height)),
        int(np.ceil(np.sqrt(grid.shape[0] * grid.shape[1] / _MOST_COARSE))),
    )
    values = coarse_log_odds(blocks, grid.shape, side)
    reach = tuple(max(1, round(rule.radius_m / (side * step))) for step in (height, width))
    p_values = norm.sf(getis_ord(values, (reach[0], reach[1])))
    hot = p_values <= false_discovery_cut(p_values, rule.rate)

    def select(block: HotspotBlock) -> NDArray[np.bool_]:
        window = block.window
        rows = (np.arange(window.height) + window.row) // side
        cols = (np.arange(window.width) + window.col) // side
        return np.asarray(hot[np.ix_(rows, cols)] & block.candidates, dtype=np.bool_)

    return select


def coarse_log_odds(blocks: Blocks, shape: tuple[int, int], side: int) -> NDArray[np.float64]:
    """Return the mean log-odds of squares of cells; NaN where a square has no candidate."""
    rows, cols = (-(-length // side) for length in shape)
    sums, counts = np.zeros((rows, cols)), np.zeros((rows, cols), dtype=np.int64)
    for block in blocks():
        row, col = np.nonzero(block.candidates)
        chance = np.clip(block.probability[row, col].astype(np.float64), _CLIP, 1 - _CLIP)
        odds = np.rint(np.log(chance / (1 - chance)) / _LOG_ODDS_STEP)
        top, left = block.window.row // side, block.window.col // side
        bottom = (block.window.row + block.window.height - 1) // side + 1
        right = (block.window.col + block.window.width - 1) // side + 1
        part = (bottom - top, right - left)
        place = ((row + block.window.row) // side - top) * part[1] + (
            (col + block.window.col) // side - left
        )
        number = part[0] * part[1]
        sums[top:bottom, left:right] += np.bincount(place, odds, number).reshape(part)
        counts[top:bottom, left:right] += np.bincount(place, minlength=number).reshape(part)
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums * _LOG_ODDS_STEP / counts, np.nan)
