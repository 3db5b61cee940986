"""Every estimator keeps scikit-learn's manners, by scikit-learn's own checks.

The checks that call ``fit(X, y)`` do not apply: a model of the concentration learns from
intervals, ``fit(X, lower, upper, coordinates=...)``. What they claim of fitted models (the
same names asked for, the same answers from a copy, no change of what was given) is claimed
here with intervals.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import estimator_checks as checks

from hotspot.errors import ModelError
from hotspot.estimators import AreaOfApplicability
from hotspot.estimators.registry import ESTIMATOR_KINDS, estimator_class

OF_PARAMETERS = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_get_params_invariance",
    "check_no_attributes_set_in_init",
    "check_set_params",
)
WITHOUT_COVARIATES = ("ordinary_kriging", "indicator_kriging", "prevalence")
KINDS = [kind for kind in ESTIMATOR_KINDS if kind != "ensemble"]
SMALL = {
    "n_estimators": 20,
    "n_trees": 20,
    "members": ("gaussian_process", "ordinary_kriging"),
    "threshold": 60.0,
}
pytestmark = pytest.mark.filterwarnings(
    "ignore::hotspot.estimators.kriging.base.VariogramWarning"
)


def unfitted(kind: str) -> Any:
    """Return an estimator that is quick to fit."""
    cls = estimator_class(kind)
    return cls(**{k: v for k, v in SMALL.items() if k in cls._get_param_names()})


Survey = tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture(scope="module")
def survey() -> Survey:
    generator = np.random.default_rng(5)
    places = generator.uniform(0, 1000, (70, 2))
    X = pd.DataFrame({"slope": generator.normal(size=70), "wet": generator.normal(size=70)})
    value = np.exp(4 + 0.7 * X["slope"].to_numpy() + 0.3 * generator.normal(size=70))
    return X, value, places


@pytest.mark.parametrize("check", OF_PARAMETERS)
@pytest.mark.parametrize("kind", [*ESTIMATOR_KINDS, "applicability"])
def test_parameters_are_as_scikit_learn_has_them(kind: str, check: str) -> None:
    """Parameters are kept as given, shown, copied and set by name; nothing else is set."""
    made = AreaOfApplicability() if kind == "applicability" else unfitted(kind)
    getattr(checks, check)(type(made).__name__, made)


@pytest.mark.parametrize("kind", ESTIMATOR_KINDS)
def test_fitting_changes_neither_parameters_nor_data(kind: str, survey: Survey) -> None:
    """After `fit` the parameters, covariates, intervals and places are what they were."""
    X, value, places = survey
    model = unfitted(kind)
    before = (model.get_params(), X.copy(), value.copy(), places.copy())
    returned = model.fit(X, value, value, coordinates=places)
    assert returned is model
    assert model.get_params() == before[0]
    pd.testing.assert_frame_equal(X, before[1])
    assert np.array_equal(value, before[2])
    assert np.array_equal(places, before[3])
    if kind in WITHOUT_COVARIATES:
        return
    assert model.n_features_in_ == 2
    assert list(model.feature_names_in_) == ["slope", "wet"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_fits_the_same(kind: str, survey: Survey) -> None:
    """A clone is unfitted; fitted on the same samples it gives the same answers."""
    X, value, places = survey
    model = unfitted(kind).fit(X, value, value, coordinates=places)
    other = clone(model)
    assert not [name for name in vars(other) if name.endswith("_")]
    other.fit(X, value, value, coordinates=places)
    ours, theirs = (m.exceedance(X, 60.0, coordinates=places) for m in (model, other))
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_is_answered_alone(kind: str, survey: Survey) -> None:
    """Rows in another order, or fewer of them, get the answers that they had."""
    X, value, places = survey
    model = unfitted(kind).fit(X, value, value, coordinates=places)
    whole = model.exceedance(X, 60.0, coordinates=places)
    rows = np.random.default_rng(0).permutation(len(X))[:30]
    part = model.exceedance(X.iloc[rows], 60.0, coordinates=places[rows])
    np.testing.assert_allclose(part, whole[rows], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in WITHOUT_COVARIATES])
def test_other_covariates_are_refused(kind: str, survey: Survey) -> None:
    """Covariates of another number or name are refused, where covariates are used."""
    X, value, places = survey
    model = unfitted(kind).fit(X, value, value, coordinates=places)
    for other in (X.rename(columns={"wet": "dry"}), X[["slope"]]):
        with pytest.raises(ModelError):
            model.exceedance(other, 60.0, coordinates=places)
