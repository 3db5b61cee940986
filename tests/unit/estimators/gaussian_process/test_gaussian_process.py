"""The additive Gaussian process: laws, planted truth and a textbook beside it."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import cholesky
from scipy.spatial.distance import cdist
from sklearn.base import clone

from hotspot.errors import ModelError
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.gaussian_process.kernel import CONSTANT_VARIANCE
from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
from hotspot.estimators.gaussian_process.response import WarpedNormal
from hotspot.estimators.gaussian_process.tail import Tail
from hotspot.estimators.intervals import LogIntervals
from hotspot.estimators.table import UnseenClassWarning

SHARED = Path(os.environ.get("HOTSPOT_SHARED", Path(__file__).parents[4].parent / "shared"))


class Region:
    """A planted region: places, covariates, the surface of log concentration, and noise."""

    def __init__(self, n: int, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        self.places = 5000.0 + 3000.0 * generator.uniform(size=(n, 2))
        self.X = pd.DataFrame(
            {
                "river": generator.normal(2.0, 3.0, size=n),
                "slope": generator.normal(size=n),
                "soil": generator.choice([1.0, 2.0, 5.0], size=n),
            }
        )
        spatial = 0.5 * np.exp(-cdist(self.places, self.places) / 800.0)
        surface = cholesky(spatial + 1e-9 * np.eye(n), lower=True) @ generator.normal(size=n)
        surface += 4.0 + 0.15 * self.X["river"].to_numpy() + 0.4 * (self.X["soil"] == 5)
        surface += 0.7 * np.sin(1.5 * self.X["slope"].to_numpy())
        self.surface = np.asarray(surface)
        self.y = np.exp(self.surface + 0.35 * generator.normal(size=n))

    def censored(self, share: float) -> tuple[np.ndarray, np.ndarray]:
        """Return intervals when the given share lies below two laboratories' limits."""
        limit = np.quantile(self.y, share) * np.where(np.arange(len(self.y)) % 2, 0.8, 1.25)
        hidden = self.y < limit
        return np.where(hidden, 0.0, self.y), np.where(hidden, limit, self.y)


@pytest.fixture(scope="module")
def region() -> Region:
    return Region(90)


@pytest.fixture(scope="module")
def model(region: Region) -> AdditiveGaussianProcess:
    return fit(region)


def fit(region: Region, share: float = 0.0, **params: object) -> AdditiveGaussianProcess:
    lower, upper = region.censored(share) if share else (region.y, region.y)
    made = AdditiveGaussianProcess(("soil",), **params)  # type: ignore[arg-type]
    return made.fit(region.X, lower, upper, coordinates=region.places)


def cells(region: Region, n: int = 12, seed: int = 9) -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(seed)
    X = region.X.sample(n, replace=True, random_state=seed).reset_index(drop=True)
    return X, 5000.0 + 3000.0 * generator.uniform(size=(n, 2))


def alike(one: WarpedNormal, other: WarpedNormal, rtol: float, atol: float = 0) -> None:
    assert one.df == pytest.approx(other.df, rel=1e-4)
    np.testing.assert_allclose(one.location, other.location, rtol=rtol, atol=atol)
    np.testing.assert_allclose(one.scale, other.scale, rtol=rtol, atol=atol)


def test_it_is_an_exceedance_model(model: AdditiveGaussianProcess) -> None:
    """It speaks the words of every model, and scikit-learn can clone it."""
    assert isinstance(model, ExceedanceModel)
    assert clone(model).get_params() == model.get_params()


def test_predictions_are_those_of_a_textbook(
    region: Region, model: AdditiveGaussianProcess
) -> None:
    """Mean and variance equal the dense formulas written out with raw covariates."""
    X, places = cells(region)
    mean, sd = region.X.mean(), region.X.std(ddof=0)
    unit = np.sqrt(np.mean((region.places - region.places.mean(axis=0)) ** 2))
    logs = np.log(region.y)

    def covariance(
        left: pd.DataFrame, at: np.ndarray, right: pd.DataFrame, to: np.ndarray
    ) -> np.ndarray:
        h = model.hyperparameters_
        total = CONSTANT_VARIANCE + h.spatial_variance * np.exp(
            -cdist(at, to) / (unit * h.spatial_range)
        )
        squares = np.zeros_like(total)
        for name, reach in zip(("river", "slope"), h.smooth_range, strict=True):
            z, w = ((part[name] - mean[name]) / sd[name] for part in (left, right))
            total += h.linear_variance * np.outer(z, w)
            squares += np.subtract.outer(z.to_numpy(), w.to_numpy()) ** 2 / reach**2
        shares = region.X["soil"].value_counts(normalize=True)
        together = float((shares * (1 - shares)).sum())  # the variance of all indicators
        for code, share in shares.items():
            total += (h.linear_variance / together) * np.outer(
                (left["soil"] == code) - share, (right["soil"] == code) - share
            )
        return total + h.smooth_variance * np.exp(-squares / 2)

    response, noise = model.response_, model.hyperparameters_.noise_variance
    standard = response.to_gaussian(logs)
    assert standard.mean() == pytest.approx(0.0, abs=0.02)
    assert standard.std() == pytest.approx(1.0, abs=0.02)
    inner = covariance(region.X, region.places, region.X, region.places)
    inner += noise * np.eye(len(logs))
    link = covariance(X, places, region.X, region.places)
    expected = link @ np.linalg.solve(inner, standard)
    spread = np.diag(covariance(X, places, X, places) - link @ np.linalg.solve(inner, link.T))
    found = model.distribution(X, coordinates=places)
    np.testing.assert_allclose(found.location, expected, rtol=1e-7)
    sd = model.tail_.stretch * np.sqrt(spread + noise)
    np.testing.assert_allclose(found.scale, sd, rtol=1e-7)
    median = response.centre + response.spread * np.sinh(np.arcsinh(expected) + response.skew)
    np.testing.assert_allclose(found.quantile(0.5), np.exp(median), rtol=1e-7)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_exceedance_never_rises_with_the_threshold(region: Region, share: float) -> None:
    """A higher limit is never more likely to be exceeded, and quantiles answer for it."""
    fitted = fit(region, share)
    X, places = cells(region)
    limits = np.geomspace(1.0, 5000.0, 30)
    p = np.array([fitted.exceedance(X, limit, coordinates=places) for limit in limits])
    assert (np.diff(p, axis=0) <= 0).all()
    median = fitted.quantile(X, 0.5, coordinates=places)
    at_median = [fitted.exceedance(X, m, coordinates=places)[i] for i, m in enumerate(median)]
    np.testing.assert_allclose(at_median, 0.5, atol=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_order_of_samples_changes_no_bit(region: Region, share: float) -> None:
    """Samples in another order give the same model to the last bit."""
    lower, upper = region.censored(share) if share else (region.y, region.y)
    mixed = np.random.default_rng(1).permutation(len(upper))
    other = AdditiveGaussianProcess(("soil",)).fit(
        region.X.iloc[mixed], lower[mixed], upper[mixed], coordinates=region.places[mixed]
    )
    X, places = cells(region)
    one = fit(region, share).distribution(X, coordinates=places)
    again = other.distribution(X, coordinates=places)
    np.testing.assert_array_equal(one.location, again.location)
    np.testing.assert_array_equal(one.scale, again.scale)


def test_a_shift_of_coordinates_changes_nothing(
    region: Region, model: AdditiveGaussianProcess
) -> None:
    """Another origin of the coordinates, and another unit, give the same predictions."""
    X, places = cells(region)
    before = model.distribution(X, coordinates=places)
    for scale, shift in ((1.0, [4e5, -3e6]), (1e-3, [0.0, 0.0])):
        moved = AdditiveGaussianProcess(("soil",)).fit(
            region.X, region.y, region.y, coordinates=region.places * scale + shift
        )
        after = moved.distribution(X, coordinates=places * scale + shift)
        alike(after, before, rtol=1e-4)


def test_the_unit_of_a_covariate_and_of_the_concentration_changes_nothing(
    region: Region, model: AdditiveGaussianProcess
) -> None:
    """Other units of a covariate and of the concentration change nothing else."""
    X, places = cells(region)
    before = model.distribution(X, coordinates=places)
    y = 1000.0 * region.y
    other = AdditiveGaussianProcess(("soil",)).fit(
        region.X.assign(river=1e6 * region.X["river"] - 5.0), y, y, coordinates=region.places
    )
    after = other.distribution(X.assign(river=1e6 * X["river"] - 5.0), coordinates=places)
    alike(after, before, rtol=1e-4)
    np.testing.assert_allclose(
        after.quantile([0.9]), 1000.0 * before.quantile([0.9]), rtol=1e-4
    )


@pytest.mark.parametrize("max_exact", [3000, 0])
def test_a_cell_is_predicted_alone(region: Region, max_exact: int) -> None:
    """The number and order of the cells beside it change no bit of a prediction."""
    fitted = fit(region, max_exact=max_exact)
    X, places = cells(region, 700)
    whole = fitted.distribution(X, coordinates=places)
    some = np.random.default_rng(2).permutation(700)[:301]
    part = fitted.distribution(X.iloc[some], coordinates=places[some])
    np.testing.assert_array_equal(part.location, whole.location[some])
    np.testing.assert_array_equal(part.scale, whole.scale[some])


def test_smooth_data_are_interpolated() -> None:
    """Where the noise is tiny, the prediction at a sample is its value."""
    places = np.random.default_rng(0).uniform(0, 100.0, size=(60, 2))
    y = np.exp(places @ [0.02, -0.01])
    X = pd.DataFrame({"east": places[:, 0]})
    fitted = AdditiveGaussianProcess(tail="normal").fit(X, y, y, coordinates=places)
    found = fitted.distribution(X, coordinates=places)
    np.testing.assert_allclose(found.median, np.log(y), atol=0.02)
    assert fitted.hyperparameters_.noise_variance < 0.01


@pytest.mark.parametrize("folds", [np.arange(90) % 6, np.arange(90)])
def test_leaving_out_is_a_refit(
    region: Region, model: AdditiveGaussianProcess, folds: np.ndarray
) -> None:
    """Closed-form leave-out equals refits without the fold, hyper-parameters fixed."""
    found = model.leave_out(folds)
    for fold in np.unique(folds)[::17]:
        out = folds == fold
        rest = model.refit(
            region.X[~out], region.y[~out], region.y[~out], coordinates=region.places[~out]
        )
        explicit = rest.distribution(region.X[out], coordinates=region.places[out])
        part = replace(found, location=found.location[out], scale=found.scale[out])
        alike(part, explicit, rtol=1e-7)


def test_leaving_non_detects_out_is_nearly_a_refit(region: Region) -> None:
    """With half the samples censored, leave-out differs from refits by little of the scale."""
    fitted = fit(region, 0.5)
    lower, upper = region.censored(0.5)
    folds = np.arange(90) % 6
    found = fitted.leave_out(folds)
    for fold in range(6):
        out = folds == fold
        rest = fitted.refit(
            region.X[~out], lower[~out], upper[~out], coordinates=region.places[~out]
        )
        explicit = rest.distribution(region.X[out], coordinates=region.places[out])
        away = (found.location[out] - explicit.location) / explicit.scale
        assert np.abs(away).max() < 0.2
        np.testing.assert_allclose(found.scale[out], explicit.scale, rtol=0.1)


def test_refitting_to_the_same_samples_changes_nothing(
    region: Region, model: AdditiveGaussianProcess
) -> None:
    """A refit keeps hyper-parameters and tail, and leaves the model it came from alone."""
    again = model.refit(region.X, region.y, region.y, coordinates=region.places)
    assert again is not model
    assert again.hyperparameters_ == model.hyperparameters_
    X, places = cells(region)
    one, other = (m.distribution(X, coordinates=places) for m in (model, again))
    np.testing.assert_array_equal(one.location, other.location)


def test_a_limit_far_above_adds_nothing(region: Region, model: AdditiveGaussianProcess) -> None:
    """Non-detects with a limit far above every value leave predictions as they were."""
    X, places = cells(region, 20)
    more = model.refit(
        pd.concat([region.X, X], ignore_index=True),
        np.concatenate([region.y, np.zeros(20)]),
        np.concatenate([region.y, np.full(20, 1e12)]),
        coordinates=np.vstack([region.places, places]),
    )
    at, there = cells(region, seed=5)
    one, other = (m.distribution(at, coordinates=there) for m in (model, more))
    alike(other, one, rtol=1e-6)


def test_a_non_detect_lowers_its_surroundings(
    region: Region, model: AdditiveGaussianProcess
) -> None:
    """A non-detect well below the expected value pulls the prediction there down."""
    X, places = cells(region, 1)
    before = model.distribution(X, coordinates=places)
    limit = np.exp(before.median - 2.0)
    lower = model.refit(
        pd.concat([region.X, X], ignore_index=True),
        np.concatenate([region.y, [0.0]]),
        np.concatenate([region.y, limit]),
        coordinates=np.vstack([region.places, places]),
    )
    assert lower.distribution(X, coordinates=places).median[0] < before.median[0] - 0.3


@pytest.mark.parametrize("share", [0.3, 0.6, 0.75])
def test_planted_truth_survives_non_detects(share: float) -> None:
    """With many non-detects the median is unbiased and exceedance comes as often as said."""
    bias, said, seen = [], [], []
    for seed in range(100, 108):
        whole = Region(320, seed=seed)
        lower, upper = whole.censored(share)
        learnt, kept = slice(0, 200), slice(200, None)
        fitted = AdditiveGaussianProcess(("soil",), tail="normal").fit(
            whole.X[learnt], lower[learnt], upper[learnt], coordinates=whole.places[learnt]
        )
        found = fitted.distribution(whole.X[kept], coordinates=whole.places[kept])
        bias.append(np.mean(found.median - whole.surface[kept]))
        # A limit that lies among what was censored, and one among what was measured.
        for limit in np.quantile(whole.y, [share / 2, (1 + share) / 2]):
            said.append(found.exceedance(limit).mean())
            seen.append(np.mean(whole.y[kept] > limit))
    # Over 30 seeds the bias is 0.02 at most; half the limit in the place of a non-detect
    # gives 0.14 and 0.32 where 60 and 75 % are censored. One region varies by 0.05 to 0.12.
    assert abs(np.mean(bias)) < 0.08
    assert np.abs(np.subtract(said, seen).reshape(-1, 2).mean(axis=0)).max() < 0.04


def test_a_measured_zero_is_a_non_detect_at_the_smallest_bound(region: Region) -> None:
    """A zero says as much as a non-detect at the smallest positive bound of the survey."""
    y = region.y.copy()
    y[:20] = 0.0
    least = y[20:].min()
    lower, upper = y.copy(), np.where(y > 0, y, least)
    made = [
        AdditiveGaussianProcess(("soil",)).fit(region.X, *ends, coordinates=region.places)
        for ends in ((y, y), (lower, upper))
    ]
    assert made[0].n_censored_ == 20
    assert made[0].hyperparameters_ == made[1].hyperparameters_


def test_many_numeric_covariates_leave_the_best_to_bend() -> None:
    """Of eight covariates the one that truly bends is among the two allowed."""
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(120, 8)), columns=list("abcdefgh"))
    y = np.exp(X["f"].to_numpy() ** 2 + 0.3 * generator.normal(size=120))
    places = generator.uniform(size=(120, 2))
    fitted = AdditiveGaussianProcess(max_rbf=2).fit(X, y, y, coordinates=places)
    assert "f" in fitted.smooth_names_
    assert len(fitted.smooth_names_) == 2
    flat = AdditiveGaussianProcess(max_rbf=0).fit(X, y, y, coordinates=places)
    assert flat.smooth_names_ == ()
    assert flat.hyperparameters_.smooth_variance == 0


def test_constant_covariates_and_repeated_places_do_no_harm(region: Region) -> None:
    """A constant covariate, doubled samples and samples of one place are taken in."""
    X = pd.concat([region.X, region.X], ignore_index=True).assign(flat=7.0, rock=3.0)
    y = np.concatenate([region.y, region.y])
    places = np.vstack([region.places, region.places])
    places[:10] = places[0]
    fitted = AdditiveGaussianProcess(("soil", "rock")).fit(X, y, y, coordinates=places)
    found = fitted.distribution(X.assign(flat=8.0), coordinates=places)
    assert np.isfinite(found.location).all()
    assert (found.scale > 0).all()


def test_what_cannot_be_known_is_nan(region: Region, model: AdditiveGaussianProcess) -> None:
    """Missing covariates, missing coordinates and unseen classes give NaN, never a guess."""
    X, places = cells(region, 4)
    X.loc[0, "river"] = np.nan
    X.loc[1, "soil"] = 3.0
    places[2, 0] = np.nan
    with pytest.warns(UnseenClassWarning):
        found = model.distribution(X, coordinates=places)
    np.testing.assert_array_equal(np.isnan(found.location), [True, True, True, False])
    np.testing.assert_array_equal(np.isnan(found.scale), [True, True, True, False])
    with pytest.warns(UnseenClassWarning):
        draws = model.draw(X, coordinates=places, n_draws=3)
    np.testing.assert_array_equal(np.isnan(draws), [[True, True, True, False]] * 3)


@pytest.mark.parametrize("params", [{}, {"tail": "t"}, {"max_exact": 0, "n_neighbours": 20}])
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_saving_changes_no_bit(region: Region, params: dict[str, object], share: float) -> None:
    """A model taken apart and put together predicts, leaves out and draws the same bits."""
    fitted = fit(region, share, **params)
    again = AdditiveGaussianProcess.from_state(fitted.to_state())
    X, places = cells(region)
    folds = np.arange(90) % 4
    for one, other in (
        (fitted.distribution(X, coordinates=places), again.distribution(X, coordinates=places)),
        (fitted.leave_out(folds), again.leave_out(folds)),
    ):
        np.testing.assert_array_equal(one.location, other.location)
        np.testing.assert_array_equal(one.scale, other.scale)
        assert one.df == other.df
    np.testing.assert_array_equal(
        fitted.draw(X, coordinates=places, n_draws=2),
        again.draw(X, coordinates=places, n_draws=2),
    )
    assert again.to_state() == fitted.to_state()


@pytest.mark.parametrize("tail", ["normal", "t"])
def test_draws_have_the_marginals_of_the_prediction(region: Region, tail: str) -> None:
    """Quantiles of joint draws are those of the distribution; near cells move together."""
    fitted = fit(region, tail=tail)
    X, places = cells(region, 40)
    X.iloc[1], places[1] = X.iloc[0], places[0]
    draws = fitted.draw(X, coordinates=places, n_draws=4000, random_state=3)
    answer = fitted.distribution(X, coordinates=places)
    for q in (0.1, 0.5, 0.9):
        share = (draws <= answer.quantile(q)).mean(axis=0)
        np.testing.assert_allclose(share, q, atol=4.5 * np.sqrt(q * (1 - q) / 4000))
    together = np.corrcoef(fitted.response_.to_gaussian(np.log(draws)).T)
    noise = fitted.hyperparameters_.noise_variance
    scale = answer.scale / fitted.tail_.stretch
    assert together[0, 1] == pytest.approx(1 - noise / scale[0] ** 2, abs=0.06)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_many_cells_are_drawn_as_few_are(
    region: Region, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draws for many cells have the mean, spread and correlation of the exact ones."""
    fitted = fit(region, share, tail="normal")
    X, places = cells(region, 60)
    X.iloc[1], places[1] = X.iloc[0], places[0] + 100.0
    behind = fitted.response_.to_gaussian
    exact = behind(np.log(fitted.draw(X[:2], coordinates=places[:2], n_draws=4000)))
    monkeypatch.setattr("hotspot.estimators.gaussian_process.draws.MOST_JOINT", 1)
    many = behind(np.log(fitted.draw(X, coordinates=places, n_draws=4000)))
    answer = fitted.distribution(X, coordinates=places)
    away = (many.mean(axis=0) - answer.location) / answer.scale
    assert np.abs(away).max() < 4.5 / np.sqrt(4000)
    np.testing.assert_allclose(many.std(axis=0) / answer.scale, 1.0, atol=0.05)
    dense, drawn = (np.corrcoef(part[:, 0], part[:, 1])[0, 1] for part in (exact, many))
    assert drawn == pytest.approx(dense, abs=0.05)


def test_heavy_tails_are_noticed() -> None:
    """Student noise gives a heavy tail, normal noise a nearly normal one; 90 % cover 90 %."""
    generator = np.random.default_rng(8)
    places = generator.uniform(0, 1000.0, size=(400, 2))
    X = pd.DataFrame({"slope": generator.normal(size=400)})
    for noise, heavy in (
        (generator.standard_t(3, size=400), True),
        (generator.normal(size=400), False),
    ):
        y = np.exp(3.0 + X["slope"].to_numpy() + 0.5 * noise)
        fitted = AdditiveGaussianProcess().fit(X, y, y, coordinates=places)
        assert (fitted.tail_.df < 10) == heavy
        assert (fitted.tail_.df < 30) == heavy
        rank = fitted.leave_out(np.arange(400)).cdf(y)
        assert np.mean((rank > 0.05) & (rank < 0.95)) == pytest.approx(0.9, abs=0.03)


def test_no_single_sample_decides_on_the_tail() -> None:
    """Without any one sample the weight of the tail is nearly the same."""
    z = np.random.default_rng(4).standard_t(6, size=120)
    weights = []
    for i in range(len(z)):
        left = np.delete(z, i)
        tail = Tail.choose(LogIntervals(left, left), 0.0 * left, np.ones(len(left)), "auto")
        weights.append(1 / tail.df)
    assert np.ptp(weights) < 0.1
    assert 0.02 < np.mean(weights) < 0.3


def test_the_local_process_comes_close_to_the_dense_one(region: Region) -> None:
    """Beyond `max_exact` the predictions differ from the dense ones by little of the scale."""
    X, places = cells(region, 50)
    for share in (0.0, 0.5):
        dense = fit(region, share, tail="normal").distribution(X, coordinates=places)
        near = fit(region, share, tail="normal", max_exact=50).distribution(
            X, coordinates=places
        )
        assert np.abs((near.location - dense.location) / dense.scale).max() < 0.2
        np.testing.assert_allclose(near.scale, dense.scale, rtol=0.1)


def test_a_warm_start_is_accepted_and_bad_ones_refused(
    region: Region, model: AdditiveGaussianProcess
) -> None:
    """Hyper-parameters of one fit start another; those of another shape are refused."""
    warm = fit(region, start=model.hyperparameters_)
    X, places = cells(region)
    alike(
        warm.distribution(X, coordinates=places),
        model.distribution(X, coordinates=places),
        rtol=0.01,
        atol=0.01,
    )
    with pytest.raises(ModelError, match="Start without them"):
        fit(region, start=model.hyperparameters_, max_rbf=0)


def test_wrong_input_is_refused_with_a_remedy(
    region: Region, model: AdditiveGaussianProcess
) -> None:
    """What cannot be learnt from or asked is refused in words."""
    made, X, y, at = AdditiveGaussianProcess(("soil",)), region.X, region.y, region.places
    nowhere = at.copy()
    nowhere[0, 0] = np.nan
    for args, coordinates, words in (
        ((X, y, y), None, "Give easting and northing"),
        ((X, y, y), nowhere, "Drop these samples"),
        ((X, y, y), at[:5], "of each row"),
        ((X, y[:5], y[:5]), at, "one interval per row"),
        ((X, y, -y), at, "Give bounds from 0"),
        ((X, 0 * y, y), at, "measured"),
        ((X[:4], y[:4], y[:4]), at[:4], "cannot learn"),
    ):
        with pytest.raises(ModelError, match=words):
            made.fit(*args, coordinates=coordinates)
    with pytest.raises(ModelError, match="auto, normal, t"):
        fit(region, tail="cauchy")
    with pytest.raises(ModelError, match="missing"):
        model.distribution(X.drop(columns="slope"), coordinates=at)
    with pytest.raises(ModelError, match="threshold"):
        model.exceedance(X, -1.0, coordinates=at)
    with pytest.raises(ModelError, match="one number per sample"):
        model.leave_out(np.zeros(3, dtype=np.int64))
    with pytest.raises(ModelError, match="never saw"):
        model.refit(X.assign(soil=4.0), y, y, coordinates=at)


@pytest.mark.skipif(
    not (SHARED / "benchmarks" / "folds").is_dir(), reason="the shared data sets are not here"
)
@pytest.mark.shared
def test_meuse_zinc_beats_a_good_score_under_knndm_folds() -> None:
    """Zinc of the Meuse above 500 mg/kg scores a log loss below 0.2 under kNNDM folds."""
    table = pd.read_csv(SHARED / "data" / "meuse" / "meuse.csv")
    fold = pd.read_csv(SHARED / "benchmarks" / "folds" / "meuse_knndm_r1.csv")[
        "fold"
    ].to_numpy()
    X = table[["dist", "elev", "soil", "ffreq"]].astype(float)
    y, places = table["zinc"].to_numpy(float), table[["x", "y"]].to_numpy(float)
    p = np.empty(len(y))
    for k in np.unique(fold):
        out = fold == k
        fitted = AdditiveGaussianProcess(("soil", "ffreq")).fit(
            X[~out], y[~out], y[~out], coordinates=places[~out]
        )
        p[out] = fitted.exceedance(X[out], 500.0, coordinates=places[out])
    p = np.clip(p, 1e-3, 1 - 1e-3)
    assert -np.mean(np.log(np.where(y > 500, p, 1 - p))) < 0.2
