"""Explanations of models whose log-odds are no sum over covariates."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import CovariateError, ModelError
from hotspot.estimators import FittedModel
from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
from hotspot.explanations import (
    Background,
    choose_background,
    covariate_importance,
    explanation_stability,
    importance_table,
    layer_roles,
    role_contributions,
    role_layers,
    shap_values,
)
from hotspot.explanations.layers import grown_to_blocks, thin, thinning_step
from hotspot.folds.plan import FoldPlan
from hotspot.grid import Window
from hotspot.samples.sampleset import Samples

LIMIT = 500.0


class Formula:
    """A model known in closed form; the coordinates matter only if it says so."""

    def __init__(self, north: float, *, certain: bool = False) -> None:
        self.north, self.certain = north, certain
        self.uses_coordinates = north != 0

    def exceedance(
        self, X: pd.DataFrame, threshold: float, *, coordinates: Any = None
    ) -> np.ndarray:
        """Return P(C > threshold): industry times slope, and how far north."""
        if self.certain:
            return (X["industry"] > 0).to_numpy() * 1.0
        log_odds = (500 - threshold) / 100 + X["industry"] * X["slope"]
        if self.north:
            log_odds += self.north * coordinates[:, 1]
        return np.asarray(expit(log_odds.to_numpy()))

    def fit(self, *given: Any, **more: Any) -> Any:
        """Return itself: there is nothing to learn."""
        return self


def clipped(probability: np.ndarray) -> np.ndarray:
    """Return log-odds as an explanation takes them."""
    return np.asarray(logit(np.clip(probability, 1e-6, 1 - 1e-6)))


@pytest.fixture(scope="module")
def surface(samples: Samples) -> AdditiveGaussianProcess:
    some = samples.take(np.arange(120))
    return AdditiveGaussianProcess(("rock",)).fit(
        some.X, some.lower, some.upper, coordinates=some.coordinates
    )


@pytest.fixture(scope="module")
def background(samples: Samples) -> Background:
    return choose_background(samples.take(np.arange(120)), 10, seed=3)


@pytest.fixture(scope="module")
def mapped(surface: Any, fitted: FittedModel) -> FittedModel:
    return replace(fitted, estimator=surface)


def test_values_add_up_to_the_published_probability(
    mapped: FittedModel, samples: Samples, background: Background
) -> None:
    """Base and values give the log-odds of `exceedance`; location stands last."""
    X, places = samples.X.head(30), samples.coordinates[:30]
    values = shap_values(mapped, X, coordinates=places, background=background)
    assert values.names == (*mapped.catalogue.names, "location")
    assert values.n_background == 10
    np.testing.assert_allclose(values.total, clipped(mapped.exceedance(X, places)), atol=1e-9)
    base = clipped(mapped.exceedance(background.X, background.coordinates)).mean()
    np.testing.assert_allclose(values.base, base, atol=1e-9)


def test_planted_drivers_are_found(
    mapped: FittedModel, samples: Samples, background: Background
) -> None:
    """Industry comes first, rock second; noise and a place that says nothing follow."""
    values = shap_values(
        mapped, samples.X, coordinates=samples.coordinates, background=background
    )
    table = importance_table(values, mapped.catalogue)
    assert table["covariate"].tolist()[:2] == ["industry", "rock"]
    role = table.set_index("covariate")["role"]
    assert role["location"] == "location"
    assert covariate_importance(values)["industry"] > 4 * covariate_importance(values)["slope"]


def test_a_fitted_model_and_its_estimator_agree(
    mapped: FittedModel, surface: Any, samples: Samples, background: Background
) -> None:
    """Given the limit, the bare estimator has the same values."""
    given: dict[str, Any] = {
        "coordinates": samples.coordinates[:5],
        "background": background,
    }
    one = shap_values(mapped, samples.X.head(5), **given)
    other = shap_values(surface, samples.X.head(5), **given, threshold=LIMIT)
    np.testing.assert_array_equal(one.values, other.values)


def test_a_place_is_credited_where_the_model_uses_it(
    samples: Samples, background: Background
) -> None:
    """In closed form: slope times distance from the background; no player without use."""
    X, places = samples.X.head(9), samples.coordinates[:9]
    given: dict[str, Any] = {"background": background, "threshold": LIMIT}
    values = shap_values(Formula(1e-4), X, coordinates=places, **given)  # type: ignore[arg-type]
    expected = 1e-4 * (places[:, 1] - background.coordinates[:, 1].mean())
    np.testing.assert_allclose(values.values[:, -1], expected, atol=1e-9)
    still = shap_values(Formula(0.0), X, **given)  # type: ignore[arg-type]
    assert still.names == tuple(X.columns)
    np.testing.assert_allclose(still.values[:, :2], values.values[:, :2], atol=1e-9)


def test_certainty_is_cut_at_one_in_a_million(samples: Samples, background: Background) -> None:
    """Probabilities of 0 and 1 have finite log-odds of 13.8."""
    values = shap_values(
        Formula(0.0, certain=True),  # type: ignore[arg-type]
        samples.X.head(9),
        background=background,
        threshold=LIMIT,
    )
    sign = np.sign(samples.X["industry"].head(9))
    np.testing.assert_allclose(values.total, sign * logit(1 - 1e-6), atol=1e-9)


def test_what_is_missing_is_named(
    surface: Any, mapped: FittedModel, samples: Samples, background: Background
) -> None:
    """The error says what to give; columns in another order are refused."""
    X = samples.X.head(2)
    with pytest.raises(ModelError, match=r"background .* and threshold .* and coordinates"):
        shap_values(surface, X)
    with pytest.raises(ModelError, match=r"its coordinates must be known\. Give it"):
        shap_values(mapped, X, background=background)
    with pytest.raises(CovariateError, match="another order"):
        shap_values(
            mapped,
            X[X.columns[::-1]],
            coordinates=samples.coordinates[:2],
            background=background,
        )


def test_a_sum_is_explained_by_its_parts(
    trees: Any, samples: Samples, background: Background
) -> None:
    """What was always additive ignores background and coordinates, to the bit."""
    plain = shap_values(trees, samples.X)
    given = shap_values(
        trees,
        samples.X,
        coordinates=samples.coordinates,
        background=background,
        threshold=LIMIT,
    )
    np.testing.assert_array_equal(given.values, plain.values)
    assert given.names == plain.names
    assert given.n_background == 0


def test_location_has_a_role_of_its_own_or_joins_it(
    mapped: FittedModel, samples: Samples, background: Background
) -> None:
    """The coordinates are the last role, unless covariates have that role already."""
    X, places = samples.X.head(4), samples.coordinates[:4]
    values = shap_values(mapped, X, coordinates=places, background=background)
    roles, sums = role_contributions(values, mapped.catalogue)
    assert roles == ("industry", "terrain", "geology", "location")
    np.testing.assert_array_equal(sums[:, -1], values.values[:, -1])
    placed = Catalogue(
        (
            Covariate("industry", "m", Kind.CONTINUOUS, Role.LOCATION),
            *mapped.catalogue.covariates[1:],
        )
    )
    roles, sums = role_contributions(values, placed)
    assert roles == ("location", "terrain", "geology")
    np.testing.assert_allclose(sums[:, 0], values.values[:, [0, 4]].sum(axis=1))


def test_role_layers_add_up(
    mapped: FittedModel, fitted: FittedModel, samples: Samples, background: Background
) -> None:
    """Roles are the players of a map, location among them, and nothing is lost."""
    X, places = samples.X.head(3), samples.coordinates[:3]
    assert layer_roles(mapped) == ("industry", "terrain", "geology", "location")
    assert layer_roles(fitted) == ("industry", "terrain", "geology")
    layers = role_layers(
        mapped,
        X,
        np.array([5, 0, 3]),
        (2, 3),
        coordinates=places,
        background=background,
    )
    assert layers.roles == layer_roles(mapped)
    base = shap_values(mapped, X, coordinates=places, background=background).base
    total = layers.contributions.reshape(4, 6)[:, [5, 0, 3]].sum(axis=0) + base
    np.testing.assert_allclose(total, clipped(mapped.exceedance(X, places)), atol=1e-5)
    empty = role_layers(
        mapped,
        X.iloc[:0],
        np.empty(0, dtype=np.int64),
        (2, 2),
        coordinates=np.empty((0, 2)),
        background=background,
    )
    assert np.isnan(empty.contributions).all()


def test_the_width_of_the_interval_is_mapped_by_role(
    fitted: FittedModel, samples: Samples
) -> None:
    """Layers of the width add up to it, and a model of one limit has none."""
    process = AdditiveGaussianProcess(max_rbf=1).fit(
        samples.X, samples.lower, samples.upper, coordinates=samples.coordinates
    )
    model = replace(fitted, estimator=process)
    X, places = samples.X.head(4), samples.coordinates[:4]
    layers = role_layers(
        model,
        X,
        np.arange(4),
        (2, 2),
        coordinates=places,
        background=choose_background(samples, 6, seed=1),
    )
    assert layers.widths is not None
    assert layers.crop(1, 0, (1, 2)).widths is not None
    told = process.distribution(X, coordinates=places)
    width = np.log(told.quantile(0.95) / told.quantile(0.05)).reshape(2, 2)
    base = width - layers.widths.sum(axis=0)
    np.testing.assert_allclose(base, base[0, 0], rtol=1e-5)
    assert np.ptp(layers.widths) > 0


def test_blocks_are_stood_for_by_one_of_their_cells() -> None:
    """Each by one of its own block, the one next to the middle; at step 1 by itself."""
    rng = np.random.default_rng(2)
    positions = np.sort(rng.choice(23 * 17, 150, replace=False))
    rows, cols = np.divmod(positions, 17)
    for step in (1, 2, 5, 40):
        chosen, owner = thin(positions, 17, step)
        own = chosen[owner]
        blocks = list(zip(rows // step, cols // step, strict=True))
        assert [blocks[i] for i in own] == blocks
        assert len(chosen) == len(set(blocks))
        off = np.hypot(rows % step - (step - 1) / 2, cols % step - (step - 1) / 2)
        # A middle between four cells has them at one distance, of which one is taken.
        assert (off[own] <= off + 0.3).all()
    np.testing.assert_array_equal(own, np.full(150, own[0]))
    assert thinning_step(100, 10, 1000) == 1
    assert thinning_step(101, 10, 1000) == 2


def test_a_thinned_map_does_not_know_its_windows(
    mapped: FittedModel, samples: Samples, background: Background
) -> None:
    """Window by window as at once, and at the cells that stand for others as without."""
    shape, step = (7, 8), 3
    complete = np.delete(np.arange(56), [0, 9, 10, 30])
    X = samples.X.iloc[complete].reset_index(drop=True)
    places = samples.coordinates[complete]

    def explained(window: Window, step: int) -> np.ndarray:
        whole = grown_to_blocks(window, step, shape)
        rows, cols = np.divmod(complete, shape[1])
        inside = (
            (rows >= whole.row)
            & (rows < whole.row + whole.height)
            & (cols >= whole.col)
            & (cols < whole.col + whole.width)
        )
        layers = role_layers(
            mapped,
            X[inside].reset_index(drop=True),
            (rows[inside] - whole.row) * whole.width + cols[inside] - whole.col,
            whole.shape,
            coordinates=places[inside],
            background=background,
            step=step,
        )
        return layers.crop(
            window.row - whole.row, window.col - whole.col, window.shape
        ).contributions

    at_once = explained(Window(0, 0, *shape), step)
    pieces = [explained(Window(row, 0, 1, shape[1]), step) for row in range(shape[0])]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), at_once)
    chosen, owner = thin(complete, shape[1], step)
    every = explained(Window(0, 0, *shape), 1).reshape(-1, 56)
    expected = every[:, complete[chosen[owner]]]
    np.testing.assert_allclose(at_once.reshape(-1, 56)[:, complete], expected, atol=1e-6)
    assert np.isnan(at_once.reshape(-1, 56)[:, [0, 9, 10, 30]]).all()


def test_stability_covers_the_place(samples: Samples, catalogue: Catalogue) -> None:
    """A process has a row for location, its drivers pass, and the table is repeatable."""
    some = samples.take(np.arange(100))
    stripe = some.coordinates[:, 0].argsort().argsort() * 3 // len(some)
    plan = FoldPlan("stripes", 0, some.sample_id, stripe)

    def stability() -> pd.DataFrame:
        return explanation_stability(
            lambda seed: AdditiveGaussianProcess(("rock",), random_state=seed),
            some,
            plan,
            catalogue=catalogue,
            threshold=LIMIT,
            seed=5,
        )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = stability()
    assert sorted(table["covariate"]) == sorted([*catalogue.names, "location"])
    by_name = table.set_index("covariate")
    assert by_name.loc["location", "role"] == "location"
    assert by_name.loc[["industry", "rock"], "above_placebo"].all()
    assert by_name.loc["industry", "sign_agreement"] > 0.8
    assert table["covariate"].tolist()[:2] == ["industry", "rock"]
    pd.testing.assert_frame_equal(stability(), table)
