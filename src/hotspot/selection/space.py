"""The search space: which parameters of a model are tried, and between which values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, Self

from hotspot.errors import ConfigError

Setting = dict[str, Any]
"""Values by parameter, plain as in a configuration."""

# Digits that are kept of a number drawn: a setting is told to people and typed by them.
_DIGITS = 3


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model, and the values it may take.

    Parameters
    ----------
    name : str
        As in ``conf/model``.
    kind : {"int", "float", "categorical"}
    low, high : float
        Ends of the range, both within it; not for a categorical one.
    log : bool
        Whether a factor counts, not a difference: 0.01 to 0.1 is then as far as 0.1 to 1.
    choices : tuple
        Plain values of a categorical parameter: text, numbers, True, False, None, lists.
    """

    name: str
    kind: Literal["int", "float", "categorical"]
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether a value is among those that may be tried."""
        if self.kind == "categorical":
            return value in self.choices
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high

    def rounded(self, value: Any) -> Any:
        """Return a value with three digits, inside the range; only a float changes."""
        if self.kind != "float":
            return value
        return min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)

    def distance(self, first: Any, second: Any) -> float:
        """Return how far two values are apart, as a share of the range; 1 for two choices."""
        if self.kind == "categorical":
            return float(first != second)
        low, high, one, other = (
            (math.log(each) if self.log else float(each))
            for each in (self.low, self.high, first, second)
        )
        return abs(one - other) / (high - low)

    @property
    def values(self) -> tuple[Any, ...] | None:
        """Every value; None where there is no end of them."""
        if self.kind == "categorical":
            return self.choices
        if self.kind == "int":
            return tuple(range(int(self.low), int(self.high) + 1))
        return None

    def told(self) -> str:
        """Return the values in words."""
        if self.kind == "categorical":
            return f"the choices {list(self.choices)}"
        return f"the range {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class SearchSpace:
    """The parameters that are tried together.

    Examples
    --------
    >>> space = SearchSpace.from_dict({
    ...     "C": {"kind": "float", "low": 0.01, "high": 100, "log": True},
    ...     "trend": {"kind": "categorical", "choices": ["ridge", "forest"]},
    ... })
    >>> space.distance({"C": 1.0, "trend": "ridge"}, {"C": 10.0, "trend": "ridge"})
    0.25
    """

    parameters: tuple[Parameter, ...]

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return the space of plain values, as in ``conf/tune``; what is None is left out."""
        parameters = []
        for name, given in values.items():
            kept = {key: value for key, value in given.items() if value is not None}
            kept["choices"] = tuple(kept.get("choices", ()))
            parameters.append(Parameter(name, **kept))
        return cls(tuple(parameters))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    def check(self, setting: Setting) -> None:
        """Raise `ConfigError` unless a setting lies in the space."""
        for parameter in self.parameters:
            value = setting[parameter.name]
            if not parameter.holds(value):
                raise ConfigError(
                    f"model.{parameter.name}={value}: the search starts from this value, and "
                    f"it lies outside {parameter.told()}. Widen the search space of "
                    f"{parameter.name} under tune.spaces, or change the value."
                )

    def rounded(self, setting: Setting) -> Setting:
        """Return a setting as people would write it; see `Parameter.rounded`."""
        return {
            parameter.name: parameter.rounded(setting[parameter.name])
            for parameter in self.parameters
        }

    def distance(self, first: Setting, second: Setting) -> float:
        """Return how far two settings are apart: the root of the summed squares."""
        return math.sqrt(
            sum(
                parameter.distance(first[parameter.name], second[parameter.name]) ** 2
                for parameter in self.parameters
            )
        )

    def every(self, most: int) -> list[Setting] | None:
        """Return every setting of the space, or None where there are more than `most`.

        Examples
        --------
        >>> space = SearchSpace.from_dict({"model": {"kind": "categorical",
        ...                                          "choices": ["sph", "exp"]}})
        >>> space.every(10)
        [{'model': 'sph'}, {'model': 'exp'}]
        >>> space.every(1) is None
        True
        """
        values = []
        for parameter in self.parameters:
            found = parameter.values
            if found is None:
                return None
            values.append(found)
        if math.prod(len(each) for each in values) > most:
            return None
        return [dict(zip(self.names, each, strict=True)) for each in product(*values)]
