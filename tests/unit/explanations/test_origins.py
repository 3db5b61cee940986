"""Shares of origins are refused where they would be guesses."""

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.explanations import share_origins
from hotspot.explanations.origins import left_out_r2

CATALOGUE = Catalogue(
    (
        Covariate("works", "m", Kind.CONTINUOUS, Role.INDUSTRY),
        Covariate("road", "m", Kind.CONTINUOUS, Role.ROADS),
    )
)


@pytest.fixture(scope="module")
def survey() -> tuple[pd.DataFrame, np.ndarray, dict[str, np.ndarray]]:
    """Return covariates, places and contributions that have nothing to do with places."""
    generator = np.random.default_rng(5)
    places = generator.uniform(0, 6000, size=(200, 2))
    X = pd.DataFrame(
        {"works": generator.uniform(0, 4000, 200), "road": generator.uniform(0, 900, 200)}
    )
    credit = {
        "industry": np.exp(-X["works"].to_numpy() / 500) - 0.1,
        "roads": np.exp(-X["road"].to_numpy() / 200) - 0.2,
    }
    return X, places, credit


def test_origins_that_stand_apart_share_everything(
    survey: tuple[pd.DataFrame, np.ndarray, dict[str, np.ndarray]],
) -> None:
    """Shares add up to one, and each is that of the mean absolute credit."""
    X, places, credit = survey
    point, diffuse = share_origins(credit, X, CATALOGUE, coordinates=places)
    size = {name: float(np.abs(values).mean()) for name, values in credit.items()}
    assert point.is_identifiable
    assert diffuse.is_identifiable
    assert point.share == pytest.approx(size["industry"] / sum(size.values()))
    assert point.share + diffuse.share == pytest.approx(1.0)
    assert point.told_by_place == pytest.approx(0.0, abs=0.1)


def test_a_broad_trend_gives_no_origin_a_share(
    survey: tuple[pd.DataFrame, np.ndarray, dict[str, np.ndarray]],
) -> None:
    """What rises over the region is anybody's, so that the whole is not known either."""
    X, places, credit = survey
    tilted = {**credit, "roads": places[:, 0] / 6000 + (places[:, 1] / 6000) ** 2}
    told = share_origins(tilted, X, CATALOGUE, coordinates=places)
    for origin in told:
        assert not origin.is_identifiable
        assert origin.unsettled_by == ("diffuse",)
        assert origin.to_dict()["share"] is None
        assert "a broad trend over the region" in origin.text
    # Without places nobody can see the trend.
    assert share_origins(tilted, X, CATALOGUE)[0].is_identifiable


def test_a_single_origin_is_no_share_of_anything(
    survey: tuple[pd.DataFrame, np.ndarray, dict[str, np.ndarray]],
) -> None:
    """All of the credit of one origin says nothing of the others."""
    X, places, credit = survey
    only = Catalogue((CATALOGUE["works"],))
    (point,) = share_origins(
        {"industry": credit["industry"]}, X[["works"]], only, coordinates=places
    )
    assert not point.is_identifiable
    assert "nothing to compare with" in point.text


def test_rows_left_out_do_not_flatter() -> None:
    """Many useless columns tell nothing; the columns that made the values tell all."""
    generator = np.random.default_rng(1)
    values = generator.normal(size=60)
    noise = np.column_stack([np.ones(60), generator.normal(size=(60, 25))])
    assert left_out_r2(noise, values) == 0.0
    design = np.column_stack([np.ones(60), values * 2 + 1])
    assert left_out_r2(design, values) == pytest.approx(1.0)
