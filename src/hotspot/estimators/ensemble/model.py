"""One model of the concentration: learners, pooled and calibrated by left-out blocks."""

import warnings
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hotspot.errors import ModelError, few
from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.base import ModelState
from hotspot.estimators.distribution import (
    Moved,
    Pool,
    PredictiveDistribution,
    Recalibrated,
)
from hotspot.estimators.ensemble.calibration import Calibration, fit_calibration
from hotspot.estimators.ensemble.judging import (
    MANY_SAMPLES,
    Learnt,
    judging_folds,
    left_out,
    weighing_limits,
)
from hotspot.estimators.ensemble.pooling import pool_weights
from hotspot.estimators.intervals import check_bounds, without_zeros
from hotspot.estimators.kriging.base import VariogramWarning
from hotspot.estimators.table import Matrix, mean_one_weights
from hotspot.folds.score_blocks import score_blocks
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

_SMALL = (
    "gaussian_process",
    "forest_kriging",
    "quantile_forest",
    "regression_kriging",
    "climatology",
)
_LARGE = ("gaussian_process", "quantile_forest", "boosted_distribution", "climatology")
# What is believed of a member before, in samples. Where covariates and places tell something
# Gaussian processes are the best single learners on small surveys, and forests that see places
# from all sides are most unlike them: a pool of both beats either. The distribution of all
# samples gets what left-out ground gives it.
_PRIOR = {
    "gaussian_process": 4.0,
    "quantile_forest": 2.0,
    "regression_kriging": 0.5,
    "climatology": 0.02,
}
_PRIOR_OF_OTHERS = 1.0
# Draws stay this far from the ends of a distribution, which may be at infinity.
_LEAST_SHARE = 1e-9
# A forest in a pool needs fewer trees than alone.
_IN_A_POOL = {
    "forest_kriging": {"n_trees": 60},
    "quantile_forest": {"n_estimators": 100},
    "neighbour_forest": {"n_estimators": 100},
}


class ConcentrationModel(AnswersFromDistribution, BaseEstimator):
    """The whole conditional distribution of a contaminant's concentration.

    P(C > limit) for any limit, quantiles and mean come from one fit, and the probability of
    exceedance never rises with the limit. The members learn each for themselves; samples
    left out in spatial blocks, inside the training samples, tell how to weigh them (a linear
    pool with the highest log score over nine limits, drawn towards a prior) and how to
    move their probabilities so that intervals hold what they promise.

    Parameters
    ----------
    members : tuple of str or None
        Kinds of concentration models, see `hotspot.estimators.registry`. None chooses: a
        Gaussian process, forest kriging, a quantile forest and regression kriging for small
        surveys; from `MANY_SAMPLES` on a Gaussian process, a quantile forest and boosted
        trees. Always with them the distribution of all samples, so that the pool is no worse
        than knowing nothing where covariates and places tell nothing.
    categorical : tuple of str
        Covariates that hold codes of classes.
    n_splits : int
        Folds of blocks by which members are weighed and calibrated.
    calibrated : bool
        Whether probabilities are moved.
    random_state : int
        Seed of folds and members.

    Attributes
    ----------
    members_ : tuple
        Fitted members.
    weights_ : array, shape (n_members,)
        Sum 1.
    calibration_ : Calibration
        Map of probabilities.
    preference_ : float
        Slope that answers are corrected for, see `against_preference`; 0 for none.
    choice_ : str
        One sentence that says which members were taken, with which weight, and why.

    References
    ----------
    Gneiting, T., & Ranjan, R. (2013). Combining predictive distributions. Electronic Journal
    of Statistics 7, 1747-1782. https://doi.org/10.1214/13-EJS823
    """

    kind: ClassVar[str] = "ensemble"
    uses_coordinates: ClassVar[bool] = True

    def __init__(
        self,
        members: tuple[str, ...] | None = None,
        categorical: tuple[str, ...] = (),
        *,
        n_splits: int = 5,
        calibrated: bool = True,
        random_state: int = 0,
    ) -> None:
        self.members = members
        self.categorical = categorical
        self.n_splits = n_splits
        self.calibrated = calibrated
        self.random_state = random_state

    def fit(
        self,
        X: pd.DataFrame,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
        sample_weight: Values | None = None,
    ) -> Self:
        """Learn from intervals of concentration.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            Covariates without a missing value.
        lower, upper : array, shape (n,), mg/kg
            Equal where measured; ``(0, limit]`` for a non-detect.
        coordinates : array, shape (n, 2)
            Easting, northing.
        sample_weight : array, shape (n,), optional
            How much each sample counts, in the members that have a use for it and where
            members are weighed and calibrated; only the ratios matter.

        Raises
        ------
        ModelError
            Coordinates are missing, or a member cannot learn from these samples.
        """
        if coordinates is None:
            raise ModelError(
                "A concentration model learns from places, and no coordinates were given. "
                "Give easting and northing of each sample."
            )
        with warnings.catch_warnings():
            # A member that falls back on a bounded variogram is weighed as it then is.
            warnings.simplefilter("ignore", VariogramWarning)
            return self._fit(X, lower, upper, coordinates, sample_weight)

    def _fit(
        self,
        X: pd.DataFrame,
        lower: Values,
        upper: Values,
        coordinates: Coordinates,
        sample_weight: Values | None,
    ) -> Self:
        lower, upper = without_zeros(*check_bounds(lower, upper, len(X)))
        kinds = self._kinds(len(lower))
        unfitted = [self._make(kind) for kind in kinds]
        weight = mean_one_weights(sample_weight, len(lower))
        learnt = Learnt(X, lower, upper, coordinates, weight)
        everything = np.arange(len(lower))
        self.members_ = tuple(learnt.by(clone(member), everything) for member in unfitted)
        self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        self.n_samples_ = len(lower)
        self.preference_ = 0.0
        folds = judging_folds(
            lower,
            upper,
            coordinates,
            n_splits=self.n_splits,
            random_state=self.random_state,
        )
        judged = [
            left_out(fitted, member, learnt, folds)
            for fitted, member in zip(self.members_, unfitted, strict=True)
        ]
        limits = weighing_limits(lower, upper)
        prior = np.array([_PRIOR.get(kind, _PRIOR_OF_OTHERS) for kind in kinds])
        self.weights_ = pool_weights(
            judged, lower, upper, limits, prior=prior, sample_weight=weight
        )
        self.calibration_ = Calibration.none()
        if self.calibrated:
            pooled = Pool(judged, self.weights_)
            self.calibration_ = fit_calibration(
                pooled, lower, upper, blocks=score_blocks(coordinates), sample_weight=weight
            )
        self.choice_ = self._told(kinds)
        return self

    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row; NaN where unknown."""
        check_is_fitted(self)
        answers = [member.distribution(X, coordinates=coordinates) for member in self.members_]
        told: PredictiveDistribution = Pool(answers, self.weights_)
        if not self.calibration_.is_none:
            given, calibrated = self.calibration_.given, self.calibration_.calibrated
            told = Recalibrated(told, given, calibrated)
        if self.preference_ == 0:
            return told
        process = self.surface_
        own = answers[self.members_.index(process)]
        return Moved(told, -self.preference_ * process.surface_variance(own))

    @property
    def surface_(self) -> Any:
        """The member that knows how sure the surface is, a Gaussian process; None without."""
        return next((m for m in self.members_ if m.kind == "gaussian_process"), None)

    def against_preference(self, slope: float) -> Self:
        """Return the model for soil that nobody chose, where samples were chosen by their soil.

        As `AdditiveGaussianProcess.against_preference`: the whole pool moves as the surface
        of its Gaussian process does.

        Parameters
        ----------
        slope : float
            Of the natural logarithm of the density of samples on that of the concentration.

        Raises
        ------
        ModelError
            No member is a Gaussian process.
        """
        check_is_fitted(self)
        if self.surface_ is None:
            raise self._without_process("A preference is undone by how sure the surface is")
        model = copy(self)
        model.preference_ = float(slope)
        return model

    def draw(
        self,
        X: pd.DataFrame | Matrix,
        *,
        coordinates: Coordinates | None = None,
        n_draws: int = 100,
        random_state: int = 0,
    ) -> Values:
        """Return joint draws of the concentration, mg/kg, shape (n_draws, n).

        Each draw is a whole map of new measurements: every cell has the distribution of
        `distribution`, and cells move together as those of the Gaussian process do (its
        copula). So the area above a limit, or the mean of a region, has an honest spread.
        Ask for all rows that belong together in one call.

        Parameters
        ----------
        X, coordinates
            As in `distribution`; a row without an answer is NaN in every draw.
        n_draws : int
            From 1.
        random_state : int
            Seed.

        Raises
        ------
        ModelError
            No member is a Gaussian process.
        """
        check_is_fitted(self)
        process = self.surface_
        if process is None:
            raise self._without_process("Cells are drawn together")
        drawn = process.draw(
            X, coordinates=coordinates, n_draws=n_draws, random_state=random_state
        )
        own = process.distribution(X, coordinates=coordinates)
        pooled = self.distribution(X, coordinates=coordinates)
        return np.stack(
            [
                pooled.quantile(np.clip(own.cdf(each), _LEAST_SHARE, 1 - _LEAST_SHARE))
                for each in drawn
            ]
        )

    def to_state(self) -> ModelState:
        """Return the fitted model as inert data."""
        check_is_fitted(self)
        states = [member.to_state() for member in self.members_]
        files = {
            f"member_{number}_{name}": content
            for number, state in enumerate(states)
            for name, content in state.files.items()
        }
        values = {
            "params": {
                "members": None if self.members is None else list(self.members),
                "categorical": list(self.categorical),
                "n_splits": self.n_splits,
                "calibrated": self.calibrated,
                "random_state": self.random_state,
            },
            "members": [
                {
                    "kind": state.kind,
                    "values": state.values,
                    "files": sorted(state.files),
                }
                for state in states
            ],
            "weights": self.weights_.tolist(),
            "calibration": self.calibration_.to_dict(),
            "names": self.feature_names_in_.tolist(),
            "n_samples": self.n_samples_,
            "preference": self.preference_,
            "choice": self.choice_,
        }
        return ModelState(self.kind, values, files)

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the fitted model that `to_state` described."""
        from hotspot.estimators.registry import estimator_class

        values: dict[str, Any] = state.values
        params = dict(values["params"])
        for name in ("members", "categorical"):
            params[name] = None if params[name] is None else tuple(params[name])
        model = cls(**params)
        model.members_ = tuple(
            estimator_class(part["kind"]).from_state(
                ModelState(
                    part["kind"],
                    part["values"],
                    {name: state.files[f"member_{number}_{name}"] for name in part["files"]},
                )
            )
            for number, part in enumerate(values["members"])
        )
        model.weights_ = np.array(values["weights"], dtype=np.float64)
        model.calibration_ = Calibration.from_dict(values["calibration"])
        model.feature_names_in_ = np.array(values["names"], dtype=object)
        model.n_features_in_ = len(model.feature_names_in_)
        model.n_samples_ = int(values["n_samples"])
        model.preference_ = float(values["preference"])
        model.choice_ = str(values["choice"])
        return model

    def _without_process(self, what: str) -> ModelError:
        return ModelError(
            f"{what} through a Gaussian process, and the members are "
            f"{few(member.kind for member in self.members_)}. Add gaussian_process to "
            "the members."
        )

    def _kinds(self, n: int) -> tuple[str, ...]:
        kinds = self.members or (_LARGE if n >= MANY_SAMPLES else _SMALL)
        if len(set(kinds)) != len(kinds):
            raise ModelError(
                f"Members of a concentration model are repeated: {few(kinds)}. Name each once."
            )
        return tuple(kinds)

    def _make(self, kind: str) -> Any:
        from hotspot.estimators.registry import estimator_class

        cls = estimator_class(kind)
        if kind == self.kind or not hasattr(cls, "distribution"):
            raise ModelError(
                f"{kind!r} cannot be a member of a concentration model: it knows no "
                "distribution of its own. Choose among gaussian_process, regression_kriging, "
                "forest_kriging, ordinary_kriging, quantile_forest, neighbour_forest, "
                "boosted_distribution, climatology."
            )
        names = cls._get_param_names()
        given = {"categorical": self.categorical, "random_state": self.random_state}
        own = {name: value for name, value in given.items() if name in names}
        return cls(**own, **_IN_A_POOL.get(kind, {}))

    def _told(self, kinds: tuple[str, ...]) -> str:
        parts = ", ".join(
            f"{kind.replace('_', ' ')} {weight:.0%}"
            for kind, weight in zip(kinds, self.weights_, strict=True)
        )
        why = (
            "as asked"
            if self.members
            else f"since {self.n_samples_} samples are "
            + ("enough" if self.n_samples_ >= MANY_SAMPLES else "few")
            + " for boosted trees"
        )
        return f"Pool of {parts}, {why}; weighed and calibrated on blocks left out."
