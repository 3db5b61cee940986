"""`hotspot fit`: the final model of each contaminant, with its area of applicability."""

import numpy as np

from hotspot.commands.applicability import fitted_area, weights_of
from hotspot.commands.console import Console
from hotspot.commands.models import (
    limit_facts,
    limit_value,
    limits_of,
    model_factory,
    model_facts,
    primary_plans,
)
from hotspot.commands.report_card import card_content, provenance_of
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import open_stack
from hotspot.estimators.applicability.error_profile import PROFILE_COLUMNS, ErrorProfile
from hotspot.estimators.calibration_band import fit_calibration_band
from hotspot.estimators.distinct import copies_of
from hotspot.estimators.fitted import FittedModel, LeftOutEvidence
from hotspot.estimators.preference import corrected, preference_of
from hotspot.estimators.store import save_model
from hotspot.estimators.varying_limit import fit_at
from hotspot.evaluation.store import read_ledger, read_table
from hotspot.files import replaced_folder
from hotspot.folds.score_blocks import score_blocks
from hotspot.folds.store import read_folds
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import limit_words, limits_at
from hotspot.report.card import model_card
from hotspot.samples.sampleset import Samples
from hotspot.samples.store import read_samples


def run(config: Config, paths: Paths, console: Console) -> None:
    """Fit on all samples of each contaminant and write the models, all or none."""
    with open_stack(paths.covariates) as stack:
        catalogue, grid = stack.catalogue, stack.grid
    samples = read_samples(paths.samples, catalogue)
    plans = read_folds(paths.folds)
    plan = primary_plans(config, plans)[0]
    ledger = read_ledger(paths.metrics)
    facts = model_facts(config, paths)
    weights = read_table(paths.evaluation / "applicability.parquet")
    with replaced_folder(paths.models) as folder:
        for contaminant, limit in limits_of(config).items():
            chosen = samples.of(contaminant)
            limits = limits_at(limit_value(limit), chosen.X)
            labels = exceedance_labels(chosen.lower, chosen.upper, limits)
            make = model_factory(config, config.model.kind, contaminant, catalogue)
            slope = ledger.get("sampling", {}).get(contaminant, {}).get("correction") or 0.0
            estimator = corrected(fit_at(make(), chosen, limits), slope)
            fitted = FittedModel(
                estimator=estimator,
                catalogue=catalogue,
                grid=grid,
                contaminant=contaminant,
                threshold=limit_facts(limit, chosen.X),
                applicability=fitted_area(
                    chosen,
                    plan,
                    catalogue=catalogue,
                    weights=weights_of(weights, contaminant),
                ),
                facts={
                    **facts,
                    "kind": config.model.kind,
                    "n_samples": len(chosen),
                    "n_unknown": int(np.isnan(labels).sum()),
                    "prevalence": float(np.nanmean(labels)),
                    "preference": preference_of(estimator),
                },
                evidence=_evidence(paths, contaminant, config.model.kind, plan.plan, chosen),
            )
            save_model(fitted, folder / contaminant)
            card = model_card(
                card_content(config, paths, chosen, contaminant, ledger=ledger, plans=plans),
                provenance_of(config, facts, {contaminant: str(facts["model_id"])}),
            )
            (folder / contaminant / "card.md").write_text(card, encoding="utf-8")
            copies = copies_of(estimator)
            for alike in () if copies is None else copies.classes:
                console.line(
                    f"  note: {' and '.join(alike)} say the same in every sample of "
                    f"{contaminant}: learnt once, the credit is shared"
                )
            console.line(
                f"  {contaminant}: {len(chosen)} samples, {np.nanmean(labels):.0%} above "
                f"{limit_words(limit_value(limit))}"
            )


def _evidence(
    paths: Paths, contaminant: str, kind: str, plan: str, samples: Samples
) -> LeftOutEvidence:
    """Return what the left-out samples of `evaluate` tell of the model's answers."""
    table = read_table(paths.evaluation / "out_of_fold.parquet")
    rows = table[
        (table["contaminant"] == contaminant)
        & (table["model"] == kind)
        & (table["plan"] == plan)
    ]
    block = dict(
        zip(samples.sample_id.tolist(), score_blocks(samples.coordinates), strict=True)
    )
    band = fit_calibration_band(
        rows["label"].to_numpy(dtype=np.float64),
        rows["probability"].to_numpy(dtype=np.float64),
        rows["sample_id"].map(block).to_numpy(dtype=np.int64),
        # The repeats of a sample are one sample.
        weights=np.full(len(rows), 1 / rows["repeat"].nunique()),
    )
    profiles = read_table(paths.evaluation / "error_profile.parquet")
    own = profiles[profiles["contaminant"] == contaminant]
    columns = own[list(PROFILE_COLUMNS)].reset_index(drop=True)
    return LeftOutEvidence(band, ErrorProfile(columns) if len(columns) else None)
