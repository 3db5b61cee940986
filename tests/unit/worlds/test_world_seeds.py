"""One seed gives one world, and each option changes only what it must."""

from dataclasses import fields

import numpy as np
import pytest
from scipy.stats import spearmanr

from hotspot.errors import ConfigError
from hotspot.worlds import (
    Field,
    Landscape,
    Options,
    Region,
    Sources,
    Survey,
    World,
)
from hotspot.worlds.options import option_groups

REGION = Region(shape=(40, 40))


def test_same_seed_gives_the_same_bytes(world: World) -> None:
    """Simulating twice gives identical arrays and tables."""
    again = World.from_options(world.seed, world.options)
    assert again.covariates.values.tobytes() == world.covariates.values.tobytes()
    assert again.truth.log.values.tobytes() == world.truth.log.values.tobytes()
    assert again.truth.realised_mg_kg.tobytes() == world.truth.realised_mg_kg.tobytes()
    assert again.observations.equals(world.observations)


def test_another_seed_gives_another_world(world: World) -> None:
    """Ground, field and sites all change."""
    other = World.from_options(world.seed + 1, world.options)
    assert not np.array_equal(other.covariates["clay"], world.covariates["clay"])
    assert not np.array_equal(other.truth.log["residual"], world.truth.log["residual"])
    assert not other.observations["easting"].equals(world.observations["easting"])


def test_survey_leaves_the_truth_alone(world: World) -> None:
    """Simulated with another survey or surveyed anew, the world is the same."""
    survey = Survey(70, "clustered")
    anew = World.simulate(world.seed, region=world.options.region, survey=survey)
    surveyed = world.surveyed(survey)
    assert anew.truth.log.values.tobytes() == world.truth.log.values.tobytes()
    assert anew.observations.equals(surveyed.observations)
    assert anew.options == surveyed.options


def test_every_draw_is_another_survey_of_one_truth(world: World) -> None:
    """Draws differ in sites; the truth is shared."""
    first, second = (world.surveyed(Survey(50), draw=draw) for draw in (1, 2))
    assert first.truth is second.truth
    assert not first.observations["easting"].equals(second.observations["easting"])


def test_contaminants_of_one_seed_share_ground_and_sites(world: World) -> None:
    """Zinc beside lead: same covariates and sites, another residual."""
    zinc = World.simulate(
        world.seed, region=world.options.region, field=Field("zn"), survey=Survey(400)
    )
    assert zinc.covariates.values.tobytes() == world.covariates.values.tobytes()
    assert zinc.observations["easting"].equals(world.observations["easting"])
    r = np.corrcoef(zinc.truth.log["residual"].ravel(), world.truth.log["residual"].ravel())
    assert abs(r[0, 1]) < 0.6


def test_more_noise_covariates_leave_the_others_alone(world: World) -> None:
    """Covariates are drawn by name, so that adding some changes none."""
    more = World.simulate(
        world.seed,
        region=world.options.region,
        landscape=Landscape(n_white_noise=4, n_copies=2),
        survey=Survey(5),
    )
    for name in world.covariates.catalogue.names:
        assert np.array_equal(more.covariates[name], world.covariates[name]), name


def test_copies_are_near_their_originals() -> None:
    """A copy is correlated with its original above 0.99, and differs from it."""
    made = World.simulate(
        3, region=REGION, landscape=Landscape(n_copies=4), survey=Survey(5)
    ).covariates
    for name in ("clay", "wetness", "organic_carbon", "fertiliser_input"):
        one, other = made[name].ravel(), made[f"{name}_copy"].ravel()
        assert 0.99 < np.corrcoef(one, other)[0, 1] < 1 - 1e-9
        assert made.catalogue[name].role == made.catalogue[f"{name}_copy"].role


def test_sources_along_roads_cannot_be_told_from_roads() -> None:
    """Rank correlation of the two distances is above 0.95 there, and not elsewhere."""

    def together(sources: Sources) -> float:
        made = World.simulate(3, region=REGION, sources=sources, survey=Survey(5)).covariates
        pair = (made["industry_distance"].ravel(), made["road_distance"].ravel())
        return float(spearmanr(*pair)[0])

    assert together(Sources(n_sources=150, placement="along_roads")) > 0.95
    assert together(Sources()) < 0.8


def test_noise_goes_with_nothing(world: World) -> None:
    """White noise has no correlation with the field beyond chance."""
    noise = world.covariates["white_noise_1"].ravel()
    r = np.corrcoef(noise, world.truth.log_field.ravel())[0, 1]
    assert abs(r) < 4 / np.sqrt(noise.size)


def test_proxies_go_with_what_acts(world: World) -> None:
    """Elevation acts on nothing and still goes with wetness, which acts."""
    made = world.covariates
    r = np.corrcoef(made["elevation"].ravel(), made["wetness"].ravel())[0, 1]
    assert r < -0.3


def test_world_without_sources_has_no_industry() -> None:
    """No works, no plume, no distance to them."""
    made = World.simulate(3, region=REGION, sources=Sources(n_sources=0), survey=Survey(5))
    assert "industry_distance" not in made.covariates.catalogue.names
    assert made.truth.mg_kg["plumes"].max() == 0


def test_samples_carry_the_covariates_of_their_cells(world: World) -> None:
    """The sample set agrees with the stack, sample by sample."""
    samples = world.samples().of("pb")
    found = world.sampling.true_values
    for name in ("clay", "land_use", "road_distance"):
        expected = world.covariates[name][found["row"], found["col"]]
        assert (samples.X[name].to_numpy() == expected).all(), name


def test_option_names_are_unique() -> None:
    """The command line may give every option by its own name."""
    options = Options()
    count = sum(len(fields(getattr(options, group.name))) for group in fields(options))
    assert len(option_groups()) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"desing": "grid"}, "Did you mean 'design'"),
        ({"n_samples": "many"}, "n_samples=many"),
        ({"shape": "10,a"}, "numbers with commas"),
        ({"crs": "EPSG:4326"}, "projected CRS in metres"),
        ({"crs": "EPSG:28992"}, "such as corner="),
        ({"contaminant": "phlogiston"}, "phlogiston"),
        ({"contaminant": "Zinc"}, "Give the id: zn"),
        ({"elongation": "1"}, "elongation=1"),
    ],
)
def test_wrong_options_are_refused_by_name(text: dict[str, str], message: str) -> None:
    """Each refusal names the option as it was typed, and what to do."""
    with pytest.raises((ConfigError, ValueError), match=message):
        Options().changed(text)
