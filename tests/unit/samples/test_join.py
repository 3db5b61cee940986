"""Observations meet the grid: what lies at sea or has no covariates is dropped and counted."""

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import SampleError
from hotspot.folds.membership import row_groups
from hotspot.grid import Grid
from hotspot.observations.ledger import Ledger
from hotspot.samples.join import join_samples
from hotspot.samples.sampleset import SAMPLE_COLUMNS

GRID = Grid.from_region((0, 400, 0, 200), 100, "EPSG:28992")
CATALOGUE = Catalogue(
    tuple(Covariate(n, "1", Kind.CONTINUOUS, Role.SOIL) for n in ("slope", "clay"))
)


def observations(places: list[tuple[float, float]]) -> pd.DataFrame:
    names = [name for name in SAMPLE_COLUMNS if name != "campaign"]
    table = pd.DataFrame(dict.fromkeys(names, ""), index=range(len(places)))
    own = {"contaminant": "zn", "lower_mg_kg": 5.0, "upper_mg_kg": 5.0, "is_censored": False}
    ids = [f"o{n}" for n in range(len(places))]
    return table.assign(
        **own, limit_mg_kg=np.nan, observation_id=ids, site_id=ids,
        easting=[e for e, _ in places], northing=[n for _, n in places],
        depth_top_cm=np.nan, depth_bottom_cm=np.nan,
    )  # fmt: skip


def joined(places: list[tuple[float, float]], slope: list[float], clay: list[float]):
    return join_samples(
        observations(places),
        pd.DataFrame({"slope": slope, "clay": clay}),
        CATALOGUE,
        grid=GRID,
        contaminants=["zn"],
        ledger=Ledger().then("units", len(places), []),
    )


def test_points_in_the_sea_are_dropped_with_what_is_missing() -> None:
    """Where a raster has no data there is no sample; each point is accounted for."""
    nan = np.nan
    places = [(50.0, 50.0), (150.0, 50.0), (250.0, 50.0), (900.0, 50.0)]
    made = joined(places, [1.0, nan, 2.0, nan], [3.0, nan, nan, nan])
    assert made.samples.frame["site_id"].tolist() == ["o0"]
    assert dict(zip(made.dropped["site_id"], made.dropped["reason"], strict=True)) == {
        "o1": "covariate missing: slope, clay",
        "o2": "covariate missing: clay",
        "o3": "outside the grid",
    }
    assert made.ledger.adds_up()
    assert made.ledger.rows_out == 1


def test_campaigns_come_along_to_be_groups() -> None:
    """Folds may keep whole campaigns together; a table without them has one of no name."""
    places = [(50.0, 50.0), (150.0, 50.0)]
    assert joined(places, [1.0, 2.0], [3.0, 4.0]).samples.frame["campaign"].tolist() == ["", ""]
    made = join_samples(
        observations(places).assign(campaign=["2009", "2018"]),
        pd.DataFrame({"slope": [1.0, 2.0], "clay": [3.0, 4.0]}),
        CATALOGUE,
        grid=GRID,
        contaminants=["zn"],
        ledger=Ledger().then("units", 2, []),
    )
    assert row_groups(made.samples.frame, "campaign").tolist() == ["2009", "2018"]


def test_a_survey_at_sea_is_an_error() -> None:
    """With the reasons, so that exchanged or shifted coordinates are noticed."""
    with pytest.raises(SampleError, match=r"2 covariate missing: slope, clay.*nodata"):
        joined([(50.0, 50.0), (150.0, 50.0)], [np.nan] * 2, [np.nan] * 2)
