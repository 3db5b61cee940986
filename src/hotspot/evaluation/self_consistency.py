"""What values known by intervals come to: the distribution that agrees with itself.

A non-detect whose detection limit lies above the limit of interest has no label. To leave it
out of a score is to leave out low samples only, so that the rest exceeds too often. It counts
here by its share: of all samples that the model says the same of, those that were told apart
tell how often one from its interval exceeds.
"""

import numpy as np
from numpy.typing import NDArray

from hotspot.evaluation.scores import equal_count_bins
from hotspot.observations.limits.exceedance import exceedance_labels

Values = NDArray[np.float64]
Cells = NDArray[np.int64]

# Cells of concentration; their edges are quantiles of what was reported, and the limit.
_MOST_CELLS = 200
_ROUNDS, _TOLERANCE = 1000, 1e-7


def self_consistent(first: Cells, last: Cells, prior: Values) -> Values:
    """Return the nonparametric distribution of values known by intervals, of sum 1.

    By expectation and maximisation: each interval is shared out as the distribution of all
    says, until that distribution comes out again.

    Parameters
    ----------
    first, last : array of int, shape (n,)
        Cells that each interval reaches from and to, both included.
    prior : array, shape (n_cells,)
        Samples' worth of belief in each cell, above 0: where no sample tells cells apart,
        they are shared out as this says.

    References
    ----------
    Efron, B. (1967). The two sample problem with censored data. Proceedings of the Fifth
    Berkeley Symposium 4, 831-853. Turnbull, B. W. (1976). The empirical distribution function
    with arbitrarily grouped, censored and truncated data. Journal of the Royal Statistical
    Society B 38, 290-295. https://doi.org/10.1111/j.2517-6161.1976.tb01597.x

    Examples
    --------
    >>> first, last = np.array([0, 1, 2, 0]), np.array([0, 1, 2, 1])  # the last is a non-detect
    >>> self_consistent(first, last, np.full(3, 1e-9))
    array([0.375, 0.375, 0.25 ])
    """
    exact = first == last
    told = np.bincount(first[exact], minlength=len(prior)) + prior
    spans, counts = np.unique(
        np.stack([first[~exact], last[~exact]], axis=1), axis=0, return_counts=True
    )
    cell = np.arange(len(prior))
    inside = ((cell >= spans[:, :1]) & (cell <= spans[:, 1:])).astype(np.float64)
    found: Values = told / told.sum()
    for _ in range(_ROUNDS if len(spans) else 0):
        shared = told + found * ((counts / (inside @ found)) @ inside)
        shared /= shared.sum()
        change, found = float(np.abs(shared - found).max()), shared
        if change < _TOLERANCE:
            break
    return found


def share_within(mass: Values, first: Cells, last: Cells, inner: tuple[int, int]) -> Values:
    """Return the share of each interval's mass that lies in cells from one up to another.

    Parameters
    ----------
    mass : array, shape (n_cells,)
        Above 0.
    first, last : array of int, shape (n,)
        Cells of each interval, both included.
    inner : tuple of int
        The first cell that counts, and the first behind them that does not.
    """
    total = np.concatenate([[0.0], np.cumsum(mass)])
    start, stop = np.clip(first, *inner), np.clip(last + 1, *inner)
    return np.asarray((total[stop] - total[start]) / (total[last + 1] - total[first]))


def expected_labels(
    lower: Values, upper: Values, limit: float | Values, probability: Values
) -> Values:
    """Return labels of exceedance, with their expectation where an interval holds the limit.

    Samples are put in ten bins by the probability that the model gave them. Within a bin the
    concentrations, relative to the limit, have one distribution, found from all intervals of
    the bin; it tells how much of an interval that holds the limit lies above it. So the share
    of exceedances in a bin is the product-limit estimate where values below detection limits
    are all that is not known, and no claim of the model enters. It is right if, among
    samples of one bin, detection limits have nothing to do with concentrations.

    Parameters
    ----------
    lower, upper : array, shape (n,), mg/kg
        What was measured.
    limit : float or array, shape (n,), mg/kg
        As in `exceedance_labels`.
    probability : array, shape (n,)
        From models that have not seen the sample; NaN where there is none.

    Returns
    -------
    array, shape (n,)
        1 exceeds, 0 does not, between them the expectation; NaN is unknown: the limit is
        not known, there is no probability, or no sample at all tells one side of the limit
        from the other, as where every detection limit lies above it.

    References
    ----------
    D'Agostino, R. B., & Nam, B.-H. (2003). Evaluation of the performance of survival analysis
    models: discrimination and calibration measures. Handbook of Statistics 23, 1-25.
    https://doi.org/10.1016/S0169-7161(03)23001-7 (the product limit within bins of the
    probability)

    Examples
    --------
    >>> lower = np.array([0.0, 1.0, 2.0, 3.0, 0.0])
    >>> upper = np.array([0.5, 1.0, 2.0, 3.0, 2.5])  # a half and 2.5 are detection limits
    >>> expected_labels(lower, upper, 1.5, np.full(5, 0.5)).round(2)
    array([0.  , 0.  , 1.  , 1.  , 0.33])
    """
    labels = exceedance_labels(lower, upper, limit)
    limits = np.broadcast_to(np.asarray(limit, dtype=np.float64), labels.shape)
    usable = np.isfinite(limits) & np.isfinite(probability)
    torn = np.flatnonzero(np.isnan(labels) & usable)
    if not torn.size:
        return labels
    with np.errstate(divide="ignore"):
        low, high = (np.log(end[usable] / limits[usable]) for end in (lower, upper))
    ends = np.concatenate([low, high])
    ends = ends[np.isfinite(ends)]
    shares = np.linspace(0.0, 1.0, _MOST_CELLS)
    edges = np.unique([0.0, *np.quantile(ends, shares, method="nearest")])
    # A cell holds its upper edge, as an interval and the lower side of a limit do.
    last = np.searchsorted(edges, high, side="left")
    first = np.where(low == high, last, np.searchsorted(edges, low, side="right"))
    first = np.minimum(first, last)
    n_cells = len(edges) + 1
    above = (int(np.searchsorted(edges, 0.0)) + 1, n_cells)
    everywhere = self_consistent(first, last, np.full(n_cells, 1e-6))
    known = labels[usable]
    # How far down, or up, the rest goes is not told where no sample is known to lie there.
    told_below, told_above = (known == 0).any(), (known == 1).any()
    expected = known.copy()
    number = equal_count_bins(probability[usable])
    for own in range(number.max() + 1):
        rows = np.flatnonzero(number == own)
        asked = rows[np.isnan(known[rows])]
        if not asked.size:
            continue
        mass = self_consistent(first[rows], last[rows], everywhere)
        told = share_within(mass, first[asked], last[asked], above)
        needs_below, needs_above = np.isfinite(high[asked]), np.isfinite(low[asked])
        can_tell = (told_below | ~needs_below) & (told_above | ~needs_above)
        expected[asked] = np.where(can_tell, told, np.nan)
    answer = labels.copy()
    answer[usable] = expected
    return answer
