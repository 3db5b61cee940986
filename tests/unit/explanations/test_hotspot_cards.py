"""The card of a hotspot: neighbours, likeness, local score."""

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError
from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.explanations import (
    CovariateDistance,
    HotspotCard,
    LocalScore,
    Neighbour,
    Removal,
    local_score,
    nearest_samples,
    similar_samples,
)
from hotspot.samples.sampleset import Samples


def test_the_most_similar_sample_is_that_of_the_area_of_applicability(
    samples: Samples, catalogue: Catalogue
) -> None:
    """The smallest distance to each cell is the dissimilarity that the area itself gives."""
    weights = {"industry": 2.0, "slope": 0.5, "rock": 1.0, "height": 0.0}
    area = AreaOfApplicability(("rock",)).fit(samples.X, weights=weights)
    space = CovariateDistance(samples.X, area.weights_, area.mean_distance_, catalogue)
    for number in range(12):
        cell = samples.X.iloc[[number]] + np.array([0.3, -0.2, 0.0, 1.0])
        expected = area.dissimilarity(cell)[0]
        found = space.between(cell)
        assert found.min() == pytest.approx(expected, abs=1e-9)
        like = similar_samples(samples, samples.coordinates[[number]], found, n=1)[0]
        assert like.dissimilarity == pytest.approx(expected, abs=1e-9)
        assert like.sample_id == samples.sample_id[int(np.argmin(found))]


def test_nearest_samples_are_nearest_and_inside_is_zero(samples: Samples) -> None:
    """Brute force agrees; a sample within the cell has a distance of 0."""
    cells = samples.coordinates[[5]] + np.array([[3.0, 0.0]])
    found = nearest_samples(samples, cells, half_cell=(20.0, 20.0))
    beyond = np.maximum(np.abs(samples.coordinates - cells[0]) - 20.0, 0.0)
    distance = np.linalg.norm(beyond, axis=1)
    order = np.argsort(distance)[:3]
    assert [each.sample_id for each in found] == samples.sample_id[order].tolist()
    assert found[0].distance_m == 0
    assert found[1].distance_m == pytest.approx(np.sort(distance)[1])
    assert found[0].lower_mg_kg == samples.lower[5]


def test_a_sample_has_one_distance_whether_beside_or_alike(samples: Samples) -> None:
    """Both lists of a card measure from the outline of the hotspot."""
    cells, n = samples.coordinates[:40] + 7.0, len(samples)
    half = (15.0, 10.0)
    beside = nearest_samples(samples, cells, half_cell=half, n=n)
    alike = similar_samples(samples, cells, np.arange(float(n)), half_cell=half, n=n)
    distance = {each.sample_id: each.distance_m for each in beside}
    assert distance == {each.sample_id: each.distance_m for each in alike}
    apart = np.abs(samples.coordinates[:, None] - cells) - np.array(half)
    exact = np.linalg.norm(np.maximum(apart, 0.0), axis=2).min(axis=1)
    np.testing.assert_allclose([distance[name] for name in samples.sample_id], exact, atol=4.0)
    assert min(distance.values()) == 0.0


def test_the_local_score_is_of_the_samples_around() -> None:
    """Two samples within the radius, one sure and wrong; others do not count."""
    places = np.array([[0.0, 0.0], [90.0, 0.0], [500.0, 0.0], [10.0, 0.0]])
    score = local_score(
        np.array([1.0, 0.0, 1.0, np.nan]),
        np.array([0.5, 0.9, 0.8, 0.1]),
        places,
        np.array([[0.0, 0.0]]),
        radius_m=100.0,
    )
    assert score.n == 2
    assert score.log_loss == pytest.approx(-(np.log(0.5) + np.log(0.1)) / 2)
    everywhere = -(np.log(0.5) + np.log(0.1) + np.log(0.8)) / 3
    assert score.log_loss_everywhere == pytest.approx(everywhere)
    assert score.share_above == 0.5
    assert not score.to_dict()["enough_samples"]
    far = local_score(
        np.array([1.0]), np.array([0.5]), places[2:3], np.array([[0.0, 0.0]]), radius_m=10.0
    )
    assert (far.n, far.log_loss) == (0, None)
    with pytest.raises(ModelError, match="None of 1 samples"):
        local_score(np.array([np.nan]), np.array([0.5]), places[:1], places, radius_m=1.0)


def test_a_card_tells_what_was_found() -> None:
    """Sentences hold roles by size, the removal, and the score with its doubt."""
    card = HotspotCard(
        rank=1,
        n_cells=4,
        area_m2=6400.0,
        probability={"mean": 0.9, "max": 0.95},
        contributions={"soil": -0.1, "industry": 1.5},
        nearest=(Neighbour("a", 0.0, np.inf, 12.0),),
        similar=(),
        local=LocalScore(500.0, 3, 0.4, 0.5, 2 / 3),
        removals=(Removal("industry", 0.4, 0.9),),
        n_asked=4,
    )
    told = " ".join(card.sentences())
    assert "industry +1.50, soil -0.10" in told
    assert "without industry" in told
    assert "0.40 in place of 0.90" in told
    assert "3 left-out samples within 500 m, too few to rely on" in told
    plain = card.to_dict()
    assert plain["without"] == [
        {"role": "industry", "mean_probability": 0.4, "mean_probability_with": 0.9}
    ]
    assert plain["nearest"][0]["upper_mg_kg"] is None
    assert isinstance(pd.Series(plain).to_dict(), dict)
