"""Kriging as models: gstat's probabilities, planted censoring, folds, gaps and saving."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import ndtr
from sklearn.base import clone

from hotspot.errors import ModelError
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.forests.bagging import grow_trees
from hotspot.estimators.forests.mean import MeanForest
from hotspot.estimators.intervals import LogIntervals, log_intervals
from hotspot.estimators.kriging.base import VariogramWarning
from hotspot.estimators.kriging.censoring import first_evidence, settle
from hotspot.estimators.kriging.forest import ForestKriging
from hotspot.estimators.kriging.ordinary import IndicatorKriging, OrdinaryKriging
from hotspot.estimators.kriging.predictor import Kriging
from hotspot.estimators.kriging.regression import RegressionKriging
from hotspot.estimators.kriging.trend_columns import DriftBasis
from hotspot.estimators.kriging.variogram import VariogramModel

Array = NDArray[np.float64]
N = 120
MODELS = {
    "ordinary": OrdinaryKriging("exp"),
    "ordinary near": OrdinaryKriging("exp", n_neighbours=15),
    "ridge": RegressionKriging(("rock",)),
    "ridge near": RegressionKriging(("rock",), n_neighbours=15),
    "forest": ForestKriging(("rock",), n_trees=40),
    "indicator": IndicatorKriging(500.0),
}
CONCENTRATION = [name for name in MODELS if name != "indicator"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::hotspot.estimators.kriging.base.VariogramWarning"
)


class Region:
    """A surface, two drivers and noise; samples in front, cells to be predicted behind."""

    def __init__(self, seed: int, n: int = N, n_cells: int = 200) -> None:
        generator = np.random.default_rng(seed)
        self.places = generator.uniform(0, 1000, (n + n_cells, 2))
        covariance = 0.5 * np.exp(-cdist(self.places, self.places) / 120)
        root = np.linalg.cholesky(covariance + 1e-9 * np.eye(n + n_cells))
        self.X = pd.DataFrame(
            {
                "distance": generator.normal(size=n + n_cells),
                "rock": generator.choice([1.0, 2.0, 5.0], size=n + n_cells),
            }
        )
        surface = root @ generator.normal(size=n + n_cells)
        self.truth = 6 + surface + 0.9 * self.X["distance"].to_numpy()
        self.truth = self.truth + 0.5 * (self.X["rock"].to_numpy() == 5)
        self.measured = np.exp(self.truth + 0.3 * generator.normal(size=n + n_cells))
        self.n = n

    @property
    def sampled(self) -> tuple[pd.DataFrame, Array, Array]:
        """Covariates, concentrations and places of the samples."""
        return self.X[: self.n], self.measured[: self.n], self.places[: self.n]

    @property
    def cells(self) -> tuple[pd.DataFrame, Array]:
        """Covariates and places of the cells."""
        return self.X[self.n :], self.places[self.n :]


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(1)


@pytest.fixture(scope="module")
def fitted(region: Region) -> dict[str, ExceedanceModel]:
    """Return every model, learnt from some censored and mostly measured samples."""
    X, zinc, places = region.sampled
    limit = np.quantile(zinc, 0.2)
    lower, upper = np.where(zinc < limit, 0.0, zinc), np.where(zinc < limit, limit, zinc)
    return {
        name: clone(model).fit(X, lower, upper, coordinates=places)
        for name, model in MODELS.items()
    }


def test_probability_equals_gstats(shared: Path) -> None:
    """Under gstat's variogram P(zinc > 500) of the grid is 1 - Phi of gstat's numbers."""
    folder = shared / "reference_vectors" / "kriging_meuse"
    if not folder.is_dir():
        pytest.skip("gstat's numbers for the Meuse survey are not there")
    train, grid = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "grid.csv")
    zinc = train["conc"].to_numpy(float)
    model = OrdinaryKriging("sph").fit(
        None, zinc, zinc, coordinates=train[["x", "y"]].to_numpy(float)
    )
    state = model.to_state()
    nugget, structure = json.loads((folder / "settings.json").read_text())["ok_lognormal_sph"][
        "model"
    ]
    state.values["variogram"] |= {
        "nugget": nugget["psill"],
        "sill": structure["psill"],
        "range": structure["range"],
    }
    found = OrdinaryKriging.from_state(state).exceedance(
        None, 500.0, coordinates=grid[["x", "y"]].to_numpy(float)
    )
    expected = pd.read_csv(folder / "ok_lognormal_sph_pexceed_grid.csv")["p_exceed"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_indicators_equal_gstats_before_clipping(shared: Path) -> None:
    """`indicator` gives gstat's unclipped numbers, and `exceedance` the same in [0, 1]."""
    folder = shared / "reference_vectors" / "kriging_meuse"
    if not folder.is_dir():
        pytest.skip("gstat's numbers for the Meuse survey are not there")
    train, grid = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "grid.csv")
    zinc, cells = train["conc"].to_numpy(float), grid[["x", "y"]].to_numpy(float)
    model = IndicatorKriging(500.0).fit(
        None, zinc, zinc, coordinates=train[["x", "y"]].to_numpy(float)
    )
    state = model.to_state()
    nugget, structure = json.loads((folder / "settings.json").read_text())["ik_sph"]["model"]
    state.values["variogram"] |= {
        "nugget": nugget["psill"],
        "sill": structure["psill"],
        "range": structure["range"],
    }
    model = IndicatorKriging.from_state(state)
    expected = pd.read_csv(folder / "ik_sph_grid.csv")["pred"].to_numpy()
    assert (expected < 0).any()
    np.testing.assert_allclose(model.indicator(cells).value, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        model.exceedance(None, 500.0, coordinates=cells),
        expected.clip(0, 1),
        rtol=0,
        atol=1e-9,
    )


@pytest.mark.parametrize("name", MODELS)
def test_models_keep_the_protocol(fitted: dict[str, ExceedanceModel], name: str) -> None:
    """Each is an `ExceedanceModel` with probabilities in [0, 1] and cloneable parameters."""
    model, region = fitted[name], Region(1)
    X, places = region.cells
    found = model.exceedance(X, 500.0, coordinates=places)
    assert isinstance(model, ExceedanceModel)
    assert found.shape == (len(X),)
    assert ((found >= 0) & (found <= 1)).all()
    assert clone(model).get_params() == MODELS[name].get_params()


@pytest.mark.parametrize("name", MODELS)
def test_saving_changes_no_bit(fitted: dict[str, ExceedanceModel], name: str) -> None:
    """A model taken apart, through JSON, and put together answers with the same bits."""
    model, region = fitted[name], Region(1)
    X, places = region.cells
    state = model.to_state()
    text = json.loads(json.dumps(state.values, allow_nan=False))
    back = type(model).from_state(type(state)(state.kind, text, state.files))
    np.testing.assert_array_equal(
        back.exceedance(X, 500.0, coordinates=places),
        model.exceedance(X, 500.0, coordinates=places),
    )
    assert back.to_state().files == state.files
    assert back.to_state().values == state.values
    if name in CONCENTRATION:
        folds = np.arange(N) % 3
        np.testing.assert_array_equal(
            back.leave_out(folds).centre, model.leave_out(folds).centre
        )


@pytest.mark.parametrize("name", MODELS)
def test_order_of_samples_changes_nothing(region: Region, name: str) -> None:
    """Shuffled samples give the same bits."""
    X, zinc, places = region.sampled
    order = np.random.default_rng(0).permutation(N)
    cells, at = region.cells
    one = clone(MODELS[name]).fit(X, zinc, zinc, coordinates=places)
    other = clone(MODELS[name]).fit(
        X.iloc[order], zinc[order], zinc[order], coordinates=places[order]
    )
    np.testing.assert_array_equal(
        one.exceedance(cells, 500.0, coordinates=at),
        other.exceedance(cells, 500.0, coordinates=at),
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_shift_of_the_origin_changes_nothing(name: str) -> None:
    """Only distances between places matter.

    In this region the samples settle every variogram. Where its range is below their spacing,
    ranges fit alike, and the last digit of a distance, which a shift moves, picks one.
    """
    region = Region(6)
    X, zinc, places = region.sampled
    cells, at = region.cells
    shift = np.array([4096.0, -8192.0])
    one = clone(MODELS[name]).fit(X, zinc, zinc, coordinates=places)
    other = clone(MODELS[name]).fit(X, zinc, zinc, coordinates=places + shift)
    np.testing.assert_allclose(
        one.exceedance(cells, 500.0, coordinates=at),
        other.exceedance(cells, 500.0, coordinates=at + shift),
        atol=1e-5,
    )


@pytest.mark.parametrize("name", CONCENTRATION)
def test_quantiles_and_limits_agree(fitted: dict[str, ExceedanceModel], name: str) -> None:
    """The limit that is exceeded with probability 0.1 is the quantile of 0.9."""
    X, places = Region(1).cells
    upper = fitted[name].quantile(X, 0.9, coordinates=places)
    found = fitted[name].distribution(X, coordinates=places).exceedance(upper)
    np.testing.assert_allclose(found, 0.1, atol=1e-10)


@pytest.mark.parametrize("name", ["ridge", "forest"])
def test_gaps_and_unknown_classes_have_no_answer(
    fitted: dict[str, ExceedanceModel], name: str
) -> None:
    """A missing covariate or coordinate, or a class never sampled, gives NaN there only."""
    X = pd.DataFrame({"distance": [np.nan, 0.0, 0.0, 0.0], "rock": [1.0, 9.0, 1.0, 1.0]})
    places = np.array([[1.0, 1.0], [1.0, 1.0], [np.nan, 1.0], [1.0, 1.0]])
    with pytest.warns(UserWarning, match="not fitted on"):
        found = fitted[name].exceedance(X, 500.0, coordinates=places)
    np.testing.assert_array_equal(np.isnan(found), [True, True, True, False])


@pytest.mark.parametrize("name", ["ordinary", "indicator"])
def test_kriging_without_covariates_ignores_them(
    fitted: dict[str, ExceedanceModel], name: str
) -> None:
    """Missing covariates do no harm to a model that has no use for them."""
    X, places = Region(1).cells
    holed = X.assign(distance=np.nan)
    np.testing.assert_array_equal(
        fitted[name].exceedance(holed, 500.0, coordinates=places),
        fitted[name].exceedance(X, 500.0, coordinates=places),
    )


@pytest.mark.parametrize("name", CONCENTRATION)
def test_left_out_samples_do_not_speak_for_themselves(region: Region, name: str) -> None:
    """A planted error in a fold does not move the predictions of that fold."""
    X, zinc, places = region.sampled
    folds = np.arange(N) % 4
    wrong = np.where(folds == 2, zinc * np.exp(np.sin(np.arange(N))), zinc)
    one = clone(MODELS[name]).fit(X, zinc, zinc, coordinates=places)
    state, other = one.to_state(), clone(MODELS[name])
    other.fit(X, wrong, wrong, coordinates=places)
    # What is learnt about the whole is held, as `leave_out` promises.
    held = other.to_state()
    held.values["variogram"] = state.values["variogram"]
    held.values["fitted"] |= {"penalty": state.values["fitted"].get("penalty")}
    other = type(other).from_state(held)
    test = folds == 2
    before, after = one.leave_out(folds), other.leave_out(folds)
    np.testing.assert_allclose(before.centre[test], after.centre[test], atol=1e-8)
    assert np.abs(before.centre - after.centre)[~test].max() > 0.01


@pytest.mark.parametrize("name", CONCENTRATION)
def test_left_out_scores_are_those_of_new_cells(region: Region, name: str) -> None:
    """The 90 % interval of left-out samples covers near 90 % of them."""
    X, zinc, places = region.sampled
    model = clone(MODELS[name]).fit(X, zinc, zinc, coordinates=places)
    share = model.leave_out(np.arange(N) % 10 if name == "forest" else np.arange(N)).cdf(zinc)
    # Three standard errors of a share among 120.
    assert np.mean((share > 0.05) & (share < 0.95)) == pytest.approx(0.9, abs=0.085)


def test_regression_kriging_uses_its_covariates(region: Region) -> None:
    """Where a covariate drives the concentration, both trends beat ordinary kriging."""
    X, zinc, places = region.sampled
    cells, at = region.cells
    error = {}
    for name in ("ordinary", "ridge", "forest"):
        model = clone(MODELS[name]).fit(X, zinc, zinc, coordinates=places)
        found = model.distribution(cells, coordinates=at)
        error[name] = np.sqrt(np.mean((found.centre - region.truth[N:]) ** 2))
    assert error["ridge"] < 0.75 * error["ordinary"]
    assert error["forest"] < 0.9 * error["ordinary"]


@pytest.mark.parametrize("name", ["ordinary", "ridge", "forest"])
def test_censoring_biases_far_less_than_half_the_limit(name: str) -> None:
    """With half of the samples below detection the map stays near that of full knowledge.

    The mean difference of log medians over cells truly below the limit is compared with that
    of half-limit substitution, over four regions.
    """
    censored, halved = [], []
    for seed in range(4):
        region = Region(seed + 10)
        X, zinc, places = region.sampled
        cells, at = region.cells
        limit = float(np.quantile(zinc, 0.5))
        below = zinc < limit
        low = region.truth[N:] < np.log(limit)
        surveys = {
            "full": (zinc, zinc),
            "censored": (np.where(below, 0.0, zinc), np.where(below, limit, zinc)),
            "halved": (np.where(below, limit / 2, zinc),) * 2,
        }
        median = {
            kind: clone(MODELS[name])
            .fit(X, *bounds, coordinates=places)
            .distribution(cells, coordinates=at)
            .centre[low]
            for kind, bounds in surveys.items()
        }
        censored.append(np.mean(median["censored"] - median["full"]))
        halved.append(np.mean(median["halved"] - median["full"]))
    assert abs(np.mean(halved)) > 0.1
    assert abs(np.mean(censored)) < 0.5 * abs(np.mean(halved))


def test_evidence_is_that_of_the_exact_posterior() -> None:
    """Kriging through two non-detects agrees with the cut normal distribution by simulation."""
    places = np.array([[0.0, 0.0], [30.0, 0.0], [60.0, 0.0], [90.0, 0.0], [200.0, 0.0]])
    values = np.array([1.0, np.nan, np.nan, 0.8, -0.5])
    model = VariogramModel("exp", 0.1, 1.0, 100.0)
    intervals = LogIntervals(
        np.where(np.isnan(values), -np.inf, values), np.where(np.isnan(values), -0.3, values)
    )

    def system(value: Array, noise: Array) -> Kriging:
        return Kriging(places, value, model, noise=noise)

    found = settle(first_evidence(intervals), intervals, system)
    target = np.array([[45.0, 0.0]])
    predicted = system(found.value, found.noise).predict(target)

    seen, hidden = np.array([0, 3, 4]), np.array([1, 2])
    everywhere = np.concatenate([places, target])
    whole = model.covariance(cdist(everywhere, everywhere)) + 0.1 * np.eye(6) + 1e5
    rest = np.array([1, 2, 5])
    gain = np.linalg.solve(whole[np.ix_(seen, seen)], whole[np.ix_(seen, rest)]).T
    mean = gain @ values[seen]
    left = whole[np.ix_(rest, rest)] - gain @ whole[np.ix_(seen, rest)]
    draws = np.random.default_rng(0).multivariate_normal(mean, left, size=400_000)
    kept = draws[(draws[:, :2] < -0.3).all(axis=1)]
    assert len(kept) > 3000
    np.testing.assert_allclose(found.expected[hidden], kept[:, :2].mean(axis=0), atol=0.04)
    assert predicted.value[0] == pytest.approx(kept[:, 2].mean(), abs=0.04)
    assert predicted.variance[0] == pytest.approx(kept[:, 2].var(), rel=0.08)


def test_intervals_that_say_nothing_change_nothing(region: Region) -> None:
    """A non-detect below an immense limit is as if the sample had not been taken."""
    X, zinc, places = region.sampled
    cells, at = region.cells
    lower, upper = zinc.copy(), zinc.copy()
    lower[:10], upper[:10] = 0.0, 1e12
    one = OrdinaryKriging("exp").fit(X, lower, upper, coordinates=places)
    other = OrdinaryKriging("exp").fit(X[10:], zinc[10:], zinc[10:], coordinates=places[10:])
    np.testing.assert_allclose(
        one.exceedance(cells, 500.0, coordinates=at),
        other.exceedance(cells, 500.0, coordinates=at),
        atol=0.03,
    )


def test_forest_as_arrays_is_scikit_learns() -> None:
    """Own trees give scikit-learn's predictions, in the bag and out of it."""
    generator = np.random.default_rng(2)
    columns = generator.normal(size=(70, 4))
    y = columns[:, 0] + generator.normal(size=70)
    forest, unseen = MeanForest.grow(columns, y, n_trees=60, random_state=5)
    grown = grow_trees(
        columns,
        y,
        n_trees=60,
        max_samples=70,
        random_state=5,
        max_features="sqrt",
        min_samples_leaf=2,
    )

    def answers(rows: Array) -> Array:
        single = grown.scale.apply(rows)
        return np.column_stack([tree.predict(single).reshape(-1) for tree in grown.trees])

    new = generator.normal(size=(30, 4))
    np.testing.assert_allclose(forest.predict(new), answers(new).mean(axis=1), rtol=1e-12)
    out = grown.count == 0
    theirs = (answers(columns) * out).sum(axis=1) / out.sum(axis=1)
    np.testing.assert_allclose(unseen, theirs, rtol=1e-12)


def test_a_forest_that_points_outside_is_refused() -> None:
    """A saved forest whose nodes lead nowhere is an error, not a crash."""
    columns = np.random.default_rng(2).normal(size=(30, 2))
    arrays = MeanForest.grow(columns, columns[:, 0], n_trees=3, random_state=1)[0].to_arrays()
    arrays["forest_right"][0] = 10**6
    with pytest.raises(ModelError, match="Run"):
        MeanForest.from_arrays(arrays, 2)


def test_a_column_that_never_varied_says_nothing() -> None:
    """A constant covariate gives columns of 0, also where it differs later."""
    basis = DriftBasis.of(np.column_stack([np.ones(5), np.arange(5.0)]), {})
    found = basis.columns(np.array([[7.0, 2.0]]))
    np.testing.assert_array_equal(found[0, [0, 2]], [0.0, 0.0])


def test_a_range_beyond_the_survey_is_reported() -> None:
    """A trend without covariates is told in a warning with a remedy."""
    line = np.column_stack([np.linspace(0, 1000, 60), np.zeros(60)])
    zinc = np.exp(line[:, 0] / 200)
    with pytest.warns(VariogramWarning, match="a trend on covariates may take up the rest"):
        OrdinaryKriging("exp").fit(None, zinc, zinc, coordinates=line)


def test_samples_of_one_place_are_all_nugget() -> None:
    """Without distances the prediction is the mean, with the variance of a new sample."""
    zinc, places = np.exp([1.0, 2.0, 3.0, 2.0]), np.zeros((4, 2))
    with pytest.warns(VariogramWarning, match="nugget"):
        model = OrdinaryKriging().fit(None, zinc, zinc, coordinates=places)
    found = model.distribution(None, coordinates=np.array([[5.0, 5.0]]))
    assert found.centre[0] == pytest.approx(2.0)
    assert found.scale[0] ** 2 == pytest.approx(0.5 * 1.25)


def test_unknown_labels_are_left_out_and_counted() -> None:
    """A detection limit above the threshold is no label for indicator kriging."""
    places = np.column_stack([np.arange(30.0), np.zeros(30)])
    lower = np.where(np.arange(30) < 15, 100.0, 900.0)
    upper = lower.copy()
    lower[3], upper[3] = 0.0, 2000.0
    model = IndicatorKriging(500.0).fit(None, lower, upper, coordinates=places)
    assert (model.n_samples_, model.n_unknown_) == (29, 1)


@pytest.mark.parametrize(
    ("model", "bounds", "match"),
    [
        (OrdinaryKriging("gau"), (1.0, 1.0), "Choose one of"),
        (OrdinaryKriging(n_neighbours=0), (1.0, 1.0), "n_neighbours"),
        (OrdinaryKriging(), (0.0, 5.0), "classifier"),
        (OrdinaryKriging(), (5.0, 1.0), "lower not above"),
        (IndicatorKriging(500.0), (1.0, 1.0), "both classes"),
        (IndicatorKriging(-1.0), (1.0, 1.0), "above 0"),
        (ForestKriging(n_trees=0), (1.0, 1.0), "n_trees"),
    ],
)
def test_what_cannot_be_kriged_is_refused(
    model: ExceedanceModel, bounds: tuple[float, float], match: str
) -> None:
    """Each refusal names the remedy."""
    places = np.random.default_rng(0).uniform(size=(10, 2))
    X = pd.DataFrame({"slope": np.arange(10.0)})
    lower, upper = (np.full(10, bound) for bound in bounds)
    with pytest.raises(ModelError, match=match):
        model.fit(X, lower, upper, coordinates=places)


@pytest.mark.parametrize("name", MODELS)
def test_kriging_needs_places(region: Region, name: str) -> None:
    """Without coordinates there is nothing to krige, in fit as in prediction."""
    X, zinc, _ = region.sampled
    with pytest.raises(ModelError, match="easting and northing"):
        clone(MODELS[name]).fit(X, zinc, zinc)


def test_another_threshold_is_not_answered(fitted: dict[str, ExceedanceModel]) -> None:
    """Indicator kriging knows one limit."""
    with pytest.raises(ModelError, match="OrdinaryKriging"):
        fitted["indicator"].exceedance(None, 300.0, coordinates=np.zeros((1, 2)))


def test_a_measured_zero_is_a_non_detect() -> None:
    """Zero has no logarithm: it lies below the smallest amount the survey tells of."""
    found = log_intervals(np.array([0.0, 2.0, 1.0]), np.array([0.0, 2.0, 1.0]))
    np.testing.assert_array_equal(found.low, [-np.inf, np.log(2.0), 0.0])
    assert found.high[0] == 0.0


def test_probability_is_that_of_the_kriged_normal(fitted: dict[str, ExceedanceModel]) -> None:
    """P is 1 - Phi((log limit - centre) / scale)."""
    X, places = Region(1).cells
    found = fitted["ridge"].distribution(X, coordinates=places)
    expected = ndtr((found.centre - np.log(500.0)) / found.scale)
    np.testing.assert_allclose(
        fitted["ridge"].exceedance(X, 500.0, coordinates=places), expected, atol=1e-12
    )


def test_few_places_are_not_called_one_place() -> None:
    """Of one place and of too few pairs each is told what it is."""
    zinc = np.array([100.0, 300.0])
    with pytest.warns(VariogramWarning, match="2 places have too few pairs"):
        OrdinaryKriging().fit(None, zinc, zinc, coordinates=np.array([[0.0, 0.0], [90.0, 0.0]]))
    with pytest.warns(VariogramWarning, match="All 2 samples lie at one place"):
        OrdinaryKriging().fit(None, zinc, zinc, coordinates=np.zeros((2, 2)))
