"""Boosted trees from samples that lie on the workers of a cluster."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.estimators.boosting.classifier import BoostedClassifier
from hotspot.estimators.boosting.distributed import fit_spread

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("dask"),
    pytest.mark.filterwarnings("ignore"),
]


def _samples(part):
    """Return one of the parts of a survey; it is made where it is asked for."""
    draw = np.random.default_rng(part)
    X = pd.DataFrame(
        {"slope": draw.normal(0, 1, 400), "cover": draw.integers(1, 5, 400).astype(float)}
    )
    y = np.exp(X["slope"] + (X["cover"] == 2) + draw.normal(0, 0.4, 400)).to_numpy().copy()
    lower = y.copy()
    # A few non-detects whose interval holds the limit: their label is unknown.
    lower[:3], y[:3] = 0.0, 50.0
    return X, lower, y


PARTS = (0, 1, 2, 3)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Return files with a part of the samples each: workers cannot import a test."""
    folder = tmp_path_factory.mktemp("parts")
    for part in PARTS:
        pd.to_pickle(_samples(part), folder / f"{part}.pkl")
    return [str(folder / f"{part}.pkl") for part in PARTS]


def _model():
    return BoostedClassifier(
        1.5, ("cover",), n_estimators=8, learning_rate=0.3, class_weight="balanced"
    )


@pytest.fixture(scope="module")
def spread(dask_client, parts):
    """Return a model of samples that lie on two workers."""
    return fit_spread(_model(), parts, pd.read_pickle, dask_client)


def test_spread_samples_give_as_good_a_model(spread):
    """Four parts on two workers teach what one table of all of them teaches."""
    tables = [_samples(part) for part in PARTS]
    X = pd.concat([table[0] for table in tables], ignore_index=True)
    lower, upper = (np.concatenate([table[n] for table in tables]) for n in (1, 2))
    whole = _model().fit(X, lower, upper)
    assert (spread.n_samples_, spread.n_unknown_) == (whole.n_samples_, 12)
    assert spread.prevalence_ == whole.prevalence_
    assert spread.positive_weight_ == whole.positive_weight_
    np.testing.assert_array_equal(spread.levels_["cover"], whole.levels_["cover"])
    test, _, y = _samples(9)
    known = np.arange(len(y)) > 2
    ours, theirs = (m.exceedance(test, 1.5)[known] for m in (spread, whole))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97
    loss = [np.mean((p - (y[known] > 1.5)) ** 2) for p in (ours, theirs)]
    assert loss[0] < 1.15 * loss[1]


def test_a_spread_model_is_saved_without_the_cluster(spread):
    """The saved trees hold no address, and answer the same when they are opened."""
    state = spread.to_state()
    assert b"127.0.0.1" not in state.files["booster.txt"]
    test = _samples(9)[0]
    again = BoostedClassifier.from_state(state)
    np.testing.assert_array_equal(spread.exceedance(test, 1.5), again.exceedance(test, 1.5))


def test_parts_must_have_the_same_covariates(dask_client, parts, tmp_path):
    """A part of another table is named before anything is learnt."""
    X, lower, upper = _samples(1)
    other = tmp_path / "other.pkl"
    pd.to_pickle((X.rename(columns={"slope": "aspect"}), lower, upper), other)
    with pytest.raises(ModelError, match=r"Part 1 has the covariates .*aspect"):
        fit_spread(_model(), [parts[0], str(other)], pd.read_pickle, dask_client)
    with pytest.raises(ModelError, match=r"No parts of samples"):
        fit_spread(_model(), [], pd.read_pickle, dask_client)
