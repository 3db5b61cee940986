"""The true score of a map: what no fold can tell, since only a world knows the truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.worlds.world import World

# As the scores of the pipeline do, so that they can be compared.
_CLIP = 1e-6


@dataclass(frozen=True)
class TrueScore:
    """Scores of a probability map against the truth, expected over soil samples.

    Parameters
    ----------
    log_loss, brier : float
        Expected scores of a soil sample from a cell of the map drawn at random; nats.
    best_log_loss, best_brier : float
        Of one who knows the truth. The difference is what could still be learnt.
    prevalence : float
        Share of soil samples above the limit.
    scored_share : float
        Share of the cells that have a probability.
    """

    log_loss: float
    brier: float
    best_log_loss: float
    best_brier: float
    prevalence: float
    scored_share: float


def true_score(world: World, probability: NDArray[np.float64], limit_mg_kg: float) -> TrueScore:
    """Return the true score of a probability map of a world.

    Parameters
    ----------
    world : World
        Whose truth counts.
    probability : array, shape (rows, cols) or (rows * cols,)
        Of exceedance; cells that are NaN are left out of every score.
    limit_mg_kg : float, mg/kg
        What the map asks about.

    Raises
    ------
    ModelError
        The map has another shape, a number is no probability, or no cell has one.

    Examples
    --------
    >>> from hotspot.worlds import Region, Survey
    >>> world = World.simulate(1, region=Region(shape=(40, 40)), survey=Survey(50))
    >>> limit = world.truth.limit_for(0.2)
    >>> score = true_score(world, np.full(world.grid.shape, 0.2), limit)
    >>> round(score.prevalence, 6), round(score.brier, 6), score.best_brier < 0.1
    (0.2, 0.16, True)
    """
    rows, cols = world.grid.shape
    given = np.asarray(probability, dtype=np.float64)
    if given.shape not in ((rows, cols), (rows * cols,)):
        raise ModelError(
            f"The map has the shape {given.shape}, the world {world.grid.shape}. "
            "Give one probability per cell, row by row from the north-west."
        )
    scored = ~np.isnan(given).ravel()
    q = given.ravel()[scored]
    if not len(q) or q.min() < 0 or q.max() > 1:
        shown = f"from {q.min():g} to {q.max():g}" if len(q) else "missing in every cell"
        raise ModelError(f"The probabilities are {shown}. Give numbers from 0 to 1.")
    p = world.truth.probability(limit_mg_kg).ravel()[scored]
    return TrueScore(
        log_loss=_log_loss(p, q),
        brier=float(np.mean(p * (1 - q) ** 2 + (1 - p) * q**2)),
        best_log_loss=_log_loss(p, p),
        best_brier=float(np.mean(p * (1 - p))),
        prevalence=float(p.mean()),
        scored_share=float(scored.mean()),
    )


def _log_loss(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    clipped = np.clip(q, _CLIP, 1 - _CLIP)
    return float(-np.mean(p * np.log(clipped) + (1 - p) * np.log1p(-clipped)))
