"""All options of a world in one value, and their way to plain values and back."""

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from hotspot.errors import ConfigError, few, nearest_name
from hotspot.worlds.concentration import Diffuse, Field
from hotspot.worlds.laboratories import Laboratories
from hotspot.worlds.landscape import Landscape
from hotspot.worlds.plumes import Sources
from hotspot.worlds.region import Region
from hotspot.worlds.survey import Survey


@dataclass(frozen=True)
class Options:
    """What a world is made of; with the seed, it says all of the world.

    Examples
    --------
    >>> options = Options().changed({"n_samples": "50", "shape": "40,60", "design": "grid"})
    >>> options.survey.n_samples, options.region.shape, options.survey.design
    (50, (40, 60), 'grid')
    >>> Options.from_dict(options.to_dict()) == options
    True
    """

    region: Region = dataclasses.field(default_factory=Region)
    landscape: Landscape = dataclasses.field(default_factory=Landscape)
    field: Field = dataclasses.field(default_factory=Field)
    sources: Sources = dataclasses.field(default_factory=Sources)
    diffuse: Diffuse = dataclasses.field(default_factory=Diffuse)
    survey: Survey = dataclasses.field(default_factory=Survey)
    laboratories: Laboratories = dataclasses.field(default_factory=Laboratories)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return the options that `to_dict` described."""
        defaults = cls()
        groups = {}
        for name, given in values.items():
            group = getattr(defaults, name)
            plain = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
            groups[name] = replace(group, **plain)
        return cls(**groups)

    def changed(self, texts: Mapping[str, str]) -> Self:
        """Return these options with some of them given as text, by their own names.

        Parameters
        ----------
        texts : mapping of str
            ``{"n_samples": "500", "shape": "40,60"}``; lists have commas between.

        Raises
        ------
        ConfigError
            A name is unknown, or a text is not what the option must be.
        """
        place = option_groups()
        changes: dict[str, dict[str, Any]] = {}
        for name, text in texts.items():
            if name not in place:
                raise ConfigError(
                    f"{name}: a world has no such option.{nearest_name(name, list(place))} "
                    f"It has {few(place, 50)}."
                )
            group = place[name]
            kept = getattr(getattr(self, group), name)
            changes.setdefault(group, {})[name] = _read(name, text, kept)
        return replace(
            self, **{name: replace(getattr(self, name), **new) for name, new in changes.items()}
        )


def option_groups() -> dict[str, str]:
    """Return the group of every option; no two groups have an option of one name."""
    defaults = Options()
    return {
        option.name: group.name
        for group in fields(defaults)
        for option in fields(getattr(defaults, group.name))
    }


def _read(name: str, text: str, kept: object) -> Any:
    """Return the value of a text, of the same type as the value it replaces."""
    try:
        if isinstance(kept, tuple):
            kind = type(kept[0])
            return tuple(kind(part) for part in text.strip("()[] ").split(",") if part.strip())
        return type(kept)(text) if isinstance(kept, int | float) else text
    except ValueError as error:
        wanted = "numbers with commas between" if isinstance(kept, tuple) else "a number"
        raise ConfigError(
            f"{name}={text}: this is not what the option must be. Give {wanted}, as in "
            f"{name}={_shown(kept)}."
        ) from error


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
