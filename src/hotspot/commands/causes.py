"""Why two maps differ: the states between them, from what is saved of both runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.commands.finished_run import ChangedKey, FinishedRun
from hotspot.commands.stamps import files_digest
from hotspot.covariates.stack import open_stack
from hotspot.errors import HotspotError, ModelError
from hotspot.estimators.answers import DistributionModel
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.evaluation.predictions import KNOWN
from hotspot.grid import Coordinates
from hotspot.maps.causes import DrawnCells, MapState
from hotspot.maps.decision import inside_applicability

# Cells on which causes are told apart; a map of fewer is taken whole.
MOST_CELLS = 10_000
# Causes one after the other. Those before the last are told without fitting a model.
ORDER = (
    "decision rule",
    "area of applicability",
    "limit",
    "covariates of the map",
    "what the models were fitted on and how",
)
# Groups of keys, beside those of the model itself, that change what a fit makes of samples.
_OF_TRAINING = ("weights of the samples", "correction for preferred samples")
# What a file rounds off a probability, and the share of decisions that this may turn.
_ROUNDING, _TURNED = 1e-3, 0.005


Probability = NDArray[np.float64]


@dataclass(frozen=True)
class Causes:
    """The way from one map to the other.

    Parameters
    ----------
    states : tuple of MapState
        Empty where the way cannot be told.
    notes : tuple of str
        What could not be told apart, and why.
    """

    states: tuple[MapState, ...]
    notes: tuple[str, ...]


def causes_of(
    first: FinishedRun,
    second: FinishedRun,
    contaminant: str,
    *,
    cells: DrawnCells,
    changed: Sequence[ChangedKey],
) -> Causes:
    """Return the states between both maps at some cells, and what they cannot tell apart.

    Parameters
    ----------
    first, second : FinishedRun
    contaminant : str
    cells : DrawnCells
        With decisions and dissimilarities.
    changed : sequence of ChangedKey
        Of both configurations.
    """
    try:
        models = [load_model(run.paths.model(contaminant)) for run in (first, second)]
        start = _end(first, models[0], cells.first, contaminant)
        finish = _end(second, models[1], cells.second, contaminant)
    except HotspotError as error:
        return Causes((), (f"The difference is not split by cause. {error}",))
    way = _Way(first, second, contaminant, models, cells)
    states = [start]

    def add(cause: str, probability: Probability, inside: NDArray[np.bool_]) -> None:
        states.append(MapState(cause, probability, inside, finish.rule))

    if start.rule != finish.rule:
        add(ORDER[0], start.probability, start.inside)
    if not np.array_equal(start.inside, finish.inside):
        add(ORDER[1], start.probability, finish.inside)
    found = way.without_fit()
    for cause, probability in found.reached:
        add(cause, probability, finish.inside)
    notes = list(found.notes)
    last = finish.probability if found.before_limit is None else found.before_limit
    if not np.array_equal(states[-1].probability, last, equal_nan=True):
        together = [*found.left, *way.of_fit(changed)]
        add(" + ".join(together) or "unknown", last, finish.inside)
        if len(together) > 1:
            notes.append(
                f"{', '.join(together)}: changed together. What each does alone needs a model "
                "that neither run has fitted; make a run in which one of them changes."
            )
        if not together:
            notes.append(
                "No setting and no file that is known to move a map differs, and yet the maps "
                "do. Run both experiments again with one version of the program."
            )
    if found.before_limit is not None:
        add(ORDER[2], finish.probability, finish.inside)
    return Causes(tuple(states), tuple(notes))


@dataclass(frozen=True)
class _Reached:
    """What saved models tell: states by cause, what they leave, and why.

    ``before_limit`` is the second map at the limit of the first, where only the model of the
    second answers for both limits: the limit then comes last.
    """

    reached: tuple[tuple[str, Probability], ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    before_limit: Probability | None = None


@dataclass(frozen=True)
class _Way:
    """Both runs with their models, and the cells on which the way between them is told."""

    first: FinishedRun
    second: FinishedRun
    contaminant: str
    models: Sequence[FittedModel]
    cells: DrawnCells

    def without_fit(self) -> _Reached:
        """Return the states that saved models reach: another limit, other covariates."""
        limits = [run.limit_mg_kg(self.contaminant) for run in (self.first, self.second)]
        reached: list[tuple[str, Probability]] = []
        left: list[str] = []
        notes: list[str] = []
        before_limit = None
        asked = limits[1]
        if limits[0] != limits[1]:
            try:
                reached.append((ORDER[2], self._asked(0, self.first, limits[1])))
            except HotspotError as error:
                asked = limits[0]
                try:
                    before_limit = self._asked(1, self.second, limits[0])
                    notes.append(f"The limit comes last, by the model of B. {error}")
                except HotspotError:
                    left.append(ORDER[2])
                    notes.append(f"The limit cannot be told apart from what follows. {error}")
        if self.has_other_covariates:
            try:
                reached.append((ORDER[3], self._asked(0, self.second, asked)))
            except HotspotError as error:
                left.append(ORDER[3])
                notes.append(f"The {ORDER[3]} cannot be told apart from what follows. {error}")
        return _Reached(tuple(reached), tuple(left), tuple(notes), before_limit)

    @cached_property
    def has_other_covariates(self) -> bool:
        """Whether the rasters of covariates, or their catalogues, differ."""
        digests = {files_digest([run.paths.covariates]) for run in (self.first, self.second)}
        return len(digests) > 1

    def of_fit(self, changed: Sequence[ChangedKey]) -> list[str]:
        """Return what went into one fit and not into the other, or otherwise."""
        known = [
            run.samples(self.contaminant)[list(KNOWN)].sort_index()
            for run in (self.first, self.second)
        ]
        versions = {str(model.facts.get("version")) for model in self.models}
        groups = {change.group for change in changed}
        causes = {
            "data": not known[0].equals(known[1]),
            "model": "model" in groups,
            **{name: name in groups for name in _OF_TRAINING},
            "version of the program": len(versions) > 1,
            "covariates of the samples": self.has_other_covariates,
        }
        return [cause for cause, differs in causes.items() if differs]

    def _asked(self, which: int, covariates_of: FinishedRun, limit_mg_kg: float) -> Probability:
        """Return what a model says of a limit on the covariates of a run."""
        model, run = self.models[which], (self.first, self.second)[which]
        if limit_mg_kg != model.threshold_mg_kg and not isinstance(
            model.estimator, DistributionModel
        ):
            raise ModelError(
                f"The model of {run.name} knows its own limit of {model.threshold_mg_kg:g} "
                "mg/kg only. A model of the concentration, such as model=ensemble, answers for "
                "any."
            )
        drawn = (self.cells.first, self.cells.second)[which]["probability"]
        apart = np.abs(
            _predicted(model, run, self.cells.coordinates, model.threshold_mg_kg)
            - drawn.astype(np.float64)
        )
        if np.nanmax(apart, initial=0.0) > _ROUNDING:
            raise ModelError(
                f"The saved model of {run.name} does not give its map: probabilities differ by "
                f"up to {np.nanmax(apart):.3f}. "
                f"Run `hotspot predict experiment={run.name}` again."
            )
        return _predicted(model, covariates_of, self.cells.coordinates, limit_mg_kg)


def _end(
    run: FinishedRun, model: FittedModel, values: dict[str, NDArray[Any]], contaminant: str
) -> MapState:
    """Return the state of a map as it is, and make sure that it is the map of this model."""
    if model.applicability is None or not {"decision", "dissimilarity"} <= set(values):
        raise ModelError(
            f"The map of {run.name} has no decision, or its model no area of applicability. "
            "Predict it with the layers decision and dissimilarity."
        )
    inside = inside_applicability(
        values["dissimilarity"], float(model.applicability.threshold_)
    )
    state = MapState(
        "", values["probability"].astype(np.float64), inside, run.rule(contaminant)
    )
    turned = float(np.mean(state.decisions() != values["decision"])) if len(inside) else 0.0
    if turned > _TURNED:
        raise ModelError(
            f"{turned:.1%} of the decisions in the map of {run.name} are not those of its "
            f"saved model and rule. Run `hotspot predict experiment={run.name}` again."
        )
    return state


def _predicted(
    model: FittedModel, run: FinishedRun, places: Coordinates, limit_mg_kg: float
) -> Probability:
    """Return P(exceed) of some cells by a model, on the covariates of a run."""
    with open_stack(run.paths.covariates) as stack:
        model.catalogue.check_names(stack.catalogue.names)
        X = stack.sample(places)
    complete = np.flatnonzero(X.notna().all(axis=1).to_numpy())
    found = np.full(len(places), np.nan)
    if len(complete):
        found[complete] = model.estimator.exceedance(
            X.iloc[complete].reset_index(drop=True), limit_mg_kg, coordinates=places[complete]
        )
    # As the map stores it, so that rounding is no change.
    return found.astype(np.float32).astype(np.float64)
