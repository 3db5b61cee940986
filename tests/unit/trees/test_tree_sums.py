"""Sums of trees are LightGBM's own, to the last bit, whatever the rows hold."""

import re
from typing import Any

import numpy as np
import pytest

from hotspot.errors import ModelError
from hotspot.trees import predict
from hotspot.trees.lightgbm_text import read_trees
from hotspot.trees.predict import LeafMasks, compiled_codes
from hotspot.trees.quantise import Codes


def masks_of(booster: Any) -> LeafMasks:
    ensemble = read_trees(booster.model_to_string())
    return LeafMasks.of(ensemble, Codes.of(ensemble))


def raw(booster: Any, rows: Any) -> Any:
    return booster.predict(rows, raw_score=True, num_threads=1)


def test_sums_are_those_of_lightgbm(trained: Any, rows: Any, kind: str) -> None:
    """Every kind of booster gives the same bits, for usual and for awkward rows."""
    for seed in (0, 1):
        booster = trained(kind, seed)
        np.testing.assert_array_equal(masks_of(booster).sums(rows), raw(booster, rows))


def test_the_kinds_are_what_they_are_called(trained: Any) -> None:
    """Among the kinds are splits by class, both ways of missing, and more than 64 leaves."""
    splits = {
        kind: read_trees(trained(kind).model_to_string())
        for kind in ("plain", "classes", "nan", "zero_as_missing", "deep", "stumps")
    }
    assert not splits["plain"].splits.by_class.any()
    assert splits["classes"].splits.by_class.any()
    assert set(splits["nan"].splits.missing) == {0, 2}
    assert set(splits["nan"].splits.missing_left) == {False, True}
    assert set(splits["zero_as_missing"].splits.missing) >= {1}
    assert np.diff(splits["deep"].first_leaf).max() > 64
    assert np.diff(splits["stumps"].first_leaf).max() == 2


def test_single_precision_is_compared_as_it_is(trained: Any) -> None:
    """A number that single precision rounds up over a threshold goes right, not left."""
    booster = trained("plain")
    splits = read_trees(booster.model_to_string()).splits
    edge = splits.threshold[splits.column == 0]
    double = np.zeros((len(edge), 6))
    double[:, 0] = edge
    single = double.astype(np.float32)
    sums = masks_of(booster).sums(single)
    np.testing.assert_array_equal(sums, raw(booster, single))
    assert (sums != raw(booster, double)).any()


def test_values_on_a_threshold_go_left(trained: Any) -> None:
    """The threshold itself and its two neighbours fall on LightGBM's side."""
    booster = trained("plain")
    splits = read_trees(booster.model_to_string()).splits
    edge = splits.threshold[splits.column == 0]
    around = np.concatenate([edge, np.nextafter(edge, np.inf), np.nextafter(edge, -np.inf)])
    rows = np.zeros((len(around), 6))
    rows[:, 0] = around
    np.testing.assert_array_equal(masks_of(booster).sums(rows), raw(booster, rows))


def test_order_portions_and_threads_change_nothing(trained: Any, rows: Any) -> None:
    """A row's sum is its own, whatever stands before it and whoever works on it."""
    masks = masks_of(trained("classes_and_nan"))
    many = np.concatenate([rows[np.random.default_rng(0).integers(0, 700, 4096)], rows])
    whole = masks.sums(many)
    np.testing.assert_array_equal(masks.sums(many, n_threads=3), whole)
    np.testing.assert_array_equal(masks.sums(many[::-1])[::-1], whole)
    np.testing.assert_array_equal(masks.sums(many[4096:4097]), whole[4096:4097])
    np.testing.assert_array_equal(masks.sums(np.asfortranarray(many)), whole)


@pytest.mark.parametrize(
    ("n_trees", "blocks", "slots"), [(60, 1, 64), (70, 1, 80), (90, 1, 96), (250, 3, 96)]
)
def test_blocks_of_any_width(
    trained: Any, rows: Any, n_trees: int, blocks: int, slots: int
) -> None:
    """Words of many trees are spread over blocks, and added in the order of the trees."""
    booster = trained("plain", n_trees=n_trees)
    masks = masks_of(booster)
    assert masks.masks.shape[::2] == (blocks, slots)
    np.testing.assert_array_equal(masks.sums(rows), raw(booster, rows))


def test_trees_without_a_split_add_their_leaf(trained: Any, rows: Any) -> None:
    """A booster that found nothing to split on says the same of every row."""
    booster = trained("plain", min_data_in_leaf=200)
    assert "num_leaves=1\n" in booster.model_to_string()
    np.testing.assert_array_equal(masks_of(booster).sums(rows), raw(booster, rows))


def test_lone_leaves_among_grown_trees(trained: Any, rows: Any) -> None:
    """A tree of one leaf between others keeps its place in the order of adding."""
    booster = trained("plain")
    head, *trees = booster.model_to_string().split("Tree=")
    lone = "num_leaves=1\nnum_cat=0\nleaf_value=0.1\nis_linear=0\nshrinkage=1\n\n\n"
    trees[4] = "4\n" + lone
    changed = "Tree=".join([re.sub(r"tree_sizes=.*\n", "", head), *trees])
    lightgbm = pytest.importorskip("lightgbm")
    other = lightgbm.Booster(model_str=changed)
    np.testing.assert_array_equal(masks_of(other).sums(rows), raw(other, rows))


def test_no_rows(trained: Any) -> None:
    """A window over the sea has no rows, and they have no sums."""
    assert masks_of(trained("plain")).sums(np.empty((0, 6))).shape == (0,)


def test_rows_of_another_width_are_refused(trained: Any) -> None:
    """The compiled loop never reads beyond a row."""
    with pytest.raises(ModelError, match="6 columns"):
        masks_of(trained("plain")).sums(np.zeros((3, 5)))


def test_each_output_of_several(trained: Any, rows: Any) -> None:
    """A booster of three classes is taken apart into three sums."""
    booster = trained("classes", objective="multiclass", num_class=3)
    whole = read_trees(booster.model_to_string())
    codes = Codes.of(whole)
    with pytest.raises(ModelError, match="Take them apart"):
        LeafMasks.of(whole, codes)
    sums = [LeafMasks.of(whole.output(k), codes).sums(rows) for k in range(3)]
    np.testing.assert_array_equal(np.stack(sums, axis=1), raw(booster, rows))
    with pytest.raises(ModelError, match="no sum 3"):
        whole.output(3)


def test_codes_compiled_and_plain_are_the_same(trained: Any, rows: Any, kind: str) -> None:
    """The loop that searches all rows at once gives the codes of the plain search."""
    codes = Codes.of(read_trees(trained(kind).model_to_string()))
    np.testing.assert_array_equal(compiled_codes(codes, rows), codes.encode(rows))


def test_codes_of_several_boosters_serve_each(trained: Any, rows: Any) -> None:
    """Rows are encoded once for all boosters of a model."""
    boosters = [trained("nan"), trained("regression", 1)]
    ensembles = [read_trees(b.model_to_string()) for b in boosters]
    codes = Codes.of(*ensembles)
    for booster, ensemble in zip(boosters, ensembles, strict=True):
        sums = LeafMasks.of(ensemble, codes).sums(rows)
        np.testing.assert_array_equal(sums, raw(booster, rows))


def test_too_large_masks_are_refused(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would not fit into memory says so, and what to do."""
    monkeypatch.setattr(predict, "_MOST_BYTES", 1000)
    with pytest.raises(ModelError, match="Predict with LightGBM itself"):
        masks_of(trained("plain"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"linear_tree": True, "objective": "regression"}, "linear trees"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "random forest"),
    ],
)
def test_what_is_no_sum_is_refused(trained: Any, options: Any, message: str) -> None:
    """Linear trees and means over trees are left to LightGBM."""
    with pytest.raises(ModelError, match=message):
        read_trees(trained("plain", **options).model_to_string())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("left_child", "0"),
        ("left_child", "99"),
        ("right_child", "-99"),
        ("split_feature", "6"),
        ("split_feature", "-1"),
        ("threshold", "nan"),
    ],
)
def test_damaged_trees_are_refused(trained: Any, name: str, wrong: str) -> None:
    """A number that the compiled loop would follow into foreign memory is found before."""
    text = trained("plain").model_to_string()
    damaged = re.sub(rf"(\n{name}=)\S+", rf"\g<1>{wrong}", text, count=1)
    assert damaged != text
    with pytest.raises(ModelError, match="damaged"):
        read_trees(damaged)


def test_a_cut_text_is_refused(trained: Any) -> None:
    """A model that was not written to its end, or is none, is not read."""
    text = trained("plain").model_to_string()
    with pytest.raises(ModelError, match="cut or damaged"):
        read_trees(re.sub(r"(\nthreshold=\S+ \S+) .*", r"\1", text, count=1))
    for line in ("num_leaves=15", "max_feature_idx=5"):
        with pytest.raises(ModelError, match="cannot be read as trees: "):
            read_trees(text.replace(line, line.replace("=", "=x"), 1))
    with pytest.raises(ModelError, match="cut or damaged"):
        read_trees(text.replace("num_leaves=15\n", "", 1))
    with pytest.raises(ModelError, match="where they end"):
        read_trees(text[: text.index("end of trees")])
    with pytest.raises(ModelError, match="no model of LightGBM"):
        read_trees("a poem")


def test_a_covariate_may_have_any_name(trained: Any, rows: Any) -> None:
    """A covariate called like a field of the text is not taken for it."""
    booster = trained("plain")
    text = booster.model_to_string().replace("Column_0", "leaf_value")
    text = text.replace("Column_1", "num_leaves").replace("Column_2", "threshold")
    assert "\nleaf_value=" in text[text.index("end of trees") :]
    ensemble = read_trees(text)
    sums = LeafMasks.of(ensemble, Codes.of(ensemble)).sums(rows)
    np.testing.assert_array_equal(sums, raw(booster, rows))


def test_a_column_of_numbers_and_classes_is_refused(trained: Any) -> None:
    """One code cannot stand for a number and for a class."""
    text = trained("classes").model_to_string()
    ensembles = [
        read_trees(b.model_to_string()) for b in (trained("plain"), trained("classes"))
    ]
    assert "num_cat=1" in text or "num_cat=2" in text
    with pytest.raises(ModelError, match="by thresholds and by classes"):
        Codes.of(*ensembles)
