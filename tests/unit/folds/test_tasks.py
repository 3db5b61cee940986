"""Plans of tasks, and buffered plans by name."""

import numpy as np
import pytest

from hotspot.errors import FoldError
from hotspot.folds import Survey, make_plans, make_tasks, nearest_distances
from hotspot.folds.separation import held_out_distances
from hotspot.folds.tasks import CompactParts, widest_buffer

RNG = np.random.default_rng(0)
CENTRES = RNG.uniform(0, 1000, (8, 2))
PLACES = CENTRES[np.arange(96) % 8] + RNG.normal(0, 15, (96, 2))
NAMES = np.array([f"s{number:02d}" for number in range(96)])
CELLS = RNG.uniform(0, 1000, (500, 2))


def test_tasks_reach_from_the_survey_to_the_gaps_of_the_map() -> None:
    """Some tests are as near as neighbours, some as far as 90 of 100 cells are."""
    plans = make_tasks(NAMES, PLACES)
    tested = [held_out_distances(plan, PLACES) for plan in plans]
    to_map = nearest_distances(CELLS, PLACES)
    assert tested[0].min() < np.quantile(to_map, 0.05)
    assert tested[-1].max() > np.quantile(to_map, 0.9)
    assert [plan.repeat for plan in plans] == list(range(len(plans)))
    assert [len(np.unique(plan.fold)) for plan in plans] == [16, 32, 16, 8, 4]
    assert all(plan.plan == "tasks" for plan in plans)


def test_few_places_have_few_parts() -> None:
    """No part is asked of less than two places, and equal plans are made once."""
    plans = make_tasks(NAMES[:9], PLACES[:9])
    assert [len(np.unique(plan.fold)) for plan in plans] == [4, 4]


def test_row_order_changes_no_task() -> None:
    """Shuffled rows give the same plans, since parts are made by name."""
    order = np.random.default_rng(1).permutation(96)
    first = make_tasks(NAMES, PLACES, seed=3)
    second = make_tasks(NAMES[order], PLACES[order], seed=3)
    for one, two in zip(first, second, strict=True):
        assert one.to_frame().equals(two.to_frame())


def test_the_widest_buffer_is_the_widest() -> None:
    """At the radius found half trains; a little wider, a part has less."""
    fold = CompactParts(6).labels(PLACES)
    radius = widest_buffer(fold, PLACES, 1e6)

    def fewest(buffer: float) -> int:
        gaps = np.linalg.norm(PLACES[:, None] - PLACES[None], axis=-1)
        return min(
            int(((gaps[fold == part].min(axis=0) > buffer) & (fold != part)).sum())
            for part in range(6)
        )

    assert fewest(radius) >= 48 > fewest(radius * 1.001)


def test_samples_of_one_place_share_a_part() -> None:
    """Replicates never test each other, in random parts either."""
    twice = np.concatenate([PLACES[:40], PLACES[:40]])
    names = np.arange(80).astype(str)
    for plan in make_tasks(names, twice, parts=[5]):
        fold = dict(zip(plan.sample_id, plan.fold, strict=True))
        assert all(fold[str(number)] == fold[str(number + 40)] for number in range(40))


def test_too_few_places_are_refused() -> None:
    """Three places cannot be divided, and one part tests nothing."""
    with pytest.raises(FoldError, match="The 12 samples lie at only 3 places"):
        make_tasks(NAMES[:12], np.repeat(PLACES[:3], 4, axis=0))
    with pytest.raises(FoldError, match="Give numbers from 2"):
        make_tasks(NAMES, PLACES, parts=[8, 1])


def test_the_buffered_plan_keeps_its_distance() -> None:
    """By name: every test is farther from training than the buffer, which leaves half."""
    plans = make_plans(["buffered"], Survey(NAMES, PLACES), n_splits=4, repeats=2)
    assert plans[0].buffer_m > 0
    for plan in plans:
        assert np.nanmin(held_out_distances(plan, PLACES)) > plan.buffer_m
        assert all(len(train) >= 48 for train, _ in plan.splits(PLACES))
    assert plans[0].fold.tolist() != plans[1].fold.tolist()


def test_a_buffer_asked_for_is_used_as_it_is() -> None:
    """The buffer, where given, is the width of the strip; the side of blocks plays no part."""
    survey = Survey(NAMES, PLACES)
    plan = make_plans(["buffered"], survey, n_splits=4, spacing=70.0, buffer=20.0)[0]
    assert plan.buffer_m == 20.0
