"""The cells of hotspots: by a cut, by the share of the map, or where high values gather."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.grid import Grid, Window
from hotspot.maps.clusters import false_discovery_cut, getis_ord
from hotspot.maps.hotspot_rules import ClusterRule, HotspotRule, Rule, TopShareRule

# Largest number of coarse cells on which clusters are looked for: four arrays of 32 MB.
_MOST_COARSE = 4_000_000
# Coarse cells along the radius of a neighbourhood.
_STEPS = 4
# Log-odds are summed as whole multiples of this, so that the sum does not depend on windows.
_LOG_ODDS_STEP = 2.0**-24
_CLIP = 1e-6


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

Select = Callable[[HotspotBlock], NDArray[np.bool_]]
"""Tells which cells of a window belong to hotspots."""


def hotspot_cells(rule: Rule, blocks: Blocks, grid: Grid) -> Select:
    """Return what tells the cells of hotspots, after the passes that it needs."""
    if isinstance(rule, HotspotRule):
        return _from_cut(np.float32(rule.probability))
    if isinstance(rule, TopShareRule):
        return _from_cut(top_share_cut(blocks, rule.share))
    return _in_clusters(rule, blocks, grid)


def _from_cut(cut: np.float32) -> Select:
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


def _in_clusters(rule: ClusterRule, blocks: Blocks, grid: Grid) -> Select:
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
