"""What two finished runs have not alike: scores, maps, and why the maps differ."""

from dataclasses import dataclass
from typing import Any

from hotspot.commands.causes import MOST_CELLS, causes_of
from hotspot.commands.finished_run import ChangedKey, FinishedRun
from hotspot.errors import ConfigError, GridError, HotspotError, OutputError, few
from hotspot.evaluation.pairs import (
    COMPARED,
    ScoreDifference,
    distribution_differences,
    label_differences,
    unpaired_difference,
)
from hotspot.evaluation.uncertainty import Estimate
from hotspot.grid import Grid
from hotspot.maps.causes import Step, draw_cells, split_by_cause
from hotspot.maps.difference import (
    HotspotChange,
    MapDifference,
    hotspot_change,
    map_difference,
)
from hotspot.maps.read import read_blocks
from hotspot.rasters import read_grid
from hotspot.seeds import child_seed

# Side of the windows in which maps are read, in cells.
WINDOW = 1024
TARGET_PLAN = "target_weighted"


@dataclass(frozen=True)
class Compared:
    """What two runs have not alike about one contaminant.

    Parameters
    ----------
    contaminant : str
    limits_mg_kg : tuple of float
    scores : tuple of ScoreDifference
    map : MapDifference or None
    hotspots : HotspotChange or None
    steps : tuple of Step
    cells : tuple of int
        On how many cells, of how many, the steps rest.
    notes : tuple of str
        What could not be compared, and why.
    """

    contaminant: str
    limits_mg_kg: tuple[float, float]
    scores: tuple[ScoreDifference, ...]
    map: MapDifference | None
    hotspots: HotspotChange | None
    steps: tuple[Step, ...]
    cells: tuple[int, int]
    notes: tuple[str, ...]


def compare_runs(
    first: FinishedRun, second: FinishedRun, changed: list[ChangedKey]
) -> list[Compared]:
    """Return what two runs have not alike, for each contaminant of both.

    Raises
    ------
    ConfigError
        No contaminant is common.
    OutputError
        Nothing of any contaminant can be compared.
    """
    common = [each for each in first.contaminants if each in second.contaminants]
    if not common:
        raise ConfigError(
            f"{first.name} maps {few(first.contaminants)}, {second.name} maps "
            f"{few(second.contaminants)}. Compare runs that have a contaminant in common."
        )
    compared = [_compare(first, second, each, changed) for each in common]
    if all(not each.scores and each.map is None for each in compared):
        raise OutputError(f"Nothing can be compared. {' '.join(compared[0].notes)}")
    return compared


def _compare(
    first: FinishedRun, second: FinishedRun, contaminant: str, changed: list[ChangedKey]
) -> Compared:
    scores, notes = _scores(first, second, contaminant)
    limits = (first.limit_mg_kg(contaminant), second.limit_mg_kg(contaminant))
    try:
        grid = _common_grid(first, second, contaminant)
    except HotspotError as error:
        told = (*notes, f"The maps are not compared. {error}")
        return Compared(contaminant, limits, scores, None, None, (), (0, 0), told)
    one, two = (run.map_layers(contaminant) for run in (first, second))
    difference = map_difference(read_blocks(one, WINDOW), read_blocks(two, WINDOW), grid)
    cells = draw_cells(
        read_blocks(one, WINDOW),
        read_blocks(two, WINDOW),
        grid,
        windows=grid.windows(WINDOW),
        most=MOST_CELLS,
        seed=child_seed(first.seed, "compare", contaminant),
    )
    causes = causes_of(first, second, contaminant, cells=cells, changed=changed)
    return Compared(
        contaminant=contaminant,
        limits_mg_kg=limits,
        scores=scores,
        map=difference,
        hotspots=_hotspots(first, second, contaminant, grid),
        steps=tuple(split_by_cause(causes.states)),
        cells=(len(cells), cells.n_cells),
        notes=(*notes, *causes.notes),
    )


def _scores(
    first: FinishedRun, second: FinishedRun, contaminant: str
) -> tuple[tuple[ScoreDifference, ...], tuple[str, ...]]:
    """Return the differences of scores, and why some are missing."""
    try:
        one, two = (run.predictions(contaminant) for run in (first, second))
    except HotspotError as error:
        return (), (f"The scores are not compared. {error}",)
    scores: list[ScoreDifference] = []
    notes: list[str] = []
    try:
        scores += label_differences(one, two)
        scores += _of_the_map(first, second, contaminant)
    except HotspotError as error:
        notes.append(f"Log loss and Brier score are not compared. {error}")
    try:
        scores += distribution_differences(one, two)
    except HotspotError as error:
        notes.append(f"Scores of the distribution are not compared. {error}")
    notes += dict.fromkeys(each.unpaired for each in scores if each.unpaired)
    return tuple(scores), tuple(notes)


def _of_the_map(
    first: FinishedRun, second: FinishedRun, contaminant: str
) -> list[ScoreDifference]:
    """Return the differences of the target-weighted scores, where both runs have them."""
    entries: list[dict[str, Any]] = []
    counts = []
    for run in (first, second):
        ledger = run.ledger()
        entries.append(ledger.get(contaminant, {}).get(run.kind, {}).get(TARGET_PLAN, {}))
        told = ledger.get("target", {}).get(contaminant, {}).get(run.kind, {})
        counts.append(told.get("n_effective") or 0.0)
    found = []
    for score in COMPARED:
        if all(score in entry for entry in entries):
            one, two = (Estimate(entry[score]["mean"], entry[score]["se"]) for entry in entries)
            difference, interval = unpaired_difference(one, two)
            found.append(
                ScoreDifference(
                    plan=TARGET_PLAN,
                    score=score,
                    first=one,
                    second=two,
                    difference=difference,
                    interval=interval,
                    n_samples=round(min(counts)),
                    unpaired=(
                        "Predictions behind target-weighted scores are not kept: not paired, "
                        "so that the interval is wider."
                    ),
                )
            )
    return found


def _common_grid(first: FinishedRun, second: FinishedRun, contaminant: str) -> Grid:
    """Return the grid of both maps.

    Raises
    ------
    OutputError
        A run has no map.
    GridError
        The maps lie on different grids, or on one in degrees.
    """
    grids = []
    for run in (first, second):
        layers = run.map_layers(contaminant)
        if "probability" not in layers:
            raise OutputError(
                f"There is no map of {contaminant} in {run.paths.maps(contaminant)}. "
                f"Run `hotspot run experiment={run.name}` first."
            )
        grids.append(read_grid(layers["probability"]))
    one, two = grids
    if not one.aligned_with(two):
        raise GridError(
            f"The map of {first.name} has {one.shape} cells in {one.region}, that of "
            f"{second.name} {two.shape} in {two.region}. Predict both on one grid: give both "
            "the same covariates.grid."
        )
    if not one.is_projected:
        raise GridError(
            f"The maps lie on a grid of {one.crs}, whose cells have no common area. Give the "
            "grid a projected CRS."
        )
    return one


def _hotspots(
    first: FinishedRun, second: FinishedRun, contaminant: str, grid: Grid
) -> HotspotChange | None:
    files = [run.paths.maps(contaminant) / "hotspots.gpkg" for run in (first, second)]
    if not all(path.is_file() for path in files):
        return None
    import geopandas as gpd

    one, two = (list(gpd.read_file(path).geometry) for path in files)
    return hotspot_change(one, two, metres_per_unit=grid.metres_per_unit)
