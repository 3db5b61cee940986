"""What the observations show of laboratories: values below limits, and offsets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Laboratories:
    """What is known of one contaminant's laboratories, as plain values of the ledger.

    Parameters
    ----------
    censoring : sequence of mapping
        By laboratory: ``laboratory, values, below, above, limits, least_limit_mg_kg,
        greatest_limit_mg_kg, share_below``.
    offsets : sequence of mapping
        By laboratory: ``laboratory, results, offset, lower, upper``, natural logarithm of
        what it finds over what is there; empty where they were not estimated.
    left_out : sequence of str
        Laboratories with too few results for an offset.
    """

    censoring: Sequence[Mapping[str, Any]] = ()
    offsets: Sequence[Mapping[str, Any]] = ()
    left_out: Sequence[str] = ()
