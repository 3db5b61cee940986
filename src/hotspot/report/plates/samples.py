"""Plates of samples and folds."""

from collections.abc import Sequence

import numpy as np

from hotspot.report import mapplots, tables
from hotspot.report.content import (
    Context,
    MapLayers,
    Sampling,
)
from hotspot.report.numerals import number
from hotspot.report.palette import EXCEEDS, UNKNOWN
from hotspot.report.plates.plate import Key, Plate
from hotspot.report.style import png
from hotspot.report.terms import plan_label


def sample_plate(
    sampling: Sampling, maps: MapLayers | None, context: Sequence[Context]
) -> Plate | None:
    """Return the map of the samples."""
    if sampling.points is None or maps is None:
        return None
    table = tables.sample_table(sampling.points)
    counts = ", ".join(f"{row[0].lower()} {row[1]}" for row in table.rows)
    return Plate(
        png(
            mapplots.sample_map(sampling.points, maps, context),
            f"Map of the samples: {counts}.",
        ),
        "Where the samples lie",
        "The mapped area is grey. Between the samples the map is the model's word.",
        table,
        (
            Key("dot", "exceeds the limit", EXCEEDS, table.rows[0][1]),
            Key("dot", "does not exceed", "#ffffff", table.rows[1][1]),
            Key("diamond", "unknown", UNKNOWN, table.rows[2][1]),
        ),
    )


def fold_plates(
    sampling: Sampling, maps: MapLayers | None, context: Sequence[Context]
) -> tuple[Plate, ...]:
    """Return one small map per fold plan."""
    points = sampling.points
    if points is None or maps is None:
        return ()
    return tuple(
        Plate(
            png(
                mapplots.fold_map(points, folds, maps, context),
                f"Map of the samples by fold under the plan {plan_label(folds.plan)}, "
                f"{len(np.unique(folds.fold))} folds.",
                dpi=160,
            ),
            plan_label(folds.plan),
            (
                f"{len(np.unique(folds.fold))} folds; one colour and mark each."
                + (
                    f" W = {number(folds.separation_m)} m."
                    if folds.separation_m is not None
                    else ""
                )
            ),
            tables.fold_table(points, folds),
        )
        for folds in sampling.plans
    )
