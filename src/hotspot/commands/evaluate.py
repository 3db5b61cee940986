"""`hotspot evaluate`: out-of-fold scores of the model, its rivals and the baseline."""

import json
from typing import Any

import pandas as pd

from hotspot.commands.console import Console
from hotspot.commands.folds import target_cells
from hotspot.commands.models import limit_value, limits_of, model_factory, model_kinds
from hotspot.commands.target import Target, add_target_scores
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import open_stack
from hotspot.evaluation.ledger import score_ledger
from hotspot.evaluation.out_of_fold import OutOfFold, out_of_fold, predictions_table
from hotspot.evaluation.reliability import reliability_curve
from hotspot.evaluation.store import write_ledger, write_table
from hotspot.evaluation.uncertainty import score_blocks
from hotspot.files import write_text
from hotspot.folds.plan import FoldPlan
from hotspot.folds.report import fold_report
from hotspot.folds.separation import separation
from hotspot.folds.store import read_folds
from hotspot.grid import Coordinates
from hotspot.observations.exceedance import exceedance_labels, warn_if_outside_range
from hotspot.samples.sampleset import SampleSet
from hotspot.samples.store import read_samples

HEADLINE_SCORES = ("log_loss", "brier_skill", "auc", "average_precision")


def run(config: Config, paths: Paths, console: Console) -> None:
    """Score every model on every plan and write metrics, predictions and fold report."""
    with open_stack(paths.covariates) as stack:
        samples = read_samples(paths.samples, stack.catalogue)
        target = target_cells(stack, config.seed)
        cells = Target(target, stack.sample(target))
    plans = read_folds(paths.folds)
    _warn_of_limits(config, samples, console)
    predictions = _predict(config, samples, plans, console)
    blocks = {c: score_blocks(samples.of(c).coordinates) for c in config.contaminants}
    ledger = score_ledger(
        predictions,
        blocks,
        separations=_separations(samples, plans, target),
        budget=config.cv.budget,
    )
    if config.cv.target_weighted:
        add_target_scores(ledger, config, samples, cells)
    write_table(predictions_table(predictions), paths.evaluation / "out_of_fold.parquet")
    write_table(_fold_reports(config, samples, plans), paths.evaluation / "folds.parquet")
    write_table(_reliability(config, predictions), paths.evaluation / "reliability.parquet")
    headline = json.dumps(headline_scores(config, ledger), indent=2)
    write_text(paths.experiment / "headline.json", headline)
    write_ledger(ledger, paths.metrics)


def headline_scores(config: Config, ledger: dict[str, Any]) -> dict[str, Any]:
    """Return the chosen model's scores under the primary plan, beside the baseline's."""
    plan = config.cv.primary
    table: dict[str, Any] = {}
    for contaminant in config.contaminants:
        scores = ledger[contaminant][config.model.kind][plan]
        row = {name: scores[name]["mean"] for name in HEADLINE_SCORES if name in scores}
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
    total = len(config.contaminants) * len(kinds) * len(plans)
    predictions: dict[str, dict[str, list[OutOfFold]]] = {}
    with console.bar("models x plans") as move:
        done = 0
        for contaminant in config.contaminants:
            chosen = samples.of(contaminant)
            for kind in kinds:
                make = model_factory(config, kind, contaminant, samples.catalogue)
                runs = predictions.setdefault(contaminant, {}).setdefault(kind, [])
                for plan in plans:
                    value = limit_value(limits[contaminant])
                    runs.append(out_of_fold(make, chosen, plan, value))
                    done += 1
                    move(done, total)
    return predictions


def _warn_of_limits(config: Config, samples: SampleSet, console: Console) -> None:
    for contaminant, limit in limits_of(config).items():
        chosen = samples.of(contaminant)
        warning = warn_if_outside_range(limit, chosen.lower, chosen.upper)
        if warning is not None:
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
        labels = exceedance_labels(chosen.lower, chosen.upper, limit_value(limit))
        own = [plan.select(chosen.sample_id) for plan in plans]
        report = fold_report(own, labels, chosen.coordinates)
        report.insert(0, "contaminant", contaminant)
        reports.append(report)
    return pd.concat(reports, ignore_index=True)


def _reliability(
    config: Config, predictions: dict[str, dict[str, list[OutOfFold]]]
) -> pd.DataFrame:
    """Return the reliability curves of the chosen model, first repeat of each plan.

    Repeats share their samples; to pool them would make the intervals look too narrow.
    """
    tables = []
    for contaminant, models in predictions.items():
        for run in models[config.model.kind]:
            if run.plan.repeat == 0:
                known = run.is_scored
                curve = reliability_curve(run.label[known], run.probability[known])
                curve.insert(0, "plan", run.plan.plan)
                curve.insert(0, "contaminant", contaminant)
                tables.append(curve)
    return pd.concat(tables, ignore_index=True)
