"""Contributions to chance, concentration and its interval; and what pairs do together."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.estimators import LogisticClassifier
from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.distribution import LogLocationScale
from hotspot.explanations import (
    Background,
    has_distribution,
    interaction_table,
    known_scales,
    scale_worths,
)
from hotspot.explanations.interactions import OTHERS, joined_players

ALL = {"signal": ["signal"], "doubt": ["doubt"]}


class Interval(AnswersFromDistribution):
    """A model whose median follows one covariate and whose width follows the other."""

    uses_coordinates = False

    def distribution(self, X: pd.DataFrame, *, coordinates: object = None) -> LogLocationScale:  # type: ignore[override]
        """Return a normal log concentration."""
        return LogLocationScale(
            (2 * X["signal"]).to_numpy(), (0.5 + 0.1 * X["doubt"]).to_numpy()
        )


class Product(Interval):
    """A model whose log median has a product of both covariates, and one on its own."""

    def distribution(self, X: pd.DataFrame, *, coordinates: object = None) -> LogLocationScale:  # type: ignore[override]
        """Return a normal log concentration."""
        centre = 0.3 * X["signal"] + 0.8 * X["signal"] * X["doubt"]
        return LogLocationScale(centre.to_numpy(), np.full(len(X), 0.5))


@pytest.fixture(scope="module")
def rows() -> tuple[pd.DataFrame, Background]:
    generator = np.random.default_rng(2)
    X = pd.DataFrame(
        {"signal": generator.normal(size=30), "doubt": generator.uniform(0, 5, size=30)}
    )
    return X, Background(X.head(8), generator.uniform(0, 100, size=(8, 2)))


def test_the_median_and_its_doubt_have_different_reasons(
    rows: tuple[pd.DataFrame, Background],
) -> None:
    """Signal moves the logarithm of the median by 2 a unit, doubt only the interval."""
    X, background = rows
    found = scale_worths(Interval(), X, background=background, players=ALL, threshold=1.0)  # type: ignore[arg-type]
    median, width = found.values("median"), found.values("width")
    expected = 2 * (X["signal"] - background.X["signal"].mean())
    np.testing.assert_allclose(median.values[:, 0], expected, atol=1e-9)
    np.testing.assert_allclose(median.values[:, 1], 0, atol=1e-9)
    assert median.unit == "ln(mg/kg)"
    each = 2 * 1.6448536 * 0.1 * (X["doubt"] - background.X["doubt"].mean())
    np.testing.assert_allclose(width.values[:, 1], each, atol=1e-6)
    np.testing.assert_allclose(width.values[:, 0], 0, atol=1e-9)
    assert "90 % interval" in width.unit


def test_every_scale_adds_up_to_the_model(rows: tuple[pd.DataFrame, Background]) -> None:
    """Base and contributions give probability, log-odds, ln median and width of each row."""
    X, background = rows
    model = Interval()
    found = scale_worths(model, X, background=background, players=ALL, threshold=1.5)  # type: ignore[arg-type]
    assert found.scales == ("log-odds", "probability", "median", "width")
    told = model.distribution(X)
    chance = told.exceedance(1.5)
    inside = np.clip(chance, 1e-6, 1 - 1e-6)
    wanted = {
        "probability": chance,
        "log-odds": np.log(inside / (1 - inside)),
        "median": np.log(told.quantile(0.5)),
        "width": np.log(told.quantile(0.95) / told.quantile(0.05)),
    }
    for scale, expected in wanted.items():
        values = found.values(scale)  # type: ignore[arg-type]
        np.testing.assert_allclose(values.total, expected, atol=1e-9, err_msg=scale)
        assert values.n_background == 8


def test_a_classifier_has_a_chance_and_no_median(
    rows: tuple[pd.DataFrame, Background],
) -> None:
    """It knows one limit, and says so."""
    X, background = rows
    model = LogisticClassifier(1.0)
    assert has_distribution(Interval())  # type: ignore[arg-type]
    assert not has_distribution(model)
    assert known_scales(model) == ("log-odds", "probability")
    with pytest.raises(ModelError, match="neither a median nor an interval"):
        scale_worths(
            model, X, background=background, players=ALL, threshold=1.0, scales=["median"]
        )


def test_a_planted_product_is_found(rows: tuple[pd.DataFrame, Background]) -> None:
    """The pair has the closed form of a product; a sum has no interaction at all."""
    X, background = rows
    found = scale_worths(
        Product(),
        X,
        background=background,
        players=ALL,
        scales=["median"],  # type: ignore[arg-type]
    )
    _, shared = found.worths.interactions()
    base = background.X
    # Both as in the row, minus each alone, plus neither, averaged over the background.
    products = [
        0.8 * (row["signal"] - base["signal"]) * (row["doubt"] - base["doubt"])
        for _, row in X.iterrows()
    ]
    np.testing.assert_allclose(shared[:, 0], [each.mean() for each in products], atol=1e-9)
    table = interaction_table(found, "median")
    pair = table[table["first"] != table["second"]]
    assert pair["mean_abs"].iloc[0] > 0.5
    assert _share_alone(table) < 0.9
    plain = scale_worths(
        Interval(),
        X,
        background=background,
        players=ALL,
        scales=["median"],  # type: ignore[arg-type]
    )
    assert _share_alone(interaction_table(plain, "median")) == pytest.approx(1.0)


def _share_alone(table: pd.DataFrame) -> float:
    """Return how much of all parts of an interaction table players do alone."""
    alone = table["first"] == table["second"]
    return float(table.loc[alone, "mean_abs"].sum() / table["mean_abs"].sum())


def test_too_many_players_are_joined() -> None:
    """The strongest seven keep their names; what cannot be told in pairs is one player."""
    players = {f"c{number}": [f"c{number}"] for number in range(12)}
    joined = joined_players(players)
    assert list(joined) == [*list(players)[:7], OTHERS]
    assert joined[OTHERS] == tuple(f"c{number}" for number in range(7, 12))


def test_a_copy_that_shares_the_work_leaves_the_total_of_its_role(
    rows: tuple[pd.DataFrame, Background],
) -> None:
    """A model that leans on both alike credits each with half, and their role with all."""
    X, background = rows
    twin = X.assign(copy=X["signal"])
    other = Background(background.X.assign(copy=background.X["signal"]), background.coordinates)

    class Shared(Product):
        """The product again, half of its signal read from the copy."""

        def distribution(
            self, X: pd.DataFrame, *, coordinates: object = None
        ) -> LogLocationScale:  # type: ignore[override]
            """Return a normal log concentration."""
            return super().distribution(X.assign(signal=(X["signal"] + X["copy"]) / 2))

    def told(players: dict[str, list[str]]) -> np.ndarray:
        found = scale_worths(
            Shared(),
            twin,
            background=other,
            players=players,
            scales=["median"],  # type: ignore[arg-type]
        )
        return found.values("median").values

    alone = scale_worths(
        Product(),
        X,
        background=background,
        players=ALL,
        scales=["median"],  # type: ignore[arg-type]
    )
    by_role = told({"signal": ["signal", "copy"], "doubt": ["doubt"]})
    np.testing.assert_allclose(by_role, alone.values("median").values, atol=1e-9)
    apart = told({"signal": ["signal"], "copy": ["copy"], "doubt": ["doubt"]})
    np.testing.assert_allclose(apart[:, 0], apart[:, 1], atol=1e-9)
