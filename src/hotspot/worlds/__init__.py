"""Simulated regions with a known truth: field, sources, laboratories and biased sampling."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotspot.worlds.concentration import Diffuse, Field
    from hotspot.worlds.experiment import experiment_yaml
    from hotspot.worlds.features import PointSources, Roads
    from hotspot.worlds.laboratories import Laboratories
    from hotspot.worlds.landscape import Landscape
    from hotspot.worlds.options import Options
    from hotspot.worlds.plumes import Sources
    from hotspot.worlds.randomfield import GaussianField, correlation
    from hotspot.worlds.read import read_world
    from hotspot.worlds.region import Region
    from hotspot.worlds.score import TrueScore, true_score
    from hotspot.worlds.stack import CovariateStack
    from hotspot.worlds.survey import DESIGNS, Survey, survey_designs
    from hotspot.worlds.truth import Components, Truth
    from hotspot.worlds.world import World
    from hotspot.worlds.write import write_world

# The options cost nothing to import; drawing a world needs scipy, shapely and pandas.
_MODULES = {
    "Components": "truth",
    "CovariateStack": "stack",
    "DESIGNS": "survey",
    "Diffuse": "concentration",
    "Field": "concentration",
    "GaussianField": "randomfield",
    "Laboratories": "laboratories",
    "Landscape": "landscape",
    "Options": "options",
    "PointSources": "features",
    "Region": "region",
    "Roads": "features",
    "Sources": "plumes",
    "Survey": "survey",
    "TrueScore": "score",
    "Truth": "truth",
    "World": "world",
    "correlation": "randomfield",
    "experiment_yaml": "experiment",
    "read_world": "read",
    "survey_designs": "survey",
    "true_score": "score",
    "write_world": "write",
}

__all__ = [
    "DESIGNS",
    "Components",
    "CovariateStack",
    "Diffuse",
    "Field",
    "GaussianField",
    "Laboratories",
    "Landscape",
    "Options",
    "PointSources",
    "Region",
    "Roads",
    "Sources",
    "Survey",
    "TrueScore",
    "Truth",
    "World",
    "correlation",
    "experiment_yaml",
    "read_world",
    "survey_designs",
    "true_score",
    "write_world",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
