"""Roots of rising functions, and the quantiles of pools that rest on them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from hotspot.estimators.distribution import LogLocationScale, Pool, Tabulated
from hotspot.estimators.roots import rising_root

Values = NDArray[np.float64]


def test_roots_are_found_in_few_rounds() -> None:
    """Of smooth functions within a dozen rounds, to the tolerance; a sharp bend takes more."""
    wanted = np.linspace(-2.0, 2.0, 41)
    rounds = 0

    def excess(x: Values) -> Values:
        nonlocal rounds
        rounds += 1
        return np.asarray(x + 0.3 * np.sin(x) - (wanted + 0.3 * np.sin(wanted)))

    found = rising_root(excess, np.full(41, -9.0), np.full(41, 7.0))
    np.testing.assert_allclose(found, wanted, atol=2e-10)
    assert rounds < 15
    rounds = 0
    bent = rising_root(
        lambda x: np.where(excess(x) < 0, 1e3, 1e-3) * (x - wanted) - 1e-300,
        np.full(41, -9.0),
        np.full(41, 7.0),
    )
    np.testing.assert_allclose(bent, wanted, atol=2e-10)
    assert rounds < 70


def test_a_step_and_a_level_stretch_end_at_their_lower_side() -> None:
    """Where a function jumps past 0 its root is the jump; a level part above 0 is not it."""
    jump = np.array([0.25, 1.5])
    found = rising_root(
        lambda x: np.where(x < jump, -1.0, 1e-300), np.zeros(2), np.full(2, 4.0)
    )
    np.testing.assert_allclose(found, jump, atol=2e-10)


def test_rounding_beyond_an_end_gives_that_end() -> None:
    """Brackets that just miss the root, or have no width, or no number, are no trouble."""
    low, high = np.array([1.0, 1.0, 2.0, np.nan]), np.array([3.0, 3.0, 2.0, 3.0])
    root = np.array([1.0 - 1e-13, 3.0 + 1e-13, 2.0, 2.0])
    found = rising_root(lambda x: x - root, low, high)
    np.testing.assert_allclose(found, [1.0, 3.0, 2.0, np.nan])


@pytest.mark.parametrize("q", [1e-6, 0.05, 0.5, 0.95, 1 - 1e-6])
def test_a_quantile_of_a_pool_is_the_inverse_of_its_distribution(q: float) -> None:
    """For pools of smooth members and of tables, and whatever stands beside a row."""
    generator = np.random.default_rng(0)
    level = np.exp(np.linspace(0.0, 6.0, 9))
    share = np.sort(generator.uniform(size=(50, 9)), axis=1)
    centre, scale = generator.normal(3.0, 1.0, 50), generator.uniform(0.1, 1.0, 50)
    members = (
        LogLocationScale(centre, scale),
        LogLocationScale(centre + 1.0, 2 * scale),
        Tabulated(level, share),
    )
    weights = np.array([0.5, 0.3, 0.2])
    found = Pool(members, weights).quantile(q)
    pool = Pool(members, weights)
    assert (pool.cdf(found * (1 + 1e-9)) >= q - 1e-12).all()
    assert (pool.cdf(found * (1 - 1e-9)) <= q + 1e-12).all()
    for row in (0, 17, 49):
        alone = Pool(
            (
                LogLocationScale(centre[[row]], scale[[row]]),
                LogLocationScale(centre[[row]] + 1.0, 2 * scale[[row]]),
                Tabulated(level, share[[row]]),
            ),
            weights,
        )
        assert alone.quantile(q)[0] == found[row]


def test_quantiles_of_a_normal_pool_are_known() -> None:
    """Of one and the same member twice the quantile is that of the member."""
    one = LogLocationScale(np.array([np.log(100.0)]), np.array([0.5]))
    q = float(ndtr(1.3))
    found = Pool((one, one), np.array([0.5, 0.5])).quantile(q)
    np.testing.assert_allclose(np.log(found), np.log(100.0) + 0.5 * ndtri(q), rtol=1e-12)
