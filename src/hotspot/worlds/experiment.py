"""The experiment that maps a world: a configuration file, as a user would write it."""

from typing import Any

import yaml

from hotspot.covariates.catalogue import Covariate
from hotspot.worlds.labtable import COLUMNS
from hotspot.worlds.landscape import DERIVED
from hotspot.worlds.sampling import source_text
from hotspot.worlds.world import World

# What the first lines of the file say; a file without them is not ours to replace.
MARK = "# Made by `hotspot world`: a simulated region, not measurements."


def experiment_yaml(world: World, *, name: str, folder: str, limit_mg_kg: float) -> str:
    """Return the text of an experiment file for a world on disk.

    Parameters
    ----------
    world : World
        What `write_world` wrote.
    name : str
        Of the experiment and its file.
    folder : str
        Folder of the world, relative to the project's root.
    limit_mg_kg : float, mg/kg
        The limit to map.
    """
    contaminant = world.options.field.contaminant
    layers = {c.name: _layer(c, folder) for c in world.covariates.catalogue}
    values = {
        "name": name,
        "title": f"Simulated region {name}",
        "description": (
            f"{len(world.observations)} simulated observations of {contaminant}; "
            f"the truth lies in {folder}/truth."
        ),
        "contaminants": [contaminant],
        "data": {
            "path": f"{folder}/observations.csv",
            "crs": world.grid.crs,
            "columns": dict(COLUMNS),
            "source": source_text(world.seed),
        },
        "covariates": {
            "grid": {"like": f"{folder}/covariates/land_use.tif"},
            "layers": layers,
        },
        "threshold": {contaminant: limit_mg_kg},
    }
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=96)
    return f"# @package _global_\n{MARK}\n\n{text}"


def _layer(covariate: Covariate, folder: str) -> dict[str, Any]:
    """Return the entry of one covariate under ``covariates.layers``."""
    derived = DERIVED.get(covariate.name)
    if derived is None:
        entry: dict[str, Any] = {
            "path": f"{folder}/covariates/{covariate.name}.tif",
            "role": str(covariate.role),
            "kind": str(covariate.kind),
            "unit": covariate.unit,
        }
        if covariate.classes:
            entry["classes"] = dict(covariate.classes)
    else:
        entry = {
            "source": "vector",
            "path": f"{folder}/{derived.features}.gpkg",
            "role": str(covariate.role),
            "derive": derived.derive,
        }
        if derived.where:
            entry["where"] = dict(derived.where)
        if derived.radius_m is not None:
            entry["radius_m"] = derived.radius_m
    return {**entry, "description": covariate.description}
