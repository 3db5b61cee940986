"""Target-weighted scores: balance, refusals, and whether they tell the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import ndtr

from hotspot.errors import FoldError, SampleError
from hotspot.evaluation import OutOfFold
from hotspot.evaluation.scores import losses_log
from hotspot.evaluation.target import (
    expected_brier,
    expected_log_loss,
    target_scores,
    target_weighted_score,
)
from hotspot.evaluation.target_balance import TargetWeights, target_weights
from hotspot.evaluation.target_calibration import calibrated_weights, effective_number
from hotspot.evaluation.target_descriptors import (
    CovariateSpace,
    Descriptors,
    Tasks,
    cell_descriptors,
    task_descriptors,
)
from hotspot.folds import FoldPlan, RandomKFold, make_tasks


def _bare(distance: np.ndarray) -> Descriptors:
    return Descriptors(np.asarray(distance, dtype=float), np.zeros((len(distance), 0)))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_calibrated_weights_meet_reachable_means(seed: int) -> None:
    """Means inside the tasks are met within the softness; weights are positive, sum to 1."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(200, 4))
    wanted = rng.uniform(-0.5, 0.5, 4)
    weights = calibrated_weights(values, wanted, softness=np.full(4, 0.001))
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()
    assert weights @ values == pytest.approx(wanted, abs=0.003)


def test_calibration_changes_nothing_that_is_balanced() -> None:
    """Where the starting weights already meet the means, they stay."""
    rng = np.random.default_rng(0)
    values, start = rng.normal(size=(50, 3)), rng.uniform(0.5, 2, 50)
    wanted = start @ values / start.sum()
    weights = calibrated_weights(values, wanted, softness=np.full(3, 0.01), start=start)
    assert weights == pytest.approx(start / start.sum(), rel=1e-6)


def test_no_weight_grows_beyond_its_bound() -> None:
    """Means out of reach pile weight on no single task."""
    values = np.concatenate([np.zeros(199), [1.0]])[:, None]
    weights = calibrated_weights(values, np.ones(1), softness=np.full(1, 0.01), growth=5.0)
    assert weights.max() <= 5.0 / 200 * 1.05
    assert weights.sum() == pytest.approx(1)


def test_weights_equal_those_of_the_share_of_each_class() -> None:
    """With one yes-or-no value, raking is the ratio of shares, as every textbook says."""
    values = np.repeat([[0.0], [1.0]], [30, 10], axis=0)
    weights = calibrated_weights(values, np.array([0.6]), softness=np.full(1, 1e-7))
    assert weights[:30] == pytest.approx(0.4 / 30, rel=1e-4)
    assert weights[30:] == pytest.approx(0.6 / 10, rel=1e-4)


def test_tests_of_one_sample_are_one_sample() -> None:
    """Five tests of each of ten samples are worth ten."""
    unit = np.repeat(np.arange(10), 5)
    assert effective_number(np.full(50, 0.02), unit) == pytest.approx(10)


def test_components_ignore_units_and_skewness() -> None:
    """A covariate and its exponential, in other units, are one component."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1))
    first = CovariateSpace.of(X)
    second = CovariateSpace.of(7 * np.exp(3 * X))
    asked = rng.normal(size=(40, 1))
    assert first.components(asked) == pytest.approx(second.components(7 * np.exp(3 * asked)))
    assert first.components(X).std() == pytest.approx(1)


def test_components_are_few_and_uncorrelated() -> None:
    """Ten copies of two covariates are two components; a constant is none."""
    rng = np.random.default_rng(1)
    base = rng.normal(size=(400, 2))
    X = np.column_stack([np.repeat(base, 5, axis=1), np.ones(400)])
    found = CovariateSpace.of(X).components(X)
    assert found.shape == (400, 2)
    assert np.corrcoef(found.T)[0, 1] == pytest.approx(0, abs=1e-9)
    assert CovariateSpace.of(np.ones((5, 2))).components(np.ones((3, 2))).shape == (3, 0)


def test_other_covariates_are_refused() -> None:
    """Components of a map are not asked of other covariates."""
    with pytest.raises(SampleError, match="the map has 2"):
        CovariateSpace.of(np.zeros((4, 2))).components(np.zeros((4, 3)))


def test_balanced_tests_have_the_distances_of_the_map() -> None:
    """Near tests are weighted down until shares at all quantiles agree."""
    rng = np.random.default_rng(2)
    tests, cells = _bare(rng.uniform(0, 100, 600)), _bare(100 * np.sqrt(rng.random(2000)))
    weights = target_weights(tests, cells)
    assert not weights.reason
    assert np.abs(weights.balance["imbalance"]).max() < 0.05
    reached = weights.weight @ (tests.distance > 50)
    assert reached == pytest.approx((cells.distance > 50).mean(), abs=0.03)
    assert (weights.balance["tests"] - weights.balance["map"]).abs().max() > 0.1


def test_starting_weights_are_kept_where_nothing_else_is_known() -> None:
    """Two samples of equal descriptors keep the ratio of their starting weights."""
    tests = _bare(np.tile([1.0, 1.0, 5.0, 5.0], 20))
    cells = _bare(np.tile([1.0, 5.0, 5.0], 20))
    start = np.tile([1.0, 3.0, 1.0, 3.0], 20)
    weights = target_weights(tests, cells, start=start).weight
    assert weights[1] / weights[0] == pytest.approx(3)
    assert weights[3] / weights[2] == pytest.approx(3)
    assert weights[2] > weights[0]


def test_a_map_beyond_all_tests_is_refused() -> None:
    """Where a fifth of the map is farther than any test, there is a reason and no number."""
    cells = np.where(np.arange(500) % 5 == 0, 300.0, 50.0)
    weights = target_weights(_bare(np.linspace(0, 100, 200)), _bare(cells))
    score = target_weighted_score(weights, np.ones(200))
    assert score.mean is None
    assert score.reason.startswith("20% of the map lie farther than 100 from any sample")
    assert score.to_dict()["mean"] is None


def test_covariates_unlike_those_of_any_sample_are_refused() -> None:
    """A map of other land than was sampled has no score."""
    rng = np.random.default_rng(3)
    tests = Descriptors(rng.uniform(0, 10, 300), rng.normal(-1, 0.3, (300, 1)))
    cells = Descriptors(rng.uniform(0, 10, 900), rng.normal(0, 1, (900, 1)))
    assert "covariates unlike those of any sample" in target_weights(tests, cells).reason


def test_too_few_effective_samples_are_refused() -> None:
    """Hundreds of tests of ten samples carry no score."""
    rng = np.random.default_rng(4)
    tests = _bare(rng.uniform(0, 10, 300))
    found = target_weights(tests, tests, sample=np.arange(300) % 10)
    assert found.n_effective < 10 + 1e-9
    assert "worth 10 samples" in found.reason


def test_a_regular_grid_has_a_score_only_with_the_probabilities_of_the_map() -> None:
    """No two samples of a grid are as near as cells are to samples: losses alone mislead."""
    rng = np.random.default_rng(5)
    tests, cells = _bare(rng.uniform(10, 20, 300)), _bare(rng.uniform(0, 12, 900))
    weights = target_weights(tests, cells)
    losses = rng.random(300)
    plain = target_weighted_score(weights, losses)
    assert plain.mean is None
    assert "no sample has a neighbour as near" in plain.reason
    assisted = target_weighted_score(
        weights, losses, expected_of_tasks=losses, expected_of_cells=np.full(900, 0.3)
    )
    assert assisted.mean == pytest.approx(0.3)


def _tasks(seed: int, n: int = 400) -> tuple[Tasks, TargetWeights, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, n)
    y = (rng.random(n) < p).astype(float)
    tasks = Tasks(np.arange(n), _bare(rng.uniform(0, 10, n)), y, p, np.full(n, 0.5))
    blocks = np.arange(n) % 20
    cells = _bare(rng.uniform(0, 10, 1000))
    return tasks, target_weights(tasks.descriptors, cells, blocks=blocks), blocks


def test_scores_without_probabilities_are_weighted_means() -> None:
    """The published estimator: sum of weight times loss."""
    tasks, weights, _ = _tasks(0)
    losses = losses_log(tasks.label, tasks.probability)
    found = target_scores(tasks, weights)["log_loss"]
    assert found.mean == pytest.approx(weights.weight @ losses)
    assert found.n_effective == weights.n_effective


def test_a_calibrated_model_scores_what_its_map_expects() -> None:
    """With labels as likely as said, the score is the entropy of the map within its error."""
    misses = []
    for seed in range(30):
        tasks, weights, _ = _tasks(seed)
        cells = np.random.default_rng(seed + 99).uniform(0.4, 0.6, 1000)
        found = target_scores(tasks, weights, cell_probability=cells)
        truth = expected_log_loss(cells).mean(), expected_brier(cells).mean()
        for name, value in zip(("log_loss", "brier"), truth, strict=True):
            misses.append((found[name].mean - value) / found[name].se)
    assert 0.6 < np.std(misses) < 1.5
    assert abs(np.mean(misses)) < 0.5


def test_skill_is_measured_against_the_training_prevalence() -> None:
    """1 - Brier / Brier of the prevalence, both weighted; a perfect model has 1."""
    tasks, weights, _ = _tasks(1)
    found = target_scores(tasks, weights)
    base = weights.weight @ (tasks.prevalence - tasks.label) ** 2
    assert found["brier_skill"].mean == pytest.approx(1 - found["brier"].mean / base)
    perfect = Tasks(tasks.sample, tasks.descriptors, tasks.label, tasks.label, tasks.prevalence)
    assert target_scores(perfect, weights)["brier_skill"].mean == 1


def test_the_standard_error_of_equal_weights_is_that_of_block_means() -> None:
    """With nothing to balance, the jackknife is the ordinary error of a mean of blocks."""
    n, blocks = 200, np.repeat(np.arange(20), 10)
    same = _bare(np.full(n, 3.0))
    weights = target_weights(same, same, blocks=blocks)
    losses = np.random.default_rng(0).normal(5, 1, n)
    means = losses.reshape(20, 10).mean(axis=1)
    expected = means.std(ddof=1) / np.sqrt(20)
    assert target_weighted_score(weights, losses).se == pytest.approx(expected, rel=1e-6)


def test_without_blocks_there_is_no_standard_error() -> None:
    """The score says that it has none."""
    tests = _bare(np.linspace(0, 1, 100))
    score = target_weighted_score(target_weights(tests, tests), np.ones(100))
    assert (score.mean, score.se) == (pytest.approx(1), None)
    assert "no standard error" in score.reason


def test_half_an_expectation_is_refused() -> None:
    """Expected losses of tests without those of cells say nothing."""
    tests = _bare(np.linspace(0, 1, 100))
    weights = target_weights(tests, tests)
    with pytest.raises(SampleError, match="Give both or neither"):
        target_weighted_score(weights, np.ones(100), expected_of_tasks=np.ones(100))
    with pytest.raises(SampleError, match="3 losses were given for 100 weights"):
        target_weighted_score(weights, np.ones(3))


def test_only_scored_samples_are_tests() -> None:
    """Unknown labels and untrained folds make no task; distances are those of the plan."""
    line = np.column_stack([[0.0, 1.0, 3.0, 7.0], np.zeros(4)])
    plan = FoldPlan("tasks", 0, np.array(list("abcd")), np.array([0, 1, 2, 3]))
    label = np.array([1.0, np.nan, 0.0, 1.0])
    probability = np.array([0.9, 0.5, np.nan, 0.8])
    run = OutOfFold(plan, label, probability, np.full(4, 0.4))
    found = task_descriptors([run], line, np.zeros((4, 0)))
    assert found.sample.tolist() == [0, 3]
    assert found.descriptors.distance.tolist() == [1.0, 4.0]
    assert len(task_descriptors([], line, np.zeros((4, 0)))) == 0
    with pytest.raises(FoldError, match="A run has 4 samples"):
        task_descriptors([run], line[:3], np.zeros((3, 0)))


# A region of 40 x 40 cells with known truth: log concentration = covariate + smooth rest.
SIDE = 40
CELLS = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), -1).reshape(-1, 2) * 1.0


def _field(rng: np.random.Generator, reach: float) -> np.ndarray:
    wave = np.fft.fftfreq(3 * SIDE) * 2 * np.pi
    power = (reach**-2 + wave[:, None] ** 2 + wave[None] ** 2) ** -1.5
    noise = rng.normal(size=(3 * SIDE, 3 * SIDE))
    field = np.fft.ifft2(np.fft.fft2(noise) * power).real[:SIDE, :SIDE].ravel()
    return (field - field.mean()) / field.std()


class _Kriging:
    """Kriging with a linear drift and fixed parameters, of a log concentration."""

    def __init__(self, X: np.ndarray, z: np.ndarray, limit: float) -> None:
        self.X, self.z, self.limit = X, z, limit

    def _covariance(self, one: np.ndarray, two: np.ndarray) -> np.ndarray:
        smooth = 0.7 * np.exp(-cdist(CELLS[one], CELLS[two]) / 5.0)
        return 2.0 + 0.5 * self.X[one] @ self.X[two].T + smooth

    def predict(self, train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        among = self._covariance(train, train) + 0.1 * np.eye(len(train))
        cross = self._covariance(train, asked)
        solved = np.linalg.solve(among, cross)
        middle = self.z[train].mean()
        mean = middle + solved.T @ (self.z[train] - middle)
        prior = 2.7 + 0.5 * (self.X[asked] ** 2).sum(axis=1)
        spread = np.sqrt(np.maximum(prior - (cross * solved).sum(axis=0) + 0.1, 1e-6))
        return ndtr((mean - self.limit) / spread)


def _region(seed: int, design: str) -> tuple[float, float, float, float | None]:
    """Return truth, score of random folds, target-weighted score and its standard error."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([_field(rng, 8.0), _field(rng, 4.0)])
    rest = _field(rng, 4.0)
    z = 0.5 * X.sum(axis=1) + 0.8 * rest + 0.3 * rng.normal(size=len(CELLS))
    limit = float(np.quantile(z, 0.75))
    y = (z > limit).astype(float)
    if design == "clustered":
        centres = CELLS[rng.choice(len(CELLS), 14, replace=False)]
        chance = np.exp(-0.5 * (cdist(CELLS, centres) / 1.6) ** 2).sum(axis=1) + 1e-3
    else:
        road = np.abs((CELLS - SIDE / 2) @ np.array([[0.8, 0.3], [-0.6, 0.95]]))
        chance = np.exp(-road.min(axis=1)) + 0.01
    rows = np.sort(rng.choice(len(CELLS), 120, replace=False, p=chance / chance.sum()))
    places, names = CELLS[rows], np.array([f"s{k:03d}" for k in range(120)])
    model = _Kriging(X, z, limit)
    mapped = np.setdiff1d(np.arange(len(CELLS)), rows)
    probability = model.predict(rows, mapped)
    truth = float(losses_log(y[mapped], probability).mean())

    def run(plan: FoldPlan) -> OutOfFold:
        predicted = np.full(120, np.nan)
        for train, test in plan.splits(places):
            predicted[test] = model.predict(rows[train], rows[test])
        return OutOfFold(plan, y[rows], predicted, np.full(120, y[rows].mean()))

    fold = RandomKFold(5, random_state=seed).labels(places)
    random = run(FoldPlan("random", 0, names, fold))
    space = CovariateSpace.of(X[mapped])
    runs = [run(plan) for plan in make_tasks(names, places, CELLS[mapped], seed=seed)]
    tasks = task_descriptors(runs, places, space.components(X[rows]))
    cells = cell_descriptors(CELLS[mapped], places, space.components(X[mapped]))
    weights = target_weights(
        tasks.descriptors, cells, sample=tasks.sample, blocks=runs[-1].plan.fold
    )
    score = target_scores(tasks, weights, cell_probability=probability)["log_loss"]
    found = np.nan if score.mean is None else score.mean
    return truth, float(losses_log(y[rows], random.probability).mean()), found, score.se


@pytest.mark.parametrize("design", ["clustered", "road"])
def test_target_weighted_scores_tell_the_truth_where_random_folds_flatter(design: str) -> None:
    """Over simulated regions the score comes nearer to the true loss of the map.

    Random folds are too low by more than a tenth; the target-weighted score is within a
    tenth, which is what sixteen regions can tell apart from no bias, and its standard
    errors are those of what it misses by.
    """
    rows = [_region(seed, design) for seed in range(16)]
    known = [row for row in rows if np.isfinite(row[2])]
    assert len(known) >= 12
    truth, random, found, error = np.array(known, dtype=float).T
    assert random.mean() < 0.9 * truth.mean()
    assert abs(found.mean() / truth.mean() - 1) < 0.1
    misses = (found - truth) / error
    assert 0.5 < np.sqrt(np.mean(misses**2)) < 2.5
