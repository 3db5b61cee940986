"""Declustering weights."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import SampleError
from hotspot.samples.sampleset import SAMPLE_COLUMNS, SampleSet
from hotspot.samples.weights import cell_share_weights, declustering_weights, weigh


def _clustered(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    samples = np.concatenate([rng.uniform(0, 100, (40, 2)), rng.normal(20, 4, (60, 2))])
    cells = np.stack(np.meshgrid(np.arange(1, 100, 2.0), np.arange(1, 100, 2.0)), -1)
    return samples, cells.reshape(-1, 2)


def test_shares_are_those_of_the_nearest_sample() -> None:
    """The weight is the count of cells nearer to a sample than to any other."""
    samples, cells = _clustered()
    count = np.bincount(cdist(cells, samples).argmin(axis=1), minlength=100)
    assert cell_share_weights(samples, cells) == pytest.approx(count * 100 / len(cells))


@pytest.mark.parametrize("which", ["share", "lattice"])
def test_weights_undo_clusters(which: str) -> None:
    """A trend sampled mostly in one corner has its mean over the map again."""
    samples, cells = _clustered()
    truth = cells.sum(axis=1).mean()
    weights = (
        cell_share_weights(samples, cells)
        if which == "share"
        else declustering_weights(samples, 20.0)
    )
    values = samples.sum(axis=1)
    assert weights.mean() == pytest.approx(1)
    assert abs(np.average(values, weights=weights) - truth) < 0.35 * abs(values.mean() - truth)


def test_replicates_divide_the_share_of_their_place() -> None:
    """Four samples at one place weigh as much as one would."""
    samples, cells = _clustered()
    repeated = np.concatenate([samples, samples[:1], samples[:1], samples[:1]])
    weights = cell_share_weights(repeated, cells) / 103
    assert weights[[0, 100, 101, 102]].sum() == pytest.approx(
        cell_share_weights(samples, cells)[0] / 100
    )


def test_extreme_cells_weigh_all_samples_alike() -> None:
    """One sample per cell, or all samples in one, leave nothing to decluster."""
    samples, _ = _clustered()
    for spacing in (1e-6, 1e6):
        assert declustering_weights(samples, spacing) == pytest.approx(1)


def test_no_sample_and_no_side_are_refused() -> None:
    """Nothing weighs nothing."""
    with pytest.raises(SampleError, match="0 samples"):
        cell_share_weights(np.zeros((0, 2)), np.zeros((3, 2)))
    with pytest.raises(SampleError, match="side 0"):
        declustering_weights(np.zeros((3, 2)), 0.0)


def _two_contaminants() -> tuple[SampleSet, np.ndarray]:
    """Return lead at all clustered places and zinc at one half of them, and the cells."""
    places, cells = _clustered()
    rows = [("pb", place) for place in places] + [("zn", place) for place in places[::2]]
    frame = pd.DataFrame(dict.fromkeys(SAMPLE_COLUMNS, ""), index=range(len(rows)))
    frame = frame.assign(
        sample_id=[f"s{n}" for n in range(len(rows))],
        contaminant=[name for name, _ in rows],
        easting=[place[0] for _, place in rows],
        northing=[place[1] for _, place in rows],
        lower_mg_kg=1.0,
        upper_mg_kg=1.0,
        sample_weight=1.0,
        slope=0.0,
    )
    catalogue = Catalogue((Covariate("slope", "1", Kind.CONTINUOUS, Role.TERRAIN),))
    return SampleSet(frame, catalogue), cells


@pytest.mark.parametrize("how", ["declustered", "target"])
def test_each_contaminant_has_weights_of_its_own(how: str) -> None:
    """Of mean 1, smaller in the cluster, and none as large as eleven samples."""
    samples, cells = _two_contaminants()
    weighed = weigh(samples, how, cells)
    for contaminant, dense in (("pb", slice(40, 100)), ("zn", slice(20, 50))):
        weight = weighed.of(contaminant).weight
        assert weight.mean() == pytest.approx(1.0)
        assert weight[dense].mean() < 0.7
        assert weight.max() < 11


def test_samples_that_count_alike_have_no_weights() -> None:
    """So that no learner is asked to do what it would do anyway."""
    samples, cells = _two_contaminants()
    assert weigh(weigh(samples, "target", cells), "none", cells).of("pb").weight is None
    weighed = weigh(samples, "target", cells).of("pb")
    part = weighed.take(np.arange(len(weighed)) < 7)
    assert part.weight.tolist() == weighed.weight[:7].tolist()
