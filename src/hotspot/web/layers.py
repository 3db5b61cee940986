"""The layers of a contaminant that the viewer can show: names, titles, legends, files."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hotspot.errors import ConfigError, nearest_name
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.layers import layer_roles
from hotspot.maps.layers import LAYERS
from hotspot.maps.styles import (
    LayerStyle,
    contribution_style,
    driver_style,
    style_of,
    width_style,
)
from hotspot.maps.tags import meaning
from hotspot.web.read import Folders
from hotspot.web.refusal import RequestError, shown

# The order in which a reader asks: may it exceed, what follows, how sure, how much, and why.
_ORDER = (
    "probability",
    "decision",
    "probability_lower",
    "probability_upper",
    "dissimilarity",
    "point_density",
    "expected_brier",
    "median",
    "lower",
    "upper",
)
_TITLES = {
    "probability": "Probability above the limit",
    "decision": "Decision",
    "probability_lower": "Probability, lower bound",
    "probability_upper": "Probability, upper bound",
    "dissimilarity": "Likeness to the samples",
    "point_density": "Number of samples alike",
    "expected_brier": "Error to expect",
    "lower": "Concentration, 5 % quantile",
    "median": "Concentration, median",
    "upper": "Concentration, 95 % quantile",
}


@dataclass(frozen=True)
class ServedLayer:
    """One layer: what it is called, means and looks like, and its file.

    Parameters
    ----------
    name : str
        In addresses; never a path.
    title : str
        For people.
    group : str
        ``map``, ``why`` or ``doubt``.
    meaning : str
        One sentence on what the numbers mean and what they do not.
    style : LayerStyle
        Its class table.
    path : Path
        The raster.
    hatched : bool
        Whether it is hatched outside the area of applicability, where what a model leans on
        says nothing of the ground.
    """

    name: str
    title: str
    group: str
    meaning: str
    style: LayerStyle
    path: Path
    hatched: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return what the page needs to know."""
        return {
            "name": self.name,
            "title": self.title,
            "group": self.group,
            "unit": self.style.unit,
            "hatched": self.hatched,
            "meaning": self.meaning,
            "legend": [
                {"colour": colour, "label": label} for colour, label in self.style.legend()
            ],
        }


def served_layers(model: FittedModel, folders: Folders) -> dict[str, ServedLayer]:
    """Return the layers of a model of which there are files, by name."""
    maps = folders.maps / model.contaminant
    explained = folders.explanations / model.contaminant
    layers = []
    for name in sorted(LAYERS, key=_rank):
        style, path = _style(model, name), maps / f"{name}.tif"
        if style is not None:
            title = _TITLES.get(name, LAYERS[name].title)
            layers.append(ServedLayer(name, title, "map", meaning(model, name), style, path))
    roles = layer_roles(model)
    layers.append(
        ServedLayer(
            "driver",
            "Largest contribution",
            "why",
            meaning(model, "driver"),
            driver_style(dict(enumerate(roles))),
            explained / "driver.tif",
        )
    )
    for role in roles:
        name = f"role_{role}"
        title = f"Contribution of {role.replace('_', ' ')}"
        style = contribution_style(role)
        sentence = meaning(model, name)
        path = explained / f"{name}.tif"
        layers.append(ServedLayer(name, title, "why", sentence, style, path))
    for role in roles:
        name = f"width_{role}"
        title = f"Interval: effect of {role.replace('_', ' ')}"
        path = explained / f"{name}.tif"
        layers.append(
            ServedLayer(name, title, "doubt", meaning(model, name), width_style(role), path)
        )
    bounded = model.applicability is not None
    return {
        layer.name: replace(layer, hatched=bounded and layer.group != "map")
        for layer in layers
        if layer.path.is_file()
    }


def _style(model: FittedModel, name: str) -> LayerStyle | None:
    """Return the class table of a layer, None where the model lacks what it is scaled by."""
    try:
        return style_of(model, name)
    except ConfigError:
        return None


def _rank(name: str) -> int:
    """Return the place of a layer in the list; one that is not foreseen comes last."""
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def find_layer(layers: dict[str, ServedLayer], name: str) -> ServedLayer:
    """Return the layer of a name.

    Raises
    ------
    RequestError
        There is none.
    """
    if name in layers:
        return layers[name]
    raise RequestError(
        404,
        wrong="There is no such layer.",
        seen=f"Layer {shown(name)}.{nearest_name(name[:60], list(layers))}",
        remedy=f"Choose one of {', '.join(layers) or 'none: run `hotspot run` first'}.",
    )
