"""`hotspot compose`: write the composed configuration."""

import yaml

from hotspot.commands.console import Console
from hotspot.commands.models import limits_of
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.files import write_text


def run(config: Config, paths: Paths, console: Console) -> None:
    """Write the configuration; a file that already says the same is left alone.

    A limit that cannot be, such as one of a covariate that is not there, is told before the
    first stage rather than after the last table.
    """
    limits_of(config)
    text = composed_text(config)
    if not paths.config.is_file() or paths.config.read_text(encoding="utf-8") != text:
        write_text(paths.config, text)
    console.line(f"{'compose':<14}{paths.config}")


def composed_text(config: Config) -> str:
    """Return the configuration as YAML; the same text for the same values."""
    values = config.model_dump(mode="json")
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=96)
