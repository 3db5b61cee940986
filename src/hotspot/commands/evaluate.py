"""`hotspot evaluate`: out-of-fold scores of the model, its rivals and the baseline."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hotspot.commands.applicability import (
    fitted_area,
    reliance,
    weights_table,
    with_dissimilarity,
)
from hotspot.commands.console import Console
from hotspot.commands.folds import target_cells
from hotspot.commands.limit_rules import limit_warnings
from hotspot.commands.models import (
    limit_value,
    limits_of,
    model_factory,
    model_kinds,
    primary_plans,
)
from hotspot.commands.target import Target, TargetEntry, add_target_scores, target_entry
from hotspot.commands.workers import in_parallel, worker_count
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.catalogue import Catalogue
from hotspot.covariates.stack import open_stack
from hotspot.estimators.applicability.error_profile import PROFILE_COLUMNS
from hotspot.estimators.varying_limit import fit_at
from hotspot.evaluation.applicability import SIDES, applicability_scores, on_side
from hotspot.evaluation.error_profile import error_profile, profile_strength
from hotspot.evaluation.ledger import score_ledger
from hotspot.evaluation.out_of_fold import (
    FoldAnswer,
    OutOfFold,
    fold_answers,
    joined_folds,
    predictions_table,
)
from hotspot.evaluation.reliability import reliability_curve
from hotspot.evaluation.store import write_ledger
from hotspot.files import write_table, write_text
from hotspot.folds.honest import honest_plan
from hotspot.folds.membership import row_groups, row_times
from hotspot.folds.plan import FoldPlan
from hotspot.folds.report import fold_report
from hotspot.folds.score_blocks import score_blocks
from hotspot.folds.separation import separation
from hotspot.folds.store import read_folds
from hotspot.grid import Coordinates
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import limits_at
from hotspot.samples.sampleset import Samples, SampleSet
from hotspot.samples.store import read_samples
from hotspot.seeds import child_seed

# Samples from which each fold is a job of its own: a plan would keep one process busy for
# minutes while others have nothing left to do.
_LARGE = 2000

HEADLINE_SCORES = ("log_loss", "brier_skill", "auc", "average_precision")


def run(config: Config, paths: Paths, console: Console) -> None:
    """Score every model on every plan and write metrics, predictions and fold report."""
    with open_stack(paths.covariates) as stack:
        samples = read_samples(paths.samples, stack.catalogue)
        target = target_cells(stack, config.seed)
        unit = "m" if stack.grid.is_projected else "degrees"
        cells = Target(target, stack.sample(target), unit)
    plans = read_folds(paths.folds)
    _check_limits(config, samples, console)
    predictions = _predict(config, samples, plans, console)
    blocks = {c: score_blocks(samples.of(c).coordinates) for c in config.contaminants}
    ledger = score_ledger(
        predictions,
        blocks,
        separations=_separations(samples, plans, target),
        budget=config.cv.budget,
    )
    entries, reaches = _at_the_map(config, samples, cells, predictions, console)
    if config.cv.target_weighted:
        add_target_scores(ledger, entries)
    for contaminant, reach in reaches.items():
        predictions[contaminant][config.model.kind] = reach.runs
    ledger["applicability"] = {c: reach.scores for c, reach in reaches.items()}
    ledger["error_profile"] = {c: reach.strength for c, reach in reaches.items()}
    thresholds = {c: reach.threshold for c, reach in reaches.items()}
    tables = {
        "out_of_fold": predictions_table(predictions),
        "folds": _fold_reports(config, samples, plans),
        "reliability": _reliability(config, predictions, thresholds),
        "applicability": weights_table({c: reach.weights for c, reach in reaches.items()}),
        "error_profile": _profiles(reaches),
    }
    for name, table in tables.items():
        write_table(table, paths.evaluation / f"{name}.parquet")
    headline = json.dumps(headline_scores(config, ledger), indent=2)
    write_text(paths.headline, headline)
    write_ledger(ledger, paths.metrics)


def headline_scores(config: Config, ledger: dict[str, Any]) -> dict[str, Any]:
    """Return the chosen model's scores beside the baseline's, and under which plan.

    The plan is that by which the report answers for the map, see `honest_plan`.
    """
    table: dict[str, Any] = {}
    for contaminant in config.contaminants:
        plan = honest_plan(ledger[contaminant], config.model.kind) or config.cv.primary
        scores = ledger[contaminant][config.model.kind][plan]
        row: dict[str, Any] = {"plan": plan}
        row |= {name: scores[name]["mean"] for name in HEADLINE_SCORES if name in scores}
        baseline = ledger[contaminant].get("prevalence", {}).get(plan, {})
        if "log_loss" in baseline:
            row["log_loss_of_prevalence"] = baseline["log_loss"]["mean"]
        table[contaminant] = row
    return table


def _predict(
    config: Config, samples: SampleSet, plans: list[FoldPlan], console: Console
) -> dict[str, dict[str, list[OutOfFold]]]:
    kinds = model_kinds(config)
    limits = limits_of(config)
    runs = [
        (contaminant, kind, plan) for contaminant in limits for kind in kinds for plan in plans
    ]
    jobs = [
        (config, samples.of(contaminant), samples.catalogue, (contaminant, kind), plan, folds)
        for contaminant, kind, plan in runs
        for folds in _shares(plan)
    ]
    workers = worker_count(config.workers, len(jobs))
    with console.bar("models x plans") as move:
        answers = iter(in_parallel(_left_out, jobs, workers=workers, progress=move))
    predictions: dict[str, dict[str, list[OutOfFold]]] = {}
    for contaminant, kind, plan in runs:
        found = [answer for _ in _shares(plan) for answer in next(answers)]
        limit = limit_value(limits[contaminant])
        run = joined_folds(found, samples.of(contaminant), plan, limit)
        predictions.setdefault(contaminant, {}).setdefault(kind, []).append(run)
    return predictions


def _shares(plan: FoldPlan) -> list[tuple[int, ...] | None]:
    """Return what one process does of a plan: all folds, or one where each takes long."""
    if len(plan.fold) < _LARGE:
        return [None]
    return [(int(fold),) for fold in np.unique(plan.fold)]


def _left_out(
    config: Config,
    samples: Samples,
    catalogue: Catalogue,
    what: tuple[str, str],
    plan: FoldPlan,
    folds: tuple[int, ...] | None,
) -> list[FoldAnswer]:
    """Return what a (contaminant, kind of model) says of some folds of a plan."""
    contaminant, kind = what
    make = model_factory(config, kind, contaminant, catalogue)
    limit = limit_value(limits_of(config)[contaminant])
    return fold_answers(make, samples, plan, limit, folds)


@dataclass(frozen=True)
class _Reach:
    """How far the chosen model of one contaminant reaches."""

    weights: dict[str, float]
    threshold: float
    runs: list[OutOfFold]
    scores: dict[str, Any]
    strength: dict[str, Any]
    profile: pd.DataFrame | None


def _at_the_map(
    config: Config,
    samples: SampleSet,
    cells: Target,
    predictions: dict[str, dict[str, list[OutOfFold]]],
    console: Console,
) -> tuple[dict[str, TargetEntry], dict[str, _Reach]]:
    """Return scores of the map, where they are asked for, and how far each model reaches."""
    scored = config.contaminants if config.cv.target_weighted else []
    jobs: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        *((target_entry, (config, samples, c, cells, predictions[c])) for c in scored),
        *(
            (
                _reach,
                (
                    config,
                    samples.of(c),
                    samples.catalogue,
                    c,
                    predictions[c][config.model.kind],
                ),
            )
            for c in config.contaminants
        ),
    ]
    with console.bar("map scores, applicability") as move:
        workers = worker_count(config.workers, len(jobs))
        found = in_parallel(_done, jobs, workers=workers, progress=move)
    reaches = found[len(scored) :]
    return (
        dict(zip(scored, found, strict=False)),
        dict(zip(config.contaminants, reaches, strict=True)),
    )


def _done(work: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    return work(*given)


def _reach(
    config: Config,
    samples: Samples,
    catalogue: Catalogue,
    contaminant: str,
    runs: list[OutOfFold],
) -> _Reach:
    """Return scores inside and outside the area of applicability, and the error profile.

    The predictions get the dissimilarity of each left-out sample.
    """
    blocks = score_blocks(samples.coordinates)
    plan = primary_plans(config, [run.plan for run in runs])[0]
    model = model_factory(config, config.model.kind, contaminant, catalogue)()
    limit = limit_value(limits_of(config)[contaminant])
    model = fit_at(model, samples, limits_at(limit, samples.X))
    weights = reliance(
        model,
        samples,
        catalogue=catalogue,
        threshold=limit,
        seed=child_seed(config.seed, "background", contaminant),
    )
    area = fitted_area(samples, plan, catalogue=catalogue, weights=weights)
    runs = [with_dissimilarity(run, area, samples) for run in runs]
    profile = error_profile(
        runs, blocks, random_state=child_seed(config.seed, "error_profile", contaminant)
    )
    return _Reach(
        weights=weights,
        threshold=float(area.threshold_),
        runs=runs,
        scores=applicability_scores(runs, blocks, area.threshold_),
        strength=profile_strength(runs, blocks).to_dict(),
        profile=None if profile is None else profile.table,
    )


def _profiles(reaches: dict[str, _Reach]) -> pd.DataFrame:
    """Return the error profiles as one table; without rows where there is none."""
    tables = []
    for contaminant, reach in reaches.items():
        if reach.profile is not None:
            table = reach.profile.copy()
            table.insert(0, "contaminant", contaminant)
            tables.append(table)
    empty = pd.DataFrame(columns=["contaminant", *PROFILE_COLUMNS])
    return pd.concat(tables, ignore_index=True) if tables else empty


def _check_limits(config: Config, samples: SampleSet, console: Console) -> None:
    for contaminant, limit in limits_of(config).items():
        chosen = samples.of(contaminant)
        limit.check_units(chosen.X)
        for warning in limit_warnings(limit, chosen):
            console.line(f"  warning: {warning}")


def _separations(
    samples: SampleSet, plans: list[FoldPlan], target: Coordinates
) -> dict[str, dict[str, float]]:
    """Return W of the first repeat of each plan, by contaminant."""
    table: dict[str, dict[str, float]] = {}
    for contaminant in samples.contaminants:
        chosen = samples.of(contaminant)
        table[contaminant] = {
            plan.plan: separation(plan.select(chosen.sample_id), chosen.coordinates, target)
            for plan in plans
            if plan.repeat == 0
        }
    return table


def _fold_reports(config: Config, samples: SampleSet, plans: list[FoldPlan]) -> pd.DataFrame:
    reports = []
    for contaminant, limit in limits_of(config).items():
        chosen = samples.of(contaminant)
        limits = limits_at(limit_value(limit), chosen.X)
        labels = exceedance_labels(chosen.lower, chosen.upper, limits)
        own = [plan.select(chosen.sample_id) for plan in plans]
        rows = samples.frame[samples.frame["contaminant"] == contaminant]
        report = fold_report(
            own,
            labels,
            chosen.coordinates,
            groups=None if config.cv.groups is None else row_groups(rows, config.cv.groups),
            times=row_times(rows) if "time" in config.cv.plans else None,
        )
        report.insert(0, "contaminant", contaminant)
        reports.append(report)
    return pd.concat(reports, ignore_index=True)


def _reliability(
    config: Config,
    predictions: dict[str, dict[str, list[OutOfFold]]],
    thresholds: dict[str, float],
) -> pd.DataFrame:
    """Return the reliability curves of the chosen model, first repeat of each plan.

    The column ``applicability`` tells whether a curve is of all samples, or of those inside
    or outside the area of applicability. Repeats share their samples; to pool them would
    make the intervals look too narrow.
    """
    tables = []
    for contaminant, models in predictions.items():
        for run in models[config.model.kind]:
            if run.plan.repeat > 0:
                continue
            parts: dict[str, OutOfFold] = {"all": run}
            for side in SIDES:
                parts[side] = on_side(run, side, thresholds[contaminant])
            for name, part in parts.items():
                known = part.is_scored
                if name != "all" and not known.any():
                    continue
                curve = reliability_curve(part.label[known], part.probability[known])
                curve.insert(0, "applicability", name)
                curve.insert(0, "plan", run.plan.plan)
                curve.insert(0, "contaminant", contaminant)
                tables.append(curve)
    return pd.concat(tables, ignore_index=True)
