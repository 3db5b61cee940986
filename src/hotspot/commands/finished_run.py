"""What a comparison reads of a finished run: settings, scores, samples, maps and models."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from hotspot.config.paths import Paths
from hotspot.errors import ConfigError, ModelError, OutputError, few, nearest_name
from hotspot.evaluation.predictions import KNOWN, Predictions
from hotspot.evaluation.store import read_ledger
from hotspot.maps.decision import DecisionRule
from hotspot.observations.limits.chosen import resolve_threshold
from hotspot.rasters import open_raster

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,=+@-]*")
# The part of a map that each top key of the configuration may move, longest key first.
GROUPS = (
    ("predict.decision", "decision rule"),
    ("predict.hotspots", "hotspot rule"),
    ("covariates", "covariates"),
    ("threshold", "limit"),
    ("model", "model"),
    ("seed", "model"),
    ("weights", "weights of the samples"),
    ("preference", "correction for preferred samples"),
    ("data", "data"),
    ("cv", "folds"),
)
NO_GROUP = "no part of the map"
# Layers of a map that are compared.
LAYERS = ("probability", "decision", "dissimilarity", "lower", "upper")


@dataclass(frozen=True)
class ChangedKey:
    """A key of the configuration that two runs have not alike."""

    group: str
    key: str
    first: Any
    second: Any


@dataclass(frozen=True)
class FinishedRun:
    """A run on disk, and what of its settings a comparison needs.

    The configuration is not checked against the schema: a run of an older version may be one
    of both.

    Parameters
    ----------
    paths : Paths
        Where its files lie.
    values : dict
        The composed configuration.
    """

    paths: Paths
    values: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.paths.name

    @property
    def contaminants(self) -> list[str]:
        """Ids of the contaminants."""
        return [str(each) for each in self._get("contaminants")]

    @property
    def kind(self) -> str:
        """Kind of the chosen model."""
        return str(self._get("model.kind"))

    @property
    def primary(self) -> str:
        """The plan on which decisions rest."""
        return str(self._get("cv.primary"))

    @property
    def seed(self) -> int:
        """The one seed."""
        return int(self._get("seed"))

    def rule(self, contaminant: str) -> DecisionRule:
        """Return what the map of a contaminant calls above and below, by its own tags."""
        path = _there(self.paths.maps(contaminant) / "decision.tif", self.name)
        with open_raster(path) as dataset:
            tags = dataset.tags()
        above, below = (_cut(tags, name) for name in ("decision_above", "decision_below"))
        return DecisionRule(above=above, below=below)

    def limit_mg_kg(self, contaminant: str) -> float:
        """Return the limit of a contaminant.

        Raises
        ------
        ConfigError
            It is a rule, whose limit may depend on the place.
        """
        asked = self._get("threshold").get(contaminant)
        if asked is None and not self._get("threshold").get("regime"):
            asked = self._get(f"threshold.{contaminant}")
        if not isinstance(asked, float | int | str):
            raise ConfigError(
                f"threshold.{contaminant}: the run {self.name} has a regime or a rule of "
                "limits. Runs are compared at limits that are a number or the id of one; "
                "`hotspot swing` tells where regimes disagree."
            )
        limit = resolve_threshold(contaminant, asked)
        return float(limit.value_mg_kg or 0.0)

    def ledger(self) -> dict[str, Any]:
        """Return the score ledger."""
        return read_ledger(self.paths.metrics)

    def samples(self, contaminant: str) -> pd.DataFrame:
        """Return the samples of a contaminant with their covariates, indexed by name."""
        table = pd.read_parquet(_there(self.paths.samples, self.name))
        return table[table["contaminant"] == contaminant].set_index("sample_id")

    def predictions(self, contaminant: str) -> Predictions:
        """Return the out-of-fold predictions of the chosen model."""
        path = _there(self.paths.evaluation / "out_of_fold.parquet", self.name)
        table = pd.read_parquet(path)
        own = (table["contaminant"] == contaminant) & (table["model"] == self.kind)
        known = self.samples(contaminant)[list(KNOWN)]
        return Predictions.read(table[own], known, self.limit_mg_kg(contaminant))

    def map_layers(self, contaminant: str) -> dict[str, Path]:
        """Return the compared rasters of a map that are there, by layer."""
        paths = {name: self.paths.maps(contaminant) / f"{name}.tif" for name in LAYERS}
        return {name: path for name, path in paths.items() if path.is_file()}

    def _get(self, key: str) -> Any:
        value: Any = self.values
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise ConfigError(
                    f"{self.paths.config}: the key {key} is missing, so that the run cannot be "
                    f"compared. Run `hotspot run experiment={self.name}` again."
                )
            value = value[part]
        return value


def open_run(text: str, root: Path = Path()) -> FinishedRun:
    """Return the run of an experiment's name, or of its folder inside the project.

    Parameters
    ----------
    text : str
        As typed: ``meuse``, ``meuse@model=logistic`` or ``experiments/meuse``.
    root : Path
        The project's root.

    Raises
    ------
    ConfigError
        There is no such experiment, its folder lies outside the project, or its
        configuration cannot be read.
    """
    paths = _paths_of(text, root)
    try:
        values = yaml.safe_load(paths.config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"{paths.config}: the composed configuration cannot be read: {error}. "
            f"Run `hotspot run experiment={paths.name}` again."
        ) from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"{paths.config}: the file is no mapping. "
            f"Run `hotspot run experiment={paths.name}` again."
        )
    return FinishedRun(paths, values)


def changed_keys(first: FinishedRun, second: FinishedRun) -> list[ChangedKey]:
    """Return the keys that differ, by the part of the map that they may move."""
    one, two = dict(_leaves(first.values)), dict(_leaves(second.values))
    keys = [*one, *(key for key in two if key not in one)]
    found = [
        ChangedKey(_group(key), key, one.get(key), two.get(key))
        for key in keys
        if one.get(key) != two.get(key)
    ]
    order = [*dict.fromkeys(group for _, group in GROUPS), NO_GROUP]
    return sorted(found, key=lambda change: order.index(change.group))


def _paths_of(text: str, root: Path) -> Paths:
    is_name = bool(_NAME.fullmatch(text))
    if is_name and (root / "experiments" / text).is_dir():
        return Paths(text, root)
    folder = (root / text).resolve()
    inside = folder.is_relative_to(root.resolve())
    if inside and folder.parent.name == "experiments" and (folder / "config.yaml").is_file():
        home = folder.parent.parent.relative_to(root.resolve())
        return Paths(folder.name, root / home)
    there = sorted(path.parent.name for path in (root / "experiments").glob("*/config.yaml"))
    why = "" if inside else " It lies outside the project."
    raise ConfigError(
        f"There is no experiment {text!r}.{why}{nearest_name(text, there)} "
        f"There are {few(there) or 'none'}. Give the name of one, or its folder "
        "experiments/NAME."
    )


def _there(path: Path, name: str) -> Path:
    if not path.is_file():
        raise OutputError(
            f"There is no {path}, which the run {name!r} should have made. "
            f"Run `hotspot run experiment={name}` first."
        )
    return path


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every dotted key with its value; lists are values."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _group(key: str) -> str:
    for start, group in GROUPS:
        if key == start or key.startswith(f"{start}."):
            return group
    return NO_GROUP


def _cut(tags: dict[str, str], name: str) -> float | None:
    """Return a cut of the decision as a raster tells it; None for never."""
    if name not in tags:
        raise ModelError(
            f"A decision raster has no tag {name!r}, so its rule is not known. "
            "Run `hotspot predict` again."
        )
    return None if tags[name] == "never" else float(tags[name])
