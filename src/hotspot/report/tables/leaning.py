"""Tables of what a model leans on."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hotspot.report.content import (
    Dependence,
    Explanation,
    SampleContributions,
    ScaleImportance,
)
from hotspot.report.tables.rows import Table, frame_table, table
from hotspot.report.terms import role_label
from hotspot.report.words import stability_verdict

_SCALE_HEADS = {
    "log-odds": "Log-odds of exceedance",
    "probability": "Probability of exceedance",
    "median": "Median concentration, ln(mg/kg)",
    "width": "Uncertainty: width of the 90 % interval, ln(mg/kg)",
}


def importance_table(explanation: Explanation) -> Table:
    """Return the importance of each covariate."""
    frame = explanation.importance
    heads = ["Covariate", "Role", f"Mean absolute contribution, {explanation.scale}"]
    columns = [
        frame["covariate"],
        frame["role"].map(lambda role: role_label(str(role))),
        frame["mean_abs"],
    ]
    for name, head in (
        ("sd", "Standard deviation"),
        ("interventional", "The same against a background of samples"),
        ("above_placebo", "Above the placebo band"),
        ("unit", "Unit of the covariate"),
    ):
        if name in frame.columns:
            heads.append(head)
            columns.append(frame[name])
    caption = f"Importance by covariate{_against(explanation.n_background)}"
    return table(caption, heads, zip(*columns, strict=True))


def role_table(frame: pd.DataFrame, scale: str, n_background: int = 0) -> Table:
    """Return the importance of each role; its caption says what it is measured against."""
    names = [name for name in ("mean_abs", "sd") if name in frame.columns]
    heads = ["Role", f"Mean absolute contribution, {scale}", "Standard deviation"]
    return table(
        f"Importance by role{_against(n_background)}",
        heads[: 1 + len(names)],
        (
            (role_label(str(role)), *values)
            for role, values in zip(
                frame["role"], frame[names].itertuples(index=False, name=None), strict=True
            )
        ),
    )


def scale_table(scales: Sequence[ScaleImportance]) -> Table:
    """Return what roles add on each scale, by their importance on the first."""
    roles = list(scales[0].mean_abs)
    against = _against(scales[0].n_background)
    return table(
        f"Mean absolute contribution of each role, on every scale{against}",
        ("Role", *(_SCALE_HEADS.get(each.scale, each.unit) for each in scales)),
        ((role_label(role), *(each.mean_abs.get(role) for each in scales)) for role in roles),
    )


def _against(n_background: int) -> str:
    """Return what contributions are measured against, for a caption."""
    if n_background:
        return f"; against {n_background} samples as background"
    return "; by the model itself, without background samples"


def interaction_table(frame: pd.DataFrame, scale: str) -> Table:
    """Return what roles do alone and in pairs."""
    return table(
        "What roles do alone and in pairs",
        ("Role", "With", f"Mean absolute part, {scale}"),
        (
            (role_label(one), "alone" if one == other else role_label(other), value)
            for one, other, value in zip(
                frame["first"], frame["second"], frame["mean_abs"], strict=True
            )
        ),
    )


def association_table(association: pd.DataFrame) -> Table:
    """Return with which other covariate each says most the same."""
    apart = association.to_numpy(dtype=np.float64) - np.eye(len(association))
    names = [str(name) for name in association.index]
    nearest = np.argmax(apart, axis=1)
    return table(
        "The covariate that says most the same",
        ("Covariate", "Most like", "Association"),
        (
            (name, names[near], float(apart[row, near]))
            for row, (name, near) in enumerate(zip(names, nearest.tolist(), strict=True))
        ),
    )


def stability_table(frame: pd.DataFrame) -> Table:
    """Return the stability of each covariate, with a verdict."""
    if "verdict" not in frame.columns:
        verdicts = [
            stability_verdict(float(agreement), above)
            for agreement, above in zip(
                frame["sign_agreement"], frame["above_placebo"], strict=True
            )
        ]
        frame = frame.assign(verdict=verdicts)
    columns = ["covariate", "verdict", *frame.columns.drop(["covariate", "verdict"])]
    return frame_table("Verdict by covariate", frame[columns])


def swarm_table(samples: SampleContributions, names: Sequence[str]) -> Table:
    """Return the spread of the contributions of each covariate over the samples."""
    columns = list(samples.X.columns)
    rows = []
    for name in names:
        values = samples.contributions[:, columns.index(name)]
        rows.append(
            (name, *(float(v) for v in np.nanquantile(values, (0, 0.25, 0.5, 0.75, 1))))
        )
    heads = ("Covariate", "Lowest", "Quarter", "Median", "Three quarters", "Highest")
    return table("Contributions over the samples", heads, rows)


def dependence_table(dependence: Dependence, *, most: int = 13) -> Table:
    """Return the points of a dependence curve, evenly thinned to at most `most` of them."""
    curve = dependence.curve
    caption = f"Contribution along {dependence.name}"
    if len(curve) > most:
        caption += f", {most} of {len(curve)} points"
        kept = np.unique(np.linspace(0, len(curve) - 1, most).round().astype(int))
        curve = curve.iloc[kept]
    if dependence.classes:
        names = [dependence.classes.get(float(code), f"{code:g}") for code in curve["low"]]
        rows = zip(names, curve["mean"], curve["sd"], curve["n"], strict=True)
        return table(caption, ("Class", "Mean", "Sd", "N"), rows)
    return frame_table(caption, curve)
