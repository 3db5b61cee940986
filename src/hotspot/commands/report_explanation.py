"""Gathering what a report says of an explanation, from the files of `hotspot explain`."""

from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.commands.report_maps import role_layers
from hotspot.config.schema import Config
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.dependence import (
    binned_dependence,
    class_dependence,
    dependence_points,
)
from hotspot.explanations.importance import importance_table, role_importance
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.store import (
    HOTSPOTS_FILE,
    ORIGINS_FILE,
    STATEMENTS_FILE,
    read_json,
)
from hotspot.report.content import (
    Claims,
    Dependence,
    Explanation,
    SampleContributions,
)
from hotspot.samples.sampleset import Samples, SampleSet

# Columns of values.parquet that are no contribution.
_VALUES_HEAD = ("sample_id", "unit", "base")


def explanation_of(
    config: Config, folder: Path, chosen: Samples, samples: SampleSet
) -> Explanation | None:
    """Return what the model of a contaminant leans on; None where it leans on nothing."""
    catalogue = samples.catalogue
    table = pd.read_parquet(folder / "values.parquet")
    names = tuple(name for name in table.columns if name not in _VALUES_HEAD)
    values = ShapValues(
        values=table[list(names)].to_numpy(dtype=np.float64),
        base=table["base"].to_numpy(dtype=np.float64),
        names=names,
    )
    # A large survey may be explained in part.
    explained = pd.Index(table["sample_id"].astype(str))
    chosen = chosen.take(pd.Index(chosen.sample_id).get_indexer(explained))
    # Both coordinates are one thing in an explanation; the easting stands for them, by which
    # the points of a chart are coloured.
    shown = chosen.X.assign(**{LOCATION: chosen.coordinates[:, 0]})[list(names)]
    if not np.abs(values.values).any():
        return None
    importance = importance_table(values, catalogue)
    importance["unit"] = [
        "m" if name == LOCATION else catalogue[name].unit for name in importance["covariate"]
    ]
    by_role = role_importance(values, catalogue).rename("mean_abs")
    stability = None
    if (folder / "stability.parquet").is_file():
        stability = pd.read_parquet(folder / "stability.parquet")
        importance = importance.merge(
            stability[["covariate", "sd", "above_placebo"]], on="covariate", how="left"
        )
    shapes = _shapes(folder)
    dependence = []
    drawn = importance.loc[importance["covariate"] != LOCATION, "covariate"]
    for name in drawn.head(config.explain.dependence):
        points = dependence_points(values, chosen.X, name)
        categorical = catalogue[name].is_categorical
        curve = class_dependence(points) if categorical else binned_dependence(points)
        rug = points["value"].to_numpy(dtype=np.float64)
        own = shapes[shapes["covariate"] == name] if shapes is not None else None
        shape = own if own is not None and len(own) else None
        dependence.append(Dependence(name, catalogue[name].unit, curve, rug, shape))
    return Explanation(
        scale=values.unit,
        importance=importance,
        by_role=by_role.rename_axis("role").reset_index(),
        # The band is one of refits with planted noise. Beside the final model's importances it
        # would let useless covariates pass; the table of verdicts compares like with like.
        placebo=None,
        samples=SampleContributions(shown, values.values),
        dependence=tuple(dependence),
        layers=role_layers(folder),
        stability=stability,
        claims=_claims(folder),
    )


def _shapes(folder: Path) -> pd.DataFrame | None:
    path = folder / "shape.parquet"
    return pd.read_parquet(path) if path.is_file() else None


def _claims(folder: Path) -> Claims | None:
    """Return statements, hotspot cards and origins as their files hold them."""
    statements = read_json(folder / STATEMENTS_FILE)
    if statements is None:
        return None
    cards = read_json(folder / HOTSPOTS_FILE)
    width: list[tuple[str, float]] = []
    if (folder / "values_width.parquet").is_file():
        table = pd.read_parquet(folder / "values_width.parquet")
        mean = table.drop(columns=list(_VALUES_HEAD)).abs().mean()
        ranked = mean.sort_values(ascending=False, kind="stable")
        width = [(str(role), float(value)) for role, value in ranked.items()]
    return Claims(
        statements=statements["statements"],
        cautions=statements["cautions"],
        cards=[] if cards is None else cards["hotspots"],
        origins=read_json(folder / ORIGINS_FILE),
        width=width,
    )
