"""Stages on a composed file, as DVC runs them: no groups, no overrides."""

from pathlib import Path

import yaml

from hotspot.commands.job import run_verb
from hotspot.config.check import check_config
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.errors import ConfigError


def read_composed(path: Path) -> Config:
    """Return the checked configuration of a composed file.

    Raises
    ------
    ConfigError
        The file is not there, is no YAML mapping, or does not fit the schema.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"--composed {path}: the file cannot be read: {error}. "
            "Write it with `hotspot compose experiment=NAME`."
        ) from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"--composed {path}: the file is no mapping. "
            "Write it with `hotspot compose experiment=NAME`."
        )
    return check_config(values)


def run_composed(verb: str, arguments: list[str]) -> None:
    """Run a verb with ``--composed FILE``."""
    position = arguments.index("--composed")
    rest = arguments[:position] + arguments[position + 2 :]
    if position + 1 >= len(arguments) or rest:
        raise ConfigError(
            f"--composed takes one file and nothing beside it; seen: {' '.join(arguments)}. "
            "Give overrides to `hotspot compose` instead."
        )
    config = read_composed(Path(arguments[position + 1]))
    run_verb(verb, config, Paths(config.name))
