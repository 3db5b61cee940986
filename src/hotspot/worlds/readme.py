"""The page that lies beside the files of a world."""

from hotspot import __version__
from hotspot.observations.contaminants import Contaminants
from hotspot.worlds.landscape import DERIVED
from hotspot.worlds.world import World


def readme(world: World, name: str, limit_mg_kg: float) -> str:
    """Return README.md of a world on disk."""
    observations = world.observations
    contaminant = Contaminants.load()[world.options.field.contaminant].name
    exceeding = world.truth.probability(limit_mg_kg).mean()
    (rows, cols), side = world.grid.shape, world.grid.resolution[0]
    shares = world.truth.shares()
    rasters = [c for c in world.covariates.catalogue if c.name not in DERIVED]
    layers = "\n".join(
        f"| `covariates/{c.name}.tif` | {c.role} | {c.unit} | {c.description} |"
        for c in rasters
    )
    n, n_censored = len(observations), int(observations["is_censored"].sum())
    origins = ", ".join(f"{shares[origin].mean():.0%} {origin}" for origin in shares.names)
    return f"""\
# {name}: a simulated region

Nothing here was measured. `hotspot world` {__version__} drew {contaminant.lower()} in the
topsoil of a region that does not exist, seed {world.seed}; all options stand in `world.json`.

- **Grid**: {rows} rows, {cols} columns, cells of {side:g} m, {world.grid.crs}.
- **Observations**: {n}, of which {n_censored} censored.
- **Limit**: {limit_mg_kg:g} mg/kg; {exceeding:.1%} of the soil exceeds it.
- **Origin** of the contaminant, as a mean over cells: {origins}.

## What a user would have

| file | role | unit | what |
| --- | --- | --- | --- |
| `observations.csv` | | | the laboratories' table: `<` non-detects, `>` over range |
| `roads.gpkg` | roads | | lines with `class` (main, minor) and `traffic` |
| `sources.gpkg` | industry | | points; missing where the world has none |
{layers}

## What only a world has

| file | unit | what |
| --- | --- | --- |
| `truth/probability.tif` | 1 | P(soil sample from the cell > limit), given the field |
| `truth/median_mg_kg.tif` | mg/kg | the field: the median of soil samples from the cell |
| `truth/realised_mg_kg.tif` | mg/kg | one soil sample from each cell |
| `truth/components_mg_kg.tif` | mg/kg | parts of the field, one band each; they add up to it |
| `truth/components_log.tif` | ln(mg/kg) | parts of its natural logarithm; they add up to it |
| `truth/shares.tif` | 1 | natural, diffuse and point shares of the field |
| `truth/observations.csv` | mg/kg | field, soil sample and raw result of each observation |
| `truth/laboratories.csv` | | the factor on all results of each laboratory |

A model must never see the folder `truth`.
"""
