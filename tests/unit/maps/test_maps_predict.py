"""Prediction over windows."""

import dataclasses

import numpy as np
import pytest

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import CovariateError, GridError, ModelError
from hotspot.grid import Window
from hotspot.maps.decision import DecisionRule, decide
from hotspot.maps.layers import available_layers
from hotspot.maps.predict import MapOptions, predict_stack
from hotspot.maps.read import read_blocks, read_layer
from hotspot.maps.window import predict_window
from hotspot.rasters import open_raster

RULE = DecisionRule()
LAYERS = ("probability", "dissimilarity", "decision")


@pytest.mark.parametrize("window_size", [7, 16, 37, 512])
def test_windows_give_the_numbers_of_rows(model, stack, tmp_path, window_size):
    """Whatever the window, each cell holds what the model says of its row alone."""
    paths = predict_stack(
        model, stack, tmp_path, layers=LAYERS, rule=RULE, window_size=window_size
    )
    missing = np.isnan(stack.bands).any(axis=0)
    for name, band in (("probability", 0), ("dissimilarity", 1)):
        values, grid = read_layer(paths[name])
        assert grid.aligned_with(stack.grid)
        expected = np.where(missing, np.nan, stack.bands[band]).astype(np.float32)
        np.testing.assert_array_equal(values, expected)
    decision, _ = read_layer(paths["decision"])
    expected = decide(np.where(missing, np.nan, stack.bands[0]), stack.bands[1] <= 1, RULE)
    np.testing.assert_array_equal(decision, expected)


def test_a_constant_model_gives_a_constant_map(model, stack, tmp_path):
    """Every cell with data has the one probability, and no other appears."""
    model.constant = 0.3
    paths = predict_stack(
        model, stack, tmp_path, layers=["probability"], rule=RULE, window_size=16
    )
    values, _ = read_layer(paths["probability"])
    assert np.unique(values[~np.isnan(values)]).tolist() == [np.float32(0.3)]


def test_a_missing_covariate_gives_no_data(model, stack, tmp_path):
    """NaN in any covariate is no data in every layer, declared in the file."""
    paths = predict_stack(model, stack, tmp_path, layers=LAYERS, rule=RULE, window_size=16)
    for name in LAYERS:
        with open_raster(paths[name]) as dataset:
            assert dataset.read_masks(1)[0, 0] == 0
            assert dataset.read_masks(1)[20, 40] == 0
            assert dataset.read_masks(1)[30, 5] == 255
    assert read_layer(paths["decision"])[0][0, 0] == 255


def test_windows_without_data_do_not_ask_the_model(model, stack, tmp_path):
    """A window over the sea reaches no estimator, which would refuse an empty table."""
    stack.bands[0, :, :16] = np.nan
    predict_stack(model, stack, tmp_path, layers=["probability"], rule=RULE, window_size=16)
    assert min(model.rows_asked) > 0


def test_coordinates_are_those_of_the_cells(model, stack, grid):
    """A model that asks for coordinates gets cell centres of the window, not of the map."""
    seen = []
    model.exceedance = lambda X, coordinates: seen.append(coordinates) or np.full(len(X), 0.5)
    window = Window(4, 9, 2, 3)
    frame, positions = stack.frame(window)
    predict_window(
        model,
        frame,
        positions=positions,
        grid=grid.crop(window),
        layers=["probability"],
        rule=RULE,
    )
    rows, cols = np.mgrid[4:6, 9:12]
    np.testing.assert_allclose(seen[0], grid.centres(rows.ravel(), cols.ravel()))


def test_progress_counts_every_window(model, stack, tmp_path):
    """Progress ends at the number of windows that it announced."""
    steps = []
    predict_stack(
        model,
        stack,
        tmp_path,
        layers=["probability"],
        rule=RULE,
        window_size=16,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(i, 12) for i in range(1, 13)]


def test_interrupted_writing_leaves_nothing(model, stack, tmp_path):
    """Stopped half-way, there is no raster, no hidden file, and no new folder."""
    stack.fails_at = 5
    folder = tmp_path / "e" / "zn"
    with pytest.raises(KeyboardInterrupt):
        predict_stack(model, stack, folder, layers=LAYERS, rule=RULE, window_size=16)
    assert list(tmp_path.iterdir()) == []


def test_interrupted_writing_keeps_the_old_map(model, stack, tmp_path):
    """Stopped half-way, the rasters of the run before are untouched."""
    paths = predict_stack(model, stack, tmp_path, layers=LAYERS, rule=RULE, window_size=16)
    before = {name: path.read_bytes() for name, path in paths.items()}
    stack.fails_at, stack.calls = 5, 0
    model.constant = 0.9
    with pytest.raises(KeyboardInterrupt):
        predict_stack(model, stack, tmp_path, layers=LAYERS, rule=RULE, window_size=16)
    assert {name: path.read_bytes() for name, path in paths.items()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"{n}.tif" for n in LAYERS)


def test_the_same_run_gives_the_same_bytes(model, stack, tmp_path):
    """Two runs write identical files."""
    one = predict_stack(model, stack, tmp_path / "1", layers=LAYERS, rule=RULE)
    two = predict_stack(model, stack, tmp_path / "2", layers=LAYERS, rule=RULE)
    for name in LAYERS:
        assert one[name].read_bytes() == two[name].read_bytes()


def test_rasters_say_what_they_are(model, stack, tmp_path):
    """Tags name limit, model and meaning, and those of the caller are added."""
    options = MapOptions(tags={"run_id": "r9"})
    paths = predict_stack(model, stack, tmp_path, layers=LAYERS, rule=RULE, options=options)
    for name, path in paths.items():
        with open_raster(path) as dataset:
            tags = dataset.tags()
        assert tags["threshold_id"] == "fi-vna-zn"
        assert tags["threshold_value"] == "200"
        assert tags["run_id"] == "r9"
        assert tags["layer"] == name
        assert len(tags["meaning"]) > 80
    with open_raster(paths["decision"]) as dataset:
        assert dataset.colormap(1)[1][:3] == (0x8F, 0x1D, 0x14)


def test_a_grid_that_is_not_the_model_s_is_refused_before_any_window(model, stack, tmp_path):
    """A shifted stack is refused and nothing is read."""
    shifted = dataclasses.replace(
        stack, grid=stack.grid.crop(Window(0, 1, stack.grid.shape[0], stack.grid.shape[1]))
    )
    with pytest.raises(GridError, match="Align the covariates"):
        predict_stack(model, shifted, tmp_path, layers=LAYERS, rule=RULE)
    assert shifted.calls == 0


def test_covariates_in_another_order_are_refused(model, stack, tmp_path):
    """Names are compared, not counted."""
    turned = dataclasses.replace(stack, catalogue=Catalogue(tuple(stack.catalogue)[::-1]))
    with pytest.raises(CovariateError, match="another order"):
        predict_stack(model, turned, tmp_path, layers=LAYERS, rule=RULE)


def test_a_layer_the_model_lacks_is_refused_with_those_it_has(model, stack, tmp_path):
    """A classifier gives no quantile; a model without applicability no decision."""
    with pytest.raises(ModelError, match=r"no quantile.*probability, dissimilarity, decision"):
        predict_stack(model, stack, tmp_path, layers=["upper"], rule=RULE)
    model.applicability = None
    assert available_layers(model) == ("probability",)
    with pytest.raises(ModelError, match="no applicability"):
        predict_stack(model, stack, tmp_path, layers=["decision"], rule=RULE)
    with pytest.raises(ModelError, match="Did you mean 'probability'"):
        predict_stack(model, stack, tmp_path, layers=["probabilty"], rule=RULE)


def test_a_distribution_model_gives_quantiles_without_change(model, stack, tmp_path):
    """A model with `quantile` has three more layers, in mg/kg."""

    class Estimator:
        def quantile(self, X, q, *, coordinates):
            return 100 * q + X["slope"].to_numpy()

    model.estimator = Estimator()
    paths = predict_stack(model, stack, tmp_path, layers=["lower", "upper"], rule=RULE)
    lower, upper = (read_layer(paths[name])[0] for name in ("lower", "upper"))
    present = ~np.isnan(lower)
    np.testing.assert_allclose((upper - lower)[present], 90.0, rtol=1e-5)
    with open_raster(paths["upper"]) as dataset:
        assert dataset.units == ("mg/kg",)


def test_a_cell_the_model_does_not_know_is_cannot_say(model, stack, tmp_path):
    """A complete cell without a probability has data but no answer: 2, not 255."""
    model.exceedance = lambda X, coordinates: np.full(len(X), np.nan)
    stack.bands[1, 30, 5] = 0.1
    paths = predict_stack(model, stack, tmp_path, layers=LAYERS, rule=RULE)
    decision, _ = read_layer(paths["decision"])
    assert decision[30, 5] == 2
    assert decision[0, 0] == 255


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.inf])
def test_a_number_that_is_no_probability_is_refused(model, stack, tmp_path, bad):
    """Values outside [0, 1] stop the map and leave nothing."""
    model.constant = bad
    with pytest.raises(ModelError, match="must lie in"):
        predict_stack(model, stack, tmp_path, layers=["probability"], rule=RULE)
    assert list(tmp_path.iterdir()) == []


def test_blocks_tile_the_layers(model, stack, tmp_path):
    """Read window by window, the layers are those read at once."""
    paths = predict_stack(model, stack, tmp_path, layers=LAYERS, rule=RULE)
    blocks = list(read_blocks(paths, window_size=16))
    whole = {name: read_layer(path)[0] for name, path in paths.items()}
    for window, block in zip(stack.grid.windows(16), blocks, strict=True):
        for name in LAYERS:
            np.testing.assert_array_equal(block[name], whole[name][window.slices])
            assert block[name].dtype == whole[name].dtype


class Band:
    """Bounds a tenth away from the probability."""

    def bounds(self, probability):
        """Return both bounds."""
        return np.maximum(probability - 0.1, 0), np.minimum(probability + 0.1, 1)


@pytest.mark.parametrize("encoding", ["full", "compact"])
def test_a_layer_that_follows_from_another_asks_the_model_once(
    model, stack, tmp_path, encoding
):
    """Bounds come from the probability as it is stored, without computing it again."""
    model.calibration_band = Band()
    names = ["probability_lower", "probability_upper", "probability"]
    options = MapOptions(encoding=encoding)
    paths = predict_stack(model, stack, tmp_path, layers=names, rule=RULE, options=options)
    assert len(model.rows_asked) == 1
    lower, upper, chance = (read_layer(paths[name])[0] for name in names)
    known = ~np.isnan(chance)
    expected = Band().bounds(chance[known].astype(np.float64))
    step = 1e-4 if encoding == "compact" else 1e-7
    np.testing.assert_allclose(lower[known], expected[0], atol=step / 2 + 1e-7)
    np.testing.assert_allclose(upper[known], expected[1], atol=step / 2 + 1e-7)
