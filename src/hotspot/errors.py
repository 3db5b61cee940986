"""The root error and its children.

Every message has three parts: what is wrong, the values seen, what to do. Each child also
inherits the builtin that fits, so that a caller may catch either.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class HotspotError(Exception):
    """Root of every error that `hotspot` raises on purpose."""


class ConfigError(HotspotError, ValueError):
    """The configuration asks for something that does not exist or does not fit."""


class ObservationError(HotspotError, ValueError):
    """The observation table cannot be read or does not say what it must."""


class UnitError(HotspotError, ValueError):
    """A unit is missing, unknown, or not a mass of contaminant per mass of soil."""


class ThresholdError(HotspotError, LookupError):
    """A limit is not in the registry or cannot be compared with a concentration."""


class GridError(HotspotError, ValueError):
    """Coordinates, extents or coordinate reference systems do not fit together."""


class CovariateError(HotspotError, ValueError):
    """A covariate raster or vector layer cannot be used as it is."""


class SampleError(HotspotError, ValueError):
    """The samples cannot carry the model that was asked for."""


class FoldError(HotspotError, ValueError):
    """The samples cannot be divided into the folds that were asked for."""


class ModelError(HotspotError, ValueError):
    """A model cannot be fitted, saved, loaded or applied to these covariates."""


class DownloadError(HotspotError, OSError):
    """A public data set could not be fetched, or what came is not what was expected."""


class OutputError(HotspotError, OSError):
    """A product could not be written; nothing half-written is left behind."""


def reason_of(error: object) -> str:
    """Return what a library says of an error, without the full stop that our sentence adds.

    Examples
    --------
    >>> reason_of(OSError("not a supported file format. "))
    'not a supported file format'
    """
    return str(error).strip().rstrip(".")


def few(values: Iterable[object], limit: int = 5) -> str:
    """Return the first values as text, with the count of the rest.

    Examples
    --------
    >>> few(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    items = [str(value) for value in values]
    shown = ", ".join(items[:limit])
    return shown if len(items) <= limit else f"{shown} and {len(items) - limit} more"


def nearest_name(name: str, known: Sequence[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known name, else an empty string.

    Examples
    --------
    >>> nearest_name("zinkc", ["zinc", "lead"])
    " Did you mean 'zinc'?"
    >>> nearest_name("qqq", ["zinc"])
    ''
    """
    lowered = {candidate.lower(): candidate for candidate in known}
    match = get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    return f" Did you mean '{lowered[match[0]]}'?" if match else ""
