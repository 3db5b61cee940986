"""Interactions: what two roles, or two covariates, do only together."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from hotspot.explanations.coalitions import MAX_EXACT
from hotspot.explanations.scales import UNITS, Scale, ScaleWorths

INTERACTION_COLUMNS = ("first", "second", "unit", "mean_abs", "mean")
# Players beyond those that can be told pair by pair.
OTHERS = "all others"


def joined_players(
    players: Mapping[str, Sequence[str]], *, most: int = MAX_EXACT
) -> dict[str, tuple[str, ...]]:
    """Return players, those beyond the first ones joined to one, so that pairs can be told.

    Parameters
    ----------
    players : mapping of str to sequence of str
        Strongest first.
    most : int
        Players that are left, from 2.

    Examples
    --------
    >>> joined_players({"a": ["a"], "b": ["b"], "c": ["c"]}, most=2)
    {'a': ('a',), 'all others': ('b', 'c')}
    """
    held = {name: tuple(columns) for name, columns in players.items()}
    if len(held) <= most:
        return held
    kept = dict(list(held.items())[: most - 1])
    rest = [column for name, columns in held.items() if name not in kept for column in columns]
    return {**kept, OTHERS: tuple(rest)}


def interaction_table(worths: ScaleWorths, scale: Scale = "log-odds") -> pd.DataFrame:
    """Return what players do alone and in pairs, the strongest first.

    Parameters
    ----------
    worths : ScaleWorths
        Of at most 8 players.
    scale : str
        On which scale.

    Returns
    -------
    DataFrame
        ``first`` and ``second``: players, the same one twice for what it does alone.
        ``mean_abs`` and ``mean`` over the rows, in ``unit``. A row's parts alone and in pairs
        add up, with the base, to its prediction as Shapley values do: the value of a player
        is its part alone and half of each of its pairs.

    Raises
    ------
    ModelError
        There are more players.
    """
    at = worths.scales.index(scale)
    pairs, shared = worths.worths.interactions(at)
    players = worths.worths.players
    alone = worths.worths.values(at)
    for column, pair in enumerate(pairs):
        for name in pair:
            alone[:, players.index(name)] -= shared[:, column] / 2
    parts = np.column_stack([alone, shared])
    names = [*((name, name) for name in players), *pairs]
    known = np.isfinite(parts).all(axis=1)
    table = pd.DataFrame(
        {
            "first": [first for first, _ in names],
            "second": [second for _, second in names],
            "unit": UNITS[scale],
            "mean_abs": np.abs(parts[known]).mean(axis=0),
            "mean": parts[known].mean(axis=0),
        }
    )
    return table.sort_values("mean_abs", ascending=False, kind="stable", ignore_index=True)
