"""What the columns of a file mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from hotspot.errors import ConfigError, few
from hotspot.observations.rules import RULE_KEYS, Rules, check_choice
from hotspot.observations.spelling import (
    MISSING_WORDS,
    NEGATIVES,
    NONDETECT_WORDS,
    QUALIFIERS,
    Spelling,
)

CANONICAL_COLUMNS = (
    "observation",
    "site",
    "easting",
    "northing",
    "depth_top_cm",
    "depth_bottom_cm",
    "depth",
    "sampled_on",
    "medium",
    "contaminant",
    "value",
    "unit",
    "qualifier",
    "limit",
    "method",
    "laboratory",
    "campaign",
    "moisture",
    "radius_m",
)
DUPLICATE_RULES = ("mean", "first", "max", "keep")
_MEANINGS = ("measured", "below", "above", "reject")
_SPELLING_KEYS = ("decimal", "nondetect_words", "missing_words", "negative", "qualifiers")
_PLAIN_KEYS = ("columns", "wide", "unit", "exclude", "duplicates", "contaminant_names")
MAPPING_KEYS = (*_PLAIN_KEYS, *_SPELLING_KEYS, *RULE_KEYS)
"""The keys of ``data`` that say what the columns mean; the others say how a file is read."""
# The unit stands in the name of each column of a wide table.
UNIT_OF_HEADER = "header"


@dataclass(frozen=True)
class TableMapping:
    """What the columns of a file mean, and how its cells are written.

    Parameters
    ----------
    columns : dict of str
        From a name of `CANONICAL_COLUMNS` to the file's column.
    wide : dict of str
        From a contaminant to the file's column of its values, for a table with one column per
        contaminant. Such a table has no contaminant, value, qualifier or limit column.
    unit : str or None
        Unit of all values, for a file without a unit column. Stated by a person who knows.
        ``header`` where the names of a wide table's columns hold it, as in ``Cd (mg/kg)``.
    exclude : dict of tuple
        Rows whose file column holds one of the values are left out, and counted.
    duplicates : {"mean", "first", "max", "keep"}
        What becomes of several values of one site, depth, day and contaminant; see
        `hotspot.observations.duplicates.merge_duplicates`.
    contaminant_names : dict of str
        The file's own spellings of contaminants, to ids.
    spelling : Spelling
        Decimal mark, words for non-detects and missing values, flags.
    rules : Rules
        Depth, places, methods and what else is stated of the rows.

    Raises
    ------
    ConfigError
        A name is unknown, or two statements exclude each other.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    wide: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    exclude: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    duplicates: str = "mean"
    contaminant_names: Mapping[str, str] = field(default_factory=dict)
    spelling: Spelling = field(default_factory=Spelling)
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        check_choice("data.duplicates", self.duplicates, DUPLICATE_RULES)
        check_choice("data.decimal", self.spelling.decimal, (".", ","))
        check_choice("data.negative", self.spelling.negative, NEGATIVES)
        for flag, meaning in self.spelling.qualifiers.items():
            check_choice(f"data.qualifiers[{flag!r}]", meaning, _MEANINGS)
        for name in self.columns:
            check_choice("data.columns", name, CANONICAL_COLUMNS)
        if self.wide:
            clash = [
                name
                for name in ("contaminant", "value", "qualifier", "limit")
                if name in self.columns
            ]
            if clash:
                raise ConfigError(
                    f"data.wide gives one column per contaminant, and data.columns gives "
                    f"{few(clash)} as well. Keep one of the two; a wide table writes its "
                    "non-detects into the cells, as in <0.2."
                )
        else:
            lacking = [name for name in ("contaminant", "value") if name not in self.columns]
            if lacking:
                raise ConfigError(
                    f"data.columns does not say which column is {few(lacking)}; it names "
                    f"{few(self.columns, 14) or 'nothing'}. Name it, or give data.wide for "
                    "a table with one column per contaminant."
                )
        self._check_units()
        self._check_beside()

    @classmethod
    def from_config(cls, values: Mapping[str, Any]) -> Self:
        """Return the mapping that plain dicts and lists describe.

        Parameters
        ----------
        values : dict
            Keys `MAPPING_KEYS`, as ``conf/data/table.yaml`` explains them; all may be left
            out. Words given take the place of the built-in ones, flags are added to them.

        Examples
        --------
        >>> mapping = TableMapping.from_config(
        ...     {"columns": {"contaminant": "Parameter", "value": "Wert", "unit": "Einheit"},
        ...      "decimal": ",", "exclude": {"batch": ["demonstration"]}})
        >>> mapping.exclude, mapping.spelling.decimal
        ({'batch': ('demonstration',)}, ',')
        """
        for key in values:
            check_choice("data", key, MAPPING_KEYS)
        given = {key: value for key, value in values.items() if value is not None}
        spelling = Spelling(
            decimal=str(given.get("decimal", ".")),
            nondetect_words=_texts(given.get("nondetect_words", NONDETECT_WORDS)),
            missing_words=_texts(given.get("missing_words", MISSING_WORDS)),
            qualifiers=QUALIFIERS | dict(given.get("qualifiers", {})),
            negative=str(given.get("negative", "reject")),
        )
        return cls(
            columns={k: str(v) for k, v in given.get("columns", {}).items() if v is not None},
            wide={str(k): str(v) for k, v in given.get("wide", {}).items()},
            unit=given.get("unit"),
            exclude={str(k): _texts(v) for k, v in given.get("exclude", {}).items()},
            duplicates=str(given.get("duplicates", "mean")),
            contaminant_names={
                str(k): str(v) for k, v in given.get("contaminant_names", {}).items()
            },
            spelling=spelling,
            rules=Rules.from_config(values),
        )

    def _check_units(self) -> None:
        if ("unit" in self.columns) == (self.unit is not None):
            stated = "both" if self.unit is not None else "neither"
            raise ConfigError(
                f"Of data.columns.unit and data.unit {stated} is given. Name the file's "
                "unit column, or state the one unit of all values, such as mg/kg; `header` "
                "where the columns of a wide table are named like Cd (mg/kg)."
            )
        if self.unit == UNIT_OF_HEADER and not self.wide:
            raise ConfigError(
                "data.unit=header is for tables with one column per contaminant (data.wide). "
                "State the unit, or name the file's unit column."
            )

    def _check_beside(self) -> None:
        beside = self.rules.beside
        for key, columns in (
            ("data.wide_qualifiers", beside.qualifier_columns),
            ("data.wide_limits", beside.limit_columns),
        ):
            for name in columns:
                check_choice(key, name, tuple(self.wide))
        if (self.rules.moisture is None) != ("moisture" not in self.columns):
            given = "data.moisture" if self.rules.moisture else "data.columns.moisture"
            raise ConfigError(
                f"Only {given} is given. A moisture column needs data.moisture, which says "
                "what it holds: wet_percent, dry_percent or dry_matter_percent."
            )
        if "depth" in self.columns and {"depth_top_cm", "depth_bottom_cm"} & set(self.columns):
            raise ConfigError(
                "data.columns names depth and depth_top_cm or depth_bottom_cm. Keep `depth` "
                "for one column like 0-20, or the other two for one number each."
            )

    def column_of(self, name: str) -> str | None:
        """Return the file's column of a canonical one, or None if the file has none.

        Coordinates that are not mapped are looked for under their own names, which is how a
        reader of points names them.
        """
        default = name if name in ("easting", "northing") else None
        return self.columns.get(name, default)


def _texts(values: Any) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(str(value) for value in values)
