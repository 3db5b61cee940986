"""A model that learns what several covariates say once, whatever it is a model of."""

from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hotspot.estimators.additive import AdditiveModel
from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.base import ModelState
from hotspot.estimators.copies import Copies, find_copies
from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.table import Matrix, prediction_table, takes_weights
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


class DistinctCovariates(BaseEstimator):
    """A model of covariates of which some say the same; each of these is learnt once.

    A model that is offered a covariate twice becomes another model: trees draw it twice as
    often, a penalty is shared, a distance counts it double. No sample asks for that. So the
    first of each class of copies (`find_copies`) stands for it, the member learns from these
    alone, and what it credits to one is shared alike among its copies: the model is that
    without copies, to the last bit.

    Where copies differ in a place to be predicted, which no sample had, the first speaks; the
    area of applicability measures the distance along all of them. A gap in any of them is a
    gap.

    `hotspot.estimators.varying_limit.fit_at` puts it before any model where there are copies,
    and only there.

    Parameters
    ----------
    member : ExceedanceModel
        Unfitted.

    Attributes
    ----------
    member_ : ExceedanceModel
        Fitted on the covariates that are no copies.
    copies_ : Copies
        Which are.
    """

    kind: ClassVar[str] = "distinct_covariates"

    def __init__(self, member: Any) -> None:
        self.member = member

    def fit(
        self,
        X: pd.DataFrame,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
        sample_weight: Values | None = None,
    ) -> Self:
        """Learn from intervals of concentration; parameters are those of the member."""
        member = clone(self.member)
        copies = find_copies(X, getattr(member, "categorical", ()))
        if "categorical" in member.get_params(deep=False):
            kept = tuple(name for name in member.categorical if name in copies.kept)
            member.set_params(categorical=kept)
        distinct = X[list(copies.kept)]
        weights = {"sample_weight": sample_weight} if takes_weights(member) else {}
        self.member_ = member.fit(distinct, lower, upper, coordinates=coordinates, **weights)
        self._name(copies)
        return self

    def exceedance(
        self,
        X: pd.DataFrame | Matrix,
        threshold: float,
        *,
        coordinates: Coordinates | None = None,
    ) -> Values:
        """Return P(concentration > threshold), shape (n,); NaN where it cannot be known."""
        found: Values = self.member_.exceedance(
            self._distinct(X), threshold, coordinates=coordinates
        )
        return found

    @property
    def uses_coordinates(self) -> bool:
        """Whether the member does."""
        return bool(getattr(self.member, "uses_coordinates", True))

    @property
    def threshold(self) -> float:
        """The one limit that a direct classifier knows, mg/kg."""
        return float(self.member.threshold)

    def to_state(self) -> ModelState:
        """Return the fitted model as inert data."""
        check_is_fitted(self)
        state = self.member_.to_state()
        values = {
            "names": list(self.copies_.names),
            "first": list(self.copies_.first),
            "member": {"kind": state.kind, "values": state.values},
        }
        return ModelState(self.kind, values, state.files)

    @classmethod
    def from_state(cls, state: ModelState) -> "DistinctCovariates":
        """Return the fitted model that `to_state` described, of the class that it needs."""
        from hotspot.estimators.registry import estimator_class

        part = state.values["member"]
        member = estimator_class(part["kind"]).from_state(
            ModelState(part["kind"], part["values"], state.files)
        )
        model = distinct(member)
        model.member_ = member
        model._name(Copies(tuple(state.values["names"]), tuple(state.values["first"])))
        return model

    def _name(self, copies: Copies) -> None:
        self.copies_ = copies
        self.feature_names_in_ = np.array(copies.names, dtype=object)
        self.n_features_in_ = len(copies.names)

    def _distinct(self, X: pd.DataFrame | Matrix) -> pd.DataFrame:
        check_is_fitted(self)
        matrix = prediction_table(X, self.copies_.names)
        return pd.DataFrame(self.copies_.distinct(matrix), columns=list(self.copies_.kept))


class DistinctSum(DistinctCovariates):
    """The same of a model whose log-odds are a sum over its covariates."""

    def log_odds(self, X: pd.DataFrame | Matrix) -> Values:
        """Return the log-odds of exceedance, shape (n,); NaN where they cannot be known."""
        found: Values = self.member_.log_odds(self._distinct(X))
        return found

    @property
    def slow_reason(self) -> str:
        """Why contributions of trees take a slower way; empty where they do not."""
        return str(getattr(self.member_, "slow_reason", ""))

    def contributions(self, X: pd.DataFrame | Matrix) -> tuple[Matrix, Values]:
        """Return the share of each covariate in the log-odds, and the base they add to."""
        values, base = self.member_.contributions(self._distinct(X))
        return self.copies_.shared(values), base

    def group_contributions(
        self, X: pd.DataFrame | Matrix, groups: Sequence[int]
    ) -> tuple[Matrix, Values]:
        """Return what groups of covariates add to the log-odds, and the base they add to."""
        held: dict[int, list[str]] = {group: [] for group in sorted(set(groups))}
        for name, group in zip(self.copies_.names, groups, strict=True):
            held[group].append(name)
        joint = self.copies_.joint(held)
        of = {name: n for n, names in enumerate(joint.values()) for name in names}
        found, base = self.member_.group_contributions(
            self._distinct(X), [of[name] for name in self.copies_.kept]
        )
        values = np.zeros((len(found), max(groups) + 1))
        for column, owners in enumerate(joint):
            for owner in owners:
                values[:, owner] += found[:, column] / len(owners)
        return values, base


class DistinctDistribution(AnswersFromDistribution, DistinctCovariates):
    """The same of a model of the whole distribution."""

    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row; NaN where unknown."""
        found: PredictiveDistribution = self.member_.distribution(
            self._distinct(X), coordinates=coordinates
        )
        return found

    @property
    def surface_(self) -> Any:
        """What knows how sure the surface is, see `hotspot.estimators.preference`."""
        return getattr(self.member_, "surface_", None)

    @property
    def preference_(self) -> float:
        """Slope that the member's answers are corrected for; 0 for none."""
        return float(getattr(self.member_, "preference_", 0.0))

    def against_preference(self, slope: float) -> Self:
        """Return the model for soil that nobody chose, as the member has it."""
        model = copy(self)
        model.member_ = self.member_.against_preference(slope)
        return model


def distinct(member: Any) -> DistinctCovariates:
    """Return a model, unfitted, before which copies are taken out."""
    if isinstance(member, AdditiveModel):
        return DistinctSum(member)
    if isinstance(member, AnswersFromDistribution):
        return DistinctDistribution(member)
    return DistinctCovariates(member)


def copies_of(estimator: object) -> Copies | None:
    """Return the copies that a fitted model was learnt without; None where there are none."""
    return estimator.copies_ if isinstance(estimator, DistinctCovariates) else None
