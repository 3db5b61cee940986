"""`hotspot world`: make a simulated region on disk, with its truth and an experiment."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from hotspot.errors import ConfigError, OutputError
from hotspot.files import replaced_file
from hotspot.worlds.options import Options, option_groups

HELP = """\
usage: hotspot world [key=value ...]

Draws a region that does not exist, and writes it as a user would have it: a laboratory's
table, map layers, roads and works; beside them the truth. `hotspot run experiment=NAME` maps
it.

  name=world          name of the experiment, and of its folder
  seed=1              whole number from 0; the same seed gives the same bytes
  prevalence=0.2      share of soil samples above the limit, from which the limit is chosen
  limit_mg_kg=NUMBER  the limit itself, in the place of prevalence
  out=FOLDER          data/raw/NAME if not given
  overwrite=true      replace a world of the same name

and any option of the world, as in n_samples=500 design=clustered censored_share=0.3:
"""
_FOOT = """
Lists have commas between: shape=100,200. docs/worlds.md tells what each option means.
"""

# As `name` of a configuration; it becomes a folder and a file.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,=+@-]*")
_OWN = ("name", "seed", "prevalence", "limit_mg_kg", "out", "overwrite")


@dataclass(frozen=True)
class _Request:
    """What the command line asks for."""

    name: str
    seed: int
    prevalence: float
    limit_mg_kg: float | None
    folder: Path
    overwrites: bool
    options: Options


def main(arguments: list[str]) -> int:
    """Make a world and its experiment file, both whole or neither."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(_help())
        return 0
    asked = _parse(arguments)
    experiment = Path("conf") / "experiment" / f"{asked.name}.yaml"
    _check_experiment(experiment, asked)

    from hotspot.worlds.experiment import experiment_yaml
    from hotspot.worlds.world import World
    from hotspot.worlds.write import check_new, check_replaceable, replace_world, write_world

    (check_replaceable if asked.overwrites else check_new)(asked.folder)
    world = World.from_options(asked.seed, asked.options)
    limit = asked.limit_mg_kg
    if limit is None:
        # Three digits, as limits have.
        limit = float(f"{world.truth.limit_for(asked.prevalence):.3g}")
    folder = asked.folder.as_posix()
    text = experiment_yaml(world, name=asked.name, folder=folder, limit_mg_kg=limit)
    write = replace_world if asked.overwrites else write_world
    with replaced_file(experiment) as beside:
        beside.write_text(text, encoding="utf-8")
        write(world, asked.folder, name=asked.name, limit_mg_kg=limit)

    share = world.truth.probability(limit).mean()
    censored = int(world.observations["is_censored"].sum())
    sys.stdout.write(
        f"{folder}: {len(world.observations)} observations, {censored} of them censored; "
        f"{share:.1%} of the soil is above {limit:g} mg/kg.\n"
        f"{experiment.as_posix()}: the experiment. Next:\n"
        f"  hotspot run {_search_path()}experiment={asked.name}\n"
    )
    return 0


def _parse(arguments: list[str]) -> _Request:
    given: dict[str, str] = {}
    for text in arguments:
        key, mark, value = text.partition("=")
        if not mark or not value or key in given:
            problem = "stands twice" if key in given else "is no key=value"
            raise ConfigError(
                f"hotspot world: {text!r} {problem}. Write each option once, as in seed=2; "
                "`hotspot world --help` lists them."
            )
        given[key] = value
    own = {key: given.pop(key) for key in _OWN if key in given}
    name = own.get("name", "world")
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"name={name}: this cannot be a folder and an experiment. Use letters, digits, "
            "underscores and hyphens, and begin with a letter or digit."
        )
    if {"prevalence", "limit_mg_kg"} <= set(own):
        raise ConfigError(
            f"prevalence={own['prevalence']} and limit_mg_kg={own['limit_mg_kg']} both choose "
            "the limit. Give one of them."
        )
    if own.get("overwrite", "false") not in ("true", "false"):
        raise ConfigError(f"overwrite={own['overwrite']}: give true, or leave it out.")
    limit = own.get("limit_mg_kg")
    return _Request(
        name=name,
        seed=_seed(own.get("seed", "1")),
        prevalence=_number("prevalence", own.get("prevalence", "0.2"), below=1.0),
        limit_mg_kg=None if limit is None else _number("limit_mg_kg", limit, below=1e6),
        folder=Path(own["out"]) if "out" in own else Path("data") / "raw" / name,
        overwrites=own.get("overwrite") == "true",
        options=Options().changed(given),
    )


def _seed(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise ConfigError(f"seed={text}: this is no whole number from 0. Give one, such as seed=2.")


def _number(key: str, text: str, *, below: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if 0 < number < below:
        return number
    raise ConfigError(f"{key}={text}: give a number above 0 and below {below:g}.")


def _check_experiment(path: Path, asked: _Request) -> None:
    """Refuse to replace an experiment file unless asked, and one that is not ours at all."""
    from hotspot.worlds.experiment import MARK

    if not path.exists():
        return
    if not asked.overwrites:
        raise OutputError(
            f"{path} exists. Give another name, or overwrite=true to replace a world by this "
            "one."
        )
    if MARK not in path.read_text(encoding="utf-8", errors="replace"):
        raise OutputError(
            f"{path} was not made by `hotspot world`, and is left as it is. Give another name."
        )


def _search_path() -> str:
    """Return what makes `hotspot run` find the file where there is no project around it."""
    return "" if (Path("conf") / "config.yaml").is_file() else "-cd conf "


def _help() -> str:
    defaults = Options()
    groups: dict[str, list[str]] = {}
    for name, group in option_groups().items():
        value = getattr(getattr(defaults, group), name)
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        groups.setdefault(group, []).append(f"{name}={shown}")
    lines = []
    for group, options in groups.items():
        line = f"  {group:<14}"
        for option in options:
            if len(line) + len(option) > 94:
                lines.append(line.rstrip())
                line = " " * 16
            line += f"{option} "
        lines.append(line.rstrip())
    return HELP + "\n".join(lines) + "\n" + _FOOT
