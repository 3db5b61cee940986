"""The numbers drawn are the numbers given."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from hotspot.errors import GridError, OutputError
from hotspot.grid import Grid
from hotspot.maps.styles import decision_style, probability_style
from hotspot.report import figures, mapplots
from hotspot.report.content import (
    ContaminantContent,
    Dependence,
    Folds,
    MapLayers,
    SampleContributions,
    SamplePoints,
    Sampling,
)
from hotspot.report.numerals import number
from hotspot.report.style import png, svg

GRID = Grid.from_region((0, 200, 0, 100), 50, "EPSG:28992")
MAPS = MapLayers(
    GRID,
    np.array([[0.0, 0.05, 0.06, np.nan], [0.5, 0.51, 0.96, 1.0]]),
    decision=np.array([[0, 0, 0, 255], [2, 2, 1, 1]], dtype=np.uint8),
    dissimilarity=np.array([[0.1, 0.3, 0.31, np.nan], [0.1, 0.1, 0.1, 0.9]]),
    dissimilarity_limit=0.3,
)


def drawn(figure: Figure, position: int = 0) -> np.ndarray:
    """Return an image of the map, masked cells as -1."""
    return np.ma.filled(figure.axes[0].images[position].get_array(), -1)


def test_probability_is_drawn_in_its_class() -> None:
    """Each cell has the class of its probability, and no data has none."""
    figure = mapplots.probability_map(MAPS)
    assert drawn(figure).tolist() == [[0, 0, 1, -1], [2, 3, 5, 5]]
    assert figure.axes[0].images[0].get_extent() == [0, 200, 0, 100]
    colours = figure.axes[0].images[0].cmap.colors
    assert list(colours) == [colour for colour, _ in probability_style().legend()]


def test_decisions_are_drawn_as_coded() -> None:
    """Below, above, cannot say and no data stay apart."""
    assert drawn(mapplots.decision_map(MAPS)).tolist() == [[0, 0, 0, -1], [2, 2, 1, 1]]
    assert len(decision_style().classes) == 3


def test_outside_applicability_is_above_the_limit_only() -> None:
    """A cell on the limit is inside, and a cell without data is not outside."""
    assert MAPS.outside is not None
    assert MAPS.outside.tolist() == [[False, False, True, False], [False, False, False, True]]


def test_samples_are_drawn_where_they_lie() -> None:
    """Exceeding, not exceeding and unknown samples are three sets of marks."""
    points = SamplePoints(
        np.array([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]]), np.array([1.0, 0.0, np.nan])
    )
    marks = [
        collection.get_offsets().tolist()
        for collection in mapplots.sample_map(points, MAPS).axes[0].collections
        if isinstance(collection, PathCollection)
    ]
    assert marks == [[[50.0, 60.0]], [[30.0, 40.0]], [[10.0, 20.0]]]


@pytest.mark.parametrize("n_folds", [2, 120])
def test_every_sample_is_drawn_in_its_fold(n_folds: int) -> None:
    """Few folds have a mark each; leave-one-out falls back on one scale of colours."""
    place = np.column_stack([np.arange(240.0), np.arange(240.0)])
    points = SamplePoints(place, np.zeros(240))
    folds = Folds("block", np.arange(240) % n_folds)
    figure = mapplots.fold_map(points, folds, MAPS)
    marks = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    assert sum(len(collection.get_offsets()) for collection in marks) == 240
    assert len(marks) == (2 if n_folds == 2 else 1)


def test_scores_are_drawn_with_their_error(zinc: ContaminantContent) -> None:
    """Each model's mean and whisker stand in the panel of its plan, the map's model on top."""
    assert zinc.evaluation is not None
    scores = zinc.evaluation.scores
    figure = figures.score_chart(scores, model="lightgbm", baseline="prevalence")
    panel = figure.axes[2]
    assert panel.get_title(loc="left") == "kNNDM"
    means = [container.lines[0].get_xdata()[0] for container in panel.containers]
    assert means == [
        scores[model]["knndm"]["log_loss"]["mean"]
        for model in ("lightgbm", "indicator_kriging", "prevalence")
    ]
    whisker = panel.containers[0].lines[2][0].get_segments()[0][:, 0]
    assert np.ptp(whisker) == pytest.approx(0.06)


def test_a_model_without_score_is_named_not_hidden() -> None:
    """A failed model keeps its row, with the words in place of a dot."""
    scores = {
        "gbm": {"block": {"log_loss": {"mean": None, "se": None}}},
        "prevalence": {"block": {"log_loss": {"mean": 0.6, "se": 0.1}}},
    }
    figure = figures.score_chart(scores, model="gbm", baseline="prevalence")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no score"]


def test_reliability_is_drawn_as_given() -> None:
    """Curve, interval and counts are those of the table."""
    table = pd.DataFrame(
        {
            "predicted": [0.1, 0.8],
            "observed": [0.2, 0.7],
            "lower": [0.1, 0.5],
            "upper": [0.3, 0.9],
            "n": [30, 12],
        }
    )
    figure = figures.reliability_curve(table)
    curve, counts = figure.axes
    assert curve.lines[1].get_xydata().tolist() == [[0.1, 0.2], [0.8, 0.7]]
    segments = curve.collections[0].get_segments()
    assert [segment[:, 1].tolist() for segment in segments] == [[0.1, 0.3], [0.5, 0.9]]
    assert [bar.get_height() for bar in counts.patches] == [30, 12]
    assert [label.get_text() for label in counts.get_xticklabels()] == ["10", "80"]


def test_bars_of_bins_that_lie_close_stand_apart() -> None:
    """Each bin has its bar and its number, however alike their probabilities are."""
    given = np.array([0.00001, 0.0005, 0.003, 0.013, 0.03, 0.06, 0.12, 0.6])
    table = pd.DataFrame(
        {"predicted": given, "observed": given, "lower": 0.0, "upper": 1.0, "n": 26}
    )
    counts = figures.reliability_curve(table).axes[1]
    edges = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in counts.patches]
    assert all(end < start for (_, end), (start, _) in pairwise(edges))
    assert [text.get_text() for text in counts.texts] == ["26"] * len(given)


def test_bars_are_as_long_as_the_importance(zinc: ContaminantContent) -> None:
    """The first bar is the first row of the table."""
    assert zinc.explanation is not None
    table = zinc.explanation.importance
    axis = figures.importance_bars(table, scale="log-odds", placebo=0.08).axes[0]
    bars = [bar.get_width() for bar in axis.containers[1]]
    assert bars == pytest.approx(table["mean_abs"].tolist())
    assert [t.get_text() for t in axis.get_yticklabels()] == table["covariate"].tolist()


def test_the_swarm_keeps_the_contributions(zinc: ContaminantContent) -> None:
    """Points are moved up and down to be seen, never sideways, and stay in their row."""
    assert zinc.explanation is not None
    samples = zinc.explanation.samples
    assert samples is not None
    names = list(samples.X.columns)[:2]
    axis = figures.beeswarm(samples, names=names, scale="log-odds").axes[0]
    for row, collection in enumerate(axis.collections):
        place = np.asarray(collection.get_offsets())
        assert place[:, 0] == pytest.approx(samples.contributions[:, row])
        assert np.abs(place[:, 1] - row).max() < 0.5


def test_dependence_is_drawn_at_the_middle_of_its_bins() -> None:
    """The line runs through the mean contribution of each bin; the rug is the samples."""
    curve = pd.DataFrame(
        {
            "low": [0.0, 2.0],
            "high": [2.0, 4.0],
            "mean": [1.0, -1.0],
            "sd": [0.1, 0.2],
            "n": [5, 5],
        }
    )
    rug = np.array([0.5, 3.5])
    figure = figures.dependence_plot(
        Dependence("depth", "m", curve, rug), samples=None, scale="log-odds"
    )
    lines = {tuple(line.get_xdata()): tuple(line.get_ydata()) for line in figure.axes[0].lines}
    assert lines[(1.0, 3.0)] == (1.0, -1.0)
    assert (0.5, 3.5) in lines


def test_classes_are_not_joined_by_a_line() -> None:
    """Codes of classes have no order, so that no line runs from one to the next."""
    curve = pd.DataFrame(
        {
            "low": [1.0, 2.0],
            "high": [1.0, 2.0],
            "mean": [1.0, -1.0],
            "sd": [0.1, 0.2],
            "n": [5, 5],
        }
    )
    figure = figures.dependence_plot(
        Dependence("soil", "class", curve, np.array([1.0, 2.0])), samples=None, scale="log-odds"
    )
    points = figure.axes[0].containers[0].lines[0]
    assert points.get_xdata().tolist() == [1.0, 2.0]
    assert points.get_linestyle() == "None"


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    """The bar drawn on a map 212 m wide is 50 m long and labelled so."""
    figure = mapplots.decision_map(MAPS)
    bar = figure.axes[0].lines[0].get_xdata()
    label = next(
        text.get_text() for text in figure.axes[0].texts if text.get_text().endswith(" m")
    )
    assert f"{bar[1] - bar[0]:g} m" == label == "50 m"


def test_pictures_have_the_same_bytes_each_time(zinc: ContaminantContent) -> None:
    """SVG ids and PNG metadata hold no chance and no clock."""
    assert zinc.explanation is not None
    table = zinc.explanation.importance

    def bars() -> Figure:
        return figures.importance_bars(table, scale="log-odds", placebo=None)

    first, second = (svg(bars(), "bars", "k").markup for _ in range(2))
    assert first == second
    assert "<metadata" not in first
    first, second = (png(mapplots.decision_map(MAPS), "map").markup for _ in range(2))
    assert first == second


def test_marks_say_their_number_where_the_pointer_rests(zinc: ContaminantContent) -> None:
    """Each bar has its text, which is no markup; a picture without a pointer shows no mark."""
    assert zinc.explanation is not None
    table = zinc.explanation.importance.assign(covariate='<b>"dist" & more')
    figure = figures.importance_bars(table, scale="log-odds", placebo=None)
    markup = svg(figure, "bars", "k").markup
    titles = re.findall("<title>(.*?)</title>", markup)
    assert len(titles) == len(table)
    assert titles[0].startswith("&lt;b&gt;&#34;dist&#34; &amp; more")
    assert titles[0].endswith(f": {number(float(table['mean_abs'].iloc[0]))}")
    places = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_alpha() == 0]
    assert places == pytest.approx(table["mean_abs"].tolist())


def test_readers_own_settings_do_not_reach_the_figures() -> None:
    """Drawing leaves matplotlib's settings as it found them, and does not heed them."""
    from matplotlib import rc_context, rcParams

    expected = png(mapplots.decision_map(MAPS), "map").markup
    with rc_context({"axes.labelcolor": "red", "font.size": 20}):
        assert png(mapplots.decision_map(MAPS), "map").markup == expected
        assert rcParams["font.size"] == 20


def test_an_alternative_text_cannot_leave_its_attribute() -> None:
    """Quotes and brackets in a text alternative are escaped."""
    markup = png(mapplots.decision_map(MAPS), '"><script>').markup
    assert "<script>" not in markup


def test_layers_of_another_shape_are_refused() -> None:
    """An array that is not of its grid is an error with both shapes."""
    with pytest.raises(GridError, match=r"\(3, 3\).*\(2, 4\)"):
        replace(MAPS, probability=np.zeros((3, 3)))


def test_tables_without_their_columns_are_refused(zinc: ContaminantContent) -> None:
    """The message names the missing column."""
    assert zinc.explanation is not None
    with pytest.raises(OutputError, match="role"):
        replace(zinc.explanation, importance=pd.DataFrame({"covariate": [], "mean_abs": []}))
    with pytest.raises(OutputError, match="shape"):
        SampleContributions(pd.DataFrame({"a": [1.0]}), np.zeros((2, 1)))
    with pytest.raises(OutputError, match="2 labels for 1 sample"):
        Sampling(
            1,
            0,
            0.0,
            SamplePoints(np.zeros((1, 2)), np.zeros(1)),
            (Folds("block", np.array([0, 1])),),
        )
