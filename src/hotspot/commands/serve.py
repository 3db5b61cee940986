"""`hotspot serve`: the maps, explanations and reviews of an experiment in a browser."""

import os
import secrets
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from hotspot.commands.composed import read_composed
from hotspot.commands.console import Console
from hotspot.config.check import check_config
from hotspot.config.compose import check_overrides, compose, search_path_overrides
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.errors import ConfigError

_NEEDED = ("fastapi", "uvicorn", "rio_tiler", "xstatic.pkg.leaflet")
_HELP = """\
usage: hotspot serve [experiment=NAME] [serve.port=8765] [serve.host=127.0.0.1]

Shows the maps of a finished experiment, explains any place of them, draws the probability of
any limit, and takes notes and reviews. Only this machine can reach it unless told otherwise.
"""


def main(arguments: list[str]) -> int:
    """Serve an experiment until interrupted."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(_HELP)
        return 0
    check_overrides(arguments)
    given = [text for text in arguments if not text.startswith("-") and "=" in text]
    asked = check_config(compose([*search_path_overrides(arguments), *given]))
    paths = Paths(asked.name)
    run(_as_made(asked, paths, given), paths, Console(sys.stderr))
    return 0


def _as_made(asked: Config, paths: Paths, given: Sequence[str]) -> Config:
    """Return the configuration of the run, served as is asked now.

    A run may have had contaminants or a title of its own command line, which are in no file of
    ``conf/``.
    """
    if not paths.config.is_file():
        return asked
    made = read_composed(paths.config)
    chosen = any(text.lstrip("+").startswith("contaminants=") for text in given)
    kept = asked.contaminants if chosen else made.contaminants
    return made.model_copy(update={"serve": asked.serve, "contaminants": kept})


def run(config: Config, paths: Paths, console: Console) -> None:
    """Serve what lies on disk of an experiment.

    Raises
    ------
    ConfigError
        The experiment has no maps, the packages of the viewer are missing, or no port is free.
    """
    # One cell is asked at a time: threads that wait for each other only make it slower.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    served = served_contaminants(config, paths)
    _check_installed()
    from hotspot.web.app import make_application
    from hotspot.web.guard import Door
    from hotspot.web.opened import Site
    from hotspot.web.read import Folders
    from hotspot.web.server import bind, serve

    site = Site(
        config.name,
        title=config.title,
        description=config.description,
        contaminants=served,
        folders=Folders(
            maps=paths.all_maps,
            explanations=paths.all_explanations,
            models=paths.models,
            covariates=paths.covariates,
            samples=paths.samples,
            notes=paths.experiment / "review" / "notes.geojson",
            reviews=paths.reviews,
        ),
    )
    with console.told_warnings():
        bound = bind(config.serve.host, config.serve.port)
        door = Door(config.serve.host, secrets.token_urlsafe(32))
        serve(make_application(site, door), bound, console.line)


def served_contaminants(config: Config, paths: Paths) -> tuple[str, ...]:
    """Return the contaminants of an experiment that have maps and a model.

    Raises
    ------
    ConfigError
        None has.
    """
    found = tuple(
        contaminant
        for contaminant in config.contaminants
        if paths.maps(contaminant).is_dir() and paths.model(contaminant).is_dir()
    )
    if not found:
        raise ConfigError(
            f"There are no maps of the experiment {config.name!r} below "
            f"{paths.all_maps.as_posix()}. Run `hotspot run experiment={config.name}` first."
        )
    return found


def _check_installed() -> None:
    missing = [name for name in _NEEDED if not _is_installed(name)]
    if missing:
        raise ConfigError(
            f"The viewer needs {', '.join(missing)}, which {'are' if missing[1:] else 'is'} "
            "not installed. Run: pip install 'hotspot[web]'."
        )


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
