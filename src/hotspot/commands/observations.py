"""`hotspot observations`: the laboratory's table into mg/kg, with what was rejected."""

import json
from pathlib import Path
from typing import Any

from hotspot.commands.console import Console, counted
from hotspot.commands.covariates import grid_of
from hotspot.config.paths import Paths, input_path
from hotspot.config.schema import Config, DataConfig
from hotspot.files import write_text
from hotspot.grid import Grid
from hotspot.observations.cells import check_columns
from hotspot.observations.coordinates import agree_crs, metres_per_unit
from hotspot.observations.formats.address import is_database
from hotspot.observations.formats.dialect import AUTO, agree_decimal
from hotspot.observations.harmonisation import Harmonised, check_stated, harmonise
from hotspot.observations.laboratory_effect import adjusted, laboratory_offsets
from hotspot.observations.mapping import MAPPING_KEYS, TableMapping
from hotspot.observations.read import FileRows, read_rows
from hotspot.observations.write import write_observations


def run(config: Config, paths: Paths, console: Console) -> None:
    """Read, harmonise and write the observations."""
    data = config.data
    file, crs, grid = _opened(config, paths)
    mapping, notes = agree_decimal(mapping_values(data), file.rows)
    made = harmonise(
        file.rows,
        TableMapping.from_config(mapping),
        crs=crs,
        target_crs=grid.crs,
        source=data.source or Path(data.path).name,
        cell_m=max(grid.resolution) * metres_per_unit(grid.crs),
    )
    account = made.ledger.to_dict() | made.findings.to_dict()
    account["notes"] = [*file.notes, *notes, *account["notes"]]
    observations = made.observations
    if data.laboratory_effect != "none":
        effects = laboratory_offsets(observations, seed=config.seed)
        account["laboratory_effect"] = data.laboratory_effect
        account["laboratories"] = [each.to_dict() for each in effects]
        account["notes"] += [each.sentence for each in effects]
        if data.laboratory_effect == "adjust":
            observations = adjusted(observations, effects)
    write_observations(observations, made.rejected, paths.interim)
    write_text(paths.interim / "ledger.json", json.dumps(account, indent=2, ensure_ascii=False))
    tell(made, account["notes"], console)


def check(config: Config, paths: Paths) -> None:
    """Raise what the stage would refuse at its door, from the header of the table alone.

    A database is not asked: only what is stated of it is checked.
    """
    if not is_database(config.data.path):
        _opened(config, paths, only_beginning=True)
        return
    check_stated(mapping_of(config.data))
    if config.data.crs is not None:
        agree_crs(config.data.crs, None)
    grid_of(config, paths)


def _opened(
    config: Config, paths: Paths, *, only_beginning: bool = False
) -> tuple[FileRows, str, Grid]:
    """Return the table, the CRS of its coordinates and the grid, or say what does not fit."""
    data = config.data
    mapping = mapping_of(data)
    check_stated(mapping)
    grid = grid_of(config, paths)
    file = rows_of(data, paths.root, only_beginning=only_beginning)
    check_columns(file.rows.columns, mapping)
    return file, agree_crs(data.crs, file.crs), grid


def tell(made: Harmonised, notes: list[str], console: Console) -> None:
    """Print what came in and out, the commonest reasons, and what looks odd."""
    console.line(
        f"  {counted(made.ledger.rows_in, 'row')}, "
        f"{counted(made.ledger.rows_out, 'observation')}, "
        f"{len(made.rejected)} rejected"
    )
    for reason, count in list(made.ledger.reasons().items())[:5]:
        console.line(f"    {count:>6}  {reason}")
    for note in notes:
        console.line(f"  note: {note}")


def rows_of(data: DataConfig, root: Path, *, only_beginning: bool = False) -> FileRows:
    """Return the rows of the file or database that a configuration names, or the first."""
    path: Path | str = data.path
    if not is_database(data.path):
        path = input_path(data.path, "data.path", root=root)
    return read_rows(
        path,
        separator=data.separator,
        encoding=data.encoding,
        layer=data.layer,
        header_row=data.header_row,
        only_beginning=only_beginning,
    )


def mapping_values(data: DataConfig) -> dict[str, Any]:
    """Return the keys of the configuration that say what the columns mean."""
    return data.model_dump(include=set(MAPPING_KEYS))


def mapping_of(data: DataConfig) -> TableMapping:
    """Return what the columns mean, from the configuration.

    A decimal mark that the rows are to tell is taken for a point.
    """
    values = mapping_values(data)
    if values["decimal"] == AUTO:
        values["decimal"] = "."
    return TableMapping.from_config(values)
