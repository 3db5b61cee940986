"""Logistic regression: scikit-learn's numbers, kept per covariate."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from hotspot.estimators import LogisticClassifier

LIMIT = 500.0


def test_equals_scikit_learn_on_the_same_design(survey: Any) -> None:
    """The log-odds are those of scikit-learn on standardised columns and indicators."""
    X = survey.X
    numbers = X[["industry", "slope", "noise"]]
    design = np.hstack(
        [
            ((numbers - numbers.mean()) / numbers.std(ddof=0)).to_numpy(),
            pd.get_dummies(X["rock"]).to_numpy(float),
        ]
    )
    theirs = LogisticRegression(C=0.3, tol=1e-10, max_iter=5000).fit(
        design, survey.zinc > LIMIT
    )
    ours = LogisticClassifier(LIMIT, ("rock",), C=0.3).fit(X, survey.zinc, survey.zinc)
    # Both stop at a gradient of 1e-9 of the mean loss.
    np.testing.assert_allclose(ours.log_odds(X), theirs.decision_function(design), atol=1e-5)


def test_the_map_does_not_depend_on_its_windows(survey: Any) -> None:
    """Row by row and all at once give the same bits."""
    model = LogisticClassifier(LIMIT, ("rock",)).fit(survey.X, survey.zinc, survey.zinc)
    single = [model.log_odds(survey.X.iloc[[row]])[0] for row in range(20)]
    np.testing.assert_array_equal(single, model.log_odds(survey.X)[:20])


def test_a_rescaled_covariate_changes_nothing(survey: Any) -> None:
    """Metres or kilometres, the probability is the same."""
    scaled = survey.X.assign(slope=survey.X["slope"] * 1000 + 5)
    one = LogisticClassifier(LIMIT, ("rock",)).fit(survey.X, survey.zinc, survey.zinc)
    other = LogisticClassifier(LIMIT, ("rock",)).fit(scaled, survey.zinc, survey.zinc)
    np.testing.assert_allclose(
        one.exceedance(survey.X, LIMIT), other.exceedance(scaled, LIMIT), atol=1e-6
    )


def test_a_constant_covariate_has_no_slope(survey: Any) -> None:
    """A covariate without variation gets slope 0, and no division by 0."""
    X = survey.X.assign(noise=3.0)
    model = LogisticClassifier(LIMIT, ("rock",)).fit(X, survey.zinc, survey.zinc)
    assert model.slope_["noise"] == pytest.approx(0.0, abs=1e-12)
    assert np.isfinite(model.exceedance(X.assign(noise=9.0), LIMIT)).all()
