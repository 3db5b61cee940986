"""Plates of what a model leans on, covariate by covariate and role by role."""

import pandas as pd

from hotspot.report import figures, tables
from hotspot.report.content import Explanation
from hotspot.report.numerals import MISSING, number
from hotspot.report.plates.plate import Plate
from hotspot.report.style import svg
from hotspot.report.terms import role_label

# Charts of more covariates than this cannot be read at a glance; the table has them all.
MOST_BARS = 20
MOST_SWARMS = 12
MOST_DEPENDENCES = 6


def importance_plate(explanation: Explanation, key: str) -> Plate:
    """Return the importance of the covariates."""
    shown = explanation.importance.head(MOST_BARS)
    first = shown.iloc[0] if len(shown) else None
    alt = "Bars of the mean absolute contribution of each covariate." + (
        f" The largest is {first['covariate']} with {number(float(first['mean_abs']))}."
        if first is not None
        else ""
    )
    left = len(explanation.importance) - len(shown)
    caption = (
        "Colour is the role; whiskers are one standard deviation."
        if "sd" in shown.columns
        else "Colour is the role."
    )
    if explanation.placebo is not None:
        caption += " Bars that end within the grey placebo band cannot be told from noise."
    if left:
        caption += f" {left} more are in the table."
    chart = figures.importance_bars(shown, scale=explanation.scale, placebo=explanation.placebo)
    return Plate(
        svg(chart, alt, key),
        "Which covariates the model leans on",
        caption,
        tables.importance_table(explanation),
    )


def role_plate(explanation: Explanation, key: str) -> Plate | None:
    """Return the importance of the roles."""
    frame = explanation.by_role
    if frame is None or frame.empty:
        return None
    return Plate(
        svg(
            figures.role_bars(frame, scale=explanation.scale),
            "Bars of the mean absolute contribution of each role. The largest is "
            f"{role_label(str(frame.iloc[0]['role'])).lower()}.",
            key,
        ),
        "Summed by role",
        "Covariates of one role are often alike and share their credit by chance; their sum is "
        "steadier than each alone.",
        tables.role_table(frame, explanation.scale),
    )


def swarm_plate(explanation: Explanation, key: str) -> Plate | None:
    """Return the chart of the contributions to every sample."""
    samples = explanation.samples
    if samples is None:
        return None
    known = set(samples.X.columns)
    names = [name for name in explanation.importance["covariate"] if name in known][
        :MOST_SWARMS
    ]
    if not names:
        return None
    return Plate(
        svg(
            figures.beeswarm(samples, names=names, scale=explanation.scale),
            f"One point per sample and covariate, for {len(names)} covariates: how far each "
            "raises or lowers the prediction, coloured by the value of the covariate.",
            key,
        ),
        "Contributions, sample by sample",
        "To the right a covariate raises the prediction, to the left it lowers it. Colour runs "
        "from the lowest to the highest value of the covariate, by rank.",
        tables.swarm_table(samples, names),
    )


def dependence_plates(explanation: Explanation, key: str) -> tuple[Plate, ...]:
    """Return one small chart per covariate with a dependence table."""
    return tuple(
        Plate(
            svg(
                figures.dependence_plot(
                    one, samples=explanation.samples, scale=explanation.scale
                ),
                f"Contribution of {one.name} along its values, from "
                f"{_number_at(one.curve, 0)} at the lowest to {_number_at(one.curve, -1)} at "
                "the highest.",
                f"{key}-{position}",
            ),
            one.name,
            f"Unit: {one.unit}." if one.unit not in ("", "1", "class") else "",
            tables.dependence_table(one),
        )
        for position, one in enumerate(explanation.dependence[:MOST_DEPENDENCES])
    )


def _number_at(curve: pd.DataFrame, position: int) -> str:
    return number(float(curve["mean"].iloc[position]), 2) if len(curve) else MISSING
