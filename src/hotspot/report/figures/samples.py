"""Charts of contributions, sample by sample."""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hotspot.report.content import Dependence, SampleContributions
from hotspot.report.figures.lettering import WIDTH, shortened
from hotspot.report.figures.tips import tell
from hotspot.report.numerals import number
from hotspot.report.palette import (
    BASELINE,
    INK,
    MUTED,
)
from hotspot.report.style import house_style

# More markers than this make a page heavy and slow; they become one image in the chart.
_MOST_MARKERS = 480


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
        axis.set_yticks(range(len(names)), [shortened(name, 30) for name in names])
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
            axis.set_xticks(middle, [_broken(shortened(name, 26)) for name in names])
            axis.margins(x=0.15)
        else:
            low, high = curve["mean"] - curve["sd"], curve["mean"] + curve["sd"]
            axis.fill_between(middle, low, high, color=BASELINE, alpha=0.18, lw=0)
            axis.plot(middle, curve["mean"], "o-", color=BASELINE, ms=3)
        words = (
            f"{dependence.classes.get(float(at), number(at))}: {number(mean)} ± {number(sd)}"
            for at, mean, sd in zip(middle, curve["mean"], curve["sd"], strict=True)
        )
        tell(axis, middle, curve["mean"], words)
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
        axis.set_xlabel(f"{shortened(dependence.name, 34)}{unit}")
        axis.set_ylabel(f"Contribution, {scale}")
        if not (curve["low"] == curve["high"]).all():
            axis.locator_params(axis="x", nbins=5)
        axis.grid(axis="y")
        axis.set_axisbelow(True)
    return figure


def _broken(text: str) -> str:
    """Return a text broken into lines of about ten letters, between words."""
    return "\n".join(textwrap.wrap(text, 11, break_long_words=False)) or text
