"""Bounds that the options of a world must keep, told by the name of the option."""

from collections.abc import Sequence
from math import inf, isfinite

from hotspot.errors import ConfigError, few, nearest_name


def check_between(name: str, value: float, low: float, high: float = inf) -> None:
    """Raise `ConfigError` unless a number is finite and lies in [low, high].

    Examples
    --------
    >>> check_between("sill", 0.2, 0.0)
    >>> check_between("sill", 2.0, 0.0, 1.0)
    Traceback (most recent call last):
    hotspot.errors.ConfigError: sill=2 is nothing a world can have. Give a number from 0 to 1.
    """
    if isfinite(value) and low <= value <= high:
        return
    allowed = f"of at least {low:g}" if high == inf else f"from {low:g} to {high:g}"
    raise ConfigError(f"{name}={value:g} is nothing a world can have. Give a number {allowed}.")


def check_choice(name: str, value: object, known: Sequence[object]) -> None:
    """Raise `ConfigError` unless a value is one of the known ones."""
    if value not in known:
        names = [str(choice) for choice in known]
        raise ConfigError(
            f"{name}={value} is not known to a world.{nearest_name(str(value), names)} "
            f"Choose among {few(names, 10)}."
        )
