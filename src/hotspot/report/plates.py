"""Plates of the page: each figure with its alternative text, caption, legend and table."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from hotspot.maps.styles import (
    LayerStyle,
    contribution_style,
    decision_style,
    dissimilarity_style,
    probability_style,
)
from hotspot.report import figures, mapplots, tables
from hotspot.report.content import (
    ContaminantContent,
    Context,
    Evaluation,
    Explanation,
    MapLayers,
    RoleLayers,
    Sampling,
)
from hotspot.report.numerals import MISSING, area, number, percent
from hotspot.report.palette import EXCEEDS, UNKNOWN
from hotspot.report.style import Picture, png, svg
from hotspot.report.terms import in_sentence, plan_label, role_label
from hotspot.report.words import reach_sentence, score_of

# Charts of more covariates than this cannot be read at a glance; the table has them all.
MOST_BARS = 20
MOST_SWARMS = 12
MOST_DEPENDENCES = 6


@dataclass(frozen=True)
class Key:
    """One entry of a legend: how it looks, what it means, and how much of it there is."""

    look: str
    words: str
    colour: str = ""
    note: str = ""


@dataclass(frozen=True)
class Plate:
    """One figure as the page sets it."""

    picture: Picture
    title: str
    caption: str
    table: tables.Table | None = None
    keys: tuple[Key, ...] = field(default=())


def _class_keys(style: LayerStyle, notes: Sequence[str] = ()) -> list[Key]:
    told = notes if len(notes) == len(style.classes) else [""] * len(style.classes)
    return [
        Key("class", entry.label, entry.colour, note)
        for entry, note in zip(style.classes, told, strict=True)
    ]


def probability_plate(content: ContaminantContent, context: Sequence[Context]) -> Plate | None:
    """Return the map of exceedance probability with its legend in words."""
    maps = content.maps
    if maps is None:
        return None
    style = probability_style()
    notes = tuple(area(ha) for ha in maps.areas.by_class_ha) if maps.areas is not None else ()
    keys = _class_keys(style, notes)
    if maps.outside is not None:
        keys.append(Key("hatch", "hatched: outside the area of applicability"))
    keys.append(Key("none", "white: no data"))
    if maps.hotspots is not None and len(maps.hotspots.table):
        keys.append(Key("outline", "outlined: a hotspot, numbered by rank"))
    alt = (
        f"Map of the probability that {in_sentence(content.name)} exceeds "
        f"{number(content.limit.value_mg_kg)} mg/kg, in six classes from very unlikely to very "
        f"likely. {_share_above(maps)} of the mapped cells are more likely above than below."
    )
    return Plate(
        png(mapplots.probability_map(maps, context), alt),
        f"Probability that {in_sentence(content.name)} exceeds the limit",
        f"{maps.grid.crs}; cells of {number(maps.grid.resolution[0])} m as drawn.",
        tables.class_table(maps, style),
        tuple(keys),
    )


def _share_above(maps: MapLayers) -> str:
    known = maps.probability[np.isfinite(maps.probability)]
    return percent(float((known > 0.5).mean())) if known.size else "None"


def decision_plate(content: ContaminantContent, context: Sequence[Context]) -> Plate | None:
    """Return the map of decisions."""
    maps = content.maps
    if maps is None or maps.decision is None:
        return None
    style = decision_style()
    table = (
        tables.cell_table("Cells of the drawn map by decision", style, maps.decision)
        if maps.areas is None
        else tables.areas_table(maps)
    )
    shares = "; ".join(f"{row[0]} {row[2]}" for row in table.rows[:3])
    return Plate(
        png(mapplots.decision_map(maps, context), f"Map of the decision. {shares}."),
        "Above, below, or cannot say",
        "“Cannot say” is an answer of its own: it is neither clean nor polluted.",
        table,
        (*_class_keys(style), Key("none", "white: no data")),
    )


def dissimilarity_plate(
    content: ContaminantContent, context: Sequence[Context]
) -> Plate | None:
    """Return the map of dissimilarity from the samples."""
    maps = content.maps
    if maps is None or maps.dissimilarity is None or maps.dissimilarity_limit is None:
        return None
    style = dissimilarity_style(maps.dissimilarity_limit)
    known = np.isfinite(maps.dissimilarity)
    outside = maps.outside
    share = (
        percent(float(outside[known].mean())) if outside is not None and known.any() else "–"
    )
    return Plate(
        png(
            mapplots.dissimilarity_map(maps, context),
            f"Map of the dissimilarity from the samples. {share} of the cells lie outside the "
            "area of applicability.",
        ),
        "How unlike the samples a cell is",
        f"Hatched above the limit of {number(maps.dissimilarity_limit)}: outside the area of "
        f"applicability ({share} of the cells).",
        tables.cell_table("Cells of the drawn map by dissimilarity", style, maps.dissimilarity),
        (
            *_class_keys(style),
            Key("hatch", "hatched: outside the area of applicability"),
            Key("none", "white: no data"),
        ),
    )


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


def score_plate(evaluation: Evaluation, key: str) -> Plate:
    """Return the chart of log loss under every fold plan."""
    told = []
    for plan in evaluation.scores.get(evaluation.model, {}):
        mean, _ = score_of(evaluation.scores, evaluation.model, plan, "log_loss")
        base, _ = score_of(evaluation.scores, evaluation.baseline, plan, "log_loss")
        told.append(f"{plan_label(plan)} {number(mean)} against {number(base)}")
    figure = figures.score_chart(
        evaluation.scores, model=evaluation.model, baseline=evaluation.baseline
    )
    return Plate(
        svg(
            figure,
            f"Log loss of {evaluation.model} against the baseline {evaluation.baseline}: "
            f"{'; '.join(told) or 'no scores'}.",
            key,
        ),
        "Log loss on samples not seen, by fold plan",
        f"Further left is better. The dashed line and its band are the baseline "
        f"“{evaluation.baseline}” with its standard error; the model of the map is in bold.",
    )


def reliability_plate(evaluation: Evaluation, key: str) -> Plate | None:
    """Return the reliability curve."""
    frame = evaluation.reliability
    if frame is None or frame.empty:
        return None
    gap = float((frame["observed"] - frame["predicted"]).abs().max())
    plan = evaluation.reliability_plan
    return Plate(
        svg(
            figures.reliability_curve(frame),
            f"Reliability curve of {len(frame)} bins; the share found differs from the "
            f"probability given by at most {number(gap, 2)}.",
            key,
        ),
        "Can the probabilities be taken at their word?",
        "Of the samples given a probability of 0.3, about 3 in 10 should be found above the "
        "limit: points near the diagonal. Bars are the interval of the share found; the "
        "columns below are the samples in each bin."
        + (f" Fold plan: {plan_label(plan)}." if plan else ""),
        tables.reliability_table(frame),
    )


def profile_plate(evaluation: Evaluation, key: str) -> Plate | None:
    """Return the error profile."""
    reach = evaluation.reach
    if reach is None or reach.profile is None:
        return None
    frame = reach.profile
    first, last = (float(frame["brier"].iloc[at]) for at in (0, -1))
    return Plate(
        svg(
            figures.error_profile(frame),
            f"Expected Brier score by dissimilarity, from {number(first)} for the samples most "
            f"like the others to {number(last)} for those least like them.",
            key,
        ),
        "Does the error rise away from the samples?",
        f"{reach_sentence(reach)} The curve is made to rise; the band holds 90 % of draws of "
        "blocks of ground.",
        tables.profile_table(frame),
    )


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


def role_map_plates(
    layers: RoleLayers, context: Sequence[Context], scale: str
) -> tuple[Plate, ...]:
    """Return one small map per role; their legend is `contribution_keys`."""
    plates = []
    for role, layer in layers.contribution.items():
        known = layer[np.isfinite(layer)]
        mean = number(float(np.abs(known).mean()), 2) if known.size else "–"
        plates.append(
            Plate(
                png(
                    mapplots.role_map(layer, layers.grid, role=role, context=context),
                    f"Map of the contribution of {role_label(role).lower()}; its mean "
                    f"absolute value is {mean}.",
                    dpi=160,
                ),
                role_label(role),
                f"Mean absolute contribution {mean}.",
                tables.cell_table(
                    f"Cells of the drawn map: {role_label(role).lower()}",
                    _in_scale(contribution_style(role), scale),
                    layer,
                ),
            )
        )
    return tuple(plates)


def contribution_keys(scale: str) -> tuple[Key, ...]:
    """Return the legend that all role maps share."""
    return tuple(_class_keys(_in_scale(contribution_style("any"), scale)))


def _in_scale(style: LayerStyle, scale: str) -> LayerStyle:
    """Return a style whose labels name what is multiplied: the odds, or the concentration."""
    if scale == "log-odds":
        return style
    noun = scale.removeprefix("log ")
    classes = tuple(
        replace(entry, label=entry.label.replace("odds", noun)) for entry in style.classes
    )
    return replace(style, classes=classes)


def driver_plate(layers: RoleLayers, context: Sequence[Context]) -> Plate | None:
    """Return the map of the dominant role."""
    if layers.driver is None or not layers.roles:
        return None
    style = mapplots.dominant_style(layers)
    table = tables.cell_table("Cells of the drawn map by dominant role", style, layers.driver)
    shares = "; ".join(f"{row[0]} {row[2]}" for row in table.rows)
    return Plate(
        png(mapplots.driver_map(layers, context), f"Map of the dominant role. {shares}."),
        "The dominant role, cell by cell",
        "The role with the largest contribution, up or down. It tells what the model leans on "
        "there, and names no source.",
        table,
        tuple(
            Key("class", entry.label, entry.colour, row[2])
            for entry, row in zip(style.classes, table.rows, strict=True)
        ),
    )
