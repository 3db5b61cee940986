"""`hotspot observations`: the laboratory's table into mg/kg, with what was rejected."""

import json

from hotspot.commands.console import Console
from hotspot.commands.covariates import grid_of
from hotspot.config.paths import Paths, input_path
from hotspot.config.schema import Config, DataConfig
from hotspot.files import write_text
from hotspot.observations.coordinates import agree_crs
from hotspot.observations.harmonisation import harmonise
from hotspot.observations.mapping import TableMapping
from hotspot.observations.read import read_rows
from hotspot.observations.write import write_observations


def run(config: Config, paths: Paths, console: Console) -> None:
    """Read, harmonise and write the observations."""
    data = config.data
    path = input_path(data.path, "data.path", root=paths.root)
    file = read_rows(path, separator=data.separator, encoding=data.encoding, layer=data.layer)
    made = harmonise(
        file.rows,
        mapping_of(data),
        crs=agree_crs(data.crs, file.crs),
        target_crs=grid_of(config, paths).crs,
        source=data.source or path.name,
    )
    write_observations(made.observations, made.rejected, paths.interim)
    ledger = json.dumps(made.ledger.to_dict(), indent=2, ensure_ascii=False)
    write_text(paths.interim / "ledger.json", ledger)
    console.line(
        f"  {made.ledger.rows_in} rows, {made.ledger.rows_out} observations, "
        f"{len(made.rejected)} rejected"
    )
    for reason, count in list(made.ledger.reasons().items())[:5]:
        console.line(f"    {count:>6}  {reason}")


def mapping_of(data: DataConfig) -> TableMapping:
    """Return what the columns mean, from the configuration."""
    keys = (
        "columns",
        "wide",
        "unit",
        "exclude",
        "duplicates",
        "contaminant_names",
        "decimal",
        "nondetect_words",
        "missing_words",
        "qualifiers",
    )
    return TableMapping.from_config(data.model_dump(include=set(keys)))
