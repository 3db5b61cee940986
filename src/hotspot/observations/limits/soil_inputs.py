"""What is given of a soil for its limit: numbers, words, or covariates that hold them."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import CovariateError, ThresholdError, few, nearest_name
from hotspot.observations.limits.conditions import (
    QUANTITIES,
    Clause,
    Quantity,
    check_quantity,
    check_word,
)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """One quantity: the same everywhere, or the covariate that has it.

    Parameters
    ----------
    quantity : str
        A name of `QUANTITIES`.
    constant : float, str or None
        The number or word; NaN for a background that is said not to exist.
    covariate : str or None
        The column that has it.
    classes : tuple of (int, str)
        The word of each code of a covariate of classes; a code without word is unknown.
    """

    quantity: str
    constant: float | str | None = None
    covariate: str | None = None
    classes: tuple[tuple[int, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; ``"none"`` for a background that does not exist."""
        nowhere = isinstance(self.constant, float) and math.isnan(self.constant)
        return {
            "quantity": self.quantity,
            "constant": "none" if nowhere else self.constant,
            "covariate": self.covariate,
            "classes": [[code, word] for code, word in self.classes],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` described."""
        constant = values["constant"]
        return cls(
            quantity=check_quantity(str(values["quantity"])).name,
            constant=math.nan if constant == "none" else constant,
            covariate=values["covariate"],
            classes=tuple((int(code), str(word)) for code, word in values["classes"]),
        )


@dataclass(frozen=True)
class SoilInputs:
    """All that is given of a soil.

    Examples
    --------
    >>> given = SoilInputs.read({"ph": "soil_ph", "clay": 12, "range": "upper"})
    >>> given.covariates, given.of("clay").constant, given.of("ph_cacl2")
    (('soil_ph',), 12.0, None)
    """

    given: tuple[Given, ...] = ()

    @classmethod
    def read(
        cls,
        values: Mapping[str, float | str | None],
        classes: Mapping[Any, Any] | None = None,
    ) -> Self:
        """Return what a configuration or a command line gives.

        Parameters
        ----------
        values : mapping
            By quantity a number, a word of the quantity, or the name of a covariate; None is
            passed over. ``background: none`` says that there is no background.
        classes : mapping, optional
            ``{1: "agricultural"}`` for the one covariate of classes, or such a mapping by
            quantity where there are several.

        Raises
        ------
        ThresholdError
            A quantity, a word or a class is unknown, a number is none that a soil can have,
            or a covariate of classes has none.
        """
        wanted = {name: value for name, value in values.items() if value is not None}
        coded = [
            name
            for name, value in wanted.items()
            if check_quantity(name).words and str(value) not in QUANTITIES[name].words
        ]
        tables = _classes(classes or {}, coded)
        return cls(tuple(_given(name, value, tables) for name, value in wanted.items()))

    def of(self, quantity: str) -> Given | None:
        """Return what is given of a quantity, by itself or by another that answers for it."""
        by_name = {each.quantity: each for each in self.given}
        for name in (quantity, *QUANTITIES[quantity].answered_by):
            if name in by_name:
                return by_name[name]
        return None

    def with_constants(self, values: Mapping[str, float | str]) -> "SoilInputs":
        """Return these with further constants; what is given already stays."""
        own = {each.quantity for each in self.given}
        more = tuple(Given(name, value) for name, value in values.items() if name not in own)
        return SoilInputs((*self.given, *more))

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of the covariates, each once."""
        names = (each.covariate for each in self.given)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def check_units(self, frame: pd.DataFrame, names: Collection[str]) -> None:
        """Refuse covariates with numbers that no soil has, which tell of another unit.

        Parameters
        ----------
        frame : DataFrame, shape (n, n_columns)
            Of samples, whose soils exist.
        names : collection of str
            The covariates that count; what is given of a soil need not be used by a limit.

        Raises
        ------
        CovariateError
            The table lacks a covariate.
        ThresholdError
            A number lies outside what a soil can have.
        """
        for given in self.given:
            quantity = QUANTITIES[given.quantity]
            if given.covariate not in names or quantity.words:
                continue
            column = _column(frame, given)
            wrong = column[~_is_of_a_soil(column, quantity) & np.isfinite(column)]
            if len(wrong):
                raise ThresholdError(
                    f"{quantity.name}: {len(wrong)} of {len(column)} samples have numbers of "
                    f"{given.covariate!r} that no soil has, from {wrong.min():g} to "
                    f"{wrong.max():g}; {quantity.meaning}, is {_between(quantity)}. Give a "
                    f"layer {_in_unit(quantity)}: the limit would be that of another soil."
                )

    def fixed(self, clause: Clause) -> bool | None:
        """Whether a clause holds everywhere, nowhere, or that depends on the place: None."""
        given = self.of(clause.quantity)
        if given is None or given.constant is None:
            return None
        if clause.words:
            return given.constant in clause.words
        return clause.admits(float(given.constant))

    def numbers(self, quantity: str, frame: pd.DataFrame) -> Values | None:
        """Return a quantity of numbers in each row; None if not given.

        NaN where it is missing, and where a covariate has what no soil can have.

        Raises
        ------
        CovariateError
            The table lacks the covariate.
        """
        given = self.of(quantity)
        if given is None:
            return None
        if given.covariate is None:
            return np.full(len(frame), float(given.constant or 0.0))
        return _known(frame, given)

    def truth(self, clause: Clause, frame: pd.DataFrame) -> Values:
        """Return 1 where a clause holds, 0 where not, NaN where that is not known.

        Raises
        ------
        CovariateError
            The table lacks the covariate.
        """
        fixed = self.fixed(clause)
        if fixed is not None:
            return np.full(len(frame), float(fixed))
        given = self.of(clause.quantity)
        if given is None:
            return np.full(len(frame), np.nan)
        column = _known(frame, given)
        if clause.words:
            right = [code for code, word in given.classes if word in clause.words]
            known = np.isin(column, [code for code, _ in given.classes])
            return np.where(known, np.isin(column, right), np.nan)
        compared = {
            "<": np.less,
            "<=": np.less_equal,
            ">": np.greater,
            ">=": np.greater_equal,
        }[clause.operator](column, clause.number)
        return np.where(np.isfinite(column), compared, np.nan)

    def is_missing(self, quantity: str, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Return where a quantity is not known."""
        given = self.of(quantity)
        if given is None:
            return np.ones(len(frame), dtype=np.bool_)
        if given.covariate is None:
            return np.zeros(len(frame), dtype=np.bool_)
        column = _known(frame, given)
        if given.classes:
            return ~np.isin(column, [code for code, _ in given.classes])
        return ~np.isfinite(column)


def _column(frame: pd.DataFrame, given: Given) -> Values:
    if given.covariate not in frame.columns:
        names = [str(name) for name in frame.columns]
        raise CovariateError(
            f"The limit depends on {given.quantity} from the covariate {given.covariate!r}, "
            f"which the table lacks.{nearest_name(str(given.covariate), names)} It has "
            f"{few(names, 10) or 'none'}. Name a covariate of covariates.layers, or a number."
        )
    column: Values = frame[given.covariate].to_numpy(dtype=np.float64)
    return column


def _known(frame: pd.DataFrame, given: Given) -> Values:
    """Return a covariate, NaN where it has what no soil can have."""
    column = _column(frame, given)
    quantity = QUANTITIES[given.quantity]
    if quantity.words:
        return column
    return np.where(_is_of_a_soil(column, quantity), column, np.nan)


def _is_of_a_soil(values: Values, quantity: Quantity) -> NDArray[np.bool_]:
    return (values >= quantity.least) & (values <= quantity.most)


def _between(quantity: Quantity) -> str:
    unit = "" if quantity.unit in ("", "1") else f" {quantity.unit}"
    if math.isinf(quantity.most):
        return f"at least {quantity.least:g}{unit}"
    return f"from {quantity.least:g} to {quantity.most:g}{unit}"


def _in_unit(quantity: Quantity) -> str:
    return "as pH" if quantity.unit in ("", "1") else f"in {quantity.unit}"


def _given(name: str, value: float | str, tables: Mapping[str, Mapping[int, str]]) -> Given:
    quantity = QUANTITIES[name]
    if quantity.words:
        if str(value) in quantity.words:
            return Given(name, str(value))
        if name not in tables:
            raise ThresholdError(
                f"{name}: {value!r} is none of its words and, as a covariate, has no classes."
                f"{nearest_name(str(value), quantity.words)} Give one of "
                f"{few(quantity.words, 30)}, or the word of each code of the covariate with "
                f"classes: {{1: {quantity.words[0]}}}."
            )
        return Given(name, None, str(value), tuple(sorted(tables[name].items())))
    if name == "background" and str(value).lower() == "none":
        return Given(name, math.nan)
    try:
        number = float(value)
    except ValueError:
        return Given(name, None, str(value))
    if isinstance(value, bool) or not math.isfinite(number):
        raise ThresholdError(
            f"{name}: {value!r} is no number of a soil. Give {quantity.meaning} as a number"
            f"{'' if quantity.unit in ('', '1') else f' in {quantity.unit}'}, or a covariate."
        )
    # 120 g/kg of clay taken for 120 % would raise a limit several times over.
    if not quantity.least <= number <= quantity.most:
        unit = "" if quantity.unit in ("", "1") else f" {quantity.unit}"
        raise ThresholdError(
            f"{name}: no soil has {number:g}{unit}; {quantity.meaning}, is "
            f"{_between(quantity)}. Give it {_in_unit(quantity)}."
        )
    return Given(name, number)


def _classes(classes: Mapping[Any, Any], coded: list[str]) -> dict[str, dict[int, str]]:
    """Return the words of codes by quantity."""
    if not classes:
        return {}
    nested = all(isinstance(value, Mapping) for value in classes.values())
    if not nested and len(coded) != 1:
        raise ThresholdError(
            f"classes: it is not clear whose codes {few(classes)} are; covariates of classes "
            f"are {few(coded) or 'none'}. Write classes: {{land_use: {{1: agricultural}}}}."
        )
    tables = classes if nested else {coded[0]: classes}
    found: dict[str, dict[int, str]] = {}
    for name, table in tables.items():
        quantity = check_quantity(str(name))
        found[quantity.name] = {}
        for code, word in table.items():
            try:
                number = int(str(code))
            except ValueError as error:
                raise ThresholdError(
                    f"classes: the code {code!r} of {name} is no whole number. Give the codes "
                    "of the raster."
                ) from error
            found[quantity.name][number] = check_word(quantity.name, str(word))
    return found
