"""Gathering what a report says of an explanation, from the files of `hotspot explain`."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    SCALE_FILES,
    STATEMENTS_FILE,
    read_json,
)
from hotspot.report.content import (
    Claims,
    Dependence,
    Explanation,
    SampleContributions,
    ScaleImportance,
)
from hotspot.samples.sampleset import Samples, SampleSet

# Columns of values.parquet that are no contribution.
_VALUES_HEAD = ("sample_id", "unit", "base")


def explanation_of(
    config: Config,
    folder: Path,
    chosen: Samples,
    samples: SampleSet,
    *,
    outside: NDArray[np.bool_] | None,
) -> Explanation | None:
    """Return what the model of a contaminant leans on; None where it leans on nothing.

    Cells `outside` the area of applicability are hatched in the map of the dominant role.
    """
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
    beside = _table(folder, "values_interventional")
    if beside is not None:
        mean = beside.drop(columns=list(_VALUES_HEAD)).abs().mean()
        importance["interventional"] = importance["covariate"].map(mean)
    shapes, claims = _table(folder, "shape"), _claims(folder)
    dependence = []
    drawn = importance.loc[importance["covariate"] != LOCATION, "covariate"]
    for name in drawn.head(config.explain.dependence):
        points = dependence_points(values, chosen.X, name)
        categorical = catalogue[name].is_categorical
        curve = class_dependence(points) if categorical else binned_dependence(points)
        rug = points["value"].to_numpy(dtype=np.float64)
        own = shapes[shapes["covariate"] == name] if shapes is not None else None
        shape = own if own is not None and len(own) else None
        classes = {float(code): meaning for code, meaning in catalogue[name].classes}
        dependence.append(Dependence(name, catalogue[name].unit, curve, rug, shape, classes))
    return Explanation(
        scale=values.unit,
        importance=importance,
        by_role=by_role.sort_values(ascending=False, kind="stable")
        .rename_axis("role")
        .reset_index(),
        # The band is one of refits with planted noise. Beside the final model's importances it
        # would let useless covariates pass; the table of verdicts compares like with like.
        placebo=None,
        samples=SampleContributions(shown, values.values),
        dependence=tuple(dependence),
        layers=role_layers(folder, outside),
        stability=_judged(stability, claims),
        claims=claims,
        scales=_scales(folder),
        interactions=_table(folder, "interactions"),
        association=_association(folder),
        n_background=int(table.attrs.get("n_background", 0)),
        slow_reason=str(table.attrs.get("slow_reason", "")),
    )


def _judged(stability: pd.DataFrame | None, claims: Claims | None) -> pd.DataFrame | None:
    """Return the table of stability with the verdicts of the statements, where there are."""
    if stability is None or claims is None:
        return stability
    verdicts = {
        str(each["subject"]): str(each["verdict"])
        for each in claims.statements
        if each["kind"] == "covariate" or each["subject"] == LOCATION
    }
    return stability.assign(verdict=stability["covariate"].map(verdicts))


def _table(folder: Path, name: str) -> pd.DataFrame | None:
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else None


def _association(folder: Path) -> pd.DataFrame | None:
    table = _table(folder, "correlation")
    if table is None:
        return None
    return table.drop(columns=["covariate", "cluster"]).set_axis(table["covariate"], axis=0)


def _scales(folder: Path) -> tuple[ScaleImportance, ...]:
    """Return what roles add on each scale that was explained, by importance."""
    found = []
    for scale, name in SCALE_FILES.items():
        table = _table(folder, name)
        if table is None:
            continue
        mean = table.drop(columns=list(_VALUES_HEAD)).abs().mean()
        ranked = mean.sort_values(ascending=False, kind="stable")
        found.append(
            ScaleImportance(
                scale,
                str(table["unit"].iloc[0]),
                {str(role): float(value) for role, value in ranked.items()},
                int(table.attrs.get("n_background", 0)),
            )
        )
    return tuple(found)


def _claims(folder: Path) -> Claims | None:
    """Return statements, hotspot cards and origins as their files hold them."""
    statements = read_json(folder / STATEMENTS_FILE)
    if statements is None:
        return None
    cards = read_json(folder / HOTSPOTS_FILE)
    return Claims(
        statements=statements["statements"],
        cautions=statements["cautions"],
        cards=[] if cards is None else cards["hotspots"],
        origins=read_json(folder / ORIGINS_FILE),
    )
