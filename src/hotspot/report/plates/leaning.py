"""Plates of what a model leans on, covariate by covariate and role by role."""

import numpy as np
import pandas as pd

from hotspot.report import figures, tables
from hotspot.report.content import Explanation
from hotspot.report.numerals import MISSING, number, percent
from hotspot.report.plates.plate import Plate
from hotspot.report.style import svg
from hotspot.report.terms import role_label

# As in `hotspot.explanations.correlation`: half of what one tells is told by the other.
SAME_FROM = 0.7
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
        tables.role_table(frame, explanation.scale, explanation.n_background),
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


def association_plate(explanation: Explanation, key: str) -> Plate | None:
    """Return the tree of covariates that say the same."""
    association = explanation.association
    if association is None or len(association) < 2:
        return None
    apart = association.to_numpy(dtype=np.float64) - np.eye(len(association))
    row, col = np.unravel_index(int(np.argmax(apart)), apart.shape)
    names = [str(name) for name in association.index]
    first, second = names[int(row)], names[int(col)]
    return Plate(
        svg(
            figures.association_tree(association, same_from=SAME_FROM),
            f"Tree of {len(association)} covariates by association. The strongest is "
            f"{number(float(apart.max()), 2)}, of {first} and {second}.",
            key,
        ),
        "Which covariates say the same",
        "Where branches meet in the shaded part, covariates say nearly the same (a rank "
        f"correlation of {number(SAME_FROM)} or more, or its like for classes) and share "
        "credit by chance. Their role holds the sum.",
        tables.association_table(association),
    )


def interaction_plate(explanation: Explanation, key: str) -> Plate | None:
    """Return what roles do alone and in pairs."""
    frame = explanation.interactions
    if frame is None or frame.empty or (frame["first"] == frame["second"]).all():
        return None
    together = frame[frame["first"] != frame["second"]]
    share = 1 - float(together["mean_abs"].sum()) / float(frame["mean_abs"].sum())
    top = together.iloc[0]
    pair = f"{role_label(str(top['first']))} and {role_label(str(top['second'])).lower()}"
    return Plate(
        svg(
            figures.interaction_bars(frame, scale=explanation.scale),
            f"Bars of what roles do alone and in pairs. The strongest pair is {pair.lower()}.",
            key,
        ),
        "What roles do only together",
        f"{percent(share)} of all parts are what a role does whatever the others are. The "
        f"strongest pair is {pair}, {number(float(top['mean_abs']), 2)} {explanation.scale} on "
        "average. Half of each pair is in the contribution of each of the two.",
        tables.interaction_table(frame, explanation.scale),
    )


def _number_at(curve: pd.DataFrame, position: int) -> str:
    return number(float(curve["mean"].iloc[position]), 2) if len(curve) else MISSING
