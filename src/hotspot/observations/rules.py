"""What becomes of the rows of a table beyond their spelling: stated rules, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Self

from hotspot.errors import ConfigError, few, nearest_name

COORDINATE_FORMS = ("number", "dms")
RADIUS_RULES = ("keep", "flag", "reject")
DEPTH_RULES = ("overlap", "inside")
MOISTURES = ("wet_percent", "dry_percent", "dry_matter_percent")
STRENGTHS = ("total", "pseudo_total")
# Sites of one name that lie further apart than this, in metres, are not one site.
SITE_DISTANCE_M = 1000.0
# What laboratories call soil in a column of what was analysed.
SOIL_WORDS = (
    *(
        "soil",
        "soils",
        "topsoil",
        "subsoil",
        "boden",
        "bodem",
        "grond",
        "sol",
        "suelo",
        "suolo",
    ),
    *("solo", "jord", "maa", "gleba", "půda", "pôda", "talaj", "tlo", "toprak"),
)
# A result so many times above or below the usual content of soils has another unit, or is none.
PLAUSIBLE_FACTOR = 1e5


@dataclass(frozen=True)
class Beside:
    """What a file says of each contaminant beside its values.

    Parameters
    ----------
    units : dict of str
        Unit of a contaminant's values, where it is not that of the others.
    limits : dict of float
        Detection limit of a contaminant where the row states none, in the unit of its values.
    substituted : dict
        By contaminant, numbers that the file holds in place of non-detects, to their limit.
    qualifier_columns, limit_columns : dict of str
        Of a wide table: the column of flags, or of limits, beside a contaminant's values.
    """

    units: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    substituted: Mapping[str, Mapping[float, float]] = field(default_factory=dict)
    qualifier_columns: Mapping[str, str] = field(default_factory=dict)
    limit_columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DepthRule:
    """The layer of soil that is asked about, and how samples of other layers stand for it.

    Parameters
    ----------
    top_cm, bottom_cm : float
        The layer.
    rule : {"overlap", "inside"}
        Layers of one place and day are averaged with the length of their overlap as weight;
        or only layers wholly inside count, averaged with their thickness.
    least_share : float
        Share of the layer that must be covered, above 0 and to 1.
    """

    top_cm: float
    bottom_cm: float
    rule: str = "overlap"
    least_share: float = 0.5

    def __post_init__(self) -> None:
        check_choice("data.depth.rule", self.rule, DEPTH_RULES)
        if not 0 <= self.top_cm < self.bottom_cm:
            raise ConfigError(
                f"data.depth asks for {self.top_cm:g} to {self.bottom_cm:g} cm. Give a top "
                "from 0 and a bottom below it."
            )
        if not 0 < self.least_share <= 1:
            raise ConfigError(
                f"data.depth.least_share={self.least_share:g}: give a share above 0, to 1."
            )


@dataclass(frozen=True)
class PlaceRules:
    """How places are written, and which are believed.

    Parameters
    ----------
    form : {"number", "dms"}
        Numbers, or degrees, minutes and seconds.
    region : tuple of float, or str
        West, east, south, north in degrees, or a reference system whose area of use is meant;
        None for the areas of use of the two systems alone.
    radius_m : float or "decimals"
        Within which the places of all rows are known, where no column says it; or what the
        decimals of each row tell. None where nothing is known.
    radius_rule : {"keep", "flag", "reject"}
        What becomes of rows whose radius is greater than a cell.
    site_distance_m : float
        Of a site, as `SITE_DISTANCE_M`; None for no check.
    """

    form: str = "number"
    region: tuple[float, float, float, float] | str | None = None
    radius_m: float | str | None = None
    radius_rule: str = "flag"
    site_distance_m: float | None = SITE_DISTANCE_M

    def __post_init__(self) -> None:
        check_choice("data.coordinates", self.form, COORDINATE_FORMS)
        check_choice("data.radius_rule", self.radius_rule, RADIUS_RULES)
        if isinstance(self.radius_m, str):
            check_choice("data.radius_m", self.radius_m, ("decimals",))
        if self.region is not None and not isinstance(self.region, str):
            west, east, south, north = self.region
            if not (all(map(isfinite, self.region)) and west < east and south < north):
                raise ConfigError(
                    f"data.region is {list(self.region)}. Give west, east, south, north in "
                    "degrees, west under east and south under north."
                )


@dataclass(frozen=True)
class MethodRules:
    """What the file calls its analytical methods, and the one to convert to.

    Parameters
    ----------
    names : dict of str
        The file's own words, to ids of ``methods.csv``.
    convert_to : {"total", "pseudo_total"}
        Strength of extraction to convert to; None for no conversion.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    convert_to: str | None = None

    def __post_init__(self) -> None:
        if self.convert_to is not None:
            check_choice("data.convert_methods_to", self.convert_to, STRENGTHS)


@dataclass(frozen=True)
class Rules:
    """Every rule of a table; see ``conf/data/table.yaml``.

    Parameters
    ----------
    beside : Beside
        Units, limits, flags and substituted values by contaminant.
    places : PlaceRules
        Coordinates.
    methods : MethodRules
        Analytical methods.
    depth : DepthRule or None
        The layer asked about.
    dates : str
        ``iso``, ``excel`` for the day numbers of spreadsheets, or a form such as ``%d.%m.%Y``.
    moisture : {"wet_percent", "dry_percent", "dry_matter_percent"}
        What the column of moisture holds: water in per cent of the wet or of the dry mass, or
        dry matter in per cent of the wet mass. None where there is no such column.
    plausible_factor : float
        As `PLAUSIBLE_FACTOR`; None for no check.
    media : tuple of str
        What the column of media calls soil, whatever the case; rows of others are rejected.
    """

    beside: Beside = field(default_factory=Beside)
    places: PlaceRules = field(default_factory=PlaceRules)
    methods: MethodRules = field(default_factory=MethodRules)
    depth: DepthRule | None = None
    dates: str = "iso"
    moisture: str | None = None
    plausible_factor: float | None = PLAUSIBLE_FACTOR
    media: tuple[str, ...] = SOIL_WORDS

    def __post_init__(self) -> None:
        if self.moisture is not None:
            check_choice("data.moisture", self.moisture, MOISTURES)
        if self.dates not in ("iso", "excel") and "%" not in self.dates:
            raise ConfigError(
                f"data.dates does not know {self.dates!r}. Give iso, excel, or a form such as "
                "%d.%m.%Y for 14.05.1990."
            )

    @classmethod
    def from_config(cls, values: Mapping[str, Any]) -> Self:
        """Return the rules that the keys of ``data`` state; others are left to the caller.

        Examples
        --------
        >>> Rules.from_config({"depth": {"top": 0, "bottom": 20}}).depth
        DepthRule(top_cm=0.0, bottom_cm=20.0, rule='overlap', least_share=0.5)
        """
        depth = values.get("depth")
        region = values.get("region")
        return cls(
            beside=Beside(
                units=_texts(values.get("units")),
                limits={str(k): float(v) for k, v in (values.get("limits") or {}).items()},
                substituted={
                    str(name): {float(value): float(limit) for value, limit in pairs.items()}
                    for name, pairs in (values.get("substituted") or {}).items()
                },
                qualifier_columns=_texts(values.get("wide_qualifiers")),
                limit_columns=_texts(values.get("wide_limits")),
            ),
            places=PlaceRules(
                form=values.get("coordinates", "number"),
                region=tuple(region) if isinstance(region, list | tuple) else region,
                radius_m=values.get("radius_m"),
                radius_rule=values.get("radius_rule", "flag"),
                site_distance_m=values.get("site_distance_m", SITE_DISTANCE_M),
            ),
            methods=MethodRules(
                names=_texts(values.get("methods")), convert_to=values.get("convert_methods_to")
            ),
            depth=None
            if depth is None
            else DepthRule(
                float(depth["top"]),
                float(depth["bottom"]),
                depth.get("rule", "overlap"),
                float(depth.get("least_share", 0.5)),
            ),
            dates=values.get("dates", "iso"),
            moisture=values.get("moisture"),
            plausible_factor=values.get("plausible_factor", PLAUSIBLE_FACTOR),
            media=tuple(map(str, values.get("media") or SOIL_WORDS)),
        )


RULE_KEYS = (
    "convert_methods_to",
    "coordinates",
    "dates",
    "depth",
    "limits",
    "media",
    "methods",
    "moisture",
    "plausible_factor",
    "radius_m",
    "radius_rule",
    "region",
    "site_distance_m",
    "substituted",
    "units",
    "wide_limits",
    "wide_qualifiers",
)


def check_choice(key: str, value: str, known: tuple[str, ...]) -> None:
    """Raise unless a value is one of those known."""
    if value not in known:
        raise ConfigError(
            f"{key} does not know {value!r}.{nearest_name(str(value), known)} "
            f"Choose among {few(known, 40)}."
        )


def _texts(values: Mapping[Any, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (values or {}).items()}
