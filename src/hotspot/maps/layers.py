"""The layers a map can have, and how a model gives each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from hotspot.covariates.catalogue import Role
from hotspot.errors import ModelError, few, nearest_name
from hotspot.estimators.additive import SharedOnce
from hotspot.grid import Coordinates
from hotspot.maps.model import Applicability, MapModel, Values

Compute = Callable[[MapModel, pd.DataFrame, Coordinates], Values]
Derive = Callable[[MapModel, Values], Values]


def _probability(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
    return model.exceedance(X, coordinates=coordinates)


def _dissimilarity(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
    # The caller has checked that the model has an area of applicability.
    return cast(Applicability, model.applicability).dissimilarity(X)


def _point_density(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
    return cast(Applicability, model.applicability).local_point_density(X)


def _lower_probability(model: MapModel, probability: Values) -> Values:
    lower: Values = _found(model, "calibration_band").bounds(_as_mapped(probability))[0]
    return lower


def _upper_probability(model: MapModel, probability: Values) -> Values:
    upper: Values = _found(model, "calibration_band").bounds(_as_mapped(probability))[1]
    return upper


def _expected_brier(model: MapModel, dissimilarity: Values) -> Values:
    brier: Values = _found(model, "error_profile").expected_brier(dissimilarity)
    return brier


def _as_mapped(values: Values) -> Values:
    """Return numbers as a map stores them, so that its layers agree in every cell."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def _limit(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
    limits: Values = _found(model, "rule").values(X)
    # Nothing exceeds an infinite one; statistics and colours know finite numbers only.
    return np.where(np.isfinite(limits), limits, np.nan)


def _found(model: MapModel, name: str) -> Any:
    """Return what a model, or the estimator it wraps, has under a name, else None."""
    if "." in name:
        part, _, rest = name.partition(".")
        return getattr(getattr(model, part, None), rest, None)
    own = getattr(model, name, None)
    return own if own is not None else getattr(getattr(model, "estimator", None), name, None)


def _quantile(q: float) -> Compute:
    def compute(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
        answer = _found(model, "quantile")(X, q, coordinates=coordinates)
        return np.asarray(answer, dtype=np.float64).reshape(len(X))

    return compute


def _contribution(role: str) -> Compute:
    def compute(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
        roles = model.catalogue.by_role()
        group = [list(roles).index(str(covariate.role)) for covariate in model.catalogue]
        estimator: Any = getattr(model, "estimator", model)
        shared = estimator if isinstance(estimator, SharedOnce) else SharedOnce(estimator)
        found: Values = shared.shares(X, group)[:, list(roles).index(role)]
        rule = _found(model, "rule")
        # As in an explanation: nothing is credited where the limit is not known.
        return found if rule is None else np.where(np.isfinite(rule.values(X)), found, np.nan)

    return compute


@dataclass(frozen=True)
class Layer:
    """One raster of a map.

    Parameters
    ----------
    name : str
        Also the name of its file.
    title : str
        A few words for a legend or a band description.
    unit : str
        ``"1"`` for a share or an index, ``"class"`` for codes.
    needs : str
        Attribute without which a model cannot give the layer.
    compute : callable or None
        From (model, covariates, coordinates) to one value per row; None for the decision,
        which is derived from the probability and the dissimilarity.
    source : str or None
        The layer from whose values alone this one follows, if it does.
    derive : callable or None
        From (model, values of the source) to the values of this layer: who has the source
        need not compute it again.
    role : str or None
        The role of the covariates that the layer is about, which the model must have.
    """

    name: str
    title: str
    unit: str
    needs: str
    compute: Compute | None
    source: str | None = None
    derive: Derive | None = None
    role: str | None = None

    @property
    def dtype(self) -> Literal["float32", "uint8"]:
        """Type of the values in the file."""
        return "uint8" if self.unit == "class" else "float32"

    @property
    def nodata(self) -> float:
        """The value that stands for missing in the file: 255 for codes, else NaN.

        NaN rather than a number such as -9999: GDAL, QGIS, R's terra and ArcGIS draw a
        declared NaN as transparent and leave it out of overviews, and a program that
        overlooks the declaration gets NaN back, never a probability of -9999 that spoils
        an average without a sign.
        """
        return 255.0 if self.dtype == "uint8" else float("nan")

    def available(self, model: MapModel) -> bool:
        """Whether a model can give this layer."""
        has_role = self.role is None or self.role in model.catalogue.by_role()
        return has_role and _found(model, self.needs) is not None


def _derived(
    name: str, title: str, needs: str, *, source: tuple[str, Compute], derive: Derive
) -> Layer:
    """Return a layer that follows from another one."""
    given, compute_source = source

    def compute(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
        return derive(model, compute_source(model, X, coordinates))

    return Layer(name, title, "1", needs, compute, given, derive)


# The one table of layers. A new layer of a model is one more row here.
LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer("probability", "P(exceed)", "1", "exceedance", _probability),
        Layer("dissimilarity", "Dissimilarity index", "1", "applicability", _dissimilarity),
        # Without an area of applicability every "below" could be a place unlike any sample,
        # so a model that has none gives no decision.
        Layer("decision", "Decision", "class", "applicability", None),
        Layer("lower", "5 % quantile", "mg/kg", "quantile", _quantile(0.05)),
        Layer("median", "Median", "mg/kg", "quantile", _quantile(0.5)),
        Layer("upper", "95 % quantile", "mg/kg", "quantile", _quantile(0.95)),
        _derived(
            "probability_lower",
            "Lower bound of P(exceed)",
            "calibration_band",
            source=("probability", _probability),
            derive=_lower_probability,
        ),
        _derived(
            "probability_upper",
            "Upper bound of P(exceed)",
            "calibration_band",
            source=("probability", _probability),
            derive=_upper_probability,
        ),
        _derived(
            "expected_brier",
            "Expected Brier score",
            "error_profile",
            source=("dissimilarity", _dissimilarity),
            derive=_expected_brier,
        ),
        Layer("limit", "Limit of the place", "mg/kg", "rule", _limit),
        Layer(
            "point_density",
            "Samples alike",
            "samples",
            "applicability.local_point_density",
            _point_density,
        ),
    )
}

ROLES = "roles"
"""Asks for the layers of all roles that a model has, see `role_layers_of`."""

# What a role adds to the log-odds, of models that are a sum over their covariates.
ROLE_LAYERS: dict[str, Layer] = {
    f"role_{role}": Layer(
        f"role_{role}",
        f"Contribution of {role}",
        "log-odds",
        "log_odds",
        _contribution(str(role)),
        role=str(role),
    )
    for role in Role
}

_ALL = {**LAYERS, **ROLE_LAYERS}

# Layers that a map goes without where a model cannot give them: a classifier knows no
# concentration, a model that was not tested no band, and one of one limit has none to map.
OPTIONAL_LAYERS = (
    "lower",
    "median",
    "upper",
    "probability_lower",
    "probability_upper",
    "expected_brier",
    "limit",
    "point_density",
)


def layer_named(name: str) -> Layer:
    """Return a layer of `LAYERS` or `ROLE_LAYERS`."""
    return _ALL[name]


def role_layers_of(model: MapModel) -> tuple[str, ...]:
    """Return the names of the layers of roles that a model can give, roles in its order.

    There are none of a model that is no sum over its covariates: what it credits to a role
    takes thousands of predictions a cell, see `hotspot.explanations`.
    """
    names = [f"role_{role}" for role in model.catalogue.by_role()]
    return tuple(name for name in names if layer_named(name).available(model))


def available_layers(model: MapModel) -> tuple[str, ...]:
    """Return the names of the layers that a model can give."""
    return tuple(name for name, layer in LAYERS.items() if layer.available(model))


def check_layers(model: MapModel, layers: Sequence[str]) -> None:
    """Raise `ModelError` unless a model can give all these layers.

    Raises
    ------
    ModelError
        A layer is unknown or asked twice, none is asked, or the model lacks what it needs.
    """
    known = tuple(_ALL)
    offered = few((*available_layers(model), *role_layers_of(model)), len(known))
    unknown = [name for name in layers if name not in _ALL]
    if unknown:
        raise ModelError(
            f"There is no map layer {few(map(repr, unknown))}."
            f"{nearest_name(unknown[0], known)} This model gives {offered}."
        )
    if not layers or len(set(layers)) < len(layers):
        raise ModelError(
            f"The map layers asked are {few(layers) or 'none'}. "
            f"Name each once, at least one of {offered}."
        )
    lacking = [name for name in layers if not _ALL[name].available(model)]
    if lacking:
        needs = sorted({_ALL[name].needs for name in lacking})
        raise ModelError(
            f"The model of {model.contaminant} cannot give the layers {few(lacking)}: "
            f"it has no {few(needs)}. Ask for some of {offered}, or fit a model that has it."
        )
