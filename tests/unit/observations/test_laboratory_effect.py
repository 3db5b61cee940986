"""Planted offsets of laboratories lie in their intervals, and adjusting takes them out."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ObservationError
from hotspot.observations.laboratory_effect import adjusted, laboratory_offsets
from hotspot.observations.laboratory_model import MOST_SAMPLES, estimate_offsets
from hotspot.worlds import Laboratories, Region, Survey, World

REGION = Region(shape=(40, 40))


def surveyed(seed: int, **options: float | str) -> World:
    return World.simulate(
        seed,
        region=REGION,
        survey=Survey(n_samples=110),
        laboratories=Laboratories(n_laboratories=4, offset=0.3, **options),  # type: ignore[arg-type]
    )


def planted(world: World) -> pd.Series:
    """Return the logarithm of each laboratory's factor, over the mean of all results."""
    truth = np.log(world.sampling.laboratories.set_index("laboratory")["offset"])
    share = world.observations["laboratory"].value_counts(normalize=True)
    return truth - float((truth * share).sum())


@pytest.mark.parametrize(
    ("options", "worlds"),
    [
        ({}, 8),
        pytest.param({}, 40, marks=pytest.mark.slow),
        pytest.param({"assignment": "regional"}, 40, marks=pytest.mark.slow),
        pytest.param({"censored_share": 0.3}, 15, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_planted_offsets_lie_in_their_intervals(
    options: dict[str, float | str], worlds: int
) -> None:
    """In 9 of 10 cases and more: laboratories mixed, by region, and with non-detects."""
    inside, errors = [], []
    for seed in range(worlds):
        world = surveyed(seed, **options)
        truth = planted(world)
        (effect,) = laboratory_offsets(pd.DataFrame(world.observations), seed=0)
        for each in effect.offsets:
            inside.append(each.lower <= truth[each.laboratory] <= each.upper)
            errors.append(each.offset - truth[each.laboratory])
    assert len(inside) == 4 * worlds
    assert np.mean(inside) >= 0.9
    # No better than a constant would be no estimate: the planted spread is 0.3.
    limit = 0.25 if options.get("assignment") == "regional" else 0.12
    assert np.sqrt(np.mean(np.square(errors))) < limit


def test_laboratories_of_their_own_region_have_wide_intervals() -> None:
    """Offset and region cannot be told apart, and the answer says so."""
    widths = []
    for assignment in ("random", "regional"):
        (effect,) = laboratory_offsets(surveyed(3, assignment=assignment).observations, seed=0)
        widths.append(np.mean([each.upper - each.lower for each in effect.offsets]))
    assert widths[1] > 1.5 * widths[0]


def test_adjusting_brings_results_nearer_to_the_soil() -> None:
    """The middle of the adjusted interval errs less than the result did."""
    world = surveyed(5, error=0.02)
    table = world.observations
    made = adjusted(table, laboratory_offsets(table, seed=0))
    soil = np.log(world.sampling.true_values["concentration_mg_kg"].to_numpy())
    # What all laboratories find too much in common cannot be seen.
    before = np.log(table["lower_mg_kg"].to_numpy()) - soil
    middle = np.sqrt(made["lower_mg_kg"] * made["upper_mg_kg"])
    after = np.log(middle.to_numpy()) - soil
    assert after.std() < 0.7 * before.std()
    assert made["is_censored"].all()
    assert (made["lower_mg_kg"] < made["upper_mg_kg"]).all()


def test_two_laboratories_on_the_same_samples_are_compared_exactly() -> None:
    """Co-located pairs cancel whatever lies in the ground, however rough it is."""
    rng = np.random.default_rng(0)
    places = np.repeat(rng.uniform(0, 1000, (40, 2)), 2, axis=0)
    ground = np.repeat(rng.normal(0, 2, 40), 2)
    who = np.tile([0, 1], 40)
    value = np.exp(ground + np.where(who == 1, 0.2, -0.2) + rng.normal(0, 0.02, 80))
    mean, low, high = estimate_offsets(places, value, value, laboratory=who, seed=0)
    assert low[1] < 0.2 < high[1]
    # A naive comparison of means would err by about 2 / sqrt(40).
    assert abs(mean[1] - 0.2) < 0.1


def test_equal_laboratories_get_no_offset() -> None:
    """The interval of every one holds 0, and is narrow."""
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 1, (200, 2))
    value = np.exp(places[:, 0] + rng.normal(0, 0.2, 200))
    _, low, high = estimate_offsets(
        places, value, value, laboratory=rng.integers(3, size=200), seed=0
    )
    assert ((low < 0) & (high > 0)).all()
    assert (high - low).max() < 0.3


def test_the_unit_and_the_order_of_rows_change_nothing() -> None:
    """Offsets are ratios."""
    table = pd.DataFrame(surveyed(1).observations)
    scaled = table.assign(
        **{name: table[name] * 1024 for name in ("lower_mg_kg", "upper_mg_kg")}
    )
    first = laboratory_offsets(table, seed=0)[0].offsets
    for other in (scaled, table.iloc[::-1]):
        for one, two in zip(first, laboratory_offsets(other, seed=0)[0].offsets, strict=True):
            assert two.offset == pytest.approx(one.offset, abs=1e-6)
            assert two.upper == pytest.approx(one.upper, abs=1e-6)


def test_non_detects_are_completed_by_draws_of_the_seed() -> None:
    """The same seed gives the same offsets, another one others, and only a little."""
    table = pd.DataFrame(surveyed(2, censored_share=0.3).observations)
    (first,), (same,), (other,) = (laboratory_offsets(table, seed=s) for s in (1, 1, 2))
    assert first == same
    apart = [
        abs(one.offset - two.offset)
        for one, two in zip(first.offsets, other.offsets, strict=True)
    ]
    assert 0 < max(apart) < 0.1


def test_many_results_are_thinned_by_the_seed() -> None:
    """Another seed keeps others of them; where all take part it changes nothing."""
    rng = np.random.default_rng(6)
    who = rng.integers(2, size=MOST_SAMPLES + 60)
    places = rng.uniform(0, 1, (len(who), 2))
    value = np.exp(places[:, 0] + rng.normal(0, 0.2, len(who)))

    def offset(seed: int, n: int) -> float:
        parts = places[:n], value[:n], value[:n]
        return float(estimate_offsets(*parts, laboratory=who[:n], seed=seed)[0][0])

    assert offset(1, len(who)) == offset(1, len(who)) != offset(2, len(who))
    assert offset(1, 60) == offset(2, 60)


def test_one_laboratory_has_nothing_to_compare_with() -> None:
    """Of an observation table nothing comes; of arrays it is an error."""
    table = pd.DataFrame(surveyed(1).observations).assign(laboratory="one")
    assert laboratory_offsets(table, seed=0) == []
    with pytest.raises(ObservationError, match="1 laboratories"):
        estimate_offsets(
            np.zeros((3, 2)), np.ones(3), np.ones(3), laboratory=np.zeros(3, int), seed=0
        )


def test_a_laboratory_of_few_results_is_left_out_by_name() -> None:
    """Its results stay as they are."""
    table = pd.DataFrame(surveyed(1).observations)
    table.loc[:2, "laboratory"] = "tiny"
    (effect,) = laboratory_offsets(table, seed=0)
    assert effect.left_out == ("tiny",)
    made = adjusted(table, [effect])
    assert made.loc[:2, "lower_mg_kg"].tolist() == table.loc[:2, "lower_mg_kg"].tolist()
