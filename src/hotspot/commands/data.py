"""`hotspot data`: look at a table and propose what its columns mean; fetch a public one."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from hotspot.commands.download import download, list_datasets
from hotspot.config.compose import config_dir
from hotspot.config.paths import DATA_ROOTS_VARIABLE, data_folders
from hotspot.datasets.catalogue import load_catalogue
from hotspot.errors import ConfigError, ObservationError, few, nearest_name
from hotspot.files import write_text
from hotspot.observations.formats.address import is_database
from hotspot.observations.formats.dialect import Dialect, guess_dialect
from hotspot.observations.inspection.columns import OF_FILE, propose
from hotspot.observations.inspection.proposal import UNKNOWN, Proposal
from hotspot.observations.read import FileRows, read_rows

OPTIONS = ("crs", "encoding", "header_row", "layer", "region", "save", "separator", "source")
_TEXT = (".csv", ".tsv", ".tab", ".txt")
# So much of a file tells its dialect.
_ENOUGH = 1 << 20

HELP = """\
usage: hotspot data inspect FILE [option=value ...]
       hotspot data list
       hotspot data NAME [address=URL | file=PATH]

The last two tell of public data sets and fetch one, such as usgs_ds801, into data/raw: from
its official address or a mirror, resumed where it broke off and checked; or from a file that
was fetched by other means.

The first looks at a table and proposes the keys of `data` that read it; what is unsure is told.
FILE is CSV, TSV, Excel, GeoPackage, GeoParquet, GeoJSON, or env:HOTSPOT_DATABASE.

  save=NAME              write conf/data/NAME.yaml; then data=NAME uses it
  region=5,8,50,54       where the places lie: west, east, south, north in degrees, or a
                         reference system whose area of use is meant (region=EPSG:28992)
  crs=EPSG:28992         reference system of the coordinates, where it is known
  layer=NAME             layer, sheet or table, where there are several
  separator=; encoding=cp1252 header_row=3
                         of a text file, where the guess is wrong
  source="..."           where the data come from, one line
"""

# What a comment says above each key.
_COMMENTS = {
    "path": "Below the project's root, or below a folder of HOTSPOT_DATA_ROOTS.",
    "crs": "Reference system of the coordinates",
    "separator": "Separator of the columns",
    "encoding": "Encoding of the text",
    "header_row": "Line of the column names",
    "layer": "Layer, sheet or table",
    "decimal": "Decimal mark",
    "columns": "What the columns hold",
    "wide": "One column per contaminant",
    "wide_qualifiers": "Flags beside the values",
    "wide_limits": "Detection limits beside the values",
    "unit": "Unit of the values",
    "units": "Units of single contaminants",
    "media": "What counts as soil in the column of the medium",
    "negative": "What a number below zero is",
    "missing_words": "What stands for no value",
    "qualifiers": "Meaning of the flags",
    "coordinates": "Form of the coordinates",
    "region": "Where the places lie: west, east, south, north",
    "dates": "Form of the dates",
    "source": "Where the data come from",
}


def main(arguments: list[str]) -> int:
    """Print the proposal for a file, and save it where asked."""
    if not arguments or {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return 0
    action, *rest = arguments
    if action == "list" and not rest:
        list_datasets()
        return 0
    if action != "inspect":
        _fetch(action, rest)
        return 0
    files = [text for text in rest if text.partition("=")[0] not in OPTIONS]
    if len(files) != 1:
        raise ConfigError(
            f"data inspect takes one file, not {len(files)}: {' '.join(files) or 'none'}. "
            f"Options are {', '.join(f'{name}=…' for name in OPTIONS)}."
        )
    options = dict(text.split("=", 1) for text in rest if text not in files)
    text, proposal = inspect(files[0], options)
    sys.stdout.write(text)
    for doubt in proposal.doubts:
        sys.stderr.write(f"unsure: {doubt}\n")
    if "save" in options:
        _save(options["save"], text)
    return 0


def _fetch(name: str, arguments: list[str]) -> None:
    """Fetch a public data set."""
    if name not in load_catalogue():
        known = ["inspect", "list", *load_catalogue()]
        raise ConfigError(
            f"data {name}: there is no such action or data set.{nearest_name(name, known)} "
            "Write `hotspot data inspect FILE`, or one of `hotspot data list`."
        )
    bare = [text for text in arguments if "=" not in text]
    if bare:
        raise ConfigError(
            f"data {name} does not know {few(bare)}. Write address=URL or file=PATH behind it, "
            "or nothing."
        )
    download(name, dict(text.split("=", 1) for text in arguments))


def inspect(file: str, options: dict[str, str]) -> tuple[str, Proposal]:
    """Return the configuration of a file as text, and the proposal behind it."""
    dialect = None
    file = _found(file)
    inside = _path_inside(file)
    keys: dict[str, Any] = {"path": inside or Path(file).name}
    if not is_database(file) and Path(file).suffix.lower() in _TEXT and Path(file).is_file():
        with Path(file).open("rb") as opened:
            dialect = _stated(guess_dialect(opened.read(_ENOUGH) or b"\n"), options)
    rows = _rows(file, dialect, options)
    if dialect is not None:
        if dialect.separator != ",":
            keys["separator"] = dialect.separator
        if dialect.encoding != "utf-8":
            keys["encoding"] = dialect.encoding
    if "layer" in options:
        keys["layer"] = options["layer"]
    header_row = _header_row(dialect, options)
    if header_row != 1:
        keys["header_row"] = header_row
    proposal = propose(
        rows.rows,
        decimal=dialect.decimal if dialect else ".",
        crs=options.get("crs") or (OF_FILE if rows.crs else None),
        region=_region(options.get("region")),
    )
    if dialect is not None:
        for doubt in dialect.doubts:
            proposal.doubt(doubt)
    if inside is None:
        proposal.doubt(
            "The file lies outside the project: copy it to data/raw and correct path, or name "
            f"its folder in the environment variable {DATA_ROOTS_VARIABLE}."
        )
    keys |= proposal.keys
    keys["source"] = options.get("source", Path(file).name)
    return _yaml(file, keys, proposal), proposal


def _found(file: str) -> str:
    """Return the path of a file as it is, or below a folder of data, as a run looks for it."""
    if is_database(file) or Path(file).is_file():
        return file
    folders = [] if Path(file).is_absolute() else data_folders()
    for folder in folders:
        if (folder / file).is_file():
            return str(folder / file)
    near = {
        each.name
        for folder in folders or [Path()]
        for each in (
            (folder / file).parent.iterdir() if (folder / file).parent.is_dir() else ()
        )
    }
    places = ["here", *(f"below {folder.as_posix()}" for folder in folders[1:])]
    looked = f" It was looked for {', '.join(places)}." if folders else ""
    raise ObservationError(
        f"There is no file {file}.{nearest_name(Path(file).name, sorted(near))}{looked} "
        f"Correct the path, or name its folder in {DATA_ROOTS_VARIABLE}."
    )


def _rows(file: str, dialect: Dialect | None, options: dict[str, str]) -> FileRows:
    return read_rows(
        file,
        separator=dialect.separator if dialect else ",",
        encoding=dialect.encoding if dialect else "utf-8",
        layer=options.get("layer"),
        header_row=_header_row(dialect, options),
    )


def _header_row(dialect: Dialect | None, options: dict[str, str]) -> int:
    text = options.get("header_row")
    if text is None:
        return dialect.header_row if dialect else 1
    if not text.isdigit() or int(text) < 1:
        raise ConfigError(f"header_row={text}: give the line of the column names, from 1.")
    return int(text)


def _stated(guess: Dialect, options: dict[str, str]) -> Dialect:
    """Return the dialect with what is stated in place of what was guessed."""
    return Dialect(
        encoding=options.get("encoding", guess.encoding),
        separator=options.get("separator", guess.separator).replace("\\t", "\t"),
        decimal=guess.decimal,
        header_row=guess.header_row,
        doubts=guess.doubts,
    )


def _region(text: str | None) -> tuple[float, float, float, float] | str | None:
    if text is None or ":" in text:
        return text
    try:
        west, east, south, north = (float(part) for part in text.strip("[]").split(","))
    except ValueError as error:
        raise ConfigError(
            f"region={text}: give west,east,south,north in degrees, or a reference system such "
            "as EPSG:28992."
        ) from error
    return west, east, south, north


def _path_inside(file: str) -> str | None:
    """Return the path as a configuration names it, or None outside every folder of data."""
    if is_database(file):
        return file
    path = Path(file).resolve()
    folders = os.environ.get(DATA_ROOTS_VARIABLE, "").split(os.pathsep)
    for folder in [Path.cwd(), *(Path(each).resolve() for each in folders if each)]:
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return None


def _yaml(file: str, keys: dict[str, Any], proposal: Proposal) -> str:
    """Return the configuration as commented YAML; doubts stand above."""
    lines = [f"# {Path(file).name}, as `hotspot data inspect` reads it: check before use."]
    lines += [f"# Unsure: {doubt}" for doubt in proposal.doubts]
    lines += ["defaults:", "  - table", ""]
    for key, value in keys.items():
        why = proposal.why.get(key, "")
        comment = _COMMENTS[key]
        lines.append(f"# {comment.rstrip('.')}: {why}." if why else f"# {comment.rstrip('.')}.")
        if value == UNKNOWN:
            lines.append(f"{key}: ??? # nothing in the file tells it")
        elif isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [f"  {_scalar(name)}: {_scalar(each)}" for name, each in value.items()]
        else:
            lines.append(f"{key}: {_scalar(value)}")
    return "\n".join(lines) + "\n"


def _scalar(value: Any) -> str:
    """Return a value as YAML reads it back; plain where that is safe."""
    if value == UNKNOWN:
        return "???"
    text = str(value)
    plain = isinstance(value, str) and text.replace("_", "").replace("/", "").isalpha()
    unsafe = text.lower() in (
        "y",
        "n",
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
        "none",
    )
    return text if plain and not unsafe else json.dumps(value, ensure_ascii=False)


def _save(name: str, text: str) -> None:
    if not name.replace("_", "").replace("-", "").isalnum() or name == "table":
        raise ConfigError(
            f"save={name}: give a name of letters, digits and underscores, other than table."
        )
    path = config_dir() / "data" / f"{name}.yaml"
    if path.exists():
        raise ConfigError(
            f"save={name}: conf/data/{name}.yaml is there already. Give another name, or "
            "remove it."
        )
    write_text(path, text)
    sys.stderr.write(f"Written to conf/data/{name}.yaml; use it with data={name}.\n")
