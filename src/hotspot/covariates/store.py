"""The catalogue and grid of a folder of covariates, as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hotspot.covariates.catalogue import Catalogue, Covariate
from hotspot.errors import CovariateError
from hotspot.files import write_text
from hotspot.grid import Grid

CATALOGUE_FILE = "catalogue.json"
"""Name of the file beside the rasters of a stack."""


def write_catalogue(
    folder: Path,
    catalogue: Catalogue,
    grid: Grid,
    *,
    recipes: Mapping[str, Mapping[str, Any]] | None = None,
    dated: Mapping[str, tuple[int, Sequence[int]]] | None = None,
) -> None:
    """Write the catalogue and the grid of the rasters in a folder.

    Parameters
    ----------
    folder : Path
        Where the rasters lie.
    catalogue : Catalogue
        Of the rasters.
    grid : Grid
        Of the rasters.
    recipes : mapping, optional
        What each file was made from; see `hotspot.covariates.cache`.
    dated : mapping, optional
        Of each covariate that changed, the year on the map and all years.
    """
    content: dict[str, Any] = {
        "grid": grid.to_dict(),
        "covariates": [covariate.to_dict() for covariate in catalogue],
    }
    if dated:
        content["dated"] = {
            name: {"shown": shown, "years": sorted(years)}
            for name, (shown, years) in dated.items()
        }
    if recipes:
        content["recipes"] = dict(recipes)
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


def read_recipes(folder: Path) -> dict[str, Any]:
    """Return what each file of a folder was made from; empty where that is not told."""
    try:
        content = json.loads((folder / CATALOGUE_FILE).read_text(encoding="utf-8"))
        recipes = content.get("recipes", {})
    except (OSError, ValueError, AttributeError):
        return {}
    return recipes if isinstance(recipes, dict) else {}


def read_dated(folder: Path) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Return, of each covariate that changed, the year on the map and all years.

    Raises
    ------
    CovariateError
        The folder holds no catalogue, or it cannot be read.
    """
    file = folder / CATALOGUE_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(name): (int(entry["shown"]), tuple(int(year) for year in entry["years"]))
            for name, entry in content.get("dated", {}).items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CovariateError(
            f"{file} cannot be read: {error!r}. Run `hotspot covariates` again."
        ) from error
