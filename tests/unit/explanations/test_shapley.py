"""Interventional Shapley values: the axioms, the shap package, and closed forms."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shap

from hotspot.errors import ModelError
from hotspot.explanations import Background, shapley_values
from hotspot.explanations.coalitions import MAX_EXACT, make_design
from hotspot.grid import Coordinates

NAMES = ("a", "b", "c", "d")
SINGLE = {name: (name,) for name in NAMES}
ALL = {**SINGLE, "location": ("location",)}


def curved(X: pd.DataFrame, places: Coordinates) -> np.ndarray:
    """Products and steps of a, b, c and the place; d is not used."""
    a, b, c = (X[name].to_numpy() for name in "abc")
    return a * b + np.sin(c) * a - (places[:, 0] > 0.3) * b + places[:, 1] ** 2 * c


def table(n: int, seed: int, names: tuple[str, ...] = NAMES) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(n, len(names)))
    return pd.DataFrame(values, columns=list(names))


def places(n: int, seed: int) -> Coordinates:
    return np.random.default_rng(seed).normal(size=(n, 2))


@pytest.fixture(scope="module")
def background() -> Background:
    return Background(table(9, 1), places(9, 2))


def explain(
    background: Background, players: Mapping[str, tuple[str, ...]] = ALL
) -> tuple[np.ndarray, np.ndarray]:
    return shapley_values(
        curved, table(7, 3), places(7, 4), background=background, players=players
    )


def test_equals_the_kernel_explainer(background: Background) -> None:
    """Values are those of shap.KernelExplainer, which asks for all 30 coalitions here."""
    # The place is one number to shap and two to us: here only the easting matters.
    joint = np.column_stack([table(7, 3), places(7, 4)[:, 0]])
    base = np.column_stack([background.X, background.coordinates[:, 0]])

    def only_east(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        return curved(X, np.column_stack([place[:, 0], np.zeros(len(place))]))

    def flat(matrix: np.ndarray) -> np.ndarray:
        X = pd.DataFrame(matrix[:, :4], columns=list(NAMES))
        return only_east(X, matrix[:, [4, 4]])

    explainer = shap.KernelExplainer(flat, base)
    theirs = explainer.shap_values(joint, l1_reg=False, silent=True)
    values, mean = shapley_values(
        only_east, table(7, 3), places(7, 4), background=background, players=ALL
    )
    np.testing.assert_allclose(values, theirs, atol=1e-8)
    np.testing.assert_allclose(mean, explainer.expected_value, atol=1e-10)


def test_values_add_up_to_the_function(background: Background) -> None:
    """Efficiency: base and values give the function at the row explained."""
    values, base = explain(background)
    np.testing.assert_allclose(
        base + values.sum(axis=1), curved(table(7, 3), places(7, 4)), atol=1e-12
    )
    expected = curved(background.X, background.coordinates).mean()
    np.testing.assert_allclose(base, expected, atol=1e-12)


def test_a_player_that_is_not_used_gets_nothing(background: Background) -> None:
    """Dummy: d changes no answer, and its value is 0."""
    values, _ = explain(background)
    np.testing.assert_allclose(values[:, 3], 0.0, atol=1e-12)
    assert np.abs(values[:, [0, 1, 2, 4]]).max() > 0.1


def test_players_that_do_the_same_share_alike() -> None:
    """Symmetry: where a and b are exchangeable, their values are equal."""

    def both(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        return (X["a"] * X["b"] + X["c"]).to_numpy()

    X = table(5, 8).assign(b=lambda frame: frame["a"])
    base = table(6, 9).assign(b=lambda frame: frame["a"])
    values, _ = shapley_values(
        both, X, places(5, 1), background=Background(base, places(6, 1)), players=ALL
    )
    np.testing.assert_allclose(values[:, 0], values[:, 1], atol=1e-12)


@pytest.mark.parametrize("n_players", [4, MAX_EXACT, MAX_EXACT + 4])
def test_a_line_has_its_closed_form(n_players: int) -> None:
    """Slope times distance from the mean of the background, sampled or not."""
    names = tuple(f"c{number}" for number in range(n_players))
    slope = np.arange(n_players) - 1.5

    def line(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        return np.asarray(X.to_numpy() @ slope)

    X, base = table(3, 5, names), table(4, 6, names)
    values, _ = shapley_values(
        line,
        X,
        places(3, 0),
        background=Background(base, places(4, 0)),
        players={name: (name,) for name in names},
    )
    np.testing.assert_allclose(values, (X - base.mean()).to_numpy() * slope, atol=1e-10)


def test_many_players_still_add_up_and_come_near() -> None:
    """Beyond 8 players efficiency is exact, and values lie near those of all coalitions."""
    names = tuple(f"c{number}" for number in range(10))
    X, base = table(6, 5, names), Background(table(5, 6, names), places(5, 0))

    def pairs(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        return np.asarray(sum((X[i] + 0.3 * X[i] * X[j]) for i, j in pairwise(names)))

    players = {name: (name,) for name in names}
    values, mean = shapley_values(pairs, X, places(6, 0), background=base, players=players)
    np.testing.assert_allclose(mean + values.sum(axis=1), pairs(X, places(6, 0)), atol=1e-9)
    # A product of two is shared half and half by an order and its reverse together.
    own, other = X.to_numpy(), base.X.to_numpy()
    exact = np.zeros_like(own)
    for i in range(9):
        exact[:, i] += own[:, i] - other[:, i].mean()
        for a, b in ((i, i + 1), (i + 1, i)):
            alone = own[:, a] * other[:, b].mean() - (other[:, a] * other[:, b]).mean()
            after = own[:, a] * own[:, b] - own[:, b] * other[:, a].mean()
            exact[:, a] += 0.3 * (alone + after) / 2
    np.testing.assert_allclose(values, exact, atol=1e-10)


def test_groups_are_players_and_no_sums(background: Background) -> None:
    """A group equals the sum of its covariates for a sum, not for a product of three."""
    groups = {"ab": ("a", "b"), "c": ("c",), "rest": ("d", "location")}

    def product(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        return (X["a"] * X["b"] * X["c"]).to_numpy()

    def total(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        return np.asarray(X.sum(axis=1)) + place[:, 0]

    X, where = table(4, 3), places(4, 4)
    for function, is_sum in ((total, True), (product, False)):
        single, _ = shapley_values(function, X, where, background=background, players=ALL)
        grouped, base = shapley_values(
            function, X, where, background=background, players=groups
        )
        np.testing.assert_allclose(base + grouped.sum(axis=1), function(X, where), atol=1e-12)
        assert np.allclose(grouped[:, 0], single[:, :2].sum(axis=1)) is is_sum


def test_asking_in_portions_changes_nothing(
    background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small portions, and the same call again, give the same numbers."""
    whole, _ = explain(background)
    np.testing.assert_array_equal(explain(background)[0], whole)
    monkeypatch.setattr("hotspot.explanations.shapley._ROWS", 20)
    np.testing.assert_allclose(explain(background)[0], whole, atol=1e-12)


def test_alike_rows_are_asked_for_once(background: Background) -> None:
    """Classes cost as many questions as there are classes, with the same answers."""
    X = pd.DataFrame({"rock": np.arange(600) % 3 * 1.0, "height": np.arange(600) / 600})
    base = Background(X.iloc[::60], np.zeros((10, 2)))
    asked = []

    def rocky(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        asked.append(len(X))
        return (X["rock"] * X["height"]).to_numpy()

    players = {"rock": ("rock",), "height": ("height",)}
    values, mean = shapley_values(
        rocky, X, np.zeros((600, 2)), background=base, players=players
    )
    np.testing.assert_allclose(mean + values.sum(axis=1), X["rock"] * X["height"], atol=1e-12)
    # 10 of the background, 600 rows, 3 classes before 10 heights, 600 heights before the
    # classes of the background, of which there is one.
    assert sum(asked) == 10 + 600 + 3 * 10 + 600


def test_a_row_without_answer_has_no_values(background: Background) -> None:
    """A missing covariate gives a row of NaN and leaves the others alone."""
    X = table(7, 3)
    X.loc[2, "c"] = np.nan
    values, base = shapley_values(curved, X, places(7, 4), background=background, players=ALL)
    assert np.isnan(values).all(axis=1).tolist() == [row == 2 for row in range(7)]
    assert np.isnan(base).tolist() == [row == 2 for row in range(7)]
    whole, _ = explain(background)
    np.testing.assert_allclose(
        np.delete(values, 2, axis=0), np.delete(whole, 2, axis=0), atol=1e-12
    )


@pytest.mark.parametrize("n_players", [1, 3, MAX_EXACT, MAX_EXACT + 1, 20])
def test_weights_make_values_add_up(n_players: int) -> None:
    """Every design begins with nobody, ends with all, and cancels what lies between."""
    design = make_design(n_players)
    size = design.coalitions.sum(axis=1)
    assert (size[0], size[-1]) == (0, n_players)
    assert len(np.unique(design.coalitions, axis=0)) == len(design.coalitions)
    sums = design.weights.sum(axis=1)
    np.testing.assert_allclose(sums[[0, -1]], [-1, 1])
    np.testing.assert_allclose(sums[1:-1], 0, atol=1e-12)
    # A player's steps have weight 1 together.
    joined = np.where(design.coalitions, design.weights, 0).sum(axis=0)
    np.testing.assert_allclose(joined, 1 if n_players <= MAX_EXACT else joined)
    assert (joined > 0).all()


def test_wrong_players_are_refused(background: Background) -> None:
    """A column held twice or unknown, no player at all, and a clash of names."""
    for players in ({"one": ("a", "z")}, {"one": ("a",), "two": ("a",)}, {}, {"one": ()}):
        with pytest.raises(ModelError, match="columns of its own"):
            explain(background, players)
    clash = table(2, 0, ("location",))
    with pytest.raises(ModelError, match="another name"):
        shapley_values(
            curved,
            clash,
            places(2, 0),
            background=Background(clash, places(2, 0)),
            players={"location": ("location",)},
        )


def test_a_background_without_answer_is_refused(background: Background) -> None:
    """The base must be known."""

    def never(X: pd.DataFrame, place: Coordinates) -> np.ndarray:
        return np.where(X["a"] == background.X["a"].iloc[4], np.nan, 0.0)

    with pytest.raises(ModelError, match="background"):
        shapley_values(never, table(2, 3), places(2, 4), background=background, players=ALL)
