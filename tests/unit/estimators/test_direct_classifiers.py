"""What boosting, logistic regression and the baseline all promise."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from hotspot.errors import ModelError
from hotspot.estimators import (
    BoostedClassifier,
    ExceedanceModel,
    LogisticClassifier,
    PrevalenceBaseline,
    UnseenClassWarning,
)
from hotspot.estimators.table import asked_about

LIMIT = 500.0
MAKERS = {
    "lightgbm": lambda **more: BoostedClassifier(LIMIT, ("rock",), n_estimators=40, **more),
    "logistic": lambda **more: LogisticClassifier(LIMIT, ("rock",), **more),
    "prevalence": lambda **more: PrevalenceBaseline(LIMIT, **more),
}


@pytest.fixture(params=list(MAKERS))
def make(request: pytest.FixtureRequest) -> Any:
    return MAKERS[request.param]


@pytest.fixture
def model(make: Any, survey: Any) -> Any:
    return make().fit(survey.X, survey.zinc, survey.zinc)


def test_is_an_exceedance_model(model: Any) -> None:
    """Evaluation and maps can use each of them without knowing which it is."""
    assert isinstance(model, ExceedanceModel)


def test_obeys_the_manners_of_scikit_learn(make: Any) -> None:
    """Cloning, parameters, repr and constructor pass scikit-learn's own checks."""
    unfitted = make()
    name = type(unfitted).__name__
    for check in (
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    ):
        check(name, clone(unfitted))


def test_fit_leaves_parameters_alone_and_clone_forgets(make: Any, survey: Any) -> None:
    """Fitting changes no parameter, and a clone is unfitted with the same ones."""
    model = make()
    before = dict(model.get_params())
    model.fit(survey.X, survey.zinc, survey.zinc)
    assert model.get_params() == before
    fresh = clone(model)
    assert fresh.get_params() == before
    with pytest.raises(NotFittedError):
        fresh.exceedance(survey.X, LIMIT)


def test_names_and_counts_are_recorded(model: Any, survey: Any) -> None:
    """The fitted model knows its covariates, sample number and prevalence."""
    assert list(model.feature_names_in_) == list(survey.X.columns)
    assert model.n_features_in_ == 4
    assert (model.n_samples_, model.n_unknown_) == (200, 0)
    assert model.prevalence_ == pytest.approx((survey.zinc > LIMIT).mean())


def test_another_order_of_columns_is_refused(model: Any, survey: Any) -> None:
    """Columns in another order are refused, not silently read wrong."""
    with pytest.raises(ModelError, match="another order: noise, rock, slope, industry"):
        model.exceedance(survey.X[survey.X.columns[::-1]], LIMIT)


def test_missing_and_extra_columns_are_named(model: Any, survey: Any) -> None:
    """The error names what is missing and what is too much."""
    wrong = survey.X.rename(columns={"slope": "aspect"})
    with pytest.raises(ModelError, match="missing slope; not in the model aspect"):
        model.exceedance(wrong, LIMIT)


def test_an_array_is_accepted_where_its_width_fits(model: Any, survey: Any) -> None:
    """An array gives what the table gives; one of another width is refused."""
    table, array = survey.X, survey.X.to_numpy()
    np.testing.assert_array_equal(
        model.exceedance(array, LIMIT), model.exceedance(table, LIMIT)
    )
    with pytest.raises(ModelError, match="3 columns but the model was fitted on 4"):
        model.exceedance(array[:, :3], LIMIT)


@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_a_missing_covariate_gives_no_data(model: Any, survey: Any, gap: float) -> None:
    """A missing or infinite covariate gives NaN there and changes no other row."""
    holed = survey.X.copy()
    holed.loc[3, "noise"] = gap
    probability = model.exceedance(holed, LIMIT)
    assert np.isnan(probability[3])
    others = np.arange(200) != 3
    np.testing.assert_array_equal(
        probability[others], model.exceedance(survey.X, LIMIT)[others]
    )


def test_no_row_and_no_complete_row_are_answered(model: Any, survey: Any) -> None:
    """An empty table gives no probability, an all-missing one only NaN."""
    assert model.exceedance(survey.X.iloc[:0], LIMIT).shape == (0,)
    assert np.isnan(model.exceedance(survey.X.iloc[:2] * np.nan, LIMIT)).all()


def test_missing_values_cannot_be_learnt(make: Any, survey: Any) -> None:
    """Fitting with gaps is refused with the covariate and the count."""
    holed = survey.X.copy()
    holed.loc[[1, 2], "slope"] = np.nan
    with pytest.raises(ModelError, match=r"2 of 200 samples .* in slope"):
        make().fit(holed, survey.zinc, survey.zinc)


def test_text_is_no_covariate(make: Any, survey: Any) -> None:
    """A column of words is refused by name."""
    with pytest.raises(ModelError, match="must be numbers, but slope hold"):
        make().fit(survey.X.assign(slope="steep"), survey.zinc, survey.zinc)


@pytest.mark.parametrize(
    ("value", "says"), [(100.0, "All 200 labels are 0: no"), (900.0, "are 1: every")]
)
def test_one_kind_of_label_is_refused(make: Any, survey: Any, value: float, says: str) -> None:
    """Without both labels there is nothing to learn, and the error says which is there."""
    zinc = np.full(200, value)
    with pytest.raises(ModelError, match=says):
        make().fit(survey.X, zinc, zinc)


def test_intervals_across_the_limit_are_left_out_and_counted(make: Any, survey: Any) -> None:
    """A non-detect whose limit lies above the threshold has no label and no influence."""
    lower, upper = survey.zinc.copy(), survey.zinc.copy()
    lower[:10], upper[:10] = 0.0, 900.0
    model = make().fit(survey.X, lower, upper)
    assert (model.n_samples_, model.n_unknown_) == (190, 10)
    rest = make().fit(survey.X.iloc[10:], survey.zinc[10:], survey.zinc[10:])
    np.testing.assert_array_equal(
        model.exceedance(survey.X, LIMIT), rest.exceedance(survey.X, LIMIT)
    )


def test_no_label_at_all_is_refused(make: Any, survey: Any) -> None:
    """Where every interval straddles the limit, the error says so."""
    with pytest.raises(ModelError, match="None of 200 samples has a label"):
        make().fit(survey.X, np.zeros(200), np.full(200, 900.0))


def test_lengths_must_agree(make: Any, survey: Any) -> None:
    """One interval per row, or a refusal with both numbers."""
    with pytest.raises(ModelError, match="200 rows of covariates but"):
        make().fit(survey.X, survey.zinc[:5], survey.zinc[:5])


def test_another_threshold_is_refused(model: Any, survey: Any) -> None:
    """A direct classifier never pretends to know a limit it was not fitted for."""
    with pytest.raises(ModelError, match=r"direct classifier of concentration > 500 mg/kg"):
        model.exceedance(survey.X, 300.0)


def test_state_round_trip_is_bit_equal(model: Any, survey: Any) -> None:
    """Taken apart and put together again, the model predicts and explains the same bits."""
    again = type(model).from_state(model.to_state())
    np.testing.assert_array_equal(
        again.exceedance(survey.X, LIMIT), model.exceedance(survey.X, LIMIT)
    )
    for one, other in zip(
        again.contributions(survey.X), model.contributions(survey.X), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_predict_proba_has_a_column_per_class(model: Any, survey: Any) -> None:
    """The columns are below and above, and add up to 1."""
    both = model.predict_proba(survey.X)
    np.testing.assert_array_equal(both[:, 1], model.exceedance(survey.X, LIMIT))
    np.testing.assert_allclose(both.sum(axis=1), 1.0)


@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
def test_an_unseen_class_gives_no_data_and_a_warning(kind: str, survey: Any) -> None:
    """A class no sample had is answered by NaN, and named with codes and count."""
    model = MAKERS[kind]().fit(survey.X, survey.zinc, survey.zinc)
    cells = survey.X.head(5).assign(rock=[1.0, 9.0, 4.0, 9.0, 12.0])
    with pytest.warns(UnseenClassWarning, match=r"3 of the rows.* 'rock' .*codes 9, 12"):
        probability = model.exceedance(cells, LIMIT)
    assert np.isnan(probability).tolist() == [False, True, False, True, True]


def test_an_unseen_class_is_told_in_the_words_of_who_asks(survey: Any) -> None:
    """Rows are what the asker calls them; who answers them otherwise need not hear of them."""
    model = MAKERS["logistic"]().fit(survey.X, survey.zinc, survey.zinc)
    asked = survey.X.head(2).assign(rock=[1.0, 9.0])
    with (
        asked_about("cells"),
        pytest.warns(UnseenClassWarning, match="^No answer for 1 of the cells"),
    ):
        model.exceedance(asked, LIMIT)
    with pytest.warns(UnseenClassWarning, match="1 of the rows"):
        model.exceedance(asked, LIMIT)
    with asked_about(None), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(model.exceedance(asked, LIMIT)).tolist() == [False, True]


@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
def test_known_classes_raise_no_warning(kind: str, survey: Any) -> None:
    """Silence where there is nothing to say."""
    model = MAKERS[kind]().fit(survey.X, survey.zinc, survey.zinc)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.exceedance(survey.X, LIMIT)


@pytest.mark.parametrize("code", [-1.0, 1.5])
@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
def test_odd_class_codes_are_refused(kind: str, survey: Any, code: float) -> None:
    """Codes below 0 or between whole numbers cannot be classes."""
    odd = survey.X.assign(rock=survey.X["rock"].replace(7.0, code))
    with pytest.raises(ModelError, match="classes of 'rock' must be whole numbers"):
        MAKERS[kind]().fit(odd, survey.zinc, survey.zinc)


@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
def test_class_weights_keep_the_prevalence(kind: str) -> None:
    """Weights change what is learnt, not the mean of the published probabilities."""
    generator = np.random.default_rng(8)
    X = pd.DataFrame({"industry": generator.normal(size=3000), "rock": 1.0})
    zinc = np.exp(0.9 * X["industry"] + generator.normal(size=3000) + 4.6).to_numpy()
    prevalence = (zinc > LIMIT).mean()
    assert 0.08 < prevalence < 0.16
    plain = MAKERS[kind]().fit(X, zinc, zinc).exceedance(X, LIMIT)
    for weight in ("balanced", 4.0):
        weighted = MAKERS[kind](class_weight=weight).fit(X, zinc, zinc).exceedance(X, LIMIT)
        # Uncorrected, balanced weights would lift the mean above 0.3.
        assert weighted.mean() == pytest.approx(prevalence, abs=0.02)
        assert not np.array_equal(weighted, plain)


@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
def test_a_weight_that_is_none_is_refused(kind: str, survey: Any) -> None:
    """Words other than 'balanced' and weights of 0 are refused."""
    for weight in ("heavy", 0.0):
        with pytest.raises(ModelError, match="class weight"):
            MAKERS[kind](class_weight=weight).fit(survey.X, survey.zinc, survey.zinc)


def test_a_categorical_name_must_be_a_column(survey: Any) -> None:
    """A misspelt categorical covariate is refused."""
    with pytest.raises(ModelError, match="does not have: stone"):
        LogisticClassifier(LIMIT, ("stone",)).fit(survey.X, survey.zinc, survey.zinc)


def test_a_threshold_of_zero_is_refused(survey: Any) -> None:
    """Every concentration exceeds 0: that is no limit."""
    with pytest.raises(ModelError, match="threshold of 0 mg/kg"):
        PrevalenceBaseline(0).fit(survey.X, survey.zinc, survey.zinc)
