"""Writing a world as a user would have it, with its truth beside."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from hotspot import __version__
from hotspot.errors import OutputError
from hotspot.files import replaced_folder
from hotspot.grid import Window
from hotspot.rasters import CogWriter
from hotspot.worlds.labtable import laboratory_table
from hotspot.worlds.landscape import DERIVED
from hotspot.worlds.readme import readme
from hotspot.worlds.truth import Components
from hotspot.worlds.world import World

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

DESCRIPTION = "world.json"
OBSERVATIONS = "observations.csv"
_SENTENCE = "Simulated by hotspot world; a region that does not exist, not measurements."
# A GeoPackage keeps when it was written; the same world must give the same bytes.
_FIXED_TIME = "1970-01-01T00:00:00Z"


def check_new(folder: Path) -> None:
    """Raise `OutputError` if there is a folder already."""
    if folder.exists():
        raise OutputError(
            f"The folder {folder} exists. Give another name, or overwrite=true to replace a "
            "world by this one."
        )


def check_replaceable(folder: Path) -> None:
    """Raise `OutputError` if there is a folder that is no world."""
    if folder.exists() and not (folder / DESCRIPTION).is_file():
        raise OutputError(
            f"The folder {folder} holds no {DESCRIPTION}, so it is no world, and is left as it "
            "is. Give another name or folder, or remove it yourself."
        )


def write_world(world: World, folder: Path | str, *, name: str, limit_mg_kg: float) -> None:
    """Write a world into a new folder, whole or not at all.

    Parameters
    ----------
    world : World
        What to write. The same world gives the same bytes.
    folder : path
        Must not exist.
    name : str
        Heading of the README.
    limit_mg_kg : float, mg/kg
        Of the probability of the truth.

    Raises
    ------
    OutputError
        The folder exists or cannot be written.
    """
    check_new(Path(folder))
    _write(world, Path(folder), name, limit_mg_kg)


def replace_world(world: World, folder: Path | str, *, name: str, limit_mg_kg: float) -> None:
    """Write a world in the place of another, or into a new folder; see `write_world`.

    Raises
    ------
    OutputError
        The folder holds something else than a world, or cannot be written.
    """
    check_replaceable(Path(folder))
    _write(world, Path(folder), name, limit_mg_kg)


def observations_text(world: World) -> str:
    """Return the laboratories' table as CSV text."""
    return str(laboratory_table(world).to_csv(index=False, lineterminator="\n"))


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _write(world: World, folder: Path, name: str, limit_mg_kg: float) -> None:
    table = observations_text(world)
    description = {
        "made_by": f"hotspot world {__version__}",
        "seed": world.seed,
        "draw": world.draw,
        "limit_mg_kg": limit_mg_kg,
        "observations_sha256": digest_of(table),
        "options": world.options.to_dict(),
    }
    with replaced_folder(folder) as beside:
        _write_text(beside / OBSERVATIONS, table)
        _write_text(beside / "README.md", readme(world, name, limit_mg_kg))
        _write_text(beside / DESCRIPTION, json.dumps(description, indent=2) + "\n")
        _write_features(world, beside)
        for covariate in world.covariates.catalogue:
            if covariate.name in DERIVED:
                continue
            is_class = covariate.is_categorical
            _write_raster(
                beside / "covariates" / f"{covariate.name}.tif",
                world,
                world.covariates[covariate.name],
                dtype="uint8" if is_class else "float32",
                descriptions=[covariate.description],
                units=[covariate.unit],
                categorical=is_class,
            )
        _write_truth(world, beside / "truth", limit_mg_kg)


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_truth(world: World, folder: Path, limit_mg_kg: float) -> None:
    truth = world.truth
    single = {
        "probability": (
            truth.probability(limit_mg_kg),
            "1",
            f"P(soil sample > {limit_mg_kg:g} mg/kg)",
        ),
        "median_mg_kg": (truth.median_mg_kg, "mg/kg", "median of soil samples from the cell"),
        "realised_mg_kg": (truth.realised_mg_kg, "mg/kg", "one soil sample from the cell"),
    }
    for name, (values, unit, description) in single.items():
        _write_raster(
            folder / f"{name}.tif", world, values, descriptions=[description], units=[unit]
        )
    parts: dict[str, tuple[Components, str]] = {
        "components_mg_kg": (truth.mg_kg, "mg/kg"),
        "components_log": (truth.log, "ln(mg/kg)"),
        "shares": (truth.shares(), "1"),
    }
    for name, (components, unit) in parts.items():
        _write_raster(
            folder / f"{name}.tif",
            world,
            components.values,
            descriptions=list(components.names),
            units=[unit] * len(components.names),
        )
    sampling = world.sampling
    for name, table in (
        ("observations", sampling.true_values),
        ("laboratories", sampling.laboratories),
    ):
        _write_text(
            folder / f"{name}.csv",
            str(table.to_csv(index=False, lineterminator="\n", float_format="%.9g")),
        )


def _write_raster(
    path: Path,
    world: World,
    values: NDArray[np.float64],
    *,
    descriptions: list[str],
    units: list[str],
    dtype: str = "float32",
    categorical: bool = False,
) -> None:
    whole = Window(0, 0, *world.grid.shape)
    with CogWriter(
        path,
        world.grid,
        dtype=dtype,
        tags={"description": _SENTENCE, "seed": str(world.seed)},
        descriptions=descriptions,
        units=units,
        categorical=categorical,
    ) as raster:
        raster.write(whole, values)


def _write_features(world: World, folder: Path) -> None:
    import geopandas as gpd

    crs = world.grid.crs
    roads = gpd.GeoDataFrame(
        {"class": world.roads.classes, "traffic": world.roads.traffic},
        geometry=world.roads.lines,
        crs=crs,
    )
    _write_layer(roads, folder / "roads.gpkg", "roads", "LineString")
    if len(world.sources):
        names = [f"works {k + 1}" for k in range(len(world.sources))]
        points = shapely.points(world.sources.coordinates)
        sources = gpd.GeoDataFrame({"name": names}, geometry=points, crs=crs)
        _write_layer(sources, folder / "sources.gpkg", "sources", "Point")


def _write_layer(features: "GeoDataFrame", path: Path, layer: str, kind: str) -> None:
    import pyogrio

    option = "OGR_CURRENT_DATE"
    before: Any = pyogrio.get_gdal_config_option(option)
    pyogrio.set_gdal_config_options({option: _FIXED_TIME})
    try:
        pyogrio.write_dataframe(features, path, layer=layer, driver="GPKG", geometry_type=kind)
    except pyogrio.errors.DataSourceError as error:
        raise OutputError(
            f"{path.name} cannot be written: {error}. Free space or give write permission, "
            "then run again."
        ) from error
    finally:
        pyogrio.set_gdal_config_options({option: before})
