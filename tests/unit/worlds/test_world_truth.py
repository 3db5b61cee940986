"""The truth adds up, and its probabilities are those of soil samples."""

import numpy as np
import pytest

from hotspot.errors import ConfigError
from hotspot.worlds import Diffuse, Field, Region, Sources, Survey, World
from hotspot.worlds.truth import log_contributions


def test_components_add_up_to_the_field(world: World) -> None:
    """Parts in mg/kg and parts of the log give one and the same field."""
    truth = world.truth
    np.testing.assert_allclose(truth.mg_kg.total, truth.median_mg_kg, rtol=1e-12)
    np.testing.assert_allclose(truth.log.total, np.log(truth.mg_kg.total), atol=1e-12)


def test_every_component_acts_somewhere(world: World) -> None:
    """No part of a usual world is a map of zeros."""
    for name in world.truth.log.names:
        assert np.ptp(world.truth.log[name]) > 0 or name == "background", name


def test_shares_of_origin_add_up_to_one(world: World) -> None:
    """Natural, diffuse and point shares are shares."""
    shares = world.truth.shares()
    assert shares.names == ("natural", "diffuse", "point")
    assert shares.values.min() >= 0
    np.testing.assert_allclose(shares.total, 1.0, atol=1e-12)


def test_shares_are_those_of_the_parts(world: World) -> None:
    """The point share is what plumes add over the whole field."""
    truth = world.truth
    np.testing.assert_allclose(
        truth.shares()["point"], truth.mg_kg["plumes"] / truth.median_mg_kg, rtol=1e-12
    )


def test_roles_leave_out_background_and_residual_only(world: World) -> None:
    """Roles, background and residual give the log field."""
    truth = world.truth
    total = truth.by_role().total + truth.log["background"] + truth.log["residual"]
    np.testing.assert_allclose(total, truth.log_field, atol=1e-12)


def test_idle_roles_have_no_part_in_the_truth(world: World) -> None:
    """Terrain, climate and atmosphere are in the catalogue and act on nothing."""
    idle = {"terrain", "climate", "atmosphere"}
    assert idle <= set(world.covariates.catalogue.by_role())
    assert not idle & set(world.truth.by_role().names)


def test_probability_is_the_share_of_soil_samples_above_the_limit(dense: World) -> None:
    """In every cell of 144 the share of about 400 samples is binomial about the truth."""
    limit = dense.truth.limit_for(0.3)
    p = dense.truth.probability(limit)
    found = dense.sampling.true_values
    above = (found["concentration_mg_kg"] > limit).to_numpy()
    cell = (found["row"] * 12 + found["col"]).to_numpy()
    n = np.bincount(cell, minlength=144)
    k = np.bincount(cell, weights=above, minlength=144)
    spread = n * p.ravel() * (1 - p.ravel())
    open_cells = spread > 5
    z = (k - n * p.ravel())[open_cells] / np.sqrt(spread[open_cells])
    assert open_cells.sum() > 30
    assert np.abs(z).max() < 4.5
    assert abs((z**2).mean() - 1) < 4 * np.sqrt(2 / open_cells.sum())


def test_realisation_exceeds_as_often_as_the_probability_says(world: World) -> None:
    """The realised map has as many cells above the limit as the probabilities sum to."""
    limit = world.truth.limit_for(0.2)
    p = world.truth.probability(limit)
    excess = (world.truth.realised_mg_kg > limit).sum() - p.sum()
    assert abs(excess) < 4 * np.sqrt((p * (1 - p)).sum())


def test_soil_samples_scatter_about_the_field_by_the_nugget(dense: World) -> None:
    """The variance of the log of single samples is the nugget."""
    found = dense.sampling.true_values
    about = np.log(found["concentration_mg_kg"] / found["field_mg_kg"])
    nugget = dense.truth.nugget
    assert abs(about.var() - nugget) < 4 * nugget * np.sqrt(2 / len(about))


@pytest.mark.parametrize("prevalence", [0.02, 0.2, 0.7])
@pytest.mark.parametrize("nugget", [0.0, 0.05])
def test_limit_is_exceeded_by_the_share_asked_for(nugget: float, prevalence: float) -> None:
    """`limit_for` inverts the mean probability; without nugget to one cell."""
    world = World.simulate(
        1, region=Region(shape=(30, 30)), field=Field(nugget=nugget), survey=Survey(5)
    )
    limit = world.truth.limit_for(prevalence)
    tolerance = 1e-9 if nugget else 1.5 / 900
    assert world.truth.probability(limit).mean() == pytest.approx(prevalence, abs=tolerance)


def test_knowing_the_residual_is_worth_something(world: World) -> None:
    """Both probabilities agree on the mean to a tenth, and that of the field is sharper."""
    limit = world.truth.limit_for(0.2)
    full, blind = world.truth.probability(limit), world.truth.covariate_probability(limit)
    assert abs(full.mean() - blind.mean()) < 0.1
    assert full.var() > blind.var()


def test_covariate_probability_averages_over_residuals() -> None:
    """Over worlds that differ only in the contaminant's residual it is the mean probability."""
    region, quiet = Region(shape=(16, 16)), Diffuse(0.0, 200.0, 0.0, 0.0)
    made = [
        World.simulate(
            seed,
            region=region,
            field=Field(effect=0.0, sill=0.3, nugget=0.1),
            sources=Sources(n_sources=0),
            diffuse=quiet,
            survey=Survey(1),
        ).truth
        for seed in range(150)
    ]
    told = made[0].covariate_probability(30.0)
    found = np.array([truth.probability(30.0)[0, 0] for truth in made])
    assert np.ptp(told) < 1e-12
    assert abs(found.mean() - told[0, 0]) < 4 * found.std() / np.sqrt(len(found))


def test_additions_to_a_logarithm_are_shared_fairly() -> None:
    """Contributions sum to the whole, equal additions get equal parts, nothing gets nothing."""
    rng = np.random.default_rng(1)
    natural, added = rng.uniform(1, 50, 20), rng.uniform(0, 90, (4, 20))
    added[3] = 0.0
    added[1] = added[0]
    parts = log_contributions(natural, added)
    np.testing.assert_allclose(parts.sum(0), np.log1p(added.sum(0) / natural), atol=1e-12)
    np.testing.assert_allclose(parts[0], parts[1], atol=1e-12)
    assert np.abs(parts[3]).max() < 1e-15


def test_fair_share_of_two_is_the_mean_of_both_orders() -> None:
    """For two additions the value is written out by hand."""
    n, a, b = 2.0, 3.0, 10.0
    parts = log_contributions(np.array([n]), np.array([[a], [b]]))
    first = 0.5 * (np.log((n + a) / n) + np.log((n + a + b) / (n + b)))
    assert parts[0, 0] == pytest.approx(first, abs=1e-12)


def test_plumes_reach_downwind() -> None:
    """With wind from the west most of what a source adds lies east of it."""
    world = World.simulate(
        4,
        region=Region(shape=(40, 40)),
        sources=Sources(n_sources=1, wind_from_degree=270.0),
        survey=Survey(5),
    )
    centres = world.covariates.centres()
    added = (world.truth.mg_kg["plumes"] / np.exp(world.truth.log["residual"])).ravel()
    source = world.sources.coordinates[0]
    near = np.hypot(*(centres - source).T) < 800
    east = centres[:, 0] > source[0]
    assert added[near & east].mean() > 1.3 * added[near & ~east].mean()


def test_unknown_component_is_told_by_its_neighbours(world: World) -> None:
    """A misspelt component names the right one."""
    with pytest.raises(ConfigError, match="Did you mean 'plumes'"):
        world.truth.mg_kg["plume"]
