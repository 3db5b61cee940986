"""Tables of samples, folds, laboratories and the ledger."""

from collections.abc import Sequence

import numpy as np

from hotspot.report.content import (
    Folds,
    Laboratories,
    LedgerStep,
    SamplePoints,
)
from hotspot.report.numerals import number, percent
from hotspot.report.tables.rows import Table, table
from hotspot.report.terms import plan_label


def sample_table(points: SamplePoints) -> Table:
    """Return how many samples exceed, do not, or are unknown."""
    return table(
        "Samples",
        ("Class", "Samples"),
        (
            ("Exceeds", int((points.label == 1).sum())),
            ("Does not exceed", int((points.label == 0).sum())),
            ("Unknown", int(np.isnan(points.label).sum())),
        ),
    )


def fold_table(points: SamplePoints, folds: Folds, *, most: int = 30) -> Table:
    """Return samples by fold; of more folds than `most`, only their number and sizes."""
    labels, sizes = np.unique(folds.fold, return_counts=True)
    caption = f"{plan_label(folds.plan)}: samples by fold"
    if len(labels) > most:
        rows = [("Folds", len(labels)), ("Smallest", sizes.min()), ("Largest", sizes.max())]
        return table(caption, ("Of the folds", "Number"), rows)
    return table(
        caption,
        ("Fold", "Samples", "Exceed", "Unknown"),
        (
            (
                int(label),
                int(size),
                int((points.label[folds.fold == label] == 1).sum()),
                int(np.isnan(points.label[folds.fold == label]).sum()),
            )
            for label, size in zip(labels, sizes, strict=True)
        ),
    )


def censoring_table(laboratories: Laboratories) -> Table:
    """Return how much each laboratory could not measure."""
    return table(
        "Values below and above what can be measured, by laboratory",
        (
            "Laboratory",
            "Values",
            "Below",
            "Share below",
            "Above",
            "Lowest limit, mg/kg",
            "Highest limit, mg/kg",
        ),
        (
            (
                each["laboratory"] or "not named",
                each["values"],
                each["below"],
                percent(each["share_below"]),
                each["above"],
                each["least_limit_mg_kg"],
                each["greatest_limit_mg_kg"],
            )
            for each in laboratories.censoring
        ),
    )


def offset_table(laboratories: Laboratories) -> Table:
    """Return by which factor each laboratory finds more than the others."""
    return table(
        "What each laboratory finds, as a multiple of what all find",
        ("Laboratory", "Results", "Factor", "95 % from", "to"),
        (
            (
                each["laboratory"],
                each["results"],
                *(float(np.exp(each[name])) for name in ("offset", "lower", "upper")),
            )
            for each in laboratories.offsets
        ),
    )


def ledger_table(ledger: Sequence[LedgerStep]) -> Table:
    """Return the steps through which the data went."""
    return table(
        "From the raw table to the samples",
        ("Step", "Rows in", "Rows out", "Left out, and why"),
        (
            (
                step.step,
                step.rows_in,
                step.rows_out,
                "; ".join(f"{number(n)} {reason}" for reason, n in step.reasons) or "none",
            )
            for step in ledger
        ),
    )
