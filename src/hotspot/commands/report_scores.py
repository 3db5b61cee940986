"""Gathering what a report says of scores, from the files of `hotspot evaluate`."""

from typing import Any

import numpy as np
import pandas as pd

from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.evaluation.scores import losses_log
from hotspot.report.content import Evaluation, Reach
from hotspot.report.numerals import concentration
from hotspot.samples.sampleset import Samples

# Worst places that are told.
_MOST_WORST = 10


def evaluation_of(
    config: Config, paths: Paths, contaminant: str, ledger: dict[str, Any]
) -> Evaluation:
    """Return scores, reliability and reach of the models of a contaminant."""
    plan = config.cv.primary
    curves = pd.read_parquet(paths.evaluation / "reliability.parquet")
    own = curves[
        (curves["contaminant"] == contaminant)
        & (curves["plan"] == plan)
        & (curves["applicability"] == "all")
    ]
    profiles = pd.read_parquet(paths.evaluation / "error_profile.parquet")
    profile = profiles[profiles["contaminant"] == contaminant].drop(columns="contaminant")
    strength = ledger["error_profile"][contaminant]
    return Evaluation(
        scores=ledger[contaminant],
        model=config.model.kind,
        gap=ledger["gap"].get(contaminant, {}).get(config.model.kind),
        reliability=own.drop(columns=["contaminant", "plan", "applicability"]).reset_index(
            drop=True
        ),
        reliability_plan=plan,
        reach=Reach(
            applicability=ledger["applicability"][contaminant],
            profile=profile.reset_index(drop=True) if len(profile) else None,
            correlation=strength["spearman"],
            strength=str(strength["strength"]),
        ),
    )


def worst_places(
    config: Config, paths: Paths, contaminant: str, samples: Samples
) -> pd.DataFrame:
    """Return the left-out samples that the model of the map told worst, the worst first.

    The mean log loss over the repeats of the primary plan; those of unknown exceedance have
    none.
    """
    table = pd.read_parquet(paths.evaluation / "out_of_fold.parquet")
    own = table[
        (table["contaminant"] == contaminant)
        & (table["model"] == config.model.kind)
        & (table["plan"] == config.cv.primary)
    ]
    mean = own.groupby("sample_id")[["label", "probability"]].mean().reindex(samples.sample_id)
    label, chance = (mean[name].to_numpy(np.float64) for name in ("label", "probability"))
    loss = losses_log(label, chance)
    found = pd.DataFrame(
        {
            "sample_id": samples.sample_id.astype(str),
            "easting": samples.coordinates[:, 0],
            "northing": samples.coordinates[:, 1],
            "measured": list(map(concentration, samples.lower, samples.upper)),
            "probability": chance,
            "log_loss": loss,
        }
    )
    ranked = found.dropna().sort_values("log_loss", ascending=False, kind="stable")
    return ranked.head(_MOST_WORST).reset_index(drop=True)


def sampling_warnings(
    ledger: dict[str, Any], config: Config, contaminant: str
) -> tuple[str, ...]:
    """Return what the sampling design and the reach of the tests make doubtful."""
    told = []
    sampling = ledger.get("sampling", {}).get(contaminant, {})
    if sampling.get("is_preferential", False) is None:
        told.append(sampling["sentence"])
    elif sampling.get("is_preferential"):
        told.append(
            f"{sampling['sentence']} Scores under folds speak of places like the sampled ones; "
            "those weighed for the map allow for it as far as they can."
            + (" So does the map." if sampling.get("correction") else "")
        )
    target = ledger.get("target", {}).get(contaminant, {}).get(config.model.kind, {})
    if target.get("reason"):
        told.append(f"No score for the area of the map: {target['reason']}")
    return tuple(told)


def fold_warnings(config: Config, paths: Paths, contaminant: str) -> tuple[str, ...]:
    """Return what is wrong with folds of the primary plan, counted."""
    table = pd.read_parquet(paths.evaluation / "folds.parquet")
    own = table[(table["contaminant"] == contaminant) & (table["plan"] == config.cv.primary)]
    counts = own.loc[own["warning"] != "", "warning"].value_counts()
    return tuple(
        f"{count} of {len(own)} folds of the plan {config.cv.primary}: {warning}."
        for warning, count in counts.items()
    )
