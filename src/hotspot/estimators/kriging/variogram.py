"""Variograms: from pairs of samples to a model of how resemblance fades with distance."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar, nnls
from scipy.spatial.distance import cdist, pdist
from scipy.special import gamma, kv

from hotspot.errors import ModelError, few
from hotspot.folds.autocorrelation import Variogram
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

FAMILIES = ("sph", "exp", "mat")
# Without other word, as gstat: pairs up to a third of the diagonal, in 15 lags.
CUTOFF_SHARE = 1 / 3
_N_LAGS = 15
# Diagonal of a square over the median distance of two places in it; places that tell it.
_DIAGONAL = 2.76
_MOST_FOR_EXTENT = 1000
# Distances computed at once: 32 MB of them.
_CHUNK = 4_000_000
# A correlation this low counts as none: the practical range ends there.
_PRACTICAL = 0.05
# Of values that are all alike, so that their variance is not 0.
_LEAST_NUGGET = 1e-12


@dataclass(frozen=True)
class VariogramModel:
    """A nugget and one structure; the semivariance of two samples a distance apart.

    Parameters
    ----------
    family : str
        ``sph`` (spherical), ``exp`` (exponential) or ``mat`` (Matérn).
    nugget : float
        Variance of a sample about its place, from 0, in squared units of the values.
    sill : float
        Variance of the structure alone, from 0; 0 leaves a pure nugget.
    range : float, metres
        Parameter of the family as gstat has it: a spherical structure ends there, an
        exponential one has 5 % of its correlation left at three times this distance.
    nu : float
        Smoothness of the Matérn family, above 0; 0.5 is the exponential.

    Raises
    ------
    ModelError
        The family is unknown or a parameter is out of its range.

    Examples
    --------
    >>> model = VariogramModel("sph", nugget=0.1, sill=0.5, range=900.0)
    >>> model.semivariance(np.array([0.0, 450.0, 2000.0]))
    array([0.1    , 0.44375, 0.6    ])
    """

    family: str
    nugget: float
    sill: float
    range: float
    nu: float = 0.5

    # Practical range over range; of the Matérn family it depends on nu.
    _reach: ClassVar[dict[str, float]] = {"sph": 1.0, "exp": 3.0}

    def __post_init__(self) -> None:
        check_family(self.family)
        given = (self.nugget, self.sill, self.range, self.nu)
        if not (
            all(map(math.isfinite, given))
            and min(self.nugget, self.sill) >= 0
            and self.range > 0
            and self.nu > 0
            and self.nugget + self.sill > 0
        ):
            raise ModelError(
                f"No variogram has nugget {self.nugget:g}, sill {self.sill:g}, range "
                f"{self.range:g} and nu {self.nu:g}. Give a nugget and a sill from 0, not both "
                "0, and a range and nu above 0."
            )

    @property
    def total(self) -> float:
        """Nugget and sill together: the variance of a sample."""
        return self.nugget + self.sill

    @property
    def practical_range(self) -> float:
        """Distance in metres at which 5 % of the structure's correlation is left, or none."""
        if self.family != "mat":
            return self.range * self._reach[self.family]

        def excess(h: float) -> float:
            return float(_matern(np.array([h]), self.nu)[0]) - _PRACTICAL

        return self.range * float(brentq(excess, 1e-9, 20.0 + 10.0 * self.nu))

    def correlation(self, distance: Values) -> Values:
        """Return the correlation of the structure, 1 at distance 0, of the same shape."""
        h = np.asarray(distance, dtype=np.float64) / self.range
        if self.family == "exp":
            return np.asarray(np.exp(-h))
        if self.family == "sph":
            np.minimum(h, 1.0, out=h)
            return np.asarray(1.0 - h * (1.5 - 0.5 * h * h))
        return _matern(h, self.nu)

    def covariance(self, distance: Values) -> Values:
        """Return the covariance of two samples; without the nugget, also at distance 0."""
        return self.sill * self.correlation(distance)

    def semivariance(self, distance: Values) -> Values:
        """Return the semivariance of two samples; that of one place is the nugget."""
        return self.total - self.covariance(distance)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain values."""
        return {
            "family": self.family,
            "nugget": self.nugget,
            "sill": self.sill,
            "range": self.range,
            "nu": self.nu,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the model that `to_dict` described."""
        return cls(
            family=str(values["family"]),
            **{name: float(values[name]) for name in ("nugget", "sill", "range", "nu")},
        )


@dataclass(frozen=True)
class VariogramFit:
    """A fitted model and how the fit went.

    Parameters
    ----------
    model : VariogramModel
        The one to use.
    misfit : float
        Sum of squared differences to the empirical variogram, weighted by pairs over
        squared lag, as gstat's ``SSErr``.
    problem : str, optional
        Why the best fit is not used, in a sentence; None if it is.
    """

    model: VariogramModel
    misfit: float
    problem: str | None = None


def check_family(family: str) -> None:
    """Raise `ModelError` unless a family of variogram models has this name."""
    if family not in FAMILIES:
        raise ModelError(
            f"There is no variogram model {family!r}. Choose one of {few(FAMILIES)}."
        )


def empirical_variogram(
    coordinates: Coordinates,
    values: Values,
    *,
    cutoff: float | None = None,
    width: float | None = None,
    noise: Values | None = None,
) -> Variogram:
    """Return half the mean squared difference of the pairs of samples, by lag.

    A pair belongs to lag k if its distance is in (k width, (k + 1) width], as in gstat;
    pairs at one place are counted with the first lag. Lags without a pair are left out.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing, metres.
    values : array, shape (n,)
        Complete. For regression kriging, the residuals of the trend.
    cutoff : float, metres
        Pairs farther apart are left out; by default a third of the diagonal of the extent.
    width : float, metres
        Of a lag; by default a fifteenth of the cutoff.
    noise : array, shape (n,) or (n, n), optional
        Variance by which a value may be off, or covariance, where it stands for a censored
        one. It is added, since a conditional expectation varies less than what it stands for.

    Raises
    ------
    ModelError
        Lengths differ, a value is missing, or cutoff or width are not above 0.

    References
    ----------
    Pebesma, E. J. (2004). Multivariable geostatistics in S: the gstat package. Computers &
    Geosciences 30, 683-691, 10.1016/j.cageo.2004.03.012.

    Examples
    --------
    >>> line = np.column_stack([np.arange(4.0), np.zeros(4)])
    >>> found = empirical_variogram(line, np.array([0.0, 2.0, 4.0, 6.0]), cutoff=2, width=1)
    >>> found.lag, found.semivariance, found.n_pairs
    (array([1., 2.]), array([2., 8.]), array([3, 2]))
    """
    places = np.ascontiguousarray(coordinates, dtype=np.float64)
    y = np.asarray(values, dtype=np.float64)
    extra = np.zeros(len(y)) if noise is None else np.asarray(noise, dtype=np.float64)
    shapes = (y.shape, (len(y), len(y)))
    if not (places.shape == (len(y), 2) and extra.shape in shapes):
        raise ModelError(
            f"{len(y)} values were given for places of shape {places.shape}. "
            "Give one value, easting and northing per sample."
        )
    if not all(np.isfinite(part).all() for part in (places, y, extra)):
        raise ModelError(
            f"Some of {len(y)} values or places are missing. Drop these samples first."
        )
    if cutoff is None:
        cutoff = CUTOFF_SHARE * _diagonal(places)
        if cutoff == 0:
            empty = np.zeros(0)
            return Variogram(empty, empty, np.zeros(0, dtype=np.int64))
    width = cutoff / _N_LAGS if width is None else width
    if not (0 < cutoff < math.inf and 0 < width <= cutoff):
        raise ModelError(
            f"A variogram up to {cutoff:g} m in lags of {width:g} m cannot be computed. "
            "Give a width above 0 and a cutoff not below it."
        )
    own = np.diag(extra) if extra.ndim == 2 else extra
    n_lags = math.ceil(cutoff / width)
    pairs, lag, half = np.zeros(n_lags), np.zeros(n_lags), np.zeros(n_lags)
    step = max(1, _CHUNK // max(len(y), 1))
    for start in range(0, len(y), step):
        rows = slice(start, min(start + step, len(y)))
        distance = cdist(places[rows], places[start:])
        upper = np.triu(distance <= cutoff, k=1)
        row, column = np.nonzero(upper)
        apart = distance[row, column]
        i, j = row + start, column + start
        squares = 0.5 * ((y[i] - y[j]) ** 2 + own[i] + own[j])
        if extra.ndim == 2:
            squares -= extra[i, j]
        number = np.clip(np.ceil(apart / width).astype(np.int64) - 1, 0, n_lags - 1)
        pairs += np.bincount(number, minlength=n_lags)
        lag += np.bincount(number, weights=apart, minlength=n_lags)
        half += np.bincount(number, weights=squares, minlength=n_lags)
    used = pairs > 0
    return Variogram(
        lag=lag[used] / pairs[used],
        semivariance=half[used] / pairs[used],
        n_pairs=pairs[used].astype(np.int64),
    )


def fit_variogram(
    empirical: Variogram, family: str = "sph", *, longest: float | None = None, nu: float = 0.5
) -> VariogramFit:
    """Return the model nearest to an empirical variogram, weighted as gstat's method 7.

    The weight of a lag is its number of pairs over its squared distance. For a given range
    nugget and sill follow by non-negative least squares, so only the range is searched, over
    all scales: there are no initial values to choose and no local optimum to fall into.

    A fit is not used when the data cannot carry it; `VariogramFit.problem` says so. If its
    practical range is above `longest`, the range is held at `longest` and nugget and sill
    are fitted again. If there are fewer than three lags, all is nugget.

    Parameters
    ----------
    empirical : Variogram
        Of `empirical_variogram`.
    family : str
        One of `FAMILIES`.
    longest : float, metres
        Longest practical range to be believed, such as `longest_range`; by default twice the
        farthest lag.
    nu : float
        Smoothness, for ``mat``.

    Raises
    ------
    ModelError
        The family is unknown, or there is no pair at all.

    References
    ----------
    Cressie, N. (1985). Fitting variogram models by weighted least squares. Mathematical
    Geology 17, 563-586, 10.1007/BF01032109.

    Examples
    --------
    >>> truth = VariogramModel("exp", nugget=0.1, sill=0.5, range=200.0)
    >>> lag = np.linspace(50.0, 1500.0, 15)
    >>> seen = Variogram(lag, truth.semivariance(lag), np.full(15, 100))
    >>> fit_variogram(seen, "exp").model
    VariogramModel(family='exp', nugget=0.1, sill=0.5, range=200., nu=0.5)
    """
    check_family(family)
    far = empirical.lag > 0
    lag, semivariance = empirical.lag[far], empirical.semivariance[far]
    if not empirical.lag.size:
        raise ModelError(
            "A variogram needs pairs of samples, but there is none within the cutoff. "
            "Give more samples or a larger cutoff."
        )
    weight = np.sqrt(empirical.n_pairs[far]) / lag
    if lag.size < 3:
        level = float(np.average(empirical.semivariance, weights=empirical.n_pairs))
        fitted = VariogramModel(family, max(level, _LEAST_NUGGET), 0.0, 1.0, nu)
        return VariogramFit(
            fitted,
            math.nan,
            f"The variogram has {lag.size} lags, and a model needs three; all variance is "
            "taken for nugget. Give more samples or a smaller width.",
        )
    unit = VariogramModel(family, 0.0, 1.0, 1.0, nu).practical_range
    longest = 2.0 * float(lag[-1]) if longest is None else longest

    def solved(log_range: float) -> tuple[VariogramModel, float]:
        reach = math.exp(log_range)
        rise = VariogramModel(family, 0.0, 1.0, reach, nu).semivariance(lag)
        design = weight[:, None] * np.column_stack([np.ones_like(lag), rise])
        (nugget, sill), rest = nnls(design, weight * semivariance)
        if nugget + sill == 0:  # All values alike.
            nugget = _LEAST_NUGGET
        return VariogramModel(family, float(nugget), float(sill), reach, nu), float(rest**2)

    # From half the nearest lag, where all is nugget, to ten times the farthest.
    grid = np.linspace(math.log(lag[0] / 2 / unit), math.log(10 * lag[-1] / unit), 121)
    misfit = np.array([solved(point)[1] for point in grid])
    # Every valley of the search grid, then the deepest of them: a spherical misfit has kinks.
    best = min(
        (
            minimize_scalar(
                lambda point: solved(point)[1],
                bounds=(grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]),
                method="bounded",
                options={"xatol": 1e-10},
            )
            for k in _valleys(misfit)
        ),
        key=lambda found: float(found.fun),
    )
    fitted, rest = solved(float(best.x))
    if fitted.sill == 0 or fitted.practical_range <= longest:
        return VariogramFit(fitted, rest)
    held, rest = solved(math.log(longest / unit))
    return VariogramFit(
        held,
        rest,
        f"The variogram rises on beyond the survey: the fitted practical range is "
        f"{fitted.practical_range:.0f} m, and ranges up to {longest:.0f} m can be told. That "
        "range is used instead; a trend on covariates may take up the rest.",
    )


def extent(coordinates: Coordinates) -> float:
    """Return the diagonal of a square over which places spread like these, metres.

    From the median distance of two places, so that it depends neither on where north is nor
    on a single far sample.

    Examples
    --------
    >>> square = np.random.default_rng(0).uniform(size=(1000, 2))
    >>> bool(abs(extent(square) - np.sqrt(2)) < 0.1)
    True
    """
    places = np.asarray(coordinates, dtype=np.float64)
    if len(places) < 2:
        return 0.0
    if len(places) > _MOST_FOR_EXTENT:
        places = places[np.linspace(0, len(places) - 1, _MOST_FOR_EXTENT).astype(np.int64)]
    apart = pdist(places)
    # Where most samples stand at one place, those that do not tell.
    apart = apart if np.median(apart) > 0 else apart[apart > 0]
    return float(_DIAGONAL * np.median(apart)) if apart.size else 0.0


def longest_range(coordinates: Coordinates) -> float:
    """Return half of the extent: no longer range can be told, metres."""
    return 0.5 * extent(coordinates)


def _valleys(misfit: Values) -> list[int]:
    """Return the positions no higher than their neighbours, the lowest three at most."""
    padded = np.concatenate([[np.inf], misfit, [np.inf]])
    low = np.flatnonzero((misfit <= padded[:-2]) & (misfit <= padded[2:]))
    return [int(k) for k in low[np.argsort(misfit[low], kind="stable")][:3]]


def _diagonal(coordinates: Coordinates) -> float:
    return float(np.hypot(*np.ptp(coordinates, axis=0))) if len(coordinates) else 0.0


def _matern(h: Values, nu: float) -> Values:
    safe = np.where(h > 0, h, 1.0)
    # Far out K is 0 and the power infinite in no case that matters: nu is small.
    found = 2.0 ** (1.0 - nu) / gamma(nu) * safe**nu * kv(nu, safe)
    return np.asarray(np.where(h > 0, found, 1.0))
