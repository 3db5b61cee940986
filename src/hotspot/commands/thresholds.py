"""`hotspot thresholds`: list and search the registry of limits."""

import shutil
import sys

from hotspot.errors import ConfigError, nearest_name
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.thresholds import Threshold, Thresholds

FILTERS = (
    "contaminant",
    "jurisdiction",
    "land_use",
    "medium",
    "value_kind",
    "instrument",
    "text",
)
_FLAGS = {"memory": "include_memory", "superseded": "include_superseded"}

HELP = """\
usage: hotspot thresholds [filter=value ...] [memory=true] [superseded=true] [id=ID]

Lists cited limits. Filters take one value or several with commas between:
  contaminant=cd,pb      id, symbol or name
  jurisdiction=EU        country code, EU, or INT
  land_use=agricultural  agricultural, residential, parkland, commercial, industrial, any
  value_kind=trigger     background, guideline, screening, trigger, intervention,
                         maximum_permissible
  medium=soil            soil (default), groundwater, drinking_water
  instrument=sludge      a part of the name of the law or guideline
  text=garden            a part of any field
memory=true shows numbers that nobody has verified, superseded=true older editions.
id=ID shows everything known of one limit.

Not legal advice: read the instrument itself, in its current version.
"""


def main(arguments: list[str]) -> int:
    """Print the limits that match, with where they were read and whether they hold."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return 0
    asked = _parse(arguments)
    if "id" in asked:
        _print_one(Thresholds.load().get(asked["id"]))
        return 0
    flags = {
        name: _is_true(key, asked.pop(key)) for key, name in _FLAGS.items() if key in asked
    }
    found = Thresholds.load().select(**asked, **flags)  # type: ignore[arg-type]
    _print_table(found)
    return 0


def _parse(arguments: list[str]) -> dict[str, str]:
    known = (*FILTERS, *_FLAGS, "id")
    asked = {}
    for text in arguments:
        key, equals, value = text.partition("=")
        if not equals or key not in known:
            raise ConfigError(
                f"hotspot thresholds does not know {text!r}.{nearest_name(key, known)} "
                f"Write filter=value with one of {', '.join(known)}."
            )
        asked[key] = value
    return asked


def _is_true(key: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ConfigError(f"{key}={text}: this is neither true nor false. Write {key}=true.")
    return text.lower() == "true"


def _print_table(found: Thresholds) -> None:
    from rich.console import Console
    from rich.table import Table

    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else 160
    console = Console(file=sys.stdout, width=width, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("limit", justify="right", no_wrap=True)
    for name in ("unit", "land use", "kind", "condition", "instrument", "read in", "status"):
        table.add_column(name, no_wrap=name in ("unit", "status"))
    read_in = {"yes": "instrument", "second": "second hand", "memory": "NOT READ"}
    for row in found:
        table.add_row(
            row.id,
            f"{row.value:g}",
            row.unit,
            row.land_use.replace("_", " "),
            row.value_kind.replace("_", " "),
            row.condition,
            f"{row.jurisdiction} {row.instrument}",
            read_in.get(row.verified, row.verified),
            row.status.replace("_", " "),
        )
    if len(found):
        console.print(table)
    hidden = "".join(
        f" Hidden: {count} {name} (show with {name}=true)." for name, count in found.left_out
    )
    sys.stdout.write(f"\n{len(found)} limits.{hidden} Sources: hotspot thresholds id=ID.\n")
    sys.stdout.write("Not legal advice: read the instrument itself, in its current version.\n")


def _print_one(row: Threshold) -> None:
    name = Contaminants.load()[row.contaminant].name
    facts = {
        "id": row.id,
        "contaminant": name,
        "limit": f"{row.value:g} {row.unit}",
        "jurisdiction": row.jurisdiction,
        "instrument": row.instrument,
        "issuer": row.issuer,
        "medium": row.medium,
        "land use": row.land_use,
        "kind": row.value_kind.replace("_", " "),
        "condition": row.condition,
        "protects": row.basis,
        "fraction": row.fraction,
        "read in": row.source_url,
        "place": row.source_place,
        "verified": row.verified,
        "status": row.status,
        "note": row.note,
    }
    for key, value in facts.items():
        if value:
            sys.stdout.write(
                f"{key:<14}{value.replace('_', ' ') if key == 'kind' else value}\n"
            )
