"""Layers of what left-out samples tell, and of how many samples support a cell."""

import numpy as np
import pandas as pd
import pytest

from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.applicability.error_profile import PROFILE_COLUMNS, ErrorProfile
from hotspot.estimators.calibration_band import fit_calibration_band
from hotspot.maps.decision import Decision, DecisionRule
from hotspot.maps.layers import LAYERS, OPTIONAL_LAYERS, available_layers
from hotspot.maps.styles import style_of
from hotspot.maps.window import predict_window

EVIDENCE = ("probability_lower", "probability_upper", "expected_brier", "point_density")


@pytest.fixture
def tested(model):
    """Give the stand-in a band, a profile and a real area of applicability."""
    rng = np.random.default_rng(1)
    p = rng.random(400)
    y = (rng.random(400) < p).astype(float)
    model.calibration_band = fit_calibration_band(y, p, np.arange(400) // 10)
    rows = [[0.1, 0.2, 40, 0.08, 0.06, 0.1, 0.9, 0.8, 1.0], [0.4, 0.6, 40, 0.2] + 5 * [0.2]]
    model.error_profile = ErrorProfile(pd.DataFrame(rows, columns=list(PROFILE_COLUMNS)))
    samples = pd.DataFrame(rng.random((60, 2)), columns=["slope", "road"])
    model.applicability = AreaOfApplicability().fit(samples)
    return model


def _window(model, stack, layers, rule):
    window = next(iter(stack.grid.windows(512)))
    frame, positions = stack.frame(window)
    arrays = predict_window(
        model, frame, positions=positions, grid=stack.grid, layers=layers, rule=rule
    )
    return frame, positions, arrays


def test_a_model_without_evidence_does_not_offer_it(model):
    """Layers appear with what they are made from, and are never demanded."""
    assert not set(EVIDENCE) & set(available_layers(model))
    assert set(EVIDENCE) <= set(OPTIONAL_LAYERS)


def test_the_decision_follows_from_the_bounds_on_the_map(tested, stack):
    """Cell by cell, the rasters of the bounds and of the decision agree."""
    rule = DecisionRule.from_band(tested.calibration_band, 4.0)
    layers = (*EVIDENCE[:2], "decision", "dissimilarity", "probability")
    _, _, arrays = _window(tested, stack, layers, rule)
    inside = arrays["dissimilarity"] <= np.float32(tested.applicability.threshold_)
    above = inside & (arrays["probability_lower"] >= np.float32(0.2))
    below = inside & (arrays["probability_upper"] < np.float32(0.2))
    np.testing.assert_array_equal(arrays["decision"] == Decision.ABOVE, above)
    np.testing.assert_array_equal(arrays["decision"] == Decision.BELOW, below)
    assert above.any()
    assert below.any()
    assert (arrays["decision"] == Decision.CANNOT_SAY).any()


def test_derived_layers_equal_what_is_derived_from_their_source(tested, stack):
    """Who has the source layer need not compute it again."""
    frame, positions, _ = _window(tested, stack, ("probability",), DecisionRule())
    places = stack.grid.centres(*np.divmod(positions, stack.grid.shape[1]))
    for name in EVIDENCE[:3]:
        layer = LAYERS[name]
        source = LAYERS[layer.source].compute(tested, frame, places)
        np.testing.assert_array_equal(
            layer.derive(tested, source), layer.compute(tested, frame, places)
        )


def test_no_error_is_expected_where_nothing_was_tested(tested, stack):
    """Beyond the most unlike left-out sample the expected error is missing."""
    layers = ("expected_brier", "dissimilarity")
    _, positions, arrays = _window(tested, stack, layers, DecisionRule())
    index = arrays["dissimilarity"].ravel()[positions]
    brier = arrays["expected_brier"].ravel()[positions]
    np.testing.assert_array_equal(np.isnan(brier), index > np.float32(0.6))
    assert np.isnan(brier).any()
    order = np.argsort(index[index <= 0.6])
    assert (np.diff(brier[index <= 0.6][order]) >= 0).all()


def test_the_density_of_samples_is_that_of_the_area(tested, stack):
    """Cells outside the area have no sample near, those inside at least one."""
    layers = ("point_density", "dissimilarity")
    frame, positions, arrays = _window(tested, stack, layers, DecisionRule())
    density = arrays["point_density"].ravel()[positions]
    np.testing.assert_array_equal(density, tested.applicability.local_point_density(frame))
    # Strictly nearer than the threshold counts, so the edge itself is left aside.
    index = tested.applicability.dissimilarity(frame)
    clear = np.abs(index - tested.applicability.threshold_) > 1e-9
    inside = index <= tested.applicability.threshold_
    np.testing.assert_array_equal((density > 0)[clear], inside[clear])


@pytest.mark.parametrize("name", EVIDENCE)
def test_every_layer_of_evidence_has_a_style(tested, name):
    """A class table of its own, with the layer's name."""
    assert style_of(tested, name).layer == name
