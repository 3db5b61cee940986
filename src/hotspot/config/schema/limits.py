"""The limit of each contaminant."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
    model_validator,
)

from hotspot.config.schema.node import ContaminantId, Name, Names, Node, Positive


class GivenConfig(Node):
    """What is known of the soil: a number, a word, or the name of a covariate.

    The quantities are those of `hotspot.observations.limits.conditions`; see
    `docs/thresholds.md`.
    """

    ph: float | str | None = None
    ph_cacl2: float | str | None = None
    ph_kcl: float | str | None = None
    ph_water: float | str | None = None
    clay: float | str | None = None
    organic_matter: float | str | None = None
    toc: float | str | None = None
    particles_lt_10um: float | str | None = None
    particles_lt_20um: float | str | None = None
    depth_top_cm: float | str | None = None
    depth_bottom_cm: float | str | None = None
    background: float | str | None = None
    extractable: float | str | None = None
    land_use: str | None = None
    texture: str | None = None
    crop: str | None = None
    site: str | None = None
    range: str | None = None
    origin: str | None = None
    scenario: str | None = None
    classes: dict[int, str] | dict[str, dict[int, str]] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _without_empty(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        kept = serialise(self).items()
        return {name: value for name, value in kept if value not in (None, {}, [])}

    def given(self) -> dict[str, float | str]:
        """Return what is given, by quantity."""
        names = (name for name in GivenConfig.model_fields if name != "classes")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


class LimitConfig(GivenConfig):
    """The limit of a contaminant as a rule; see `conf/threshold/given.yaml`."""

    rule: Name | None = None
    registry: Name | None = None
    kind: str | None = None
    fraction: str | None = None
    date: str | None = None
    background_rule: Literal["higher", "replaces", "addition"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "LimitConfig":
        if (self.rule is None) == (self.registry is None):
            raise ValueError(
                f"`rule: {self.rule}` and `registry: {self.registry}` do not fit. Give the "
                "name of a regime with `rule`, or a jurisdiction or the beginning of ids with "
                "`registry`"
            )
        useless = [n for n in ("kind", "fraction", "date", "background_rule") if self[n]]
        if self.rule is not None and useless:
            raise ValueError(
                f"`rule: {self.rule}` settles {', '.join(useless)} itself. Leave that out, or "
                "use `registry`"
            )
        return self

    def __getitem__(self, name: str) -> Any:
        """Return the value of a key."""
        return getattr(self, name)


def _kind_of_limit(value: Any) -> str:
    """Return the tag of a limit, one that messages leave out of a key's path."""
    if isinstance(value, dict | LimitConfig):
        return "function-limit"
    is_text = isinstance(value, str) and re.fullmatch(r"[-+0-9.eE]+", value) is None
    return "str" if is_text else "float"


LimitValue = Annotated[
    Annotated[Positive, Tag("float")]
    | Annotated[str, Tag("str")]
    | Annotated[LimitConfig, Tag("function-limit")],
    Discriminator(_kind_of_limit),
]


class ThresholdConfig(Node):
    """The limits: a regime for all contaminants, and each one's own before it."""

    # Every further key is a contaminant.
    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
    __pydantic_extra__: dict[ContaminantId, LimitValue]

    regime: Name | None = None
    regimes: Names[Name] = Field(default_factory=list)
    registry: str | None = None
    given: GivenConfig = GivenConfig()

    @model_serializer(mode="wrap")
    def _without_empty(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        kept = serialise(self).items()
        return {name: value for name, value in kept if value not in (None, {}, [])}

    def __getitem__(self, contaminant: str) -> float | str | LimitConfig:
        """Return the limit of a contaminant, its own or by the regime."""
        own: dict[str, float | str | LimitConfig] = self.__pydantic_extra__ or {}
        if contaminant in own:
            return own[contaminant]
        if self.regime is None:
            raise KeyError(contaminant)
        return LimitConfig(rule=self.regime)

    def has_own(self, contaminant: str) -> bool:
        """Whether a contaminant has a limit of its own, which goes before the regime."""
        return contaminant in (self.__pydantic_extra__ or {})

    def __contains__(self, contaminant: str) -> bool:
        """Whether a contaminant has a limit."""
        return self.regime is not None or self.has_own(contaminant)
