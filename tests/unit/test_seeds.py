"""Named child seeds."""

from hotspot.seeds import child_seed


def test_known_value() -> None:
    """The seed of a part is the same on every machine and in every version."""
    assert child_seed(1993, "folds", "block", 0) == 1050970166
    assert 0 <= child_seed(1993, "folds") < 2**31


def test_names_are_a_path() -> None:
    """Different parts get different seeds, and so do different experiments."""
    seeds = {child_seed(seed, *path) for seed in (1, 2) for path in (("a",), ("a", 1), ("b",))}
    assert len(seeds) == 6
