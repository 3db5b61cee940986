"""Forward selection finds what matters and leaves noise."""

from dataclasses import replace

import numpy as np
import pytest

from hotspot.errors import ConfigError, ModelError
from hotspot.estimators.registry import make_estimator
from hotspot.folds.make import Survey as FoldSurvey
from hotspot.folds.make import make_plans
from hotspot.folds.score_blocks import score_blocks
from hotspot.selection import Candidate, Scoring, candidate_losses, forward_selection
from hotspot.selection.forward import most_sets
from hotspot.selection.losses import Losses
from hotspot.worlds import Diffuse, Field, Landscape, Region, Sources, Survey, World

N = 30
BLOCKS = np.arange(N)
ROADS = ("white_noise_1", "road_distance", "smooth_noise_1", "smooth_noise_2")


def made_up(worth: dict[frozenset[str], float]) -> object:
    """Return an evaluation: a set is worth what its best subset is worth, with some noise."""

    def evaluate(names: tuple[str, ...]) -> Losses:
        best = max((gain for key, gain in worth.items() if key <= set(names)), default=0.0)
        seed = sum(ord(letter) for letter in "".join(names))
        return 1.0 - best + np.random.default_rng(seed).normal(0, 0.02, size=(1, N))

    return evaluate


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_road_is_found_and_no_noise(seed: int) -> None:
    """In a world where only roads pollute, the distance to them is chosen, alone."""
    world = World.simulate(
        seed,
        region=Region(shape=(60, 60)),
        landscape=Landscape(patch_m=1000),
        survey=Survey(200),
        field=Field(effect=0.0, sill=0.02, range_m=300, nugget=0.02),
        diffuse=Diffuse(roads_mg_kg=300, roads_decay_m=300, farming_mg_kg=0, urban_mg_kg=0),
        sources=Sources(n_sources=0),
    )
    whole = world.samples().of("pb")
    samples = replace(whole, X=whole.X[list(ROADS)])
    limit = float(np.median((samples.lower + samples.upper) / 2))
    plans = make_plans(
        ["block"],
        FoldSurvey(samples.sample_id, samples.coordinates),
        n_splits=5,
        spacing=1000.0,
        seed=1,
    )
    params = {"n_estimators": 60, "learning_rate": 0.05}

    def evaluate(names: tuple[str, ...]) -> Losses:
        candidate = Candidate(
            lambda: make_estimator("lightgbm", params, threshold=limit, random_state=1), names
        )
        return candidate_losses(candidate, samples, plans, Scoring("log_loss", limit))

    found = forward_selection(evaluate, ROADS, score_blocks(samples.coordinates))
    assert found.names == ("road_distance",)


def test_two_that_help_only_together_are_found() -> None:
    """Neither alone is worth anything; starting from pairs finds them, from single ones not."""
    worth = {frozenset("bd"): 0.5}
    evaluate = made_up(worth)
    found = forward_selection(evaluate, "abcd", BLOCKS)  # type: ignore[arg-type]
    assert found.names == ("b", "d")
    assert found.path == (("b", "d"),)


def test_names_are_added_while_they_help_and_keep_their_order() -> None:
    """Strongest first; the set keeps the order given; what adds nothing is left."""
    worth = {
        frozenset("c"): 0.3,
        frozenset("a"): 0.1,
        frozenset("ac"): 0.5,
        frozenset("ace"): 0.6,
    }
    found = forward_selection(made_up(worth), "abcde", BLOCKS, start=1)  # type: ignore[arg-type]
    assert found.path == (("c",), ("a",), ("e",))
    assert found.names == ("a", "c", "e")
    assert "It stopped at 3 of 5" in found.sentence
    taken = [each for each in found.tried if each.is_taken]
    assert [each.added for each in taken] == [("c",), ("a",), ("e",)]
    assert all((each.gain.mean or 0) > (each.gain.se or 0) for each in taken[1:])


def test_all_may_be_taken() -> None:
    """When each helps, nothing is left, and it says so."""
    worth = {frozenset("a"): 0.2, frozenset("ab"): 0.4}
    found = forward_selection(made_up(worth), "ab", BLOCKS, start=1)  # type: ignore[arg-type]
    assert found.names == ("a", "b")
    assert found.sentence == "All 2 were taken."


def test_a_set_is_scored_once_and_no_more_than_told() -> None:
    """Each set is fitted once; the most that there can be is not exceeded, and reached."""
    seen: list[tuple[str, ...]] = []
    moves: list[tuple[int, int]] = []
    inner = made_up({frozenset("a"): 0.2, frozenset("ab"): 0.4, frozenset("abc"): 0.6})

    def counted(names: tuple[str, ...]) -> Losses:
        seen.append(names)
        return inner(names)  # type: ignore[operator,no-any-return]

    forward_selection(counted, "abcd", BLOCKS, progress=lambda *move: moves.append(move))
    assert len(seen) == len(set(seen)) == most_sets(4, 2)
    assert moves[-1] == (13, 13)


def test_a_refused_set_is_left_aside() -> None:
    """A model that cannot learn from `b` alone is still tried on the others."""
    inner = made_up({frozenset("a"): 0.2})

    def fussy(names: tuple[str, ...]) -> Losses:
        if names == ("b",):
            raise ModelError("No numbers.")
        return inner(names)  # type: ignore[operator,no-any-return]

    found = forward_selection(fussy, "abc", BLOCKS)
    assert found.names == ("a",)
    refused = next(each for each in found.tried if each.names == ("b",))
    assert refused.score.mean is None
    assert refused.score.reason == "No numbers."


def test_a_set_without_answers_does_not_look_better_for_it() -> None:
    """`a` leaves the hard half of the samples unanswered; on the easy half `b` is better."""

    def evaluate(names: tuple[str, ...]) -> Losses:
        easy, hard = np.full(15, 0.1), np.full(15, 2.0)
        if "a" in names:
            return np.concatenate([easy + 0.1, np.full(15, np.nan)])[None, :]
        if names == ("b",):
            return np.concatenate([easy, hard])[None, :]
        return np.concatenate([easy + 0.5, hard + 0.5])[None, :]

    assert forward_selection(evaluate, "abc", BLOCKS, start=1).names == ("b",)


def test_a_model_that_looks_at_nothing_is_told() -> None:
    """The same answer from every covariate is no ground for a selection."""
    with pytest.raises(ConfigError, match="does not look at covariates"):
        forward_selection(lambda names: np.ones((1, N)), "abc", BLOCKS)


def test_one_name_is_nothing_to_select() -> None:
    """The count and the remedy are told."""
    with pytest.raises(ConfigError, match=r"1 given \(roads\).*tune.select=covariates"):
        forward_selection(lambda names: np.ones((1, N)), ["roads"], BLOCKS, start=1)


def test_a_model_that_refuses_all_is_an_error() -> None:
    """Its reason is told."""

    def never(names: tuple[str, ...]) -> Losses:
        raise ModelError("No numbers.")

    with pytest.raises(ModelError, match=r"None of 2 .*No numbers"):
        forward_selection(never, "ab", BLOCKS)
