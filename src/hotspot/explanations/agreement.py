"""Would another good model say the same? Models as good as the best, and their story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.stability import sign_agreement

Values = NDArray[np.float64]

# Share of a contribution, weighed by size, on whose sign two models must agree.
_SAME_SIGN = 0.7
# A model that makes less than this of a covariate makes nothing of it, log-odds.
_NOTHING = 1e-9
# Models that know nothing but the share of exceeding samples explain nothing.
_WITHOUT_STORY = ("prevalence",)


@dataclass(frozen=True)
class OtherModel:
    """What another model, as good as the best, says of some samples.

    Parameters
    ----------
    kind : str
        Its kind.
    rows : array of int, shape (n,)
        Positions of the samples.
    names : tuple of str
        What it credits: covariates, and ``location`` where it uses coordinates.
    values : array, shape (n, n_names)
        Its contributions.
    """

    kind: str
    rows: NDArray[np.int64]
    names: tuple[str, ...]
    values: Values

    @property
    def label(self) -> str:
        """Its kind in words."""
        return self.kind.replace("_", " ")

    @property
    def is_blind(self) -> bool:
        """Whether it makes nothing of any covariate: it knows places only, or nothing."""
        covariates = [column for column, name in enumerate(self.names) if name != LOCATION]
        return not (np.abs(self.values[:, covariates]) > _NOTHING).any()

    def told(self, names: Sequence[str]) -> Values | None:
        """Return what it says of some names together, shape (n, 1); None without one."""
        if any(name not in self.names for name in names):
            return None
        columns = [self.names.index(name) for name in names]
        return np.asarray(self.values[:, columns].sum(axis=1, keepdims=True))

    def agrees(self, final: Values, own: Values) -> bool:
        """Return whether it tells the same of a subject, shape (n, 1) each."""
        share = sign_agreement(final, own, weighted="by_size")[0]
        return bool((np.abs(own) > _NOTHING).any() and share >= _SAME_SIGN)


def near_best(
    scores: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float | str | None]]]],
    plan: str,
    *,
    score: str = "log_loss",
) -> tuple[str, ...]:
    """Return the kinds of models within one standard error of the best, the best first.

    Parameters
    ----------
    scores : mapping
        ``{model: {plan: {score: {"mean", "se"}}}}``, as in ``metrics.json``.
    plan : str
        The fold plan that counts.
    score : str
        One where lower is better.

    Examples
    --------
    >>> def at(mean): return {"block": {"log_loss": {"mean": mean, "se": 0.05}}}
    >>> near_best({"a": at(0.44), "b": at(0.40), "c": at(0.50), "prevalence": at(0.4)}, "block")
    ('b', 'a')
    """
    found: dict[str, tuple[float, float]] = {}
    for kind, by_plan in scores.items():
        entry = by_plan.get(plan, {}).get(score, {})
        mean, error = entry.get("mean"), entry.get("se")
        if kind not in _WITHOUT_STORY and isinstance(mean, int | float):
            found[kind] = (float(mean), float(error) if isinstance(error, int | float) else 0.0)
    if not found:
        return ()
    best = min(found.values())
    ordered = sorted(found, key=lambda kind: found[kind][0])
    return tuple(kind for kind in ordered if found[kind][0] <= best[0] + best[1])
