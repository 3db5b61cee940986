"""Target-weighted scores: reference model, preference, and whether they tell the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import truncnorm

from hotspot.errors import SampleError
from hotspot.evaluation import ModelTests, OutOfFold
from hotspot.evaluation.reference_model import ReferenceModel, moments_within
from hotspot.evaluation.scores import losses_log
from hotspot.evaluation.target import model_tests, target_scores
from hotspot.evaluation.target_balance import TargetWeights
from hotspot.evaluation.target_preference import (
    Preference,
    agreed_slope,
    preference_slope,
    proved,
)
from hotspot.evaluation.target_reference import MapReference, estimated_optimism, map_reference
from hotspot.folds import FoldPlan, RandomKFold
from hotspot.folds.tasks import make_tasks
from hotspot.observations.limits.building import build_rule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.thresholds import Thresholds
from hotspot.samples.sampleset import Samples

SIDE = 40
CELLS = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), -1).reshape(-1, 2) * 1.0


def _field(rng: np.random.Generator, reach: float) -> np.ndarray:
    """Return a smooth field of mean 0 and variance 1 over the cells."""
    wave = np.fft.fftfreq(3 * SIDE) * 2 * np.pi
    power = (reach**-2 + wave[:, None] ** 2 + wave[None] ** 2) ** -1.5
    noise = rng.normal(size=(3 * SIDE, 3 * SIDE))
    field = np.fft.ifft2(np.fft.fft2(noise) * power).real[:SIDE, :SIDE].ravel()
    return (field - field.mean()) / field.std()


def _places(rng: np.random.Generator, log_density: np.ndarray, n: int) -> np.ndarray:
    chance = np.exp(log_density)
    return rng.choice(len(CELLS), n, p=chance / chance.sum())


def _slope(seed: int, design: str) -> Preference:
    """Return the preference found by one who knows the field."""
    rng = np.random.default_rng(seed)
    field, road = _field(rng, 4.0), _field(rng, 4.0)
    values = 0.7 * field + (0.7 * road if design == "road" else 0.0)
    if design == "clustered":
        away = np.linalg.norm(CELLS[:, None] - rng.uniform(0, SIDE, (14, 2)), axis=-1)
        log_density = np.log(np.exp(-0.5 * (away / 2.5) ** 2).sum(axis=1) + 1e-9)
    else:
        log_density = {"preferred": 1.5 * values, "road": road}.get(design, 0.0 * field)
    rows = _places(rng, log_density, 200)
    return preference_slope(
        values[rows],
        values,
        coordinates=CELLS[rows],
        cells=CELLS,
        covariates=road[rows, None],
        cell_covariates=road[:, None],
        reach=4.0,
    )


def test_planted_preference_is_measured() -> None:
    """The slope of the density is that which samples were drawn with."""
    found = [_slope(seed, "preferred") for seed in range(4)]
    misses = [(one.slope - 1.5) / one.se for one in found]
    assert np.mean([one.slope for one in found]) == pytest.approx(1.5, rel=0.2)
    assert np.sqrt(np.mean(np.square(misses))) < 2


@pytest.mark.parametrize("design", ["random", "clustered", "road"])
def test_what_is_no_preference_is_not_taken_for_one(design: str) -> None:
    """Neither clusters nor roads that the covariates tell move the map much."""
    found = [_slope(seed, design) for seed in range(4)]
    assert np.mean([abs(one.slope) for one in found]) < 0.35
    if design == "road":
        # Without the covariates it would be one.
        assert np.mean([one.alone for one in found]) > 0.5


def test_no_field_has_no_preference() -> None:
    """Where the map is one value, nothing can be preferred."""
    flat = np.zeros(5)
    found = preference_slope(
        flat,
        flat,
        coordinates=CELLS[:5],
        cells=CELLS[:5],
        covariates=CELLS[:5],
        cell_covariates=CELLS[:5],
        reach=1.0,
    )
    assert found == Preference(0.0, 0.0, 0.0, 0.0, 0.0)


def test_what_exceeds_its_error_little_is_believed_little() -> None:
    """Odd in the value, never larger than it, 0 up to the error, the whole of it far beyond."""
    values = np.linspace(-20, 20, 81)
    found = np.array([proved(value, 2.0) for value in values])
    assert found == pytest.approx(-found[::-1])
    assert (np.abs(found) <= np.abs(values)).all()
    assert (found[np.abs(values) <= 2] == 0).all()
    assert found[-1] == pytest.approx(20, rel=0.02)


def test_moments_of_intervals_are_those_of_scipy() -> None:
    """A non-detect counts as the mean and mean square of what it may be."""
    low, high = np.array([-8.0, -1.0, 0.5, 1.2]), np.array([-1.0, 0.3, 8.0, 1.2])
    deviation, square = moments_within(low, high)
    for k in range(3):
        inside = truncnorm(low[k], high[k])
        assert deviation[k] == pytest.approx(inside.mean(), rel=1e-6)
        assert square[k] == pytest.approx(inside.var() + inside.mean() ** 2, rel=1e-6)
    assert (deviation[3], square[3]) == pytest.approx((1.2, 1.44))


def _survey(seed: int, design: str, n: int = 90) -> tuple[Samples, pd.DataFrame, np.ndarray]:
    """Return samples, covariates of the cells, and the true log field; limit 10 mg/kg."""
    rng = np.random.default_rng(seed)
    covariate, rest = _field(rng, 8.0), _field(rng, 5.0)
    field = np.log(10.0) - 1.2 + 0.5 * covariate + 0.6 * rest
    density = 1.6 * (field - field.mean()) if design == "preferred" else np.zeros(len(CELLS))
    rows = _places(rng, density, n)
    found = np.exp(field[rows] + 0.3 * rng.normal(size=n))
    X = pd.DataFrame({"covariate": covariate})
    places = CELLS[rows] + rng.uniform(-0.4, 0.4, (n, 2))
    names = np.array([f"s{k:03d}" for k in range(n)])
    return Samples(names, X.iloc[rows].reset_index(drop=True), found, found, places), X, field


@pytest.fixture(scope="module")
def preferred() -> tuple[ReferenceModel, MapReference, pd.DataFrame, np.ndarray]:
    """Return referee, reference, covariates and truth of one survey of preferred places."""
    samples, X, field = _survey(1, "preferred")
    referee = ReferenceModel.of(samples, 10.0)
    return (
        referee,
        map_reference(referee, X, CELLS, numeric=["covariate"]),
        X,
        field,
    )


def test_left_out_answers_are_those_of_the_process(preferred) -> None:
    """Residuals, scores and centres come from one distribution."""
    referee = preferred[0]
    fold = np.arange(90) % 6
    said, found = referee.left_out(fold), referee.model.leave_out(fold)
    assert ndtr(said.score) == pytest.approx(found.exceedance(10.0), abs=1e-9)
    assert ndtr(said.deviation) == pytest.approx(found.cdf(referee.samples.lower), abs=1e-9)
    assert said.square == pytest.approx(said.deviation**2)
    anew = referee.learnt_anew(fold)
    assert np.corrcoef(anew.deviation, said.deviation)[0, 1] > 0.9
    assert (anew.deviation != said.deviation).all()


def test_classes_alone_are_a_reference_too() -> None:
    """Without a number among the covariates the map has a reference, from places alone."""
    samples, X, _ = _survey(2, "even")
    cut = float(X["covariate"].median())
    classes, own = (table.gt(cut).astype(float) for table in (X, samples.X))
    referee = ReferenceModel.of(replace(samples, X=own), 10.0, categorical=("covariate",))
    reference = map_reference(referee, classes, CELLS, numeric=[])
    assert np.isfinite(reference.score).all()
    assert not reference.weights.balance["descriptor"].str.startswith("component").any()
    assert reference.weights.weight.sum() == pytest.approx(1)
    assert np.isfinite(reference.preference.slope)


def test_limits_may_differ_by_place() -> None:
    """Where the rule gives a place 150 or 200 mg/kg, it is asked about that."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"ph": rng.choice([5.0, 6.0], 40)})
    found = np.exp(rng.normal(5.0, 0.5, 40))
    names = np.array([f"s{k:02d}" for k in range(40)])
    samples = Samples(names, X, found, found, rng.uniform(0, 100, (40, 2)))
    rows = Thresholds.load().select("as", instrument="GB 15618", value_kind="intervention")
    rule = build_rule("as", rows, SoilInputs.read({"ph": "ph"}), rule_id="cn")
    referee = ReferenceModel.of(samples, rule)
    fold = np.arange(40) % 5
    said = referee.left_out(fold).score
    for ph, limit in ((5.0, 200.0), (6.0, 150.0)):
        same = replace(referee, limit=limit).left_out(fold).score
        assert said[X["ph"] == ph] == pytest.approx(same[X["ph"] == ph])


def test_preference_lowers_the_map_where_nobody_sampled(preferred) -> None:
    """The surface is moved by the slope times its variance: most where least is known."""
    referee, reference, _, _ = preferred
    assert reference.preference.slope > 0.5
    assert (reference.score <= reference.untold + 1e-12).all()
    assert (reference.steeper <= reference.score + 1e-12).all()
    near = np.linalg.norm(CELLS[:, None] - referee.samples.coordinates, axis=-1).min(axis=1)
    lowered = reference.untold - reference.score
    assert lowered[near > 6].mean() > 1.3 * lowered[near < 1].mean()


def test_draws_of_a_cell_agree_with_its_chance(preferred) -> None:
    """On average as many draws exceed as the score says; copies share their surface."""
    _, reference, _, _ = preferred
    chance = ndtr(reference.score[reference.drawn] / reference.spread)
    share = reference.exceeds.mean(axis=(0, 1))
    assert share.mean() == pytest.approx(chance.mean(), abs=0.02)
    assert np.corrcoef(share, chance)[0, 1] > 0.97
    whole = reference.exceeds.mean(axis=2)
    assert np.corrcoef(whole)[0, 1] > 0.3


def test_the_score_of_a_preferred_survey_is_that_of_its_map(preferred) -> None:
    """Random folds say more than twice as much; the score is within 15 % and its error."""
    referee, reference, _, field = preferred
    samples = referee.samples
    fold = RandomKFold(5, random_state=0).labels(samples.coordinates)
    # The model: what the reference model says itself, too sure by a third.
    own = ndtr(1.33 * referee.left_out(fold).score)
    label = (samples.lower > 10.0).astype(float)
    plan = FoldPlan("random", 0, samples.sample_id, fold)
    run = OutOfFold(plan, label, own, np.full(90, label.mean()))
    p = ndtr(1.33 * reference.untold)
    truth = ndtr((field - np.log(10.0)) / 0.3)
    true = (truth * losses_log(np.ones(1600), p)).mean()
    true += ((1 - truth) * losses_log(np.zeros(1600), p)).mean()
    found = target_scores(reference, model_tests(referee, reference, [run]), p)["log_loss"]
    assert losses_log(label, own).mean() > 2 * true
    assert found.mean == pytest.approx(true, rel=0.15)
    assert abs(found.mean - true) < found.se


def _reference(score: np.ndarray, **changes: object) -> MapReference:
    """Return the reference of a map whose chances are known, with sure draws of them."""
    rng = np.random.default_rng(0)
    weights = TargetWeights(np.ones(1), np.zeros(1, int), np.ones((0, 1)), pd.DataFrame(), 80.0)
    given = MapReference(
        untold=score,
        score=score,
        steeper=score,
        corrected=score,
        preference=Preference(0.0, 0.0, 0.0, 0.0, 0.0),
        spread=1.0,
        spread_se=0.0,
        weights=weights,
        optimism=1.0,
        sample_weight=np.ones(400),
        drawn=np.arange(len(score)),
        exceeds=rng.random((2, 60, len(score))) < ndtr(score),
    )
    return replace(given, **changes)


def _tests(seed: int, *, truth: float = 1.0, n: int = 400) -> ModelTests:
    """Return tests of a model that agrees with a referee that is too sure by `truth`."""
    rng = np.random.default_rng(seed)
    score = rng.normal(-0.5, 1.5, n)
    label = (rng.random(n) < ndtr(truth * score)).astype(float)
    deviation = rng.normal(0, 1, n)
    return ModelTests(
        sample=np.arange(n),
        label=label,
        probability=ndtr(score),
        score=score,
        deviation=deviation,
        square=deviation**2,
        weight=np.ones(n),
        block=np.arange(n) % 20,
    )


SCORE = np.random.default_rng(9).normal(-0.5, 1.5, 2000)


def test_a_model_that_is_right_loses_what_it_expects() -> None:
    """Log loss is the entropy of the map, Brier score its variance, skill follows from it."""
    q = ndtr(SCORE)
    tests = _tests(0)
    found = target_scores(_reference(SCORE), tests, q)
    entropy = -(q * np.log(q) + (1 - q) * np.log1p(-q)).mean()
    assert found["log_loss"].mean == pytest.approx(entropy)
    assert found["brier"].mean == pytest.approx((q * (1 - q)).mean())
    prevalence = (tests.label.sum() + 0.5) / 401
    base = (q * (1 - prevalence) ** 2 + (1 - q) * prevalence**2).mean()
    expected = 1 - found["brier"].mean / base
    assert found["brier_skill"].mean == pytest.approx(expected)
    assert found["log_loss"].n_effective == 80.0


def test_a_model_that_is_too_sure_is_told_by_the_second_opinion() -> None:
    """A map of certainties loses what the reference model gives against them."""
    q = ndtr(SCORE)
    sure = np.where(q > 0.5, 0.999, 0.001)
    tests = _tests(0)
    told = np.where(ndtr(tests.score) > 0.5, 0.999, 0.001)
    found = target_scores(_reference(SCORE), replace(tests, probability=told), sure)
    true = -(q * np.log(sure) + (1 - q) * np.log1p(-sure)).mean()
    assert found["log_loss"].mean == pytest.approx(true, rel=0.15)
    assert true > 2 * -(q * np.log(q) + (1 - q) * np.log1p(-q)).mean()


def test_labels_overrule_an_opinion_that_they_prove_wrong() -> None:
    """Both are too sure by a factor of three: the labels tell, but for two standard errors."""
    q, true = ndtr(SCORE), ndtr(SCORE / 3)
    loss = -(true * np.log(q) + (1 - true) * np.log1p(-q)).mean()
    expected = -(q * np.log(q) + (1 - q) * np.log1p(-q)).mean()
    found = target_scores(_reference(SCORE), _tests(0, truth=1 / 3), q)["log_loss"].mean
    assert expected < 0.6 * loss
    assert found == pytest.approx(loss, rel=0.15)


def test_a_model_that_knows_more_is_mixed_in() -> None:
    """Where its probabilities explain what the referee left over, the chances move to them."""
    rng = np.random.default_rng(2)
    p = ndtr(SCORE + rng.normal(0, 1, 2000))
    tests = _tests(1)
    extra = rng.normal(0, 1, 400)
    probability = ndtr(tests.score + extra)
    left_over = extra + tests.deviation
    told = replace(
        tests,
        label=(rng.random(400) < probability).astype(float),
        probability=probability,
        deviation=left_over,
        square=left_over**2,
    )
    blind = replace(tests, probability=probability)
    found, plain = (
        target_scores(_reference(SCORE, spread=spread), one, p)["log_loss"].mean
        for one, spread in ((told, 2**0.5), (blind, 1.0))
    )
    q = ndtr(SCORE)
    assert found == pytest.approx(-(p * np.log(p) + (1 - p) * np.log1p(-p)).mean(), rel=0.1)
    assert plain == pytest.approx(-(q * np.log(p) + (1 - q) * np.log1p(-p)).mean(), rel=0.1)


def test_the_standard_error_is_that_of_the_surface() -> None:
    """A map that is all above or all below as one has the error of one throw of a coin."""
    score = np.zeros(500)
    coin = np.repeat([False, True], 100)[None, :, None]
    p = np.full(500, 0.8)
    together = _reference(score, exceeds=np.broadcast_to(coin, (2, 200, 500)))
    expected = 0.5 * abs(np.log(0.8) - np.log(0.2))
    tests = _tests(0)
    agreed = replace(tests, probability=ndtr(tests.score))
    assert target_scores(together, agreed, p)["log_loss"].se == pytest.approx(
        expected, rel=0.02
    )
    draws = np.random.default_rng(0).random((2, 200, 500)) < 0.5
    apart = _reference(np.full(500, ndtri(0.8)), exceeds=draws)
    assert target_scores(apart, agreed, p)["log_loss"].se < 0.1 * expected


def test_every_doubt_widens_the_standard_error() -> None:
    """Doubts of preference and of spread add to it; none makes it smaller."""
    q = ndtr(SCORE)
    first = target_scores(_reference(SCORE), _tests(0), q)["log_loss"].se
    steeper = target_scores(_reference(SCORE, steeper=SCORE - 0.3), _tests(0), q)["log_loss"].se
    wider = target_scores(_reference(SCORE, spread_se=0.2), _tests(0), q)["log_loss"].se
    assert steeper > first
    assert wider > first


def test_uncovered_maps_are_refused() -> None:
    """The reason is told in the place of every score."""
    reference = _reference(SCORE)
    weights = replace(reference.weights, reason="nobody sampled there")
    found = target_scores(replace(reference, weights=weights), _tests(0), ndtr(SCORE))
    assert {score.mean for score in found.values()} == {None}
    assert found["brier"].to_dict() == {
        "mean": None,
        "se": None,
        "n_effective": 80.0,
        "reason": "nobody sampled there",
    }


def test_a_trend_drawn_out_beyond_all_samples_is_refused() -> None:
    """Each covariate was sampled from end to end, but never both high, nor both low."""
    rng = np.random.default_rng(4)
    one = rng.uniform(0, 1, 60)
    other = np.clip(1 - one + rng.uniform(-0.3, 0.3, 60), 0, 1)
    found = np.exp(3 * (one + other) + 0.1 * rng.normal(size=60))
    names = np.array([f"s{k:02d}" for k in range(60)])
    X = pd.DataFrame({"one": one, "other": other})
    places = rng.uniform(0, 100, (60, 2))
    referee = ReferenceModel.of(Samples(names, X, found, found, places), 20.0)
    mapped = pd.DataFrame(rng.uniform(0, 1, (300, 2)), columns=["one", "other"])
    cells = rng.uniform(0, 100, (300, 2))
    reference = map_reference(referee, mapped, cells, numeric=["one", "other"])
    assert "than any sample" in reference.weights.reason


def test_numbers_that_do_not_belong_together_are_refused() -> None:
    """Probabilities of another map, or of no cell."""
    with pytest.raises(SampleError, match="3 probabilities were given for 2000 cells"):
        target_scores(_reference(SCORE), _tests(0), np.ones(3))
    with pytest.raises(SampleError, match="0 cells of the map have a probability"):
        target_scores(_reference(SCORE), _tests(0), np.full(2000, np.nan))


def test_cells_without_an_answer_are_left_out() -> None:
    """A hole in the map changes the score to that of the rest."""
    p = ndtr(SCORE)
    p[:1000] = np.nan
    found = target_scores(_reference(SCORE), _tests(0), p)["brier"].mean
    q = ndtr(SCORE[1000:])
    assert found == pytest.approx((q * (1 - q)).mean())
    assert ndtri(q).shape == (1000,)


def test_two_estimates_of_a_preference_say_their_mean_unless_they_differ() -> None:
    """Their mean by precision where chance parts them, the smaller where more does."""
    sure = 1e-4
    assert agreed_slope((1.0, 0.2), (1.2, 0.2), beyond=0.0) == pytest.approx(1.1)
    assert agreed_slope((1.0, 0.1), (1.2, 0.2), beyond=0.0) == pytest.approx(1.04)
    assert agreed_slope((1.0, sure), (2.0, sure), beyond=1.0) == pytest.approx(1.0, rel=1e-6)
    assert agreed_slope((-2.0, sure), (-1.0, sure), beyond=1.0) == pytest.approx(-1.0, rel=1e-6)


def test_an_unproved_estimate_of_a_preference_says_nothing() -> None:
    """Nor do two of different signs; and the less sure of both decides how much is believed."""
    assert agreed_slope((1.0, 1.0), (1.0, 0.1), beyond=1.0) == 0.0
    assert agreed_slope((1.0, 0.1), (-1.0, 0.1), beyond=1.0) == 0.0
    assert agreed_slope((1.0, 0.5), (1.0, 0.1), beyond=1.0) == pytest.approx(0.75)
    assert agreed_slope((1.0, 0.5), (1.0, 0.1), beyond=2.0) == 0.0


def test_residuals_grow_as_they_do_at_tests_that_resemble_the_map(preferred) -> None:
    """Where the map is far from samples, large parts that are learnt anew say by how much."""
    referee, reference, *_ = preferred
    samples = referee.samples
    plans = [
        plan.select(samples.sample_id)
        for plan in make_tasks(samples.sample_id, samples.coordinates)
    ]
    said = [referee.left_out(plan.fold) for plan in plans]
    found = []
    for like_the_map in (0, len(plans) - 1):
        weight = np.zeros((len(plans), len(samples)))
        weight[like_the_map] = 1 / len(samples)
        weights = replace(reference.weights, weight=weight.ravel())
        anew = referee.learnt_anew(plans[like_the_map].fold).square
        growth = np.sqrt(anew.mean() / said[like_the_map].square.mean())
        found.append(estimated_optimism(referee, plans, said, weights))
        assert found[-1] == pytest.approx(max(growth, 1.0))
    assert abs(found[1] - found[0]) > 0.005
