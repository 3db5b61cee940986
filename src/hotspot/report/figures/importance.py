"""Charts of what a model leans on: covariates, roles, pairs, and which say the same."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from hotspot.report.figures.lettering import WIDTH, shortened
from hotspot.report.figures.tips import tell
from hotspot.report.numerals import number
from hotspot.report.palette import (
    INK,
    MODEL,
    MUTED,
    OTHER,
    PLACEBO,
    role_colours,
)
from hotspot.report.style import house_style
from hotspot.report.terms import role_label


def importance_bars(table: pd.DataFrame, *, scale: str, placebo: float | None) -> Figure:
    """Draw the mean absolute contribution of each covariate, coloured by role.

    Parameters
    ----------
    table : DataFrame
        Columns ``covariate, role, mean_abs`` and ``sd`` if known, most important first.
    scale : str
        Unit of the contributions.
    placebo : float or None
        Upper end of the band that covariates without information reach.
    """
    colours = role_colours(list(dict.fromkeys(table["role"])))
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.0 + 0.27 * len(table)), layout="constrained")
        axis = figure.subplots()
        rows = np.arange(len(table))
        if placebo is not None:
            axis.axvspan(0, placebo, color=PLACEBO, lw=0, label="placebo band")
        axis.barh(
            rows,
            table["mean_abs"],
            xerr=table["sd"] if "sd" in table.columns else None,
            height=0.62,
            color=[colours[role] for role in table["role"]],
            error_kw={"ecolor": INK, "elinewidth": 1, "capsize": 0},
        )
        tell(
            axis,
            table["mean_abs"],
            rows,
            (
                f"{name} ({role_label(role).lower()}): {number(mean)}"
                for name, role, mean in zip(
                    table["covariate"], table["role"], table["mean_abs"], strict=True
                )
            ),
        )
        _name_rows(axis, [shortened(name, 30) for name in table["covariate"]])
        axis.set_xlabel(f"Mean absolute contribution, {scale}")
        keys = [Patch(color=colour, label=role_label(role)) for role, colour in colours.items()]
        if placebo is not None:
            keys.append(Patch(color=PLACEBO, label="Placebo band"))
        axis.legend(handles=keys, loc="lower right", handlelength=1.1, handleheight=1.0)
    return figure


def role_bars(table: pd.DataFrame, *, scale: str) -> Figure:
    """Draw the mean absolute contribution of each role.

    Parameters
    ----------
    table : DataFrame
        Columns ``role, mean_abs`` and ``sd`` if known.
    scale : str
        Unit of the contributions.
    """
    colours = role_colours(list(table["role"]))
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.75 + 0.3 * len(table)), layout="constrained")
        axis = figure.subplots()
        rows = np.arange(len(table))
        axis.barh(
            rows,
            table["mean_abs"],
            xerr=table["sd"] if "sd" in table.columns else None,
            height=0.62,
            color=[colours[role] for role in table["role"]],
            error_kw={"ecolor": INK, "elinewidth": 1, "capsize": 0},
        )
        _name_rows(axis, [shortened(role_label(role), 30) for role in table["role"]])
        axis.set_xlabel(f"Mean absolute contribution, {scale}")
    return figure


def interaction_bars(table: pd.DataFrame, *, scale: str, most: int = 8) -> Figure:
    """Draw what roles do alone and in pairs, the largest first.

    Parameters
    ----------
    table : DataFrame
        Columns ``first, second, mean_abs``; the same name twice for what one does alone.
    scale : str
        Unit of the parts.
    most : int
        Rows that are drawn.
    """
    shown = table.head(most)
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.75 + 0.3 * len(shown)), layout="constrained")
        axis = figure.subplots()
        alone = (shown["first"] == shown["second"]).to_numpy()
        rows = np.arange(len(shown))
        axis.barh(
            rows,
            shown["mean_abs"],
            height=0.62,
            color=np.where(alone, OTHER, MODEL).tolist(),
        )
        labels = [
            role_label(one)
            if one == other
            else f"{role_label(one)} with {role_label(other).lower()}"
            for one, other in zip(shown["first"], shown["second"], strict=True)
        ]
        told = (
            f"{label}: {number(part)}"
            for label, part in zip(labels, shown["mean_abs"], strict=True)
        )
        tell(axis, shown["mean_abs"], rows, told)
        _name_rows(axis, [shortened(label, 40) for label in labels])
        axis.set_xlabel(f"Mean absolute part, {scale}")
        keys = [Patch(color=OTHER, label="alone"), Patch(color=MODEL, label="only together")]
        axis.legend(handles=keys, loc="lower right", handlelength=1.1, handleheight=1.0)
    return figure


def _name_rows(axis: Axes, names: Sequence[str]) -> None:
    """Give a chart of bars one named row each, the first on top, measured from 0."""
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(axis="y", labelcolor=INK)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_xlim(left=0)
    axis.grid(axis="x")
    axis.set_axisbelow(True)
    axis.spines["left"].set_visible(False)


def association_tree(association: pd.DataFrame, *, same_from: float) -> Figure:
    """Draw which covariates say the same: the sooner two branches meet, the more they do.

    Parameters
    ----------
    association : DataFrame, shape (n_covariates, n_covariates)
        From 0 to 1, two or more covariates.
    same_from : float
        Covariates that meet at a higher association are taken to say the same; drawn as a
        line.
    """
    from scipy.cluster.hierarchy import dendrogram, linkage
    from scipy.spatial.distance import squareform

    distance = np.clip(1.0 - association.to_numpy(dtype=np.float64), 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    drawn = dendrogram(tree, labels=list(map(str, association.index)), no_plot=True)
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.9 + 0.3 * len(association)), layout="constrained")
        axis = figure.subplots()
        axis.axvspan(same_from, 1.0, color=PLACEBO, lw=0)
        axis.axvline(same_from, color=MUTED, lw=0.9, ls=(0, (4, 3)))
        for rows, far in zip(drawn["icoord"], drawn["dcoord"], strict=True):
            axis.plot(1.0 - np.array(far), np.array(rows) / 10 - 0.5, color=INK, lw=1.2)
        axis.set_yticks(range(len(association)), [shortened(name, 30) for name in drawn["ivl"]])
        axis.yaxis.tick_right()
        axis.tick_params(axis="y", labelcolor=INK)
        axis.set_ylim(len(association) - 0.4, -0.6)
        axis.set_xlim(0.0, 1.0)
        axis.set_xlabel("Association at which branches meet (1: they say the same)")
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x")
        axis.set_axisbelow(True)
    return figure
