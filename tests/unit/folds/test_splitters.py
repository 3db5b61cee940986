"""Random, block and buffered folds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from hotspot.errors import FoldError
from hotspot.folds import BlockKFold, BufferedLeaveOut, RandomKFold, block_labels


def _survey(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.uniform(0, 100, (n, 2)), (rng.random(n) < 0.2).astype(float)


def test_random_folds_hold_equal_shares_of_every_class() -> None:
    """Sizes, exceedances and unknown labels differ by at most one between folds."""
    coordinates, y = _survey()
    y[:13] = np.nan
    fold = RandomKFold(7, random_state=1).labels(coordinates, y)
    for part in (np.ones(200, bool), y == 1, y == 0, np.isnan(y)):
        assert np.ptp(np.bincount(fold[part], minlength=7)) <= 1


def test_random_folds_change_with_the_seed_only() -> None:
    """The same seed gives the same folds, another seed others."""
    coordinates, y = _survey()
    first, again, other = (
        RandomKFold(5, random_state=seed).labels(coordinates, y) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_a_block_is_never_divided() -> None:
    """All samples of a block have one fold."""
    coordinates, y = _survey()
    fold = BlockKFold(4, spacing=15, random_state=0).labels(coordinates, y)
    block = block_labels(coordinates, 15)
    assert all(len(np.unique(fold[block == name])) == 1 for name in np.unique(block))


def test_block_folds_are_balanced_in_size_and_prevalence() -> None:
    """With many blocks, sizes and exceedances are within a tenth of even."""
    coordinates, y = _survey(2000)
    fold = BlockKFold(5, spacing=10, random_state=0).labels(coordinates, y)
    for part in (y == 1, y == 0):
        counts = np.bincount(fold[part], minlength=5)
        assert np.abs(counts / counts.mean() - 1).max() < 0.1


def test_blocks_of_unequal_size_are_balanced_without_labels() -> None:
    """The largest block gets a fold to itself when the others together are no larger."""
    coordinates = np.concatenate([np.zeros((10, 2)), np.arange(1, 11)[:, None] * [10.0, 0]])
    fold = BlockKFold(2, spacing=1).labels(coordinates)
    assert np.bincount(fold).tolist() == [10, 10]
    assert len(np.unique(fold[:10])) == 1


def test_a_shift_of_the_lattice_makes_other_blocks() -> None:
    """Another repeat may divide the samples into other blocks, never into halves of one."""
    coordinates, _ = _survey()
    first = block_labels(coordinates, 20)
    moved = block_labels(coordinates, 20, shift=(0.5, 0.5))
    pairs = {(int(a), int(b)) for a, b in zip(first, moved, strict=True)}
    assert len(pairs) > max(first.max(), moved.max()) + 1
    whole = block_labels(coordinates, 20, shift=(1.0, 2.0))
    assert (whole == first).all()


@pytest.mark.parametrize("n_splits", [2, 5, 9])
def test_no_block_fold_is_empty(n_splits: int) -> None:
    """As many folds as blocks: every fold has one."""
    places = np.array([(i, j) for i in range(3) for j in range(3)], dtype=float)
    y = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 1])
    fold = BlockKFold(n_splits, spacing=1).labels(places, y)
    assert set(fold) == set(range(n_splits))


def test_too_few_blocks_are_refused_with_both_counts_and_two_remedies() -> None:
    """The refusal says how many folds, how many blocks, and two ways out."""
    coordinates, _ = _survey()
    message = (
        "5 folds asked but the samples fill only 4 blocks of side 60. "
        "Lower n_splits to 4 or less, or reduce spacing."
    )
    with pytest.raises(FoldError, match=message):
        BlockKFold(5, spacing=60).labels(coordinates)


def test_more_folds_than_samples_are_refused() -> None:
    """Three samples make no four folds."""
    with pytest.raises(FoldError, match="only 3 samples"):
        RandomKFold(4).labels(np.zeros((3, 2)))


def test_missing_coordinates_are_refused() -> None:
    """A sample without a place cannot be given a fold."""
    with pytest.raises(FoldError, match="1 of 3 samples have no coordinates"):
        BlockKFold(2).labels(np.array([[0.0, 0], [np.nan, 1], [2, 2]]))


def test_concentrations_are_refused_as_classes() -> None:
    """Measured values given as y are not silently taken for as many classes."""
    coordinates, _ = _survey()
    with pytest.raises(FoldError, match="not concentrations"):
        RandomKFold(5).labels(coordinates, coordinates[:, 0])


def test_no_training_sample_lies_in_the_buffer() -> None:
    """Every training sample is farther than the radius from every test sample."""
    coordinates, _ = _survey(60)
    for train, test in BufferedLeaveOut(12.0).split(coordinates):
        gaps = np.linalg.norm(coordinates[train][:, None] - coordinates[test], axis=-1)
        assert gaps.min() > 12.0


def test_buffered_places_are_tested_once_and_together() -> None:
    """Samples of one place are one test part; get_n_splits counts the places."""
    coordinates = np.array([[0.0, 0], [0, 0], [5, 0], [9, 0]])
    tests = [test.tolist() for _, test in BufferedLeaveOut(1.0).split(coordinates)]
    assert tests == [[0, 1], [2], [3]]
    assert BufferedLeaveOut(1.0).get_n_splits(coordinates) == 3


def test_a_buffer_around_blocks_takes_their_labels() -> None:
    """Another splitter may form the test parts."""
    coordinates, y = _survey()
    blocks = BlockKFold(4, spacing=20)
    folds = BufferedLeaveOut(5.0, splitter=blocks)
    assert (folds.labels(coordinates, y) == blocks.labels(coordinates, y)).all()
    assert folds.get_n_splits() == 4


def test_a_buffer_that_leaves_nothing_is_refused() -> None:
    """A radius beyond the extent leaves no training sample."""
    coordinates, _ = _survey(20)
    with pytest.raises(FoldError, match="leaves 20 of 20 folds without a training sample"):
        BufferedLeaveOut(500.0).labels(coordinates)


def test_splitters_serve_scikit_learn() -> None:
    """cross_val_score takes the splits of a splitter."""
    coordinates, y = _survey()
    folds = BlockKFold(4, spacing=20)
    scores = cross_val_score(LogisticRegression(), coordinates, y, cv=folds)
    assert len(scores) == folds.get_n_splits() == 4
