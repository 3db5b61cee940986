"""Target-weighted scores: what a map loses over the whole area, not where samples happen to be.

The loss of a map is that of its probabilities p against the true shares q of soil above the
limit, and q is unknown of all cells. Left-out samples alone tell little of it: some hundred
labels, at other places, at other distances and, where samples were preferred for their
concentration, of other soil than the cells. The score is therefore a synthetic estimate, put
right by the left-out samples as far as they prove it wrong:

1. a reference model, a Gaussian process of the concentration, says how likely each cell
   exceeds. Its spread is put right by residuals at tests that are weighted to resemble the
   map in distance and covariates; its centre by the preference that the places of the samples
   betray (`hotspot.evaluation.target_preference`).
2. Where the model scored knows more than the reference model, its own probabilities are mixed
   in, as far as they explain what the reference model left over.
3. The labels of left-out samples correct what is left where they contradict by more than
   twice their standard error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from hotspot.errors import SampleError
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.reference_model import ReferenceModel
from hotspot.evaluation.scores import losses_brier, losses_log
from hotspot.evaluation.target_preference import proved
from hotspot.evaluation.target_reference import MapReference
from hotspot.evaluation.uncertainty import block_jackknife
from hotspot.folds.score_blocks import score_blocks

Array = NDArray[np.float64]

# Prior of the share of the model in what both disagree about: one is as often right as the
# other, give or take.
_SHARE, _SHARE_SD = 0.5, 0.2
# Probabilities nearer to 0 or 1 than this disagree no more than this one.
_DISAGREE_CLIP = 1e-3
# Labels correct the estimate where they are off by more than so many standard errors.
_BEYOND = 2.0


@dataclass(frozen=True)
class TargetScore:
    """A score of the map, or the reason why there is none.

    Parameters
    ----------
    mean : float or None
    se : float or None
    n_effective : float
        Effective number of samples behind the spread of the reference model.
    reason : str
        Why `mean` is None.
    """

    mean: float | None
    se: float | None
    n_effective: float
    reason: str = ""

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the entry of the ledger: mean, se, n_effective, and a reason if any."""
        entry: dict[str, float | str | None] = {
            "mean": self.mean,
            "se": self.se,
            "n_effective": self.n_effective,
        }
        return {**entry, "reason": self.reason} if self.reason else entry


@dataclass(frozen=True)
class ModelTests:
    """Left-out samples with known label and prediction, and what was said of them.

    Parameters
    ----------
    sample : array of int, shape (t,)
        Position of each sample.
    label, probability : array, shape (t,)
        As in `hotspot.evaluation.OutOfFold`.
    score, deviation, square : array, shape (t,)
        What the reference model says of the same samples without the same fold, see
        `hotspot.evaluation.LeftOut`.
    weight : array, shape (t,)
        How much of the map each stands for.
    block : array of int, shape (t,)
        Samples that err together.
    """

    sample: NDArray[np.int64]
    label: Array
    probability: Array
    score: Array
    deviation: Array
    square: Array
    weight: Array
    block: NDArray[np.int64]


def model_tests(
    referee: ReferenceModel, reference: MapReference, runs: Sequence[OutOfFold]
) -> ModelTests:
    """Return the tests of a model beside what the reference model says of them.

    Parameters
    ----------
    referee : ReferenceModel
        Learnt from the same samples in the same order.
    reference : MapReference
        Made from it.
    runs : sequence of OutOfFold
        Of the model, best under random folds, where most is known of the left-out samples.
    """
    weight = reference.sample_weight
    block = score_blocks(referee.samples.coordinates)
    parts = []
    for run in runs:
        said = referee.left_out(run.plan.fold)
        kept = np.flatnonzero(run.is_scored)
        parts.append(
            ModelTests(
                sample=kept,
                label=run.label[kept],
                probability=run.probability[kept],
                score=said.score[kept],
                deviation=reference.optimism * said.deviation[kept],
                square=reference.optimism**2 * said.square[kept],
                weight=weight[kept],
                block=block[kept],
            )
        )
    names = [field.name for field in fields(ModelTests)]
    return ModelTests(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


def target_scores(
    reference: MapReference,
    tests: ModelTests,
    cell_probability: Array,
    *,
    is_corrected: bool = False,
) -> dict[str, TargetScore]:
    """Return the scores of a model over the map, by name as in the ledger.

    Parameters
    ----------
    reference : MapReference
        Of the cells.
    tests : ModelTests
        Left-out samples of random parts.
    cell_probability : array, shape (m,)
        Probabilities of the map, by the model of all samples; NaN is left out.
    is_corrected : bool
        Whether they are corrected for the preference of the samples.

    Returns
    -------
    dict of TargetScore
        ``log_loss``, ``brier``, ``brier_skill``; without a mean where tests cannot stand for
        the map, with the reason.

    Raises
    ------
    SampleError
        No cell has a probability, or numbers differ.

    References
    ----------
    Fay & Herriot (1979), Estimates of income for small places: synthetic estimates, corrected
    as far as samples prove them wrong. https://doi.org/10.1080/01621459.1979.10482505
    """
    p = np.asarray(cell_probability, dtype=np.float64)
    if p.shape != reference.score.shape:
        raise SampleError(
            f"{len(p)} probabilities were given for {len(reference.score)} cells of the map. "
            "Give one per cell."
        )
    known = np.flatnonzero(np.isfinite(p) & np.isfinite(reference.score))
    if not len(known) or not len(tests.label):
        raise SampleError(
            f"{len(known)} cells of the map have a probability and {len(tests.label)} "
            "left-out samples a prediction. Predict the cells and score random folds first."
        )
    if reference.weights.reason:
        none = TargetScore(None, None, reference.weights.n_effective, reference.weights.reason)
        return dict.fromkeys(("log_loss", "brier", "brier_skill"), none)
    mixture = _Mixture.of(reference, tests)
    said = reference.corrected if is_corrected else reference.untold
    chances = mixture.of_cells(reference, _apart(p[known], said[known]), known)
    drawn = np.flatnonzero(np.isin(known, reference.drawn))
    draws = reference.exceeds[:, :, np.isin(reference.drawn, known)]
    told = mixture.of_tests(tests)
    prevalence = (tests.label.sum() + 0.5) / (len(tests.label) + 1)
    log_loss = _Losses.of(losses_log, p[known], tests.probability, tests, told)
    brier = _Losses.of(losses_brier, p[known], tests.probability, tests, told)
    constant = np.full(len(known), prevalence), np.full(len(tests.label), prevalence)
    base = _Losses.of(losses_brier, *constant, tests, told)

    def scored(statistic: Callable[[Array, slice | NDArray[np.int64]], float]) -> TargetScore:
        everywhere = slice(None)
        mean, *moved = (statistic(q, everywhere) for q in chances)
        copies = np.array([[statistic(draw, drawn) for draw in copy] for copy in draws])
        copies -= copies.mean(axis=1, keepdims=True)
        # The soils of a cell's two copies have nothing but the surface in common.
        surface = max(float((copies[0] * copies[1]).mean()), 0.0)
        error = np.sqrt(surface + sum((value - mean) ** 2 for value in moved))
        return TargetScore(mean, float(error), reference.weights.n_effective)

    return {
        "log_loss": scored(log_loss.over_cells),
        "brier": scored(brier.over_cells),
        "brier_skill": scored(
            lambda q, rows: 1 - brier.over_cells(q, rows) / base.over_cells(q, rows)
        ),
    }


@dataclass(frozen=True)
class _Mixture:
    """The reference model, put right, with a share of the model's own.

    Parameters
    ----------
    share, share_se : float
        How much of the difference in normal scores between the model and the reference model
        is true, and its standard error.
    spread, spread_se : float
        Of standardised residuals that the mixture leaves.
    """

    share: float
    share_se: float
    spread: float
    spread_se: float

    @classmethod
    def of(cls, reference: MapReference, tests: ModelTests) -> Self:
        """Return the mixture whose residuals at the tests are smallest, given its prior."""
        apart = _apart(tests.probability, tests.score)
        # Repeats test a sample again: they make the share no surer.
        n_tests = len(np.unique(tests.sample)) / len(tests.sample)
        information = n_tests * float(apart @ apart) + _SHARE_SD**-2
        pull = n_tests * float(apart @ tests.deviation) + _SHARE * _SHARE_SD**-2
        share = pull / information
        left = tests.square - 2 * share * apart * tests.deviation + (share * apart) ** 2
        narrower = float(np.sqrt(max(left.mean(), 1e-6) / max(tests.square.mean(), 1e-6)))
        spread = reference.spread * min(narrower, 1.0)
        return cls(share, information**-0.5, spread, reference.spread_se)

    def of_cells(
        self, reference: MapReference, apart: Array, known: NDArray[np.int64]
    ) -> list[Array]:
        """Return the chance of exceedance of the known cells, then by one error otherwise.

        Preference, share and spread are moved by their standard errors, one at a time. What
        model and reference model disagree about is counted under the same preference of both.
        """
        score, steeper = reference.score[known], reference.steeper[known]
        return [
            ndtr((score + self.share * apart) / self.spread),
            ndtr((steeper + self.share * apart) / self.spread),
            ndtr((score + (self.share + self.share_se) * apart) / self.spread),
            ndtr((score + self.share * apart) / (self.spread + self.spread_se)),
        ]

    def of_tests(self, tests: ModelTests) -> Array:
        """Return the chance of exceedance of left-out samples."""
        apart = _apart(tests.probability, tests.score)
        return np.asarray(ndtr((tests.score + self.share * apart) / self.spread))


def _apart(probability: Array, score: Array) -> Array:
    """Return how far probabilities lie above the reference model, in normal scores."""
    most = -float(ndtri(_DISAGREE_CLIP))
    own = ndtri(np.clip(probability, _DISAGREE_CLIP, 1 - _DISAGREE_CLIP))
    return np.asarray(own - np.clip(score, -most, most))


@dataclass(frozen=True)
class _Losses:
    """What each cell loses where it is above, and where it is below the limit.

    Parameters
    ----------
    above, below : array, shape (m,)
    correction : float
        What left-out samples prove to be lost beyond the expected.
    """

    above: Array
    below: Array
    correction: float

    @classmethod
    def of(
        cls,
        loss: Callable[[Array, Array], Array],
        cells: Array,
        tested: Array,
        tests: ModelTests,
        told: Array,
    ) -> Self:
        """Return the losses of probabilities of cells and of left-out samples.

        Parameters
        ----------
        loss : callable
            Of labels and probabilities.
        cells, tested : array, shape (m,), (t,)
            Probabilities.
        tests : ModelTests
        told : array, shape (t,)
            Chance of exceedance of the left-out samples.
        """
        gain = loss(np.ones(len(tested)), tested) - loss(np.zeros(len(tested)), tested)
        beyond = (tests.label - told) * gain
        found = float(np.average(beyond, weights=tests.weight))
        error = block_jackknife(
            lambda kept: float(np.average(beyond[kept], weights=tests.weight[kept])),
            tests.block,
        )
        correction = 0.0 if error is None else proved(found, error, beyond=_BEYOND)
        ones, zeros = np.ones(len(cells)), np.zeros(len(cells))
        return cls(loss(ones, cells), loss(zeros, cells), correction)

    def over_cells(self, chance: Array, rows: slice | NDArray[np.int64]) -> float:
        """Return the mean loss of some cells, given the chance that each is above."""
        below, above = self.below[rows], self.above[rows]
        found = float(np.mean(below + chance * (above - below))) + self.correction
        return max(found, 1e-12)
