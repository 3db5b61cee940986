"""Where the numbers of a report come from, and what became of the rows."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Provenance:
    """Where the numbers of a report come from.

    Parameters
    ----------
    config_hash, data_hash : str
        Digests of the composed configuration and of the observations.
    software_version : str
        Version of `hotspot`.
    seed : int
        The one seed from which every random step takes its own.
    model_ids : mapping of str to str
        Model or run id by contaminant id.
    facts : tuple of (str, str)
        Further label and value pairs, shown as they are.
    """

    config_hash: str
    data_hash: str
    software_version: str
    seed: int
    model_ids: Mapping[str, str]
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LedgerStep:
    """One step through which the data went: rows in, rows out, and why rows left."""

    step: str
    rows_in: int
    rows_out: int
    reasons: tuple[tuple[str, int], ...] = ()
