"""Designs sample as they say, and bias what they must bias."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from hotspot.errors import ConfigError
from hotspot.worlds import Survey, World, survey_designs

N = 1500


def sites_of(world: World) -> np.ndarray:
    return world.observations[["easting", "northing"]].to_numpy()


def log_field_at_sites(world: World) -> np.ndarray:
    found = world.sampling.true_values
    return world.truth.log_field[found["row"], found["col"]]


@pytest.mark.parametrize("name", list(survey_designs(1)))
def test_design_takes_all_its_samples_within_the_region(world: World, name: str) -> None:
    """Every design gives exactly the samples asked for, each in the cell that is told."""
    surveyed = world.surveyed(survey_designs(N)[name])
    rows, cols, inside = surveyed.grid.cells(sites_of(surveyed))
    assert len(surveyed.observations) == N
    assert inside.all()
    assert (rows == surveyed.sampling.true_values["row"]).all()
    assert (cols == surveyed.sampling.true_values["col"]).all()


@pytest.mark.parametrize("name", ["random", "clustered", "preferential", "road_biased"])
def test_sites_follow_the_intensity(world: World, name: str) -> None:
    """The mean field at the sites is the mean of the map weighted by the intensity."""
    surveyed = world.surveyed(survey_designs(N)[name])
    weight = surveyed.sampling.intensity / N
    field = surveyed.truth.log_field
    expected = (weight * field).sum()
    spread = np.sqrt((weight * (field - expected) ** 2).sum())
    assert weight.sum() == pytest.approx(1.0, abs=1e-12)
    assert abs(log_field_at_sites(surveyed).mean() - expected) < 4 * spread / np.sqrt(N)


def test_weights_undo_the_preference(world: World) -> None:
    """Samples weighted by the inverse of their intensity have the mean of the map."""
    surveyed = world.surveyed(Survey(N, "preferential"))
    found = surveyed.sampling.true_values
    weight = 1 / surveyed.sampling.intensity[found["row"], found["col"]]
    mean = np.average(log_field_at_sites(surveyed), weights=weight)
    spread = np.sqrt((weight**2).sum()) / weight.sum() * surveyed.truth.log_field.std()
    assert abs(mean - surveyed.truth.log_field.mean()) < 5 * spread


def test_random_samples_have_the_mean_of_the_map(world: World) -> None:
    """The random design has no bias."""
    surveyed = world.surveyed(Survey(N, "random"))
    field = surveyed.truth.log_field
    excess = log_field_at_sites(surveyed).mean() - field.mean()
    assert abs(excess) < 4 * field.std() / np.sqrt(N)


def test_preferential_samples_lie_higher_than_the_map(world: World) -> None:
    """Preference of 1 moves the mean by about one standard deviation, of 0 by nothing."""
    field = world.truth.log_field
    strong = log_field_at_sites(world.surveyed(Survey(N, "preferential")))
    none = log_field_at_sites(world.surveyed(Survey(N, "preferential", strength=0.0)))
    assert strong.mean() > field.mean() + 0.6 * field.std()
    assert abs(none.mean() - field.mean()) < 4 * field.std() / np.sqrt(N)


def test_road_biased_samples_lie_near_roads(world: World) -> None:
    """The mean distance to a road is less than half of that of the map."""
    surveyed = world.surveyed(Survey(N, "road_biased", spread_m=300.0))
    distance = world.covariates["road_distance"]
    found = surveyed.sampling.true_values
    assert distance[found["row"], found["col"]].mean() < 0.5 * distance.mean()


def test_clustered_samples_have_near_neighbours(world: World) -> None:
    """Neighbours are nearer than in a random design of as many samples."""

    def nearest(surveyed: World) -> float:
        sites = sites_of(surveyed)
        return float(cKDTree(sites).query(sites, k=2)[0][:, 1].mean())

    clustered = Survey(300, "clustered", n_clusters=6, spread_m=250.0)
    assert nearest(world.surveyed(clustered)) < 0.6 * nearest(world.surveyed(Survey(300)))


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_lattice_keeps_a_distance(world: World, missing: float) -> None:
    """No two sites of the grid design are nearer than nine tenths of the spacing."""
    surveyed = world.surveyed(Survey(200, "grid", missing_share=missing))
    sites = sites_of(surveyed)
    area = world.options.region.area_km2 * 1e6 * (1 - missing)
    nearest = cKDTree(sites).query(sites, k=2)[0][:, 1].min()
    assert nearest > 0.9 * np.sqrt(area / 200)


@pytest.mark.parametrize("design", ["random", "grid", "preferential"])
def test_missing_region_has_no_sample(world: World, design: str) -> None:
    """Exactly the share asked for is left out, and nobody samples there."""
    surveyed = world.surveyed(Survey(N, design, missing_share=0.3))  # type: ignore[arg-type]
    left_out = surveyed.sampling.intensity == 0
    found = surveyed.sampling.true_values
    assert left_out.mean() == pytest.approx(0.3, abs=1e-3)
    assert not left_out[found["row"], found["col"]].any()


def test_campaigns_share_the_samples_and_follow_the_trend(world: World) -> None:
    """New sites in each campaign; two years before the last the field is two trends lower."""
    options = world.options
    trended = World.simulate(
        world.seed,
        region=options.region,
        field=type(options.field)(trend_per_year=0.05),
        survey=Survey(400, years=(2018, 2020)),
    )
    found = trended.sampling.true_values
    base = trended.truth.median_mg_kg[found["row"], found["col"]]
    ratio = np.log(found["field_mg_kg"] / base)
    assert sorted(found["year"].value_counts()) == [200, 200]
    assert ratio[found["year"] == 2018].to_numpy() == pytest.approx(-0.1, abs=1e-12)
    assert ratio[found["year"] == 2020].to_numpy() == pytest.approx(0.0, abs=1e-12)
    assert trended.observations["site_id"].is_unique


def test_sites_visited_again_are_the_same_places(world: World) -> None:
    """Each site has one sample per campaign, at one place."""
    surveyed = world.surveyed(Survey(90, years=(2000, 2010, 2020), visits="again"))
    table = surveyed.observations
    by_site = table.groupby("site_id")
    assert len(by_site) == 30
    assert (by_site["sampled_on"].nunique() == 3).all()
    assert (by_site["easting"].nunique() == 1).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"design": "gird"}, "Did you mean 'grid'"),
        ({"years": (2020, 2018)}, "each later than the one before"),
        ({"missing_share": 0.95}, "from 0 to 0.9"),
        ({"n_samples": 0}, "n_samples=0"),
    ],
)
def test_impossible_survey_is_refused_with_a_remedy(
    options: dict[str, object], text: str
) -> None:
    """What cannot be sampled is refused by the name of the option."""
    with pytest.raises(ConfigError, match=text):
        Survey(**options)  # type: ignore[arg-type]
