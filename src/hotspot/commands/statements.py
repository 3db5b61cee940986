"""Tested statements: what of `hotspot explain` fits models again to test an explanation."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotspot.commands.models import model_maker
from hotspot.commands.workers import Team
from hotspot.config.schema import Config
from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators.fitted import FittedModel
from hotspot.evaluation.store import read_ledger
from hotspot.explanations.agreement import OtherModel, near_best
from hotspot.explanations.background import spread_rows
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.correlation import associations, covariate_clusters
from hotspot.explanations.evidence import BY_BACKGROUND, FOR_A_SUM, Evidence, Rows
from hotspot.explanations.refits import Refitter, gather_evidence
from hotspot.explanations.stability import stability_table
from hotspot.explanations.statement import Survey
from hotspot.explanations.statements import make_statements
from hotspot.explanations.store import (
    STATEMENTS_FILE,
    write_statements,
    write_values,
)
from hotspot.explanations.traits import is_additive
from hotspot.files import write_table
from hotspot.folds.plan import FoldPlan
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import Limit, limit_words, limits_at
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed

# Other models that are fitted again, at most; the best first.
_MOST_OTHERS = 3


def write_tested_statements(
    config: Config,
    model: FittedModel,
    samples: Samples,
    explained: tuple[ShapValues, Rows],
    *,
    plan: FoldPlan,
    metrics: Path,
    folder: Path,
    team: Team,
) -> None:
    """Fit the model again in many ways and write what its explanation is worth.

    Into `folder` go the statements with their verdicts, the stability of each covariate, the
    contributions of out-of-fold models, and which covariates say the same. `team` shares
    out the fits. Where all samples lie on one side of the limit nothing can be tested: there
    are no statements then, but the reason.
    """
    contaminant, catalogue = model.contaminant, model.catalogue
    values, rows = explained
    refitter = Refitter(
        model_maker(config, config.model.kind, contaminant, catalogue),
        samples,
        model.limit,
        child_seed(config.seed, "explain", contaminant),
    )
    _write_clusters(samples, catalogue, folder / "correlation.parquet")
    one_sided = one_sided_caution(samples, model.limit)
    if one_sided:
        write_statements(
            [],
            folder / STATEMENTS_FILE,
            contaminant=contaminant,
            model=str(model.facts["model_id"]),
            unit=values.unit,
            cautions=[one_sided],
        )
        return
    effort = FOR_A_SUM if is_additive(model) else BY_BACKGROUND
    own_plan = plan.select(samples.sample_id)
    evidence = gather_evidence(
        refitter,
        own_plan,
        values,
        rows,
        effort=effort,
        spread=partial(team.do, "refits"),
    )
    write_table(stability_table(evidence, catalogue), folder / "stability.parquet")
    _write_out_of_fold(evidence, values, samples, folder / "values_out_of_fold.parquet")
    scores = read_ledger(metrics)[contaminant]
    kinds = near_best(scores, config.cv.primary)
    rivals = [kind for kind in kinds if kind != config.model.kind][:_MOST_OTHERS]
    jobs = [(config, contaminant, kind, refitter, rows, catalogue) for kind in rivals]
    others = team.do("other models", _other, jobs)
    survey = Survey(
        contaminant=contaminant,
        name=Contaminants.load()[contaminant].name.lower(),
        X=samples.X,
        catalogue=catalogue,
        inside=_inside(model, samples),
    )
    cautions = []
    if kinds and config.model.kind not in kinds:
        cautions.append(
            f"{kinds[0].replace('_', ' ')} predicts left-out samples better by more than a "
            "standard error: what this model leans on is the story of a lesser model"
        )
    if model.rule is not None:
        cautions.append(
            f"the limit itself depends on {', '.join(model.rule.covariates)}: what is credited "
            "there is what it tells of the concentration and what the law makes of it"
        )
    write_statements(
        make_statements(evidence, survey, others),
        folder / STATEMENTS_FILE,
        contaminant=contaminant,
        model=str(model.facts["model_id"]),
        unit=values.unit,
        cautions=cautions,
    )


def one_sided_caution(samples: Samples, limit: Limit) -> str:
    """Return why no explanation of an exceedance can be tested; empty where one can be."""
    labels = exceedance_labels(samples.lower, samples.upper, limits_at(limit, samples.X))
    known = labels[np.isfinite(labels)]
    if len(np.unique(known)) == 2:
        return ""
    if not len(known):
        seen = f"of none of {len(labels)} samples it is known whether it exceeds"
    elif known[0]:
        seen = f"every one of {len(known)} samples with a known answer exceeds"
    else:
        seen = f"none of {len(known)} samples with a known answer exceeds"
    return (
        f"{seen} {limit_words(limit)}, so that no explanation can be tested: what is credited "
        "to covariates here is how the model goes on beyond what was measured. Choose a limit "
        "between the samples to have statements"
    )


def _write_out_of_fold(
    evidence: Evidence, values: ShapValues, samples: Samples, path: Path
) -> None:
    """Write the contributions of the models that have not seen each sample."""
    held_out, base, fold = evidence.held_out()
    known = np.flatnonzero(fold >= 0)
    found = ShapValues(
        held_out[known], base[known], values.names, values.unit, evidence.n_background
    )
    ids = samples.sample_id[evidence.rows[known]].tolist()
    write_values(found, ids, path, fold=fold[known].tolist())


def _write_clusters(samples: Samples, catalogue: Catalogue, path: Path) -> None:
    table = associations(samples.X, catalogue)
    clusters = covariate_clusters(table)
    first = {name: list(clusters).index(members[0]) for name, members in clusters.items()}
    number = {place: n for n, place in enumerate(sorted(set(first.values())), start=1)}
    table.insert(0, "cluster", [number[first[str(name)]] for name in table.index])
    table.insert(0, "covariate", list(table.index))
    write_table(table.reset_index(drop=True), path)


def _inside(model: FittedModel, samples: Samples) -> NDArray[np.bool_] | None:
    """Return whether each sample lies inside the area of those of other folds."""
    area = model.applicability
    if area is None or len(area.dissimilarity_train_) != len(samples):
        return None
    return np.asarray(area.dissimilarity_train_ <= area.threshold_, dtype=np.bool_)


def _other(
    config: Config,
    contaminant: str,
    kind: str,
    refitter: Refitter,
    rows: Rows,
    catalogue: Catalogue,
) -> OtherModel:
    """Return what a model of another kind says, learnt from the same samples."""
    samples = refitter.samples
    other = Refitter(
        model_maker(config, kind, contaminant, catalogue),
        samples,
        refitter.threshold,
        refitter.seed,
    )
    fitted = other.fit(samples, "other", kind)
    if not is_additive(fitted):
        places = samples.coordinates[rows]
        seed = child_seed(refitter.seed, "rows")
        rows = rows[spread_rows(places, BY_BACKGROUND.n_rows, seed=seed)]
    found = other.explain(fitted, samples, samples.take(rows), BY_BACKGROUND.n_background)
    return OtherModel(kind, rows, found.names, found.values)
