"""What an interrupted `hotspot predict` left, and whether it can be gone on with."""

import json
from importlib.metadata import version

from hotspot.commands.stages import stage
from hotspot.commands.stamps import code_digest, files_digest
from hotspot.config.check import config_digest
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.estimators.store import MANIFEST
from hotspot.files import file_sha256, write_text
from hotspot.maps.store import Work

# Libraries whose next version may compute another last digit.
_LIBRARIES = ("lightgbm", "numba", "numpy", "pandas", "rasterio", "scikit-learn", "scipy")
_COMPLETE = "complete.json"
_FOLDER = ".work"


def map_work(config: Config, paths: Paths, contaminant: str, covariates: str) -> Work:
    """Return the work folder of a contaminant's map, and what its windows depend on.

    Parameters
    ----------
    config : Config
        Of the experiment. What changes no window is left out: threads and hotspots.
    paths : Paths
        Its files.
    contaminant : str
        Whose map.
    covariates : str
        What `stack_digest` says of the covariates.
    """
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    settings = config.predict.model_dump(mode="json", exclude={"compute", "hotspots"})
    return Work(
        # Not among the maps: DVC empties the folder of a stage's outputs before it runs.
        paths.experiment / _FOLDER / contaminant,
        {
            "model": file_sha256(paths.model(contaminant) / MANIFEST),
            "covariates": covariates,
            "settings": config_digest(settings),
            "code": code_digest(stage("predict").packages),
            "libraries": libraries,
        },
    )


def is_complete(work: Work, config: Config, paths: Paths, contaminant: str) -> bool:
    """Whether an earlier attempt finished this map, and nothing has changed since."""
    try:
        said = json.loads((work.folder / _COMPLETE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    folder = paths.maps(contaminant)
    return bool(folder.is_dir() and said == _facts(work, config, paths, files_digest([folder])))


def mark_complete(work: Work, config: Config, paths: Paths, contaminant: str) -> None:
    """Drop the finished windows of a map that is complete, and remember that it is."""
    work.discard()
    facts = _facts(work, config, paths, files_digest([paths.maps(contaminant)]))
    write_text(work.folder / _COMPLETE, json.dumps(facts, indent=1, sort_keys=True))


def forget_interrupted(paths: Paths) -> None:
    """Remove what is needed only as long as some map is missing."""
    Work(paths.experiment / _FOLDER).discard()


def _facts(work: Work, config: Config, paths: Paths, files: str) -> dict[str, str]:
    return {
        **work.depends,
        "predict": config_digest(config.predict.model_dump(mode="json", exclude={"compute"})),
        "name": config.name,
        "samples": file_sha256(paths.samples),
        "files": files,
    }
