"""One door to a booster: whoever answers, the answer is the same."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.estimators import BoostedClassifier
from hotspot.estimators.boosting.distribution import BoostedDistribution
from hotspot.trees import booster as door
from hotspot.trees import patience as waiting
from hotspot.trees import shap
from hotspot.trees.booster import BoosterTrees


class Impatient(waiting.Patience):
    """Prepares at once."""

    def is_over(self, plain: float, *, prepare: float = 0.0) -> bool:
        """Say so."""
        return True


class Waiting(waiting.Patience):
    """Never prepares."""

    def is_over(self, plain: float, *, prepare: float = 0.0) -> bool:
        """Deny it."""
        return False


def test_many_rows_and_few_give_the_same_bits(
    trained: Any, rows: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled or not, sums and contributions of a booster are the same bytes."""
    booster = trained(kind)
    answers = []
    for manner in (Waiting, Impatient):
        monkeypatch.setattr(door, "Patience", manner)
        trees = BoosterTrees(booster)
        values, base = trees.contributions(rows, groups=[0, 1, 1, 0, 2, 2])
        answers.append((trees.sums(rows), values, base))
        assert ("_masks" in trees.__dict__) == (manner is Impatient)
    for slow, quick in zip(*answers, strict=True):
        np.testing.assert_array_equal(slow, quick)


def test_what_cannot_be_quick_is_answered_by_lightgbm(
    trained: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linear trees have a reason why they are slow, and right answers."""
    booster = trained("plain", linear_tree=True, objective="regression")
    monkeypatch.setattr(door, "Patience", Impatient)
    trees = BoosterTrees(booster)
    np.testing.assert_array_equal(trees.sums(rows), booster.predict(rows, raw_score=True))
    assert "linear" in trees.reason
    assert BoosterTrees(trained("plain")).reason == ""


def test_contributions_fall_back_on_lightgbm(
    trained: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room for tables the contributions are LightGBM's, also by group."""
    booster = trained("classes")
    expected = booster.predict(rows, pred_contrib=True)
    monkeypatch.setattr(shap, "_MOST_BYTES", 10)
    trees = BoosterTrees(booster)
    values, base = trees.contributions(rows)
    grouped, _ = trees.contributions(rows, groups=[0, 0, 0, 0, 1, 1])
    assert "MB" in trees.why_slow()
    assert base == expected[0, -1]
    np.testing.assert_array_equal(values, expected[:, :-1])
    np.testing.assert_allclose(grouped[:, 1], expected[:, 4:6].sum(axis=1), atol=1e-12)
    assert BoosterTrees(booster).why_slow() != ""


def test_patience_lasts_as_long_as_preparing_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plain way goes on until it has cost the price of the quick one."""
    monkeypatch.setitem(sys.modules, "hotspot.trees.kernels", None)
    patience = waiting.Patience()
    assert [patience.is_over(1.0, prepare=2.5) for _ in range(4)] == [
        False,
        False,
        True,
        True,
    ]


def test_loops_that_are_not_loaded_cost_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small run never waits for a compiler."""
    monkeypatch.delitem(sys.modules, "hotspot.trees.kernels", raising=False)
    patience = waiting.Patience()
    assert not patience.is_over(1.9)
    assert patience.is_over(0.2)


def test_numba_is_not_imported_before_it_pays() -> None:
    """A survey of some hundred samples is fitted, predicted and explained without numba."""
    program = """
import sys
import numpy as np, pandas as pd
from hotspot.estimators import BoostedClassifier
X = pd.DataFrame({"slope": np.arange(200.0)})
zinc = np.where(X["slope"] > 90, 600.0, 100.0)
model = BoostedClassifier(500.0, n_estimators=20).fit(X, zinc, zinc)
model.exceedance(X, 500.0)
model.contributions(X)
print("numba" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def survey(n: int) -> tuple[pd.DataFrame, Any, Any]:
    rng = np.random.default_rng(3)
    X = pd.DataFrame(
        {
            "slope": rng.normal(size=n),
            "rock": rng.choice([1.0, 4.0, 7.0], size=n),
            "height": rng.normal(size=n),
        }
    )
    zinc = np.exp(5 + X["slope"] + (X["rock"] == 4) + 0.3 * rng.normal(size=n)).to_numpy()
    return X, zinc, rng.uniform(0, 1e4, size=(n, 2))


def test_estimators_answer_alike_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier and a distribution give the same bytes with and without compiled loops."""
    X, zinc, places = survey(300)
    answers = []
    for manner in (Waiting, Impatient):
        monkeypatch.setattr(door, "Patience", manner)
        classifier = BoostedClassifier(200.0, ("rock",), n_estimators=30).fit(X, zinc, zinc)
        whole = BoostedDistribution(("rock",), max_rounds=30)
        whole.fit(X, zinc, zinc, coordinates=places)
        answers.append(
            (
                classifier.log_odds(X),
                classifier.group_contributions(X, [0, 1, 0])[0],
                whole.exceedance(X, 200.0, coordinates=places),
                whole.contributions(X, coordinates=places)[0],
            )
        )
    for slow, quick in zip(*answers, strict=True):
        np.testing.assert_array_equal(slow, quick)
    values = classifier.contributions(X)[0]
    np.testing.assert_allclose(
        classifier.group_contributions(X, [0, 1, 0])[0],
        np.stack([values[:, 0] + values[:, 2], values[:, 1]], axis=1),
        atol=1e-12,
        rtol=0,
    )


def test_the_same_trees_are_received_once(trained: Any, rows: Any) -> None:
    """A process that gets the same trees again has them ready; others push the oldest out."""
    sent = BoosterTrees(trained("plain"))
    first, again = (pickle.loads(pickle.dumps(sent)) for _ in range(2))
    assert again is first
    np.testing.assert_array_equal(first.sums(rows), sent.sums(rows))
    other = pickle.loads(pickle.dumps(BoosterTrees(trained("plain", seed=1))))
    assert other is not first
    assert len(door._RECEIVED) <= door._MOST_RECEIVED
