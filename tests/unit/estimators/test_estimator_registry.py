"""Estimators from plain values."""

import pytest

from hotspot.errors import ConfigError
from hotspot.estimators import ESTIMATOR_KINDS, estimator_class, make_estimator


@pytest.mark.parametrize("kind", ESTIMATOR_KINDS)
def test_every_kind_is_made_under_its_own_name(kind: str) -> None:
    """The registry's name is the one a saved model carries."""
    model = make_estimator(kind, {}, threshold=3.0, categorical=["rock"], random_state=7)
    assert type(model) is estimator_class(kind)
    assert estimator_class(kind).kind == kind
    params = model.get_params()  # type: ignore[attr-defined]
    assert params.get("threshold", 3.0) == 3.0
    assert params.get("categorical", ("rock",)) == ("rock",)
    assert params.get("random_state", 7) == 7


def test_parameters_arrive() -> None:
    """Plain values of the configuration reach the estimator."""
    model = make_estimator("lightgbm", {"num_leaves": 5}, threshold=3.0)
    assert model.num_leaves == 5  # type: ignore[attr-defined]


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    """A slip of the finger gets a suggestion."""
    with pytest.raises(ConfigError, match=r"'lightgmb'\. Did you mean 'lightgbm'"):
        make_estimator("lightgmb", {}, threshold=3.0)


def test_an_unknown_parameter_is_answered_with_the_nearest() -> None:
    """So does a misspelt parameter."""
    with pytest.raises(ConfigError, match=r"'num_leafs'\. Did you mean 'num_leaves'"):
        make_estimator("lightgbm", {"num_leafs": 5}, threshold=3.0)


def test_what_the_run_gives_cannot_be_configured() -> None:
    """The threshold comes from the registry of limits, not from the model's parameters."""
    with pytest.raises(ConfigError, match="'threshold' does not belong"):
        make_estimator("logistic", {"threshold": 1.0}, threshold=3.0)
