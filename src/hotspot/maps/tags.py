"""What every raster says about itself."""

from hotspot.maps.limits import limit_phrase, limit_tags
from hotspot.maps.model import MapModel

# One sentence each: what the number means, and what it does not.
_MEANING = {
    "probability": (
        "Modelled probability that the {contaminant} concentration of a soil sample from this "
        "cell is above {limit}; it is neither a concentration nor a share of the cell nor a "
        "risk to health, and says little where the decision is 'cannot say'."
    ),
    "dissimilarity": (
        "Distance in covariates from this cell to the most similar sample, relative to the "
        "mean distance among samples; it measures how far the model must extrapolate, not how "
        "wrong it is, and says nothing of {contaminant} itself."
    ),
    "decision": (
        "0: {contaminant} is taken to be below {limit}, 1: above, at the cuts in the tags; "
        "2: cannot say, because the probability is undecided or no sample resembles this "
        "cell, 255: no data; it is a reading of the probability, not a measurement, and no "
        "legal finding on a site."
    ),
    "probability_lower": (
        "Lower bound of the share of samples from cells of this probability in which "
        "{contaminant} is above {limit}, as left-out samples tell it; it holds for all such "
        "cells together, not for this one, and says nothing outside the area of applicability."
    ),
    "probability_upper": (
        "Upper bound of the share of samples from cells of this probability in which "
        "{contaminant} is above {limit}, as left-out samples tell it; it holds for all such "
        "cells together, not for this one, and says nothing outside the area of applicability."
    ),
    "expected_brier": (
        "Mean squared error that the probability of {contaminant} above {limit} had for "
        "left-out samples as unlike the others as this cell is; it speaks of places of this "
        "dissimilarity together, not of this cell, and is missing where no sample was as "
        "unlike."
    ),
    "point_density": (
        "Number of samples that resemble this cell as closely as samples of different folds "
        "resemble each other; it counts what the model could learn from, not how wrong it is, "
        "and says nothing of {contaminant} itself."
    ),
    "lower": (
        "The {contaminant} concentration in mg/kg that a soil sample from this cell stays "
        "below with a probability of 5 %; it is the lower end of the 90 % interval of one "
        "sample, not of the mean of the cell."
    ),
    "median": (
        "The {contaminant} concentration in mg/kg that a soil sample from this cell is as "
        "likely to be above as below; it is not the mean, and not a measurement."
    ),
    "upper": (
        "The {contaminant} concentration in mg/kg that a soil sample from this cell stays "
        "below with a probability of 95 %; it is the upper end of the 90 % interval of one "
        "sample, not of the mean of the cell."
    ),
    "limit": (
        "The limit of {contaminant} in mg/kg that holds for a soil such as the covariates of "
        "this cell tell; it is not a concentration, and is missing where no limit is known and "
        "where no total concentration can exceed it."
    ),
    "driver": (
        "Group of covariates with the largest contribution, up or down, to the modelled "
        "probability that {contaminant} is above {limit}; it explains the model and does not "
        "prove a source."
    ),
}
_ROLE_MEANING = (
    "Contribution of the covariates on {role} to the modelled log-odds that {contaminant} is "
    "above {limit}; it explains the model and does not prove a source."
)

_WIDTH_MEANING = (
    "Contribution of the covariates on {role} to the width of the 90 % interval of the "
    "{contaminant} concentration, as a logarithm: +0.69 makes the ratio of its ends twice as "
    "large; it tells what makes the model unsure, and does not tell how high {contaminant} is."
)


def meaning(model: MapModel, layer: str) -> str:
    """Return one sentence on what a layer's numbers mean and what they do not.

    Layers of explanations are known too: ``driver``, ``role_<role>`` and ``width_<role>``.

    Raises
    ------
    KeyError
        The layer has no sentence.
    """
    limit = limit_phrase(model.threshold)
    of_roles = {"role": _ROLE_MEANING, "width": _WIDTH_MEANING}
    kind, _, role = layer.partition("_")
    text = of_roles[kind] if kind in of_roles else _MEANING[layer]
    role = role.replace("_", " ")
    return text.format(contaminant=model.contaminant, limit=limit, role=role)


def layer_tags(model: MapModel, layer: str) -> dict[str, str]:
    """Return the tags of a raster: limit, model, data, software and meaning.

    There is no time among them, so that the same run gives the same bytes. A fact that the
    model does not know is left out rather than written as empty.

    Parameters
    ----------
    model : MapModel
        Its ``threshold`` and ``facts`` are read.
    layer : str
        Name of the raster, without ``.tif``.
    """
    facts = model.facts
    tags = {
        "contaminant": model.contaminant,
        **limit_tags(model.threshold),
        "model_id": facts.get("model_id"),
        "data_hash": facts.get("data_hash"),
        "config_hash": facts.get("config_hash"),
        "preference": facts.get("preference") or None,
        "software": f"hotspot {facts['version']}" if facts.get("version") else None,
        "layer": layer,
        "meaning": meaning(model, layer),
    }
    return {name: str(value) for name, value in tags.items() if value is not None}
