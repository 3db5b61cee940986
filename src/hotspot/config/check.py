"""The one door: a composed mapping becomes a checked `Config`, or an error names the key."""

import hashlib
import json
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from hotspot.config.schema import Config, ModelKind
from hotspot.errors import ConfigError, nearest_name

_MISSING = "???"


def check_config(values: Mapping[str, Any]) -> Config:
    """Return the checked configuration.

    Parameters
    ----------
    values : mapping
        The composed configuration as plain values.

    Raises
    ------
    ConfigError
        A key is unknown, missing, or has a value that does not fit; the message names the
        key as it would be typed on the command line.
    """
    wanted = list(_missing(values, ()))
    if wanted:
        raise ConfigError(
            f"The configuration still asks for {', '.join(wanted[:5])}: "
            "the value is ???. Give it in the experiment file or as "
            f"{wanted[0]}=… on the command line."
        )
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error)) from error


def config_digest(values: object) -> str:
    """Return the SHA-256 of plain values, the same for the same content in any order."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _missing(values: Any, path: tuple[str, ...]) -> Any:
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _missing(value, (*path, str(key)))
    elif values == _MISSING:
        yield ".".join(path)


def _explain(error: ValidationError) -> str:
    lines = []
    told: set[str] = set()
    for problem in error.errors(include_url=False):
        keys = _typed_keys(problem["loc"])
        path = ".".join(keys) or "config"
        # A union reports one problem per member it tried; the first says enough.
        if path in told:
            continue
        told.add(path)
        if problem["type"] == "extra_forbidden":
            hint = nearest_name(keys[-1], _fields(Config, keys[:-1]))
            lines.append(
                f"{path}: there is no such key.{hint} Remove it, or see the commented files "
                "in conf/."
            )
        elif problem["type"] == "missing":
            lines.append(f"{path}: the key is missing. Give it in the experiment file.")
        else:
            message = problem["msg"].removeprefix("Value error, ").rstrip(".")
            given = problem["input"]
            shown = "" if isinstance(given, dict | BaseModel) else f" Given: {given!r}."
            lines.append(f"{path}: {message}.{shown} See the commented files in conf/.")
    return "\n".join(lines[:5]) + (f"\nand {len(lines) - 5} more." if len(lines) > 5 else "")


# What pydantic adds to a location to say which member of a union it tried.
_TAGS = {*get_args(ModelKind), "raster", "vector", "coordinate"}
_NOISE = {"float", "str", "int", "[key]", "bool"}
_NOISY_STARTS = ("constrained-", "literal[", "function-")


def _typed_keys(location: tuple[int | str, ...]) -> list[str]:
    keys: list[str] = []
    for position, part in enumerate(location):
        text = str(part)
        is_tag = (
            text in _TAGS
            and position > 0
            and (keys[:1] == ["model"] or keys[:2] == ["covariates", "layers"])
            and len(keys) in (1, 3)
        )
        if not is_tag and text not in _NOISE and not text.startswith(_NOISY_STARTS):
            keys.append(text)
    return keys


def _fields(model: type[BaseModel], keys: list[str]) -> list[str]:
    """Return the names a node below `model` may hold, following unions and mappings."""
    candidates: list[type[BaseModel]] = [model]
    for key in keys:
        inner: list[type[BaseModel]] = []
        for candidate in candidates:
            field = candidate.model_fields.get(key)
            # A key of an open mapping (a layer's name) stays within its value's type.
            inner += _models(field.annotation) if field else [candidate]
        candidates = inner
    return sorted({name for candidate in candidates for name in candidate.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType, dict, list) or get_args(annotation):
        return [model for part in get_args(annotation) for model in _models(part)]
    return []
