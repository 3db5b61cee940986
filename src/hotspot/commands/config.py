"""`hotspot config show|check`: the composed configuration, without running."""

import sys
from typing import TYPE_CHECKING

from hotspot.commands.console import counted
from hotspot.errors import ConfigError, nearest_name

if TYPE_CHECKING:
    from hotspot.config.schema import Config

HELP = """\
usage: hotspot config show [experiment=NAME] [key=value ...]
       hotspot config check [experiment=NAME] [key=value ...]

The first prints the composed configuration of an experiment: every key and its value, as a run
with these overrides would use it. The second says whether a run would be refused at its door:
keys, limits, the files that are named, the columns of the table, reference systems, the grid.
It reads the header of the table only, and asks no database and no server.
"""

_ACTIONS = ("show", "check")


def main(arguments: list[str]) -> int:
    """Show or check what a run with these overrides would be asked."""
    if not arguments or {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return 0
    action, *overrides = arguments
    if action not in _ACTIONS:
        raise ConfigError(
            f"hotspot config {action!r}: there is no such action."
            f"{nearest_name(action, _ACTIONS)} "
            "Write `hotspot config show experiment=NAME` or `hotspot config check …`."
        )
    from hotspot.commands.compose import composed_text
    from hotspot.commands.overrides import check_own_limits, refuse_sweep
    from hotspot.config.check import check_config
    from hotspot.config.compose import check_overrides, compose, search_path_overrides

    refuse_sweep(overrides)
    check_overrides(overrides)
    given = [text for text in overrides if not text.startswith("-") and "=" in text]
    config = check_config(compose([*search_path_overrides(overrides), *given]))
    check_own_limits(config, given)
    sys.stdout.write(composed_text(config) if action == "show" else _checked(config))
    return 0


def _checked(config: "Config") -> str:
    """Return that a run would not be refused at its door, or raise what it would say."""
    from hotspot.commands import observations
    from hotspot.commands.models import limits_of
    from hotspot.commands.overrides import unused_limits
    from hotspot.commands.stages import raw_layers, raw_table
    from hotspot.config.paths import Paths
    from hotspot.observations.formats.address import is_database

    paths = Paths(config.name)
    limits = limits_of(config)
    files = {*raw_table(config, paths), *raw_layers(config, paths)}
    observations.check(config, paths)
    text = (
        f"{config.name}: the configuration is complete; "
        f"{counted(len(files), 'input file')} found, {counted(len(limits), 'limit')} known.\n"
    )
    if is_database(config.data.path):
        text += "The database was not asked: `hotspot observations` will see its columns.\n"
    unused = unused_limits(config)
    if unused:
        text += f"Not used: the limits of {', '.join(unused)}, which are not mapped.\n"
    return text
