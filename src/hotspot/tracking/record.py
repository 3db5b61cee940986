"""What is worth remembering of a run, as values; and what a tracker does with it."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class DatasetRecord:
    """The data a model learned from: named, located and hashed, not copied.

    Parameters
    ----------
    name : str
        Such as ``meuse/zn``.
    source : Path
        The file of the samples.
    digest : str
        SHA-256 of the data; MLflow keeps the first 36 characters.
    frame : DataFrame
        The rows, for their schema and count.
    """

    name: str
    source: Path
    digest: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class ModelRecord:
    """A saved model to be logged and registered.

    Parameters
    ----------
    folder : Path
        The model's folder, as `hotspot.estimators.load_model` reads it.
    example : DataFrame
        A few rows of covariates.
    probability : array
        The model's answer to the example, for the signature.
    registered_name : str or None
        Name in the registry; None to log without registering.
    alias : str
        Alias of the registered version.
    """

    folder: Path
    example: pd.DataFrame
    probability: NDArray[np.float64]
    registered_name: str | None
    alias: str


@dataclass(frozen=True)
class RunRecord:
    """One run, with its children.

    Parameters
    ----------
    name : str
        Shown in the list of runs.
    params : dict
        A few chosen settings; the whole configuration is an artefact.
    metrics : dict
        Score by name.
    tags : dict
        Facts by name; ``hotspot.run`` identifies the content of the run.
    artifacts : tuple of (Path, str)
        A file or folder, and the folder it goes to.
    """

    name: str
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    artifacts: tuple[tuple[Path, str], ...] = ()
    dataset: DatasetRecord | None = None
    model: ModelRecord | None = None
    children: tuple["RunRecord", ...] = ()
