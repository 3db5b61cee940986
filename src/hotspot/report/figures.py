"""Charts of scores, reliability and samples' contributions, as matplotlib figures.

Every function takes the numbers that it draws and returns a `Figure`; none computes a score.
"""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from hotspot.report.content import Dependence, SampleContributions, Scores
from hotspot.report.palette import (
    BASELINE,
    BASELINE_BAND,
    INK,
    MODEL,
    MUTED,
    OTHER,
    PLACEBO,
    role_colours,
)
from hotspot.report.style import house_style
from hotspot.report.terms import plan_label, role_label, score_label
from hotspot.report.words import score_of

WIDTH = 7.2
# More markers than this make a page heavy and slow; they become one image in the chart.
_MOST_MARKERS = 480
# Least distance of two numbers in the chart of reliability.
_APART = 0.05


def score_chart(
    scores: Scores, *, model: str, baseline: str, score: str = "log_loss"
) -> Figure:
    """Draw a score with its standard error, one panel per fold plan, one row per model.

    Parameters
    ----------
    scores : mapping
        ``{model: {plan: {score: {"mean", "se"}}}}``.
    model : str
        The model of the maps, drawn in colour and on top.
    baseline : str
        Its score is the dashed line, with a band of one standard error.
    score : str
        Name of the score.
    """
    plans = list(dict.fromkeys(plan for by_plan in scores.values() for plan in by_plan))
    models = [model, *(name for name in scores if name not in (model, baseline)), baseline]
    models = [name for name in dict.fromkeys(models) if name in scores]
    with house_style():
        height = 0.95 + 0.3 * len(models)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = np.atleast_1d(figure.subplots(1, max(len(plans), 1), sharey=True, sharex=True))
        for axis, plan in zip(axes, plans, strict=False):
            base, base_error = score_of(scores, baseline, plan, score)
            if base is not None:
                axis.axvspan(
                    base - (base_error or 0),
                    base + (base_error or 0),
                    color=BASELINE_BAND,
                    lw=0,
                )
                axis.axvline(base, color=BASELINE, lw=1, ls=(0, (4, 3)))
            for row, name in enumerate(models):
                mean, error = score_of(scores, name, plan, score)
                if mean is None:
                    axis.text(
                        0.04, row, "no score", transform=axis.get_yaxis_transform(),
                        va="center", color=MUTED,
                    )  # fmt: skip
                    continue
                colour = {model: MODEL, baseline: BASELINE}.get(name, OTHER)
                axis.errorbar(
                    mean,
                    row,
                    xerr=error,
                    fmt="s" if name == baseline else "o",
                    color=colour,
                    ms=6,
                    lw=1.6,
                    capsize=0,
                    label=name,
                )
            axis.set_title(_wrapped(plan_label(plan), 16))
            axis.grid(axis="x")
            axis.set_axisbelow(True)
            axis.set_ylim(len(models) - 0.5, -0.5)
            axis.locator_params(axis="x", nbins=4)
            axis.spines["left"].set_visible(False)
        axes[0].set_yticks(range(len(models)), [_cut(name, 24) for name in models])
        for label, name in zip(axes[0].get_yticklabels(), models, strict=True):
            label.set_color(INK)
            label.set_fontweight("bold" if name == model else "normal")
        figure.supxlabel(f"{score_label(score)}, with one standard error", fontsize=9)
    return figure


def reliability_curve(table: pd.DataFrame) -> Figure:
    """Draw the observed share of exceedance against the probability given, with counts.

    Parameters
    ----------
    table : DataFrame
        Columns ``predicted, observed, lower, upper, n``, one row per bin.
    """
    with house_style():
        figure = Figure(figsize=(4.6, 5.0), layout="constrained")
        curve, counts = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [4.2, 1]}
        )
        curve.plot([0, 1], [0, 1], color=MUTED, lw=1, ls=(0, (4, 3)), label="as it should be")
        curve.vlines(
            table["predicted"], table["lower"], table["upper"], color=MODEL, lw=1.6, alpha=0.55
        )
        curve.plot(
            table["predicted"], table["observed"], "o-", color=MODEL, ms=6, label="observed"
        )
        curve.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="Share found above the limit")
        curve.grid(visible=True)
        curve.set_axisbelow(True)
        curve.legend(loc="upper left")
        counts.bar(table["predicted"], table["n"], width=0.045, color=OTHER)
        told = -1.0
        for predicted, n in zip(table["predicted"], table["n"], strict=True):
            # Bins that stand close together would write over each other.
            if predicted - told < _APART:
                continue
            told = float(predicted)
            counts.annotate(
                f"{n:.0f}", (predicted, n), (0, 2), textcoords="offset points", ha="center",
                fontsize=7.5, color=MUTED,
            )  # fmt: skip
        counts.set(xlabel="Probability given by the model", ylabel="Samples", yticks=[])
        counts.margins(y=0.35)
        counts.spines["left"].set_visible(False)
    return figure


def error_profile(table: pd.DataFrame) -> Figure:
    """Draw the expected Brier score along the dissimilarity index, with its band.

    Parameters
    ----------
    table : DataFrame
        Columns ``dissimilarity, largest, n, brier, brier_lower, brier_upper``, one row per
        class of the index.
    """
    with house_style():
        figure = Figure(figsize=(4.6, 3.4), layout="constrained")
        axis = figure.subplots()
        index = table["dissimilarity"]
        axis.fill_between(
            index, table["brier_lower"], table["brier_upper"], color=MODEL, alpha=0.18, lw=0
        )
        axis.plot(index, table["brier"], "o-", color=MODEL, ms=5)
        axis.set(xlabel="Dissimilarity from the samples", ylabel="Expected Brier score")
        axis.set_xlim(left=0)
        axis.set_ylim(bottom=0)
        axis.grid(visible=True)
        axis.set_axisbelow(True)
    return figure


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
        axis.set_yticks(rows, [_cut(name, 30) for name in table["covariate"]])
        axis.tick_params(axis="y", labelcolor=INK)
        axis.set_ylim(len(table) - 0.4, -0.6)
        axis.set_xlim(left=0)
        axis.set_xlabel(f"Mean absolute contribution, {scale}")
        axis.grid(axis="x")
        axis.set_axisbelow(True)
        axis.spines["left"].set_visible(False)
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
        axis.set_yticks(rows, [_cut(role_label(role), 30) for role in table["role"]])
        axis.tick_params(axis="y", labelcolor=INK)
        axis.set_ylim(len(table) - 0.4, -0.6)
        axis.set_xlim(left=0)
        axis.set_xlabel(f"Mean absolute contribution, {scale}")
        axis.grid(axis="x")
        axis.set_axisbelow(True)
        axis.spines["left"].set_visible(False)
    return figure


def beeswarm(samples: SampleContributions, *, names: Sequence[str], scale: str) -> Figure:
    """Draw the contribution of each covariate to each sample, one row per covariate.

    Parameters
    ----------
    samples : SampleContributions
        Values and contributions.
    names : sequence of str
        Covariates to draw, the first on top.
    scale : str
        Unit of the contributions.
    """
    from cmcrameri import cm

    columns = list(samples.X.columns)
    with house_style():
        figure = Figure(figsize=(WIDTH, 1.1 + 0.42 * len(names)), layout="constrained")
        axis = figure.subplots()
        axis.axvline(0, color=MUTED, lw=0.9)
        spread = _spread(samples.contributions)
        points = None
        for row, name in enumerate(names):
            position = columns.index(name)
            contribution = samples.contributions[:, position]
            points = axis.scatter(
                contribution,
                row + _swarm(contribution, spread),
                c=_shares(samples.X[name].to_numpy(dtype=np.float64)),
                cmap=cm.batlow,
                vmin=0,
                vmax=1,
                s=9,
                lw=0,
                rasterized=len(names) * len(contribution) > _MOST_MARKERS,
            )
        axis.set_yticks(range(len(names)), [_cut(name, 30) for name in names])
        axis.tick_params(axis="y", labelcolor=INK)
        axis.set_ylim(len(names) - 0.4, -0.6)
        axis.grid(axis="y")
        axis.set_axisbelow(True)
        axis.spines["left"].set_visible(False)
        axis.set_xlabel(f"Contribution to the prediction of a sample, {scale}")
        if points is not None:
            bar = figure.colorbar(points, ax=axis, aspect=32, pad=0.01, ticks=[0, 1])
            bar.ax.set_yticklabels(["low", "high"])
            bar.set_label("Value of the covariate", labelpad=-12)
            bar.outline.set_visible(False)
    return figure


def _spread(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.ptp(finite)) if finite.size and np.ptp(finite) > 0 else 1.0


def _swarm(contribution: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Return vertical offsets that keep neighbours apart, the same at every call."""
    bins = pd.Series(np.floor(np.nan_to_num(contribution) / spread * 90))
    # 0, 1, -1, 2, -2, … from the middle outwards.
    order = bins.groupby(bins).cumcount().to_numpy()
    offset = np.where(order % 2 == 1, 1.0, -1.0) * ((order + 1) // 2)
    widest = max(1.0, float(np.abs(offset).max(initial=0)))
    return np.asarray(offset * min(0.07, 0.4 / widest), dtype=np.float64)


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each value as a share, so that outliers do not eat the colours."""
    ranks = pd.Series(values).rank(method="average")
    low, high = ranks.min(), ranks.max()
    if not high > low:
        return np.full(values.shape, 0.5)
    return np.asarray((ranks - low) / (high - low), dtype=np.float64)


def dependence_plot(
    dependence: Dependence, *, samples: SampleContributions | None, scale: str
) -> Figure:
    """Draw how a covariate's contribution changes along its values, with a rug of samples.

    Parameters
    ----------
    dependence : Dependence
        The curve, and the values for the rug.
    samples : SampleContributions or None
        Drawn as pale points behind the curve where given.
    scale : str
        Unit of the contributions.
    """
    curve = dependence.curve
    with house_style():
        figure = Figure(figsize=(3.5, 2.7), layout="constrained")
        axis = figure.subplots()
        axis.axhline(0, color=MUTED, lw=0.8)
        if samples is not None and dependence.name in samples.X.columns:
            position = list(samples.X.columns).index(dependence.name)
            axis.scatter(
                samples.X[dependence.name],
                samples.contributions[:, position],
                s=8,
                lw=0,
                color="#9fb4c3",
                rasterized=len(samples.X) > _MOST_MARKERS // 4,
            )
        middle = (curve["low"] + curve["high"]) / 2
        if (curve["low"] == curve["high"]).all():
            # Classes: no line joins codes that have no order.
            axis.errorbar(
                middle, curve["mean"], yerr=curve["sd"], fmt="o", color=BASELINE, ms=5
            )
            names = [dependence.classes.get(float(code), f"{code:g}") for code in middle]
            axis.set_xticks(middle, [_broken(_cut(name, 26)) for name in names])
            axis.margins(x=0.15)
        else:
            low, high = curve["mean"] - curve["sd"], curve["mean"] + curve["sd"]
            axis.fill_between(middle, low, high, color=BASELINE, alpha=0.18, lw=0)
            axis.plot(middle, curve["mean"], "o-", color=BASELINE, ms=3)
        if dependence.shape is not None:
            told = dependence.shape
            axis.plot(told["value"], told["ale"], "-", color=INK, lw=1.2)
            axis.plot(told["value"], told["partial"], ":", color=INK, lw=1.2)
        axis.plot(
            dependence.rug,
            np.zeros(len(dependence.rug)),
            "|",
            color=INK,
            ms=6,
            mew=0.5,
            transform=axis.get_xaxis_transform(),
            clip_on=False,
            rasterized=len(dependence.rug) > _MOST_MARKERS // 4,
        )
        unit = "" if dependence.unit in ("", "1", "class") else f", {dependence.unit}"
        axis.set_xlabel(f"{_cut(dependence.name, 34)}{unit}")
        axis.set_ylabel(f"Contribution, {scale}")
        if not (curve["low"] == curve["high"]).all():
            axis.locator_params(axis="x", nbins=5)
        axis.grid(axis="y")
        axis.set_axisbelow(True)
    return figure


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
        axis.set_yticks(range(len(association)), [_cut(name, 30) for name in drawn["ivl"]])
        axis.yaxis.tick_right()
        axis.tick_params(axis="y", labelcolor=INK)
        axis.set_ylim(len(association) - 0.4, -0.6)
        axis.set_xlim(0.0, 1.0)
        axis.set_xlabel("Association at which branches meet (1: they say the same)")
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x")
        axis.set_axisbelow(True)
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
        axis.set_yticks(rows, [_cut(label, 40) for label in labels])
        axis.tick_params(axis="y", labelcolor=INK)
        axis.set_ylim(len(shown) - 0.4, -0.6)
        axis.set_xlim(left=0)
        axis.set_xlabel(f"Mean absolute part, {scale}")
        axis.grid(axis="x")
        axis.set_axisbelow(True)
        axis.spines["left"].set_visible(False)
        keys = [Patch(color=OTHER, label="alone"), Patch(color=MODEL, label="only together")]
        axis.legend(handles=keys, loc="lower right", handlelength=1.1, handleheight=1.0)
    return figure


def _broken(text: str) -> str:
    """Return a text broken into lines of about ten letters, between words."""
    return "\n".join(textwrap.wrap(text, 11, break_long_words=False)) or text


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _wrapped(text: str, longest: int) -> str:
    return text if len(text) <= longest else text.replace(" ", "\n", 1)
