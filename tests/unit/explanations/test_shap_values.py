"""SHAP values: equal to the shap package, and adding up."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.base import clone

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import CovariateError, ModelError
from hotspot.estimators import (
    BoostedClassifier,
    FittedModel,
    LogisticClassifier,
    PrevalenceBaseline,
    UnseenClassWarning,
)
from hotspot.explanations import (
    covariate_importance,
    importance_table,
    role_importance,
    shap_values,
)
from hotspot.explanations.contributions import ShapValues
from hotspot.report.content.explanation import IMPORTANCE_COLUMNS, Explanation
from hotspot.report.words import compared_with
from hotspot.samples.sampleset import Samples
from hotspot.trees import shap as tree_shap

LIMIT = 500.0


def test_portions_joined_are_the_whole(trees: Any, samples: Samples) -> None:
    """Rows explained in portions of any size have the values of all at once, in order."""
    whole = shap_values(trees, samples.X)
    cuts = [0, 7, 8, len(samples.X)]
    parts = [shap_values(trees, samples.X.iloc[start:end]) for start, end in pairwise(cuts)]
    joined = ShapValues.joined(parts)
    np.testing.assert_array_equal(joined.values, whole.values)
    np.testing.assert_array_equal(joined.base, whole.base)
    assert (joined.names, joined.unit) == (whole.names, whole.unit)


def test_trees_equal_the_tree_explainer(trees: Any, samples: Samples) -> None:
    """Values and base are those of shap.TreeExplainer, class splits included."""
    ours = shap_values(trees, samples.X)
    explainer = shap.TreeExplainer(trees.booster_)
    theirs = np.asarray(explainer.shap_values(samples.X.to_numpy()))
    np.testing.assert_allclose(ours.values, theirs, atol=1e-10)
    np.testing.assert_allclose(ours.base, explainer.expected_value, atol=1e-10)
    assert ours.unit == "log-odds"


def test_a_line_equals_the_linear_explainer(line: Any, samples: Samples) -> None:
    """Summed over its indicators, a covariate has the value of shap.LinearExplainer."""
    X = samples.X
    rock = X["rock"].to_numpy()[:, None] == np.array([1.0, 4.0, 7.0])
    numbers = X[["industry", "slope", "height"]].to_numpy()
    design = np.hstack([(numbers - numbers.mean(axis=0)) / numbers.std(axis=0), rock])
    coefficients = np.concatenate(
        [[line.slope_[n] for n in ("industry", "slope", "height")], line.level_effect_["rock"]]
    )
    background = shap.maskers.Independent(design, max_samples=len(design))
    theirs = shap.LinearExplainer((coefficients, line.intercept_), background)
    parts = np.asarray(theirs.shap_values(design))
    by_covariate = np.column_stack(
        [parts[:, 0], parts[:, 1], parts[:, 3:].sum(axis=1), parts[:, 2]]
    )
    ours = shap_values(line, X)
    np.testing.assert_allclose(ours.values, by_covariate, atol=1e-9)
    np.testing.assert_allclose(ours.base, theirs.expected_value, atol=1e-9)


@pytest.mark.parametrize("weight", [None, "balanced", 5.0])
@pytest.mark.parametrize("cls", [BoostedClassifier, LogisticClassifier])
def test_contributions_add_up_to_the_probability(
    samples: Samples, cls: Any, weight: str | float | None
) -> None:
    """Base and values give the log-odds of the published probability, weighted or not."""
    model = cls(LIMIT, ("rock",), class_weight=weight)
    model.fit(samples.X, samples.lower, samples.upper)
    total = shap_values(model, samples.X).total
    np.testing.assert_allclose(
        1 / (1 + np.exp(-total)), model.exceedance(samples.X, LIMIT), atol=1e-9
    )


def test_the_baseline_has_no_drivers(samples: Samples) -> None:
    """Where nothing is used, nothing contributes."""
    model = PrevalenceBaseline(LIMIT).fit(samples.X, samples.lower, samples.upper)
    assert (shap_values(model, samples.X).values == 0).all()


def test_contributions_that_do_not_add_up_are_refused(trees: Any, samples: Samples) -> None:
    """A decomposition that misses the log-odds is never published."""

    class Wrong:
        def log_odds(self, X: pd.DataFrame) -> np.ndarray:
            return trees.log_odds(X)

        def contributions(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
            values, base = trees.contributions(X)
            values[7, 0] += 1e-5
            return values, base

    with pytest.raises(ModelError, match=r"miss the log-odds by up to 1e-05 in 1 of 240 rows"):
        shap_values(Wrong(), samples.X)  # type: ignore[arg-type]


def test_a_model_without_contributions_is_refused(samples: Samples) -> None:
    """A model that is no sum is not explained by force."""
    with pytest.raises(ModelError, match="object gives no probability"):
        shap_values(object(), samples.X)  # type: ignore[arg-type]


def test_many_batches_are_one_table(
    trees: Any, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Explaining seven rows at a time gives the same bits."""
    whole = shap_values(trees, samples.X)
    monkeypatch.setattr("hotspot.explanations.values._ROWS", 7)
    parts = shap_values(trees, samples.X)
    np.testing.assert_array_equal(parts.values, whole.values)
    assert len(shap_values(trees, samples.X.iloc[:0])) == 0


def test_cells_without_answer_have_no_explanation(trees: Any, samples: Samples) -> None:
    """Missing covariates and unseen classes give NaN, warned of once."""
    cells = samples.X.head(3).copy()
    cells.loc[0, "slope"] = np.nan
    cells.loc[1, "rock"] = 99.0
    with pytest.warns(UnseenClassWarning) as caught:
        explained = shap_values(trees, cells)
    assert len(caught) == 1
    assert np.isnan(explained.values).all(axis=1).tolist() == [True, True, False]
    assert np.isnan(explained.total).tolist() == [True, True, False]


def test_the_catalogue_guards_the_explanation(fitted: FittedModel, samples: Samples) -> None:
    """Columns in another order are refused."""
    assert shap_values(fitted, samples.X).names == fitted.catalogue.names
    with pytest.raises(CovariateError, match="another order"):
        shap_values(fitted, samples.X[samples.X.columns[::-1]])


def test_planted_drivers_are_found(trees: Any, samples: Samples, catalogue: Catalogue) -> None:
    """Industry comes first, rock second, noise far behind; roles follow."""
    explained = shap_values(trees, samples.X)
    table = importance_table(explained, catalogue)
    assert table["covariate"].tolist()[:2] == ["industry", "rock"]
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert table["share"].sum() == pytest.approx(1.0)
    mean = covariate_importance(explained)
    assert mean["industry"] > 4 * max(mean["slope"], mean["height"])
    roles = role_importance(explained, catalogue)
    assert roles.index.tolist() == ["industry", "terrain", "geology"]
    assert roles["terrain"] <= mean["slope"] + mean["height"]


@pytest.mark.parametrize(
    "model",
    [
        # With all covariates on offer to every tree: else a copy is offered more often.
        BoostedClassifier(LIMIT, ("rock",), colsample_bytree=1.0, subsample=1.0),
        # With hardly any penalty: a ridge penalises one slope more than two half ones.
        LogisticClassifier(LIMIT, ("rock",), C=1e4),
    ],
)
def test_a_copy_of_a_covariate_leaves_its_role(samples: Samples, model: Any) -> None:
    """However two copies share what one explained, their role keeps the sum."""
    one = clone(model).fit(samples.X, samples.lower, samples.upper)
    twice = samples.X.assign(chimneys=samples.X["industry"])
    two = clone(model).fit(twice, samples.lower, samples.upper)
    catalogue = Catalogue(
        tuple(
            Covariate(name, "1", Kind.CONTINUOUS, role)
            for name, role in (
                ("industry", Role.INDUSTRY),
                ("slope", Role.TERRAIN),
                ("rock", Role.GEOLOGY),
                ("height", Role.TERRAIN),
                ("chimneys", Role.INDUSTRY),
            )
        )
    )
    alone = covariate_importance(shap_values(one, samples.X))["industry"]
    explained = shap_values(two, twice)
    together = role_importance(explained, catalogue)["industry"]
    assert together == pytest.approx(alone, rel=0.01)


def test_nothing_explained_has_no_importance(trees: Any, samples: Samples) -> None:
    """A table of missing values cannot be ranked."""
    explained = shap_values(trees, samples.X.head(2) * np.nan)
    with pytest.raises(ModelError, match="None of 2 rows"):
        covariate_importance(explained)


def test_a_slower_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no tables can be made the values say that LightGBM computed them, and why."""
    generator = np.random.default_rng(4)
    X = pd.DataFrame({"works": generator.uniform(size=80), "ph": generator.uniform(size=80)})
    value = np.exp(X["works"].to_numpy() * 3)
    model = BoostedClassifier(4.0, n_estimators=5).fit(X, value, value)
    assert shap_values(model, X).slow_reason == ""
    monkeypatch.setattr(tree_shap, "_MOST_BYTES", 10)
    again = BoostedClassifier.from_state(model.to_state())
    told = shap_values(again, X)
    assert "MB are allowed" in told.slow_reason
    np.testing.assert_allclose(told.values, shap_values(model, X).values, atol=1e-12)
    explanation = Explanation(
        scale="log-odds",
        importance=pd.DataFrame({name: [] for name in IMPORTANCE_COLUMNS}),
        slow_reason=told.slow_reason,
    )
    assert "LightGBM itself computed them" in compared_with(explanation)
