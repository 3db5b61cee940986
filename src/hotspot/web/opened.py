"""What is held in memory while an experiment is served: models, samples, layers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform, transform_bounds

from hotspot.errors import HotspotError, nearest_name
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.explanations.background import (
    BACKGROUND_SIZE,
    Background,
    choose_background,
    with_known_limit,
)
from hotspot.explanations.traits import is_additive
from hotspot.grid import Coordinates, Grid, Window
from hotspot.maps.decision import DecisionRule
from hotspot.maps.limits import limit_phrase
from hotspot.samples.sampleset import Samples
from hotspot.samples.store import read_samples
from hotspot.seeds import child_seed
from hotspot.web.anylimit import LimitMap, knows_any_limit
from hotspot.web.layers import ServedLayer, served_layers
from hotspot.web.limits import LimitScale, limit_scale
from hotspot.web.read import WGS84, Folders, read_covariates, read_tags, stamp
from hotspot.web.refusal import RequestError, shown

# Along a meridian; the width of a cell decides only how far one may zoom in.
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class Opened:
    """One contaminant, ready to answer.

    Parameters
    ----------
    model : FittedModel
        As saved.
    samples : Samples
        Those it learned from.
    sites : DataFrame
        ``site_id``, ``is_censored``, ``limit_mg_kg``, ``sampled_on`` of these samples.
    layers : dict of ServedLayer
        By name.
    background : Background or None
        What explanations compare with; None where the model itself defines it.
    rule : DecisionRule
        The cuts with which the map was made.
    scale : LimitScale
        Of the slider.
    any_limit : LimitMap or None
        None for a direct classifier.
    is_of_the_model : bool
        Whether the map on disk says that this model made it.
    lock : context manager
        Held while the model is asked: models are not made for several threads.
    """

    model: FittedModel
    samples: Samples
    sites: pd.DataFrame
    layers: dict[str, ServedLayer]
    background: Background | None
    rule: DecisionRule
    scale: LimitScale
    any_limit: LimitMap | None
    is_of_the_model: bool
    lock: AbstractContextManager[Any]

    def check_limit(self, limit_mg_kg: float) -> float:
        """Return a limit that the model can be asked for.

        Raises
        ------
        RequestError
            It is another one than a direct classifier knows, or lies beyond the scale.
        """
        own = self.model.limit
        if limit_mg_kg == own:
            return limit_mg_kg
        if self.any_limit is None:
            raise RequestError(
                422,
                wrong="This model is a direct classifier and knows one limit only.",
                seen=f"limit={limit_mg_kg:g} mg/kg, and the model's is "
                f"{limit_phrase(self.model.threshold)}.",
                remedy="Leave the limit out, or fit a model of the concentration.",
            )
        return self.scale.check(limit_mg_kg)


class Site:
    """An experiment that is served; opens contaminants when they are first asked for.

    Parameters
    ----------
    name, title, description : str
        Of the experiment.
    contaminants : sequence of str
        Those it may serve.
    folders : Folders
        Where its files lie.
    """

    def __init__(
        self,
        name: str,
        *,
        title: str,
        description: str,
        contaminants: tuple[str, ...],
        folders: Folders,
    ) -> None:
        self.name = name
        self.title = title
        self.description = description
        self.contaminants = contaminants
        self.folders = folders
        self._opened: dict[str, tuple[object, Opened]] = {}
        # One for all: opening a model imports what it needs, and two threads that import the
        # same library at once can each find half of it.
        self._lock = RLock()

    def check(self, contaminant: str) -> str:
        """Return a contaminant of the experiment, and refuse any other word.

        Raises
        ------
        RequestError
            The experiment does not have it.
        """
        if contaminant in self.contaminants:
            return contaminant
        raise RequestError(
            404,
            wrong="The experiment has no such contaminant.",
            seen=f"{shown(contaminant)}."
            + nearest_name(contaminant[:60], list(self.contaminants)),
            remedy=f"Choose one of {', '.join(self.contaminants)}.",
        )

    def open(self, contaminant: str) -> Opened:
        """Return a contaminant; it is opened again when its model or samples have changed.

        Raises
        ------
        RequestError
            The experiment does not have it, or its files cannot be read.
        """
        self.check(contaminant)
        files = (
            self.folders.models / contaminant / "manifest.json",
            self.folders.samples,
            self.folders.maps / contaminant,
            self.folders.explanations / contaminant,
        )
        with self._lock:
            seen = tuple(stamp(path) for path in files)
            known = self._opened.get(contaminant)
            if known is None or known[0] != seen:
                try:
                    known = (seen, open_contaminant(self.folders, contaminant, self._lock))
                except RequestError:
                    raise
                except (HotspotError, OSError) as error:
                    raise RequestError(
                        503,
                        wrong=f"The files of {contaminant} cannot be read.",
                        seen=str(error)[:500],
                        remedy="Run `hotspot run` again, then reload the page.",
                    ) from error
                self._opened[contaminant] = known
            return known[1]


def open_contaminant(
    folders: Folders, contaminant: str, lock: AbstractContextManager[Any]
) -> Opened:
    """Open the model, the samples and the layers of a contaminant.

    Raises
    ------
    HotspotError
        Something cannot be read.
    """
    model = load_model(folders.models / contaminant)
    table = read_samples(folders.samples, model.catalogue)
    samples = table.of(contaminant)
    rows = table.frame[table.frame["contaminant"] == contaminant].reset_index(drop=True)
    layers = served_layers(model, folders)
    tags = _first_tags(layers, lambda layer: layer.group == "map")
    names = model.catalogue.names
    model_id = str(model.facts.get("model_id"))
    read = partial(_covariates, folders, names, model.grid)
    return Opened(
        model=model,
        samples=samples,
        sites=rows[["site_id", "is_censored", "limit_mg_kg", "sampled_on"]],
        layers=layers,
        background=_background(model, samples, layers),
        rule=_rule(tags),
        scale=limit_scale(contaminant, model.threshold_mg_kg, samples.upper),
        any_limit=LimitMap(model, read, lock) if knows_any_limit(model) else None,
        is_of_the_model=tags.get("model_id", model_id) == model_id,
        lock=lock,
    )


def bounds_wgs84(grid: Grid) -> list[list[float]]:
    """Return the extent of a grid as [[south, west], [north, east]], in degrees."""
    west, east, south, north = grid.region
    crs = CRS.from_user_input(grid.crs)
    box = transform_bounds(crs, CRS.from_user_input(WGS84), west, south, east, north)
    return [[float(box[1]), float(box[0])], [float(box[3]), float(box[2])]]


def cell_metres(grid: Grid) -> float:
    """Return the width of a cell in metres, roughly where the grid is in degrees."""
    per_unit = grid.metres_per_unit if grid.is_projected else _METRES_PER_DEGREE
    return float(grid.resolution[0] * per_unit)


def to_wgs84(grid: Grid, coordinates: Coordinates) -> NDArray[np.float64]:
    """Return longitude and latitude of places on a grid, shape (n, 2)."""
    return _transformed(grid.crs, WGS84, coordinates)


def from_wgs84(grid: Grid, places: NDArray[np.float64]) -> Coordinates:
    """Return easting and northing of places given as longitude and latitude, shape (n, 2)."""
    return _transformed(WGS84, grid.crs, places)


def _transformed(source: str, target: str, places: NDArray[np.float64]) -> Coordinates:
    # The library that draws the tiles also places the points, so that both agree.
    if not len(places):
        return np.empty((0, 2))
    first, second = transform(
        CRS.from_user_input(source), CRS.from_user_input(target), places[:, 0], places[:, 1]
    )
    return np.column_stack([first, second]).astype(np.float64)


def _covariates(
    folders: Folders, names: tuple[str, ...], grid: Grid, window: Window, step: int
) -> NDArray[np.float64]:
    return read_covariates(folders.covariates, names, window, grid=grid, step=step)


def _background(
    model: FittedModel, samples: Samples, layers: dict[str, ServedLayer]
) -> Background | None:
    """Return the background with which the layers of roles were made."""
    if is_additive(model):
        return None
    tags = _first_tags(layers, lambda layer: layer.group == "why")
    told = tags.get("n_background", "")
    size = int(told) if told.isdigit() and int(told) > 0 else BACKGROUND_SIZE
    seed = child_seed(int(model.facts.get("seed", 0)), "background", model.contaminant)
    return choose_background(with_known_limit(samples, model.limit), size, seed=seed)


def _rule(tags: dict[str, str]) -> DecisionRule:
    """Return the cuts that the layers of the map tell."""
    try:
        return DecisionRule(
            above=_cut(tags["decision_above"]), below=_cut(tags["decision_below"])
        )
    except (KeyError, ValueError):
        return DecisionRule()


def _cut(told: str) -> float | None:
    """Return a cut, None for one that no probability reaches."""
    return None if told == "never" else float(told)


def _first_tags(
    layers: dict[str, ServedLayer], wanted: Callable[[ServedLayer], Any]
) -> dict[str, str]:
    """Return the tags of the first layer that can be read: one damaged file is no reason."""
    for layer in layers.values():
        if wanted(layer):
            try:
                return read_tags(layer.path)
            except RequestError:
                continue
    return {}
