"""Composition: groups, experiment and overrides become plain values."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from hotspot.errors import ConfigError, nearest_name

PRIMARY = "config"

# Nodes that stay open mappings: the command line may add a key without Hydra's leading plus.
_OPEN = re.compile(r"^(threshold(?:\.[a-z0-9_]+)+|data\.(columns|wide|exclude)\.[^=]+)=")


def config_dir() -> Path:
    """Return the folder of configuration files: the project's own, else the package's.

    Raises
    ------
    ConfigError
        Neither is there.
    """
    for folder in (Path("conf"), Path(__file__).parent.parent / "conf"):
        if (folder / f"{PRIMARY}.yaml").is_file():
            return folder.resolve()
    raise ConfigError(
        f"There is no folder conf/ with a {PRIMARY}.yaml here ({Path.cwd().name}/). "
        "Run hotspot in the project's root."
    )


def open_overrides(overrides: Sequence[str]) -> list[str]:
    """Let keys of open mappings be given plainly.

    Examples
    --------
    >>> open_overrides(["threshold.zn=500", "seed=1"])
    ['++threshold.zn=500', 'seed=1']
    >>> open_overrides(["threshold.given.ph=6.5"])
    ['++threshold.given.ph=6.5']
    """
    return [f"++{text}" if _OPEN.match(text) else text for text in overrides]


def compose(overrides: Sequence[str], *, folder: Path | None = None) -> dict[str, Any]:
    """Return the composed configuration as plain values, checked to run no foreign code.

    Parameters
    ----------
    overrides : sequence of str
        As on the command line: ``experiment=meuse``, ``threshold.zn=500``.
    folder : Path, optional
        Folder of the configuration files.

    Raises
    ------
    ConfigError
        A group, option or key does not exist, a node names code to run, or the experiment's
        name is not that of its file.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    directory = folder or config_dir()
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(config_dir=str(directory), version_base="1.3"):
            whole = hydra_compose(PRIMARY, open_overrides(overrides), return_hydra_config=True)
            refuse_code(OmegaConf.to_container(whole, resolve=False))
            choice = whole.hydra.runtime.choices.get("experiment")
            OmegaConf.set_struct(whole, False)
            whole.pop("hydra")
            values = OmegaConf.to_container(whole, resolve=True, throw_on_missing=False)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(explain_composition(error, directory)) from error
    if not isinstance(values, dict):
        raise ConfigError(f"{PRIMARY}.yaml is not a mapping. Restore it from the project.")
    if not any(text.lstrip("+~").startswith("name=") for text in overrides):
        refuse_other_name(choice, values.get("name"))
    return {str(key): value for key, value in values.items()}


def refuse_other_name(choice: Any, name: Any) -> None:
    """Raise if an experiment's file gives it another name than the file's own.

    Files of a run lie below its name: a copied experiment that kept the name of the first
    would overwrite what the first has made.

    Parameters
    ----------
    choice : str or None
        The option of the group `experiment`; None where there is none.
    name : str
        As composed; what is missing or no text is left to the schema.
    """
    if not isinstance(choice, str) or not isinstance(name, str) or name == "???":
        return
    own = choice.removesuffix(".yaml").rsplit("/", 1)[-1]
    if name != own:
        raise ConfigError(
            f"name: experiment={choice} has `name: {name}`, and would overwrite the files of "
            f"an experiment {name!r}. Write `name: {own}` in conf/experiment/{own}.yaml, or "
            "give the run another name with name=NAME on the command line."
        )


def check_overrides(arguments: Sequence[str]) -> None:
    """Compose and check every job of a command line, so that none can run foreign code.

    Parameters
    ----------
    arguments : sequence of str
        What follows the verb: overrides, which may hold sweeps such as ``model=a,b`` after
        ``-m``, and Hydra's flags.

    Raises
    ------
    ConfigError
        A job cannot be composed, does not fit the schema, or names code to run.
    """
    from hotspot.config.check import check_config

    overrides = list(search_path_overrides(arguments))
    overrides += [text for text in _without_flags(arguments) if not text.startswith("-")]
    jobs = _jobs(overrides) if {"-m", "--multirun"} & set(arguments) else [overrides]
    for job in jobs:
        values = compose(job)
        if "--cfg" not in arguments and "-c" not in arguments:
            check_config(values)


def search_path_overrides(arguments: Sequence[str]) -> list[str]:
    """Return Hydra's ``-cd FOLDER`` as the override that composition understands."""
    for flag, value in pairwise(arguments):
        if flag in ("-cd", "--config-dir"):
            return [f"hydra.searchpath=[file://{Path(value).resolve()}]"]
    return []


_FLAGS_WITH_VALUE = ("-cd", "--config-dir", "-c", "--cfg", "-p", "--package", "-e")


def _without_flags(arguments: Sequence[str]) -> list[str]:
    kept = []
    skip = False
    for text in arguments:
        if not skip and not text.startswith("--"):
            kept.append(text)
        skip = text in _FLAGS_WITH_VALUE
    return [text for text in kept if text not in _FLAGS_WITH_VALUE]


def _jobs(overrides: Sequence[str]) -> list[list[str]]:
    """Return the overrides of each job of a sweep."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    except HydraException as error:
        raise ConfigError(
            f"{error} Quote the override, or see hydra.cc on overrides."
        ) from error
    return [list(job) for batch in BasicSweeper.split_arguments(parsed, None) for job in batch]


def refuse_code(values: Any, path: str = "") -> None:
    """Raise unless every ``_target_`` is Hydra's own.

    Hydra calls what ``_target_`` names, so an experiment file from a stranger could run
    anything through it. Nothing of `hotspot` is configured that way.
    """
    if isinstance(values, dict):
        for key, value in values.items():
            inner = f"{path}.{key}" if path else str(key)
            if key == "_target_":
                own = isinstance(value, str) and path.startswith("hydra.")
                if not (own and value.startswith(("hydra._internal.", "hydra_plugins."))):
                    raise ConfigError(
                        f"{inner}: the configuration names code to run ({value!r}), which is "
                        "refused. Remove the key; settings are plain values."
                    )
            refuse_code(value, inner)
    elif isinstance(values, list):
        for position, value in enumerate(values):
            refuse_code(value, f"{path}[{position}]")


def explain_composition(error: Exception, directory: Path) -> str:
    """Return what Hydra found wrong, in three parts."""
    text = str(error).strip()
    groups = sorted(p.name for p in directory.iterdir() if p.is_dir())
    option = re.search(
        r"(?:Could not find|In '.*?': Could not find) '([\w-]+)/([\w./-]+)'", text
    )
    if option:
        group, name = option.groups()
        known = sorted(path.stem for path in (directory / group).glob("*.yaml"))
        return (
            f"{group}={name}: there is no such option.{nearest_name(name, known)} "
            f"Choose one of {', '.join(known) or 'none'}."
        )
    unknown = re.search(r"Could not override '([\w./@-]+)'", text)
    if unknown:
        key = unknown.group(1)
        return (
            f"{key}: there is no such key or group.{_near_key(key, directory, groups)} "
            "`hotspot config show` prints every key."
        )
    return f"The configuration cannot be composed: {text} See the commented files in conf/."


def _near_key(key: str, directory: Path, groups: list[str]) -> str:
    import yaml

    names = [*groups]
    for path in directory.rglob("*.yaml"):
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        parent = path.parent.relative_to(directory).as_posix()
        prefix = "" if parent in (".", "experiment") else f"{parent}."
        names += list(_flat(values, prefix))
    return nearest_name(key, sorted(set(names)))


def _flat(values: Any, prefix: str) -> list[str]:
    if not isinstance(values, dict):
        return []
    names: list[str] = []
    for key, value in values.items():
        if key != "defaults":
            names += [f"{prefix}{key}", *_flat(value, f"{prefix}{key}.")]
    return names
