"""`hotspot fit`: the final model of each contaminant, with its area of applicability."""

import numpy as np

from hotspot.commands.console import Console
from hotspot.commands.models import (
    limit_facts,
    limit_value,
    limits_of,
    model_factory,
    model_facts,
    primary_plans,
)
from hotspot.commands.report_content import card_content, provenance_of
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.catalogue import Catalogue
from hotspot.covariates.stack import open_stack
from hotspot.estimators.applicability import AreaOfApplicability
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import save_model
from hotspot.evaluation.store import read_ledger
from hotspot.explanations.background import choose_background, spread_rows
from hotspot.explanations.importance import covariate_importance
from hotspot.explanations.values import is_additive, shap_values
from hotspot.files import replaced_folder
from hotspot.folds.plan import FoldPlan
from hotspot.folds.store import read_folds
from hotspot.observations.exceedance import exceedance_labels
from hotspot.report.card import model_card
from hotspot.samples.sampleset import Samples
from hotspot.samples.store import read_samples
from hotspot.seeds import child_seed

# Samples that tell what a model relies on, where explaining each costs thousands of
# predictions.
_MAX_EXPLAINED = 100


def run(config: Config, paths: Paths, console: Console) -> None:
    """Fit on all samples of each contaminant and write the models, all or none."""
    with open_stack(paths.covariates) as stack:
        catalogue, grid = stack.catalogue, stack.grid
    samples = read_samples(paths.samples, catalogue)
    plans = read_folds(paths.folds)
    plan = primary_plans(config, plans)[0]
    ledger = read_ledger(paths.metrics)
    facts = model_facts(config, paths)
    with replaced_folder(paths.models) as folder:
        for contaminant, limit in limits_of(config).items():
            chosen = samples.of(contaminant)
            labels = exceedance_labels(chosen.lower, chosen.upper, limit_value(limit))
            estimator = model_factory(config, config.model.kind, contaminant, catalogue)()
            estimator.fit(chosen.X, chosen.lower, chosen.upper, coordinates=chosen.coordinates)
            fitted = FittedModel(
                estimator=estimator,
                catalogue=catalogue,
                grid=grid,
                contaminant=contaminant,
                threshold=limit_facts(limit),
                applicability=_applicability(
                    estimator,
                    chosen,
                    plan,
                    catalogue=catalogue,
                    threshold=limit_value(limit),
                    seed=child_seed(config.seed, "background", contaminant),
                ),
                facts={
                    **facts,
                    "kind": config.model.kind,
                    "n_samples": len(chosen),
                    "n_unknown": int(np.isnan(labels).sum()),
                    "prevalence": float(np.nanmean(labels)),
                },
            )
            save_model(fitted, folder / contaminant)
            card = model_card(
                card_content(config, paths, chosen, contaminant, ledger=ledger, plans=plans),
                provenance_of(config, facts, {contaminant: str(facts["model_id"])}),
            )
            (folder / contaminant / "card.md").write_text(card, encoding="utf-8")
            console.line(
                f"  {contaminant}: {len(chosen)} samples, {np.nanmean(labels):.0%} above "
                f"{limit_value(limit):g} mg/kg"
            )


def _applicability(
    estimator: ExceedanceModel,
    samples: Samples,
    plan: FoldPlan,
    *,
    catalogue: Catalogue,
    threshold: float,
    seed: int,
) -> AreaOfApplicability:
    """Return the area of applicability, weighted by what the model relies on.

    What it credits to the coordinates is left aside: the area is one of covariates.
    """
    explained = samples
    if not is_additive(estimator):
        explained = samples.take(spread_rows(samples.coordinates, _MAX_EXPLAINED, seed=seed))
    values = shap_values(
        estimator,
        explained.X,
        coordinates=explained.coordinates,
        background=choose_background(samples, seed=seed),
        threshold=threshold,
    )
    importance = covariate_importance(values)
    weights = {name: float(importance[name]) for name in catalogue.names}
    # A model that relies on nothing has no reason to weigh one covariate above another.
    if not any(weights.values()):
        weights = dict.fromkeys(catalogue.names, 1.0)
    folds = plan.select(samples.sample_id).fold
    area = AreaOfApplicability(categorical=catalogue.categorical)
    return area.fit(samples.X, weights=weights, folds=folds)
