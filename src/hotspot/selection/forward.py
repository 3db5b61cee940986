"""Forward selection: covariates are added one by one while they help on new ground."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ConfigError, ModelError
from hotspot.evaluation.uncertainty import Estimate
from hotspot.selection.choice import is_clear, told
from hotspot.selection.losses import Losses, loss_difference, mean_loss
from hotspot.selection.search import Progress

Names = tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """One set of covariates that was scored.

    Parameters
    ----------
    step : int
        1 for single ones, 2 for pairs where these start, then one more for each added.
    added : tuple of str
        What it has beyond the set of the step before; at the start, all of it.
    names : tuple of str
        The set.
    score : Estimate
        Mean loss; undefined where the model refused the set, with the reason.
    gain : Estimate
        Loss of the set before minus that of this one; undefined at the start.
    is_taken : bool
        Whether the selection went on from it.
    """

    step: int
    added: Names
    names: Names
    score: Estimate
    gain: Estimate
    is_taken: bool


@dataclass(frozen=True, eq=False)
class Selection:
    """What forward selection chose, and on which way.

    Parameters
    ----------
    names : tuple of str
        Chosen, in the order given.
    path : tuple of tuple of str
        What was added, step by step.
    tried : tuple of Tried
        Every set that was scored, in order.
    losses : array, shape (n_repeats, n)
        Of the chosen set.
    sentence : str
        Why it stopped, for people.
    """

    names: Names
    path: tuple[Names, ...]
    tried: tuple[Tried, ...]
    losses: Losses
    sentence: str


def forward_selection(
    evaluate: Callable[[Names], Losses],
    names: Sequence[str],
    blocks: NDArray[np.int64],
    *,
    start: int = 2,
    progress: Progress | None = None,
) -> Selection:
    """Return the names that are worth having, found by adding one at a time.

    It starts from the best pair, so that two that help only together are found; where the
    best pair is not better than the best single one by more than one standard error of their
    paired difference, from that single one. Then the one whose addition gives the lowest loss
    is added, as long as the loss falls by more than one standard error.

    Parameters
    ----------
    evaluate : callable
        From a set of names, in the order given, to its out-of-fold losses.
    names : sequence of str
        Covariates or roles; two or more.
    blocks : array of int, shape (n,)
        Spatial block of each sample.
    start : {1, 2}
        Size of the largest sets to start from.
    progress : callable, optional
        Called with the sets scored, and the most that there can be.

    Raises
    ------
    ConfigError
        There are fewer than two names, or all score the same: the model looks at none.
    ModelError
        The model refuses every single one.

    References
    ----------
    Meyer, H., Reudenbach, C., Hengl, T., Katurji, M., & Nauss, T. (2018). Improving
    performance of spatio-temporal machine learning models using forward feature selection and
    target-oriented validation. Environmental Modelling & Software 101, 1-9.
    https://doi.org/10.1016/j.envsoft.2017.12.001
    """
    if len(names) < 2:
        raise ConfigError(
            f"There is nothing to select: {len(names)} given ({', '.join(names) or 'none'}). "
            "Give two or more, or choose covariates instead of roles with "
            "tune.select=covariates."
        )
    way = _Way(evaluate, tuple(names), blocks, start, progress)
    way.begin()
    while way.extend():
        pass
    return way.selection()


def most_sets(n_names: int, start: int) -> int:
    """Return how many sets forward selection scores at most.

    Examples
    --------
    >>> most_sets(4, start=1), most_sets(4, start=2)
    (10, 13)
    """
    later = sum(range(1, n_names)) if start == 1 else sum(range(1, n_names - 1))
    pairs = n_names * (n_names - 1) // 2 if start == 2 else 0
    return n_names + pairs + later


class _Way:
    """A selection under way."""

    def __init__(
        self,
        evaluate: Callable[[Names], Losses],
        names: Names,
        blocks: NDArray[np.int64],
        start: int,
        progress: Progress | None,
    ) -> None:
        self._evaluate = evaluate
        self._names = names
        self._blocks = blocks
        self._start = start
        self._progress = progress
        self._losses: dict[Names, Losses] = {}
        self._refused: dict[Names, str] = {}
        # By set: a pair is looked at when pairs start, and again when a single one grows.
        self._tried: dict[Names, Tried] = {}
        self._path: list[Names] = []
        self._current: Names = ()
        self._sentence = ""

    def begin(self) -> None:
        """Take the best pair, or the best single one where no pair is clearly better."""
        singles: list[Names] = [(name,) for name in self._names]
        best = self._best(singles)
        self._check_looked_at(singles)
        if best is None:
            reasons = [*self._refused.values(), "no sample is scored under all of them."]
            raise ModelError(
                f"None of {len(singles)} single covariates or roles can be compared, the first "
                f"because: {reasons[0]} Choose another model."
            )
        pairs = list(combinations(self._names, 2)) if self._start > 1 else []
        pair = self._best(pairs)
        taken = best
        if pair is not None and is_clear(self._gain(best, pair)):
            taken = pair
        none = Estimate(None, None, "the start")
        for names in singles:
            self._note(1, names, names, gain=none, is_taken=names == taken)
        for names in pairs:
            gain = self._gain(best, names)
            self._note(2, names, names, gain=gain, is_taken=names == taken)
        self._path.append(taken)
        self._current = taken

    def extend(self) -> bool:
        """Add the one that helps most; False where none clearly helps, with the reason."""
        rest = [name for name in self._names if name not in self._current]
        if not rest:
            self._sentence = f"All {len(self._names)} were taken."
            return False
        sets = {self._ordered((*self._current, name)): name for name in rest}
        best = self._best(list(sets))
        gain = None if best is None else self._gain(self._current, best)
        is_taken = gain is not None and is_clear(gain)
        step = len(self._current) + 1
        for names, name in sets.items():
            self._note(
                step,
                (name,),
                names,
                gain=self._gain(self._current, names),
                is_taken=is_taken and names == best,
            )
        if best is None or gain is None:
            self._sentence = f"None of {len(rest)} more can be scored."
            return False
        if not is_taken:
            verb = "lower" if (gain.mean or 0.0) > 0 else "raise"
            self._sentence = (
                f"It stopped at {len(self._current)} of {len(self._names)}: the best addition, "
                f"{sets[best]}, would {verb} the loss by {told(_size(gain))}, not lower it by "
                "more than one standard error."
            )
            return False
        self._path.append((sets[best],))
        self._current = best
        return True

    def selection(self) -> Selection:
        """Return what was found."""
        if self._progress is not None:
            self._progress(*[most_sets(len(self._names), self._start)] * 2)
        return Selection(
            names=self._current,
            path=tuple(self._path),
            tried=tuple(self._tried.values()),
            losses=self._losses[self._current],
            sentence=self._sentence,
        )

    def _best(self, sets: Sequence[Names]) -> Names | None:
        """Score some sets and return the one of the lowest loss; None if all are refused.

        They are compared on the samples that all have scored: a set with a class that some
        training part lacks has no answer there, and must not look better for it.
        """
        for names in sets:
            if names not in self._losses and names not in self._refused:
                self._score(names)
        found = {names: self._losses[names] for names in sets if names in self._losses}
        scored = [np.isfinite(losses).all(axis=0) for losses in found.values()]
        if not scored or not np.logical_and.reduce(scored).any():
            return None
        common = np.logical_and.reduce(scored)
        return min(found, key=lambda names: float(found[names][:, common].mean()))

    def _score(self, names: Names) -> None:
        if self._progress is not None:
            done = len(self._losses) + len(self._refused)
            self._progress(done, most_sets(len(self._names), self._start))
        try:
            self._losses[names] = self._evaluate(names)
        except ModelError as error:
            self._refused[names] = str(error)

    def _check_looked_at(self, singles: Sequence[Names]) -> None:
        found = [self._losses[names] for names in singles if names in self._losses]
        if len(found) > 1 and all(
            np.array_equal(each, found[0], equal_nan=True) for each in found
        ):
            raise ConfigError(
                f"The model predicts the same from each of {len(found)} covariates or roles: "
                "it does not look at covariates, or these hold nothing. Choose a model that "
                "does, such as model=lightgbm."
            )

    def _mean(self, names: Names) -> Estimate:
        if names in self._refused:
            return Estimate(None, None, self._refused[names])
        return mean_loss(self._losses[names], self._blocks)

    def _gain(self, before: Names, after: Names) -> Estimate:
        if after in self._refused:
            return Estimate(None, None, self._refused[after])
        return loss_difference(self._losses[before], self._losses[after], self._blocks)

    def _note(
        self, step: int, added: Names, names: Names, *, gain: Estimate, is_taken: bool
    ) -> None:
        self._tried[names] = Tried(step, added, names, self._mean(names), gain, is_taken)

    def _ordered(self, names: Names) -> Names:
        return tuple(name for name in self._names if name in names)


def _size(gain: Estimate) -> Estimate:
    return gain if gain.mean is None else Estimate(abs(gain.mean), gain.se, gain.reason)
