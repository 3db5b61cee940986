"""Charts of scores, reliability and the error profile; none computes a score."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hotspot.report.content import Scores
from hotspot.report.figures.lettering import WIDTH, shortened
from hotspot.report.figures.tips import tell
from hotspot.report.numerals import number, percent
from hotspot.report.palette import (
    BASELINE,
    BASELINE_BAND,
    INK,
    MODEL,
    MUTED,
    OTHER,
)
from hotspot.report.score_words import score_of
from hotspot.report.style import house_style
from hotspot.report.terms import plan_label, score_label

_BINS = ["predicted", "observed", "lower", "upper", "n"]
# So many bars stand beside each other at least.
_BARS = 8
_CLASSES = ["dissimilarity", "brier", "brier_lower", "brier_upper"]


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
                told = f"{number(mean)}" + ("" if error is None else f" ± {number(error)}")
                tell(axis, [mean], [row], [f"{name}, {plan_label(plan).lower()}: {told}"])
            axis.set_title(_wrapped(plan_label(plan), 16))
            axis.grid(axis="x")
            axis.set_axisbelow(True)
            axis.set_ylim(len(models) - 0.5, -0.5)
            axis.locator_params(axis="x", nbins=4)
            axis.spines["left"].set_visible(False)
        axes[0].set_yticks(range(len(models)), [shortened(name, 24) for name in models])
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
        figure = Figure(figsize=(4.6, 5.4), layout="constrained")
        curve, counts = figure.subplots(2, 1, gridspec_kw={"height_ratios": [4.2, 1]})
        curve.plot([0, 1], [0, 1], color=MUTED, lw=1, ls=(0, (4, 3)), label="as it should be")
        curve.vlines(
            table["predicted"], table["lower"], table["upper"], color=MODEL, lw=1.6, alpha=0.55
        )
        curve.plot(
            table["predicted"], table["observed"], "o-", color=MODEL, ms=6, label="observed"
        )
        tell(
            curve,
            table["predicted"],
            table["observed"],
            (
                f"given {percent(given)}, found {percent(found)} "
                f"({percent(low)} to {percent(high)}) of {n:.0f} samples"
                for given, found, low, high, n in table[_BINS].to_numpy(dtype=np.float64)
            ),
        )
        curve.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="Share found above the limit")
        curve.set_xlabel("Probability given by the model")
        curve.grid(visible=True)
        curve.set_axisbelow(True)
        curve.legend(loc="upper left")
        # One bar beside the other: on the axis above, bins that lie close together would run
        # into one block.
        places = np.arange(len(table))
        counts.bar(places, table["n"], width=0.7, color=OTHER)
        for place, n in zip(places, table["n"], strict=True):
            counts.annotate(
                f"{n:.0f}", (float(place), n), (0, 2), textcoords="offset points", ha="center",
                fontsize=7.5, color=MUTED,
            )  # fmt: skip
        given = table["predicted"].to_numpy(dtype=np.float64)
        counts.set_xticks(places, _in_percent(given), fontsize=7.5)
        counts.tick_params(axis="x", length=0)
        # Few bins make no wider bars.
        middle, half = (len(table) - 1) / 2, max(len(table), _BARS) / 2
        counts.set_xlim(middle - half, middle + half)
        counts.set(xlabel="Mean probability of the bin, %", ylabel="Samples", yticks=[])
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
        tell(
            axis,
            index,
            table["brier"],
            (
                f"dissimilarity {number(at)}: Brier score {number(brier)} "
                f"({number(low)} to {number(high)})"
                for at, brier, low, high in table[_CLASSES].to_numpy(dtype=np.float64)
            ),
        )
        axis.set(xlabel="Dissimilarity from the samples", ylabel="Expected Brier score")
        axis.set_xlim(left=0)
        axis.set_ylim(bottom=0)
        axis.grid(visible=True)
        axis.set_axisbelow(True)
    return figure


def _in_percent(shares: NDArray[np.float64]) -> list[str]:
    """Return shares as short numbers in percent.

    Examples
    --------
    >>> _in_percent(np.array([0.0, 0.0004, 0.034, 0.5, 1.0]))
    ['0', '<0.1', '3.4', '50', '100']
    """
    return [_short(100 * float(share)) for share in shares]


def _short(percents: float) -> str:
    if 0 < percents < 0.1:
        return "<0.1"
    return f"{percents:.1f}".removesuffix(".0") if percents < 10 else f"{percents:.0f}"


def _wrapped(text: str, longest: int) -> str:
    return text if len(text) <= longest else text.replace(" ", "\n", 1)
