"""Stamps: what a stage last saw and made, so that `run` can skip what is up to date."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from hotspot import __version__
from hotspot.commands.stages import Stage, files_below
from hotspot.config.check import config_digest
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.files import file_sha256, write_text

# Code that every stage depends on, beside the modules of the base.
_BASE_PACKAGES = ("commands", "rasters", "trees")
# What Python and numba keep beside the code; it comes and goes.
_KEPT_BESIDE = (".pyc", ".nbc", ".nbi")


def is_up_to_date(stage: Stage, config: Config, paths: Paths) -> bool:
    """Whether the stage's keys, code, inputs and outputs are what its stamp says."""
    stamp = _read(paths, stage)
    if stamp is None or stamp["asked"] != _asked(stage, config):
        return False
    try:
        inputs = _digests(stage.inputs(config, paths), stamp["inputs"])
        outputs = _digests(stage.outputs(config, paths), stamp["outputs"])
    except FileNotFoundError:
        return False
    return _contents(inputs) == _contents(stamp["inputs"]) and (
        _contents(outputs) == _contents(stamp["outputs"])
    )


def write_stamp(stage: Stage, config: Config, paths: Paths) -> None:
    """Remember what the stage saw and made."""
    previous = _read(paths, stage)
    known = previous["inputs"] if previous else {}
    stamp = {
        "asked": _asked(stage, config),
        "inputs": _digests(stage.inputs(config, paths), known),
        "outputs": _digests(stage.outputs(config, paths), {}),
    }
    write_text(_path(paths, stage), json.dumps(stamp, indent=1, sort_keys=True))


def files_digest(files: list[Path]) -> str:
    """Return one SHA-256 over files and folders: their names and contents."""
    whole = hashlib.sha256()
    for path in files_below(files):
        whole.update(f"{path.name}:{file_sha256(path)}\n".encode())
    return whole.hexdigest()


@lru_cache(maxsize=64)
def code_digest(packages: tuple[str, ...]) -> str:
    """Return one SHA-256 over the code of some packages, of all commands and of the base."""
    root = Path(__file__).parent.parent
    files = sorted(root.glob("*.py"))
    for package in (*_BASE_PACKAGES, *packages):
        files += sorted(
            path
            for path in (root / package).rglob("*")
            if path.is_file() and path.suffix not in _KEPT_BESIDE
        )
    whole = hashlib.sha256()
    for path in files:
        whole.update(f"{path.relative_to(root).as_posix()}:{file_sha256(path)}\n".encode())
    return whole.hexdigest()


def _asked(stage: Stage, config: Config) -> str:
    values = config.model_dump(mode="json")
    keys = {key: _value(values, key) for key in stage.keys}
    code = code_digest(stage.packages)
    return config_digest({"keys": keys, "code": code, "version": __version__})


def _value(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def _digests(files: list[Path], known: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return size, time and digest of each file; one of known size and time is not read."""
    digests = {}
    for path in files_below(files):
        status = path.stat()
        facts: dict[str, Any] = {"size": status.st_size, "time": status.st_mtime_ns}
        before = known.get(str(path), {})
        same = all(before.get(key) == facts[key] for key in facts)
        facts["sha256"] = before["sha256"] if same else file_sha256(path)
        digests[str(path)] = facts
    return digests


def _contents(digests: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {path: str(facts["sha256"]) for path, facts in digests.items()}


def _path(paths: Paths, stage: Stage) -> Path:
    return paths.stamps / f"{stage.name}.json"


def _read(paths: Paths, stage: Stage) -> dict[str, Any] | None:
    try:
        stamp = json.loads(_path(paths, stage).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return stamp if isinstance(stamp, dict) else None
