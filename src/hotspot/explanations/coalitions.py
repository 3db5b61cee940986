"""Coalitions of players: which are asked for, and what their worths come to."""

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError

Values = NDArray[np.float64]

# Players up to which all coalitions are asked for; 2**8 = 256 of them.
MAX_EXACT = 8
# Orders drawn beyond that, each also read backwards.
N_ORDERS = 8
# The orders are a rule of this program, as a grid of a quadrature is, and no choice of a run.
_SEED = 20_040_217


@dataclass(frozen=True)
class Design:
    """Which coalitions are asked for, and how their worth makes up a player's value.

    Parameters
    ----------
    coalitions : bool array, shape (n_coalitions, n_players)
        Who takes part; the first has nobody, the last has all.
    weights : array, shape (n_coalitions, n_players)
        A value is the weighted sum of worths. Weights of the first coalition add up to -1,
        of the last to 1, of any other to 0: so values add up exactly.
    """

    coalitions: NDArray[np.bool_]
    weights: Values

    @property
    def n_players(self) -> int:
        """Number of players."""
        return int(self.coalitions.shape[1])

    @property
    def is_complete(self) -> bool:
        """Whether every coalition is asked for."""
        return bool(len(self.coalitions) == 2**self.n_players)


def make_design(n_players: int) -> Design:
    """Return the coalitions to ask for: all up to 8 players, else those of 16 orders.

    Examples
    --------
    >>> make_design(2).weights.tolist()
    [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    """
    return _all(n_players) if n_players <= MAX_EXACT else _drawn(n_players)


def pair_weights(design: Design) -> tuple[tuple[tuple[int, int], ...], Values]:
    """Return pairs of players, and how worths make up the interaction of each pair.

    The Shapley interaction index: what two players add together beyond what each adds
    alone, averaged over all coalitions of the others as Shapley values are.

    Returns
    -------
    pairs : tuple of (int, int)
        Positions of the players.
    weights : array, shape (n_coalitions, n_pairs)
        An interaction is the weighted sum of worths.

    Raises
    ------
    ModelError
        Not every coalition was asked for.

    References
    ----------
    Grabisch, M., & Roubens, M. (1999). An axiomatic approach to the concept of interaction
    among players in cooperative games. International Journal of Game Theory 28, 547-565,
    10.1007/s001820050125.

    Examples
    --------
    >>> pair_weights(make_design(2))
    (((0, 1),), array([[ 1.],
           [-1.],
           [-1.],
           [ 1.]]))
    """
    n = design.n_players
    if not design.is_complete:
        raise ModelError(
            f"Interactions of {n} players need all {2**n} coalitions, and "
            f"{len(design.coalitions)} were asked for. Join players to {MAX_EXACT} or fewer."
        )
    pairs = tuple(combinations(range(n), 2))
    weights = np.zeros((len(design.coalitions), len(pairs)))
    for column, pair in enumerate(pairs):
        inside = design.coalitions[:, list(pair)]
        others = design.coalitions.sum(axis=1) - inside.sum(axis=1)
        share = np.array(
            [factorial(s) * factorial(n - 2 - s) / factorial(n - 1) for s in range(n - 1)]
        )[others]
        # Both or neither count for it, one alone against it.
        weights[:, column] = np.where(inside[:, 0] == inside[:, 1], share, -share)
    return pairs, weights


def _all(n: int) -> Design:
    codes = np.arange(2**n)
    coalitions = (codes[:, None] >> np.arange(n) & 1).astype(bool)
    size = coalitions.sum(axis=1)
    # A player that joins s others, of n in all, does so in this share of the orders.
    share = np.array([factorial(s) * factorial(n - 1 - s) / factorial(n) for s in range(n)])
    joins = share[np.maximum(size - 1, 0)][:, None]
    stays = share[np.minimum(size, n - 1)][:, None]
    return Design(coalitions, np.where(coalitions, joins, -stays))


def _drawn(n: int) -> Design:
    generator = np.random.default_rng(_SEED)
    drawn = [generator.permutation(n) for _ in range(N_ORDERS)]
    orders = [order for one in drawn for order in (one, one[::-1])]
    weights: dict[bytes, Values] = {}
    for order in orders:
        member = np.zeros(n, dtype=bool)
        for player in order:
            weights.setdefault(member.tobytes(), np.zeros(n))[player] -= 1 / len(orders)
            member[player] = True
            weights.setdefault(member.tobytes(), np.zeros(n))[player] += 1 / len(orders)
    coalitions = np.array([np.frombuffer(key, dtype=bool) for key in weights])
    order_of_size = np.argsort(coalitions.sum(axis=1), kind="stable")
    return Design(coalitions[order_of_size], np.array(list(weights.values()))[order_of_size])
