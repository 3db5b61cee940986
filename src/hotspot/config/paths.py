"""Where the files of an experiment lie, and which files a configuration may name."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hotspot.covariates.remote import RemoteFile
from hotspot.errors import ConfigError

# Folders outside the project from which inputs may be read, as in PATH. Without it a
# configuration from a stranger cannot make the program open files elsewhere.
DATA_ROOTS_VARIABLE = "HOTSPOT_DATA_ROOTS"

# Hosts from which rasters may be read in parts, as data.example.org or data.example.org:8080.
DATA_HOSTS_VARIABLE = "HOTSPOT_DATA_HOSTS"

# The project's own folder of what is never edited.
RAW_DATA = Path("data/raw")


@dataclass(frozen=True)
class Paths:
    """Folders and files of one experiment, below the project's root.

    Examples
    --------
    >>> Paths("meuse").maps("zn").as_posix()
    'experiments/meuse/maps/zn'
    """

    name: str
    root: Path = Path()

    @property
    def interim(self) -> Path:
        """Observations and covariates."""
        return self.root / "data" / "interim" / self.name

    @property
    def covariates(self) -> Path:
        """One raster per covariate, all on one grid, and the catalogue."""
        return self.interim / "covariates"

    @property
    def processed(self) -> Path:
        """Samples, ledger and folds."""
        return self.root / "data" / "processed" / self.name

    @property
    def samples(self) -> Path:
        """One row per sample and contaminant."""
        return self.processed / "samples.parquet"

    @property
    def ledger(self) -> Path:
        """What was dropped on the way to the samples, and why."""
        return self.processed / "ledger.json"

    @property
    def folds(self) -> Path:
        """The fold of every sample under every plan."""
        return self.processed / "folds.parquet"

    @property
    def models(self) -> Path:
        """One folder per contaminant."""
        return self.root / "models" / self.name

    def model(self, contaminant: str) -> Path:
        """Return the folder of a contaminant's model."""
        return self.models / contaminant

    @property
    def experiment(self) -> Path:
        """Everything that is for people."""
        return self.root / "experiments" / self.name

    @property
    def config(self) -> Path:
        """The composed configuration."""
        return self.experiment / "config.yaml"

    @property
    def metrics(self) -> Path:
        """The score ledger."""
        return self.experiment / "metrics.json"

    @property
    def headline(self) -> Path:
        """The scores of the chosen model in a few numbers, for DVC."""
        return self.experiment / "headline.json"

    @property
    def evaluation(self) -> Path:
        """Out-of-fold predictions, fold report and reliability."""
        return self.experiment / "evaluation"

    @property
    def all_maps(self) -> Path:
        """The maps of every contaminant."""
        return self.experiment / "maps"

    def maps(self, contaminant: str) -> Path:
        """Return the folder of a contaminant's maps."""
        return self.all_maps / contaminant

    @property
    def all_explanations(self) -> Path:
        """The explanations of every contaminant."""
        return self.experiment / "explanations"

    def explanations(self, contaminant: str) -> Path:
        """Return the folder of a contaminant's explanations."""
        return self.all_explanations / contaminant

    def tuning(self, contaminant: str) -> Path:
        """Return the folder of what was searched and selected for a contaminant."""
        return self.experiment / "tuning" / contaminant

    @property
    def report(self) -> Path:
        """The report page."""
        return self.experiment / "report" / "report.html"

    def bundle(self, profile: str) -> Path:
        """Return the folder of the bundle for a receiver."""
        return self.experiment / "bundle" / profile

    @property
    def reviews(self) -> Path:
        """What reviewers answered to statements; it may not be there."""
        return self.experiment / "review.json"

    @property
    def stamps(self) -> Path:
        """What each stage last saw and made; tells `run` what is up to date."""
        return self.experiment / ".stages"


def comparison_folder(first: str, second: str, root: Path = Path()) -> Path:
    """Return the folder of what two experiments have not alike.

    Examples
    --------
    >>> comparison_folder("meuse", "meuse@model=logistic").as_posix()
    'experiments/comparisons/meuse__meuse@model=logistic'
    """
    return root / "experiments" / "comparisons" / f"{first}__{second}"


def raster_source(text: str, key: str, *, root: Path = Path()) -> Path | RemoteFile:
    """Return the raster that a configuration key names: a file, a Zarr store or an address.

    Parameters
    ----------
    text, key, root
        As for `input_path`.

    Raises
    ------
    ConfigError
        The path is none that `input_path` lets through, or the address is on a host that the
        user did not name in ``HOTSPOT_DATA_HOSTS``.
    """
    if not text.startswith(("https://", "http://")):
        return input_path(text, key, root=root)
    parts = urlsplit(text)
    hosts = os.environ.get(DATA_HOSTS_VARIABLE, "").replace(",", " ").split()
    if "@" in parts.netloc or parts.netloc not in hosts:
        raise ConfigError(
            f"{key}: {text!r} is on {parts.hostname}, which is not named as a host to be read "
            f"from. If you trust it, set the environment variable {DATA_HOSTS_VARIABLE}="
            f"{parts.netloc.rpartition('@')[2]}; or fetch the file and put it below data/raw."
        )
    return RemoteFile(text)


def input_path(text: str, key: str, *, root: Path = Path()) -> Path:
    """Return the path of an input file that a configuration key names.

    Parameters
    ----------
    text : str
        As written; relative to the project's root, or where the root has no such file to
        ``data/raw`` or a folder of ``HOTSPOT_DATA_ROOTS``, in that order.
    key : str
        The key, for the message.
    root : Path
        The project's root.

    Raises
    ------
    ConfigError
        The path leaves the project and the folders of ``HOTSPOT_DATA_ROOTS``, is an
        address, or is no file.
    """
    if "\0" in text or "://" in text or text.startswith("/vsi"):
        raise ConfigError(
            f"{key}: {text!r} is an address, not a file. Download it, put it below "
            "data/raw, and give its path."
        )
    path = (root / Path(text)).resolve()
    allowed = [root.resolve()]
    allowed += [
        Path(folder).resolve()
        for folder in os.environ.get(DATA_ROOTS_VARIABLE, "").split(os.pathsep)
        if folder
    ]
    if not path.exists() and not Path(text).is_absolute():
        for folder in [allowed[0] / RAW_DATA, *allowed[1:]]:
            other = (folder / Path(text)).resolve()
            if other.is_relative_to(folder) and _is_input(other):
                return other
    if not any(path.is_relative_to(folder) for folder in allowed):
        raise ConfigError(
            f"{key}: {text!r} lies outside the project ({allowed[0].name}/). Copy it below "
            f"data/raw, or name its folder in the environment variable {DATA_ROOTS_VARIABLE}."
        )
    if not _is_input(path):
        raise ConfigError(
            f"{key}: there is no file {text!r}. Paths are relative to the project's root, to "
            f"{RAW_DATA.as_posix()} or to a folder of {DATA_ROOTS_VARIABLE}; put raw files "
            f"below {RAW_DATA.as_posix()}."
        )
    return root / Path(text)


def data_folders(root: Path = Path()) -> list[Path]:
    """Return the folders below which a relative path of data is looked for, in order."""
    named = os.environ.get(DATA_ROOTS_VARIABLE, "").split(os.pathsep)
    return [root, root / RAW_DATA, *(Path(folder) for folder in named if folder)]


def _is_input(path: Path) -> bool:
    """Whether a path is a file, or the folder that a Zarr store is."""
    return path.is_file() or (path.suffix.lower() == ".zarr" and path.is_dir())
