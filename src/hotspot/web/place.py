"""One place explained: what the saved model says of its cell, and which roles made it so."""

from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.roles import role_contributions
from hotspot.explanations.scales import LOWEST_PROBABILITY, Scale, scale_worths
from hotspot.explanations.traits import has_distribution, is_additive, with_location
from hotspot.explanations.values import shap_values
from hotspot.grid import Window
from hotspot.maps.decision import Decision, decide, inside_applicability
from hotspot.maps.styles import ROLE_COLOURS
from hotspot.web.cell import Answer, Cell, covariate_facts, find_cell, nearest_samples, outline
from hotspot.web.opened import Opened
from hotspot.web.read import Folders, read_cell, read_covariates

# The map stores float32, or probabilities in whole ten-thousandths.
_SAME = 1e-5
_SAME_PROBABILITY = 5.1e-5
_COMPARED = ("probability", "lower", "median", "upper", "dissimilarity")
_QUANTILES = {"lower": 0.05, "median": 0.5, "upper": 0.95}
# What only the map tells: its decisions, and what left-out samples say of its probabilities.
_READ = ("decision", "probability_lower", "probability_upper")


def describe_place(
    opened: Opened,
    folders: Folders,
    longitude: float,
    latitude: float,
    *,
    limit_mg_kg: float | None = None,
) -> Answer:
    """Return what the saved model says of a place, as plain values for JSON.

    Parameters
    ----------
    opened : Opened
        The contaminant.
    folders : Folders
        Of the experiment.
    longitude, latitude : float, degrees
        WGS 84.
    limit_mg_kg : float, optional
        Another limit than the model's, which only models of the concentration know.

    Returns
    -------
    dict
        ``status`` is ``answered``, ``beside`` (the place lies beside the map), ``incomplete``
        (the cell misses a covariate) or ``unknown`` (the model has no answer, or the limit
        of the place is not known for a ``reason``). An answered
        place has the numbers of the model; ``map`` holds those of the rasters, and
        ``same_as_map`` whether both agree.

    Raises
    ------
    RequestError
        A file cannot be read.
    """
    asked = {"longitude": longitude, "latitude": latitude}
    cell = find_cell(opened, longitude, latitude)
    if cell is None:
        return {**asked, "status": "beside"}
    grid = opened.model.grid
    values = read_covariates(
        folders.covariates,
        opened.model.catalogue.names,
        Window(cell.row, cell.col, 1, 1),
        grid=grid,
    )[:, 0, 0]
    answer = {
        **asked,
        "row": cell.row,
        "col": cell.col,
        "easting": cell.easting,
        "northing": cell.northing,
        "crs": grid.crs if len(grid.crs) < 40 else grid.pyproj_crs.name,
        "outline": outline(opened, cell),
        "covariates": [
            covariate_facts(covariate, float(value))
            for covariate, value in zip(opened.model.catalogue, values, strict=True)
        ],
        "nearest": nearest_samples(opened, cell),
    }
    if np.isnan(values).any():
        return {**answer, "status": "incomplete"}
    frame = pd.DataFrame([values], columns=list(opened.model.catalogue.names))
    with opened.lock:
        return {**answer, **_answered(opened, frame, cell, limit_mg_kg)}


def _answered(
    opened: Opened, frame: pd.DataFrame, cell: Cell, limit_mg_kg: float | None
) -> Answer:
    model = opened.model
    # Where the limit depends on the place, that of this one.
    own = float(np.broadcast_to(np.asarray(model.limits(frame)), 1)[0])
    limit = own if limit_mg_kg is None else opened.check_limit(limit_mg_kg)
    coordinates = np.array([[cell.easting, cell.northing]])
    numbers, chance = _numbers(opened, frame, coordinates, (own, limit))
    stored = {
        name: read_cell(opened.layers[name].path, cell.row, cell.col, model.grid)
        for name in (*_COMPARED, *_READ)
        if name in opened.layers
    }
    if not (isfinite(chance) and isfinite(limit)):
        return {"status": "unknown", "reason": _reason(model, frame), "map": _plain(stored)}
    same = opened.is_of_the_model and all(
        _same(name, numbers[name], stored[name]) for name in numbers if name in stored
    )
    asked = model if limit == own else _at_limit(model, limit)
    explained = explain_cell(opened, asked, frame, coordinates)
    return {
        "status": "answered",
        "limit_mg_kg": limit,
        "probability": chance,
        **_plain({name: numbers.get(name, np.nan) for name in ("lower", "median", "upper")}),
        **_likeness(opened, numbers.get("dissimilarity")),
        "decision": _decision(opened, chance, numbers.get("dissimilarity")),
        "explanation": _explanation(explained.chance),
        "uncertainty": None if explained.width is None else _explanation(explained.width),
        "map": _plain(stored),
        "same_as_map": same,
        **(_of_the_map(stored) if limit == own and same else {"band": None}),
    }


def _numbers(
    opened: Opened,
    frame: pd.DataFrame,
    coordinates: NDArray[np.float64],
    limits: tuple[float, float],
) -> tuple[dict[str, float], float]:
    """Return the numbers of the layers at a cell, and P(concentration > limit asked about).

    The limits are that of the map and the one asked about, NaN where not known.
    A model of the concentration is asked for its distribution once, not for each number.
    """
    model = opened.model
    own, limit = limits
    numbers: dict[str, float] = {}
    if isinstance(model.estimator, AnswersFromDistribution):
        distribution = model.estimator.distribution(frame, coordinates=coordinates)
        chance = float(distribution.exceedance(limit)[0])
        numbers["probability"] = float(distribution.exceedance(own)[0])
        for name, q in _QUANTILES.items():
            numbers[name] = float(distribution.quantile(q)[0])
    else:
        chance = numbers["probability"] = float(model.exceedance(frame, coordinates)[0])
    if model.applicability is not None:
        numbers["dissimilarity"] = float(model.applicability.dissimilarity(frame)[0])
    return numbers, chance


def _of_the_map(stored: dict[str, float]) -> Answer:
    """Return what stands in the map for its own limit, in place of what is worked out.

    The cuts of a map are told rounded, so a decision next to one is taken from the map.
    """
    ends = [stored.get(name, np.nan) for name in ("probability_lower", "probability_upper")]
    known: Answer = {"band": ends if all(isfinite(end) for end in ends) else None}
    if "decision" in stored and isfinite(stored["decision"]):
        known["decision"] = _told(Decision(int(stored["decision"])))
    return known


def _same(name: str, computed: float, stored: float) -> bool:
    """Return whether a number of the map is that of the model, NaN for NaN."""
    if np.isnan(computed) or np.isnan(stored):
        return bool(np.isnan(computed) and np.isnan(stored))
    allowed = _SAME_PROBABILITY if name == "probability" else _SAME * max(abs(computed), _SAME)
    return abs(computed - stored) <= allowed


def _at_limit(model: FittedModel, limit: float) -> FittedModel:
    """Return the same model asked for another limit, one number everywhere."""
    own = {name: value for name, value in model.threshold.items() if name != "rule"}
    return replace(model, threshold={**own, "value_mg_kg": limit})


def _reason(model: FittedModel, frame: pd.DataFrame) -> str | None:
    """Return why the limit of a place is not known; None where it is."""
    if model.rule is None:
        return None
    return next(iter(model.rule.reasons(frame)), None)


def _likeness(opened: Opened, dissimilarity: float | None) -> Answer:
    """Return the place in the area of applicability, None without one."""
    area = opened.model.applicability
    if area is None or dissimilarity is None or not isfinite(dissimilarity):
        return {"dissimilarity": None, "applicable": None, "edge": None}
    edge = float(area.threshold_)
    inside = inside_applicability(np.array([dissimilarity]), edge)
    return {"dissimilarity": dissimilarity, "applicable": bool(inside[0]), "edge": edge}


def _decision(opened: Opened, chance: float, dissimilarity: float | None) -> str | None:
    """Return the answer of the map's rule to a probability, None without applicability."""
    likeness = _likeness(opened, dissimilarity)
    if likeness["applicable"] is None:
        return None
    code = decide(np.array([chance]), np.array([likeness["applicable"]]), opened.rule)[0]
    return _told(Decision(int(code)))


def _told(decision: Decision) -> str:
    return decision.name.lower().replace("_", " ")


@dataclass(frozen=True)
class CellExplanation:
    """What roles add at a cell.

    Parameters
    ----------
    chance : ShapValues
        To the log-odds, as the layers of roles show it, in float64.
    width : ShapValues or None
        To the width of the 90 % interval; None for a model that knows one limit only.
    """

    chance: ShapValues
    width: ShapValues | None


def explain_cell(
    opened: Opened, model: FittedModel, frame: pd.DataFrame, coordinates: NDArray[np.float64]
) -> CellExplanation:
    """Return what each role adds at a cell: to the chance, and to the doubt.

    Roles are the players of the Shapley values, or sums where the log-odds are a sum: the
    same rule and the same background as in `hotspot.explanations.layers.role_layers`.
    """
    if is_additive(model):
        values = shap_values(model, frame)
        roles, contributions = role_contributions(values, model.catalogue)
        return CellExplanation(ShapValues(contributions, values.base, roles), None)
    scales: tuple[Scale, ...] = ("log-odds", "width")
    found = scale_worths(
        model,
        frame,
        players=with_location(model.catalogue.by_role(), model),
        coordinates=coordinates,
        background=opened.background,
        scales=scales if has_distribution(model) else scales[:1],
    )
    width = found.values("width") if "width" in found.scales else None
    return CellExplanation(found.values("log-odds"), width)


def _explanation(explained: ShapValues) -> Answer:
    return {
        "unit": explained.unit,
        "base": float(explained.base[0]),
        "total": float(explained.total[0]),
        "n_background": explained.n_background,
        "clipped_at": LOWEST_PROBABILITY if explained.n_background else None,
        "roles": [
            {
                "role": role,
                "label": role.replace("_", " "),
                "colour": ROLE_COLOURS.get(role, "#888888"),
                "contribution": float(value),
            }
            for role, value in zip(explained.names, explained.values[0], strict=True)
        ],
    }


def _plain(values: dict[str, float]) -> dict[str, float | None]:
    """Return values with None for what JSON does not know."""
    return {name: value if isfinite(value) else None for name, value in values.items()}
