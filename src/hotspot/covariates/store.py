"""The catalogue and grid of a folder of covariates, as JSON."""

import json
from pathlib import Path

from hotspot.covariates.catalogue import Catalogue, Covariate
from hotspot.errors import CovariateError
from hotspot.files import write_text
from hotspot.grid import Grid

CATALOGUE_FILE = "catalogue.json"
"""Name of the file beside the rasters of a stack."""


def write_catalogue(folder: Path, catalogue: Catalogue, grid: Grid) -> None:
    """Write the catalogue and the grid of the rasters in a folder."""
    content = {
        "grid": grid.to_dict(),
        "covariates": [covariate.to_dict() for covariate in catalogue],
    }
    text = json.dumps(content, indent=2, ensure_ascii=False)
    write_text(folder / CATALOGUE_FILE, text + "\n")


def read_catalogue(folder: Path) -> tuple[Catalogue, Grid]:
    """Return the catalogue and the grid of the rasters in a folder.

    Raises
    ------
    CovariateError
        The folder holds no catalogue, or it cannot be read.
    """
    file = folder / CATALOGUE_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        covariates = tuple(Covariate.from_dict(values) for values in content["covariates"])
        return Catalogue(covariates), Grid.from_dict(content["grid"])
    except FileNotFoundError as error:
        raise CovariateError(
            f"There are no covariates in {folder}: {CATALOGUE_FILE} is missing. "
            "Run `hotspot covariates`."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CovariateError(
            f"{file} cannot be read: {error!r}. Run `hotspot covariates` again."
        ) from error
