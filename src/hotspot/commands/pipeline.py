"""`hotspot run`: every stage in order, skipping what is up to date."""

from dataclasses import replace
from importlib import import_module

from hotspot.commands import compose, track
from hotspot.commands.console import Console
from hotspot.commands.stages import STAGES, Stage, stage
from hotspot.commands.stamps import is_up_to_date, write_stamp
from hotspot.commands.summary import print_summary
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.errors import ConfigError

# Verbs that read what `evaluate` reads, and make nothing that a later stage needs.
SEARCHES = ("tune", "select")


def run(config: Config, paths: Paths, console: Console) -> None:
    """Run every stage that is not up to date, then remember the run."""
    compose.run(config, paths, console)
    for each in STAGES:
        if is_up_to_date(each, config, paths):
            console.line(f"{each.name:<14}up to date")
        else:
            _run_stage(each, config, paths, console)
    track.run(config, paths, console)
    print_summary(config, paths, console)


def run_one(name: str, config: Config, paths: Paths, console: Console) -> None:
    """Run one stage, up to date or not."""
    if name == "compose":
        compose.run(config, paths, console)
    elif name == "track":
        track.run(config, paths, console)
    elif name == "dry_run":
        _check_inputs(stage("predict"), config, paths)
        import_module("hotspot.commands.dry_run").run(config, paths, console)
    elif name in SEARCHES:
        _check_inputs(replace(stage("evaluate"), name=name), config, paths)
        with console.stage(name):
            import_module(f"hotspot.commands.{name}").run(config, paths, console)
    else:
        _check_inputs(stage(name), config, paths)
        _run_stage(stage(name), config, paths, console)


def _run_stage(each: Stage, config: Config, paths: Paths, console: Console) -> None:
    with console.stage(each.name):
        import_module(f"hotspot.commands.{each.name}").run(config, paths, console)
    write_stamp(each, config, paths)


def _check_inputs(wanted: Stage, config: Config, paths: Paths) -> None:
    """Say which stage to run first where an input is not there."""
    for path in wanted.inputs(config, paths):
        if not path.exists():
            maker = next(
                (each.name for each in STAGES if path in each.outputs(config, paths)), "run"
            )
            raise ConfigError(
                f"{wanted.name} needs {path}, which is not there. "
                f"Run `hotspot {maker} experiment={config.name}` first, or `hotspot run`."
            )
