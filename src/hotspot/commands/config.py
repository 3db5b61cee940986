"""`hotspot config show|check`: the composed configuration, without running."""

import sys

from hotspot.commands.compose import composed_text
from hotspot.config.check import check_config
from hotspot.config.compose import check_overrides, compose, search_path_overrides
from hotspot.config.paths import Paths
from hotspot.errors import ConfigError


def main(arguments: list[str]) -> int:
    """Show or check what a run with these overrides would be asked."""
    action, *overrides = arguments or [""]
    if action not in ("show", "check"):
        raise ConfigError(
            f"hotspot config {action!r}: there is no such action. "
            "Write `hotspot config show experiment=NAME` or `hotspot config check …`."
        )
    check_overrides(overrides)
    given = [text for text in overrides if not text.startswith("-") and "=" in text]
    config = check_config(compose([*search_path_overrides(overrides), *given]))
    if action == "show":
        sys.stdout.write(composed_text(config))
        return 0
    from hotspot.commands.limit_rules import limit_rules
    from hotspot.commands.stages import raw_layers, raw_table

    paths = Paths(config.name)
    files = [*raw_table(config, paths), *raw_layers(config, paths)]
    limits = limit_rules(config)
    sys.stdout.write(
        f"{config.name}: the configuration is complete; "
        f"{len(set(files))} input files are there, {len(limits)} limits are known.\n"
    )
    return 0
