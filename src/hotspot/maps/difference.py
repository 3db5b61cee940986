"""What differs between two maps of one grid: probabilities, decisions and hotspots."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import GridError
from hotspot.grid import Grid
from hotspot.maps.decision import Decision
from hotspot.maps.statistics import Block
from hotspot.maps.styles import LayerStyle, StyleClass, contribution_style

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Rows and columns of a table of decisions.
DECISIONS = (Decision.BELOW, Decision.ABOVE, Decision.CANNOT_SAY)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Quantiles are counted in steps of this size, so that memory does not grow with the map.
QUANTILE_STEP = 0.001
# A change of the probability that is worth a look.
NOTABLE = 0.1


@dataclass(frozen=True)
class MapDifference:
    """How two maps of one grid differ; differences are second minus first.

    Parameters
    ----------
    cell_area_m2 : float
        Area of one cell.
    cells : int
        Cells that both maps have data of; all below is of these.
    only_first, only_second : int
        Cells that one map alone has data of.
    decisions : array of int, shape (3, 3), or None
        Cells by decision: rows of the first, columns of the second map, in the order of
        `DECISIONS`. None unless both maps have decisions.
    probability : dict
        ``mean``, ``mean_absolute``, ``notable_share`` (a change of `NOTABLE` or more) and
        ``q05`` to ``q95``; None where no cell has both probabilities.
    interval_ratio : float or None
        Geometric mean of the width of the 90 % interval of the second, over that of the
        first map; None unless both have one.
    """

    cell_area_m2: float
    cells: int
    only_first: int
    only_second: int
    decisions: NDArray[np.int64] | None
    probability: dict[str, float | None]
    interval_ratio: float | None

    @property
    def changed_cells(self) -> int | None:
        """Cells whose decision changed."""
        if self.decisions is None:
            return None
        return int(self.decisions.sum() - np.trace(self.decisions))

    def area_km2(self, cells: int | float) -> float:
        """Return the area of a number of cells."""
        return float(cells) * self.cell_area_m2 / 1e6


@dataclass
class _Tally:
    """Counts that grow block by block."""

    cells: int = 0
    only_first: int = 0
    only_second: int = 0
    decisions: NDArray[np.int64] = field(default_factory=lambda: np.zeros((3, 3), np.int64))
    steps: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(2 * round(1 / QUANTILE_STEP) + 1, np.int64)
    )
    total: float = 0.0
    absolute: float = 0.0
    notable: int = 0
    log_ratio: float = 0.0
    ratios: int = 0


def map_difference(
    first: Iterable[Block], second: Iterable[Block], grid: Grid
) -> MapDifference:
    """Return how two maps differ, in one pass over their windows.

    Parameters
    ----------
    first, second : iterable of mapping
        The same windows of both maps: ``probability`` and, where the maps have them,
        ``decision``, ``lower`` and ``upper``.
    grid : Grid
        Of both maps; projected.

    Raises
    ------
    GridError
        The windows are not the same, or the grid is not projected.

    Examples
    --------
    >>> from hotspot.grid import Grid
    >>> grid = Grid.from_region((0, 2000, 0, 1000), 1000.0, "EPSG:28992")
    >>> one = {"probability": np.array([[0.1, 0.9]]), "decision": np.array([[0, 1]])}
    >>> two = {"probability": np.array([[0.1, 0.4]]), "decision": np.array([[0, 2]])}
    >>> found = map_difference([one], [two], grid)
    >>> int(found.decisions[1, 2]), found.area_km2(found.changed_cells)
    (1, 1.0)
    >>> found.probability["mean"]
    -0.25
    """
    area = grid.cell_area_m2
    tally = _Tally()
    has_decisions = has_intervals = True
    seen = 0
    for one, two in together(first, second):
        seen += one["probability"].size
        has_decisions &= "decision" in one and "decision" in two
        has_intervals &= {"lower", "upper"} <= one.keys() & two.keys()
        present = [has_data(block) for block in (one, two)]
        both = present[0] & present[1]
        tally.cells += int(both.sum())
        tally.only_first += int((present[0] & ~present[1]).sum())
        tally.only_second += int((present[1] & ~present[0]).sum())
        if has_decisions:
            tally.decisions += _crossed(one["decision"][both], two["decision"][both])
        _add_probabilities(tally, one["probability"][both], two["probability"][both])
        if has_intervals:
            _add_widths(tally, *(_width(block)[both] for block in (one, two)))
    if seen != grid.shape[0] * grid.shape[1]:
        raise GridError(
            f"The windows hold {seen} cells, the grid {grid.shape[0] * grid.shape[1]}. "
            "Give every window of both maps once."
        )
    return MapDifference(
        cell_area_m2=area,
        cells=tally.cells,
        only_first=tally.only_first,
        only_second=tally.only_second,
        decisions=tally.decisions if has_decisions else None,
        probability=_summary(tally),
        interval_ratio=float(np.exp(tally.log_ratio / tally.ratios)) if tally.ratios else None,
    )


def together(first: Iterable[Block], second: Iterable[Block]) -> Iterator[tuple[Block, Block]]:
    """Yield the same windows of two maps, pair by pair.

    Raises
    ------
    GridError
        Two windows have different shapes.
    """
    for one, two in zip(first, second, strict=True):
        if one["probability"].shape != two["probability"].shape:
            raise GridError(
                f"Windows of {one['probability'].shape} and {two['probability'].shape} cells "
                "cannot be compared. Give the same windows of both maps."
            )
        yield one, two


def has_data(block: Block) -> Mask:
    """Return whether each cell has data; one without a probability may have a decision."""
    if "decision" in block:
        return np.asarray(block["decision"] != Decision.NO_DATA)
    return ~np.isnan(block["probability"])


@dataclass(frozen=True)
class HotspotChange:
    """Hotspots that came, went and stayed.

    A hotspot stays if it shares ground with one of the other map.

    Parameters
    ----------
    lost, gained : int
        Hotspots of the first map without one of the second, and the other way round.
    kept_of_first, kept_of_second : int
        The others.
    lost_m2, gained_m2, common_m2 : float
        Ground in hotspots of the first map only, of the second only, of both.
    """

    lost: int
    gained: int
    kept_of_first: int
    kept_of_second: int
    lost_m2: float
    gained_m2: float
    common_m2: float


def hotspot_change(
    first: Sequence[Any], second: Sequence[Any], *, metres_per_unit: float = 1.0
) -> HotspotChange:
    """Return which hotspots came, went and stayed.

    Parameters
    ----------
    first, second : sequence of shapely polygons
        The hotspots of each map, which do not overlap among themselves.
    metres_per_unit : float
        Of their coordinates.

    Examples
    --------
    >>> from shapely import box
    >>> found = hotspot_change([box(0, 0, 2, 2), box(9, 9, 10, 10)], [box(1, 0, 3, 2)])
    >>> found.lost, found.kept_of_first, found.gained, found.common_m2, found.lost_m2
    (1, 1, 0, 2.0, 3.0)
    """
    from shapely import STRtree

    left, right = np.array(first, dtype=object), np.array(second, dtype=object)
    one, two = (
        STRtree(right).query(left, predicate="intersects")
        if len(left) and len(right)
        else np.empty((2, 0), dtype=np.int64)
    )
    shared = np.array(
        [left[i].intersection(right[j]).area for i, j in zip(one, two, strict=True)]
    )
    # Hotspots that meet at a corner share no ground.
    one, two = one[shared > 0], two[shared > 0]
    scale = metres_per_unit**2
    common = float(shared.sum()) * scale
    areas = [sum(float(shape.area) for shape in shapes) * scale for shapes in (left, right)]
    kept = [len(np.unique(found)) for found in (one, two)]
    return HotspotChange(
        lost=len(left) - kept[0],
        gained=len(right) - kept[1],
        kept_of_first=kept[0],
        kept_of_second=kept[1],
        lost_m2=areas[0] - common,
        gained_m2=areas[1] - common,
        common_m2=common,
    )


def difference_style() -> LayerStyle:
    """Return the classes of a difference of probabilities, blue where lower, red where higher.

    Examples
    --------
    >>> difference_style().classify([-0.5, 0.0, 0.02, 0.4])
    array([0, 3, 3, 6])
    """
    edges = (-1.0, -0.3, -0.1, -0.02, 0.02, 0.1, 0.3, 1.0)
    labels = (
        "lower by more than 0.3",
        "lower by 0.1 to 0.3",
        "lower by 0.02 to 0.1",
        "changed by 0.02 at most",
        "higher by 0.02 to 0.1",
        "higher by 0.1 to 0.3",
        "higher by more than 0.3",
    )
    # The colours of contributions, which colour-blind readers can tell apart.
    colours = [entry.colour for entry in contribution_style("location").classes]
    classes = tuple(
        StyleClass(colour, label, None, lower, upper)
        for colour, label, lower, upper in zip(
            colours, labels, edges[:-1], edges[1:], strict=True
        )
    )
    return LayerStyle("difference", "Difference of P(exceed)", "1", classes)


def _crossed(one: NDArray[Any], two: NDArray[Any]) -> NDArray[np.int64]:
    code = one.astype(np.int64) * 3 + two.astype(np.int64)
    return np.bincount(code, minlength=9).reshape(3, 3)


def _add_probabilities(tally: _Tally, one: NDArray[Any], two: NDArray[Any]) -> None:
    change = two.astype(np.float64) - one.astype(np.float64)
    change = change[np.isfinite(change)]
    tally.total += float(change.sum())
    tally.absolute += float(np.abs(change).sum())
    tally.notable += int((np.abs(change) >= NOTABLE).sum())
    # A step's middle is a multiple of the step, so that no change is exactly 0.
    index = np.rint(change / QUANTILE_STEP).astype(np.int64) + len(tally.steps) // 2
    tally.steps += np.bincount(index, minlength=len(tally.steps))


def _width(block: Block) -> Values:
    return np.asarray(block["upper"], np.float64) - np.asarray(block["lower"], np.float64)


def _add_widths(tally: _Tally, one: Values, two: Values) -> None:
    known = np.isfinite(one) & np.isfinite(two) & (one > 0) & (two > 0)
    tally.log_ratio += float(np.log(two[known] / one[known]).sum())
    tally.ratios += int(known.sum())


def _summary(tally: _Tally) -> dict[str, float | None]:
    count = int(tally.steps.sum())
    names = [f"q{round(100 * q):02d}" for q in QUANTILES]
    if not count:
        return dict.fromkeys(["mean", "mean_absolute", "notable_share", *names])
    below = np.cumsum(tally.steps)
    middle = len(tally.steps) // 2
    found = {
        name: round((int(np.searchsorted(below, q * count)) - middle) * QUANTILE_STEP, 3)
        for name, q in zip(names, QUANTILES, strict=True)
    }
    return {
        "mean": tally.total / count,
        "mean_absolute": tally.absolute / count,
        "notable_share": tally.notable / count,
        **found,
    }
