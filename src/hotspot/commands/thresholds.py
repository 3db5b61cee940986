"""`hotspot thresholds`: list and search the registry of limits."""

import shutil
import sys

from hotspot.commands.console import counted
from hotspot.errors import ConfigError, ThresholdError, nearest_name
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.limits.conditions import QUANTITIES, condition_words
from hotspot.observations.limits.threshold import Threshold
from hotspot.observations.limits.thresholds import Thresholds

FILTERS = (
    "contaminant",
    "jurisdiction",
    "land_use",
    "medium",
    "value_kind",
    "instrument",
    "text",
    "date",
)
_SEVERAL = ("contaminant", "jurisdiction", "land_use", "medium", "value_kind")
_FLAGS = {"memory": "include_memory", "superseded": "include_superseded"}
# What shows the limits that `Thresholds.select` left out, by its name for them.
_SHOWN_BY = {
    "memory": "memory=true",
    "superseded": "superseded=true",
    "of another date": "superseded=true instead of date",
}

HELP = """\
usage: hotspot thresholds [filter=value ...] [quantity=value ...] [memory=true]
                          [superseded=true] [id=ID] [regimes=true] [registry=FILE]

Lists cited limits. Filters take one value or several with commas between:
  contaminant=cd,pb      id, symbol or name
  jurisdiction=EU        country code, EU, or INT
  land_use=agricultural  agricultural, residential, parkland, commercial, industrial, any
  value_kind=trigger     background, guideline, screening, trigger, intervention,
                         maximum_permissible
  medium=soil            soil (default), groundwater, drinking_water
  instrument=sludge      a part of the name of the law or guideline
  text=garden            a part of any field
  date=2021-04-01        limits of that day, older editions too
What is given of a soil is put into the conditions, and the limit of that soil is shown, or
why it is not known; older editions are shown then, with their status:
  clay=12 organic_matter=4   per cent; also toc, particles_lt_10um, particles_lt_20um
  ph=5.8                     also ph_cacl2, ph_kcl, ph_water, where the instrument says which
  land_use=residential       a filter, and a condition; limits for any use are kept beside it
                             when a soil is given
  texture=loam crop=paddy range=upper background=30 ...; docs/thresholds.md lists them all
regimes=true lists the sets of limits that have a name, registry=FILE adds one of your own.
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
    if "regimes" in asked and _is_true("regimes", asked["regimes"]):
        _print_regimes()
        return 0
    asked.pop("regimes", None)
    table = _registry(asked.pop("registry", None))
    if "id" in asked and not set(asked) & set(QUANTITIES):
        _print_one(table.get(asked["id"]))
        return 0
    flags = {
        name: _is_true(key, asked.pop(key)) for key, name in _FLAGS.items() if key in asked
    }
    soil = {name: asked[name] for name in QUANTITIES if name in asked}
    wanted = {key: asked[key] for key in FILTERS if key in asked}
    if set(soil) - {"land_use"}:
        flags.setdefault("include_superseded", True)
        if "land_use" in wanted:
            wanted["land_use"] += ",any"
    if "id" in asked:
        found = Thresholds((table.get(asked["id"]),))
    else:
        # Texts and switches go to parameters of their own, which the reading has checked.
        found = table.select(**wanted, **flags)  # type: ignore[arg-type]
    _print_table(found, _evaluated(found, soil, table) if set(soil) - {"land_use"} else None)
    return 0


def _registry(name: str | None) -> Thresholds:
    """Return the registry of the package, with a file of the user's behind it."""
    if name is None:
        return Thresholds.load()
    from hotspot.config.paths import input_path
    from hotspot.observations.limits.user_registry import read_user_registry

    try:
        text = input_path(name, "registry").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"registry={name}: the file cannot be read: {error}. Save it as CSV in UTF-8."
        ) from error
    return Thresholds.load().extended(read_user_registry(text, name).rows)


def _evaluated(found: Thresholds, soil: dict[str, str], registry: Thresholds) -> dict[str, str]:
    """Return the limit of a soil by id, or why there is none."""
    import pandas as pd

    from hotspot.observations.limits.building import build_rule
    from hotspot.observations.limits.soil_inputs import SoilInputs

    inputs = SoilInputs.read(soil)
    if inputs.covariates:
        raise ConfigError(
            f"hotspot thresholds: {', '.join(inputs.covariates)} is no number or word of a "
            "soil. Covariates belong to an experiment; give a number here."
        )
    plain = SoilInputs(tuple(g for g in inputs.given if g.quantity != "background"))
    told = {}
    for row in found:
        if row.value_mg_kg is None:
            told[row.id] = f"not computed: {row.unit}"
            continue
        given = inputs if row.background_rule else plain
        try:
            rule = build_rule(row.contaminant, [row], given, rule_id=row.id, registry=registry)
        except ThresholdError:
            told[row.id] = "does not hold"
            continue
        value = float(rule.values(pd.DataFrame(index=[0]))[0])
        if value == value:
            told[row.id] = f"{value:.4g} mg/kg" if value < float("inf") else "not exceeded"
        else:
            told[row.id] = "; ".join(rule.reasons(pd.DataFrame(index=[0])))
    return told


def _print_regimes() -> None:
    from hotspot.observations.limits.regimes import Regimes

    for regime in Regimes.load():
        note = f" {regime.note}" if regime.note else ""
        sys.stdout.write(f"{regime.name:<24}{regime.title}.{note}\n")
        sys.stdout.write(f"{'':<24}{', '.join(regime.contaminants)}\n")


def _parse(arguments: list[str]) -> dict[str, str]:
    known = (*FILTERS, *_FLAGS, *QUANTITIES, "id", "regimes", "registry")
    asked: dict[str, str] = {}
    for text in arguments:
        key, equals, value = text.partition("=")
        if not equals or key not in known:
            raise ConfigError(
                f"hotspot thresholds does not know {text!r}.{nearest_name(key, known)} "
                f"Write filter=value with one of {', '.join(known)}."
            )
        if key in asked:
            raise ConfigError(
                f"hotspot thresholds was given {key} twice: {asked[key]!r} and {value!r}. Give "
                f"it once{f', as in {key}={asked[key]},{value}' if key in _SEVERAL else ''}."
            )
        if not value.strip():
            raise ConfigError(
                f"hotspot thresholds was given {text!r}, without a value. Give one, or leave "
                f"{key} out."
            )
        asked[key] = value
    return asked


def _is_true(key: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ConfigError(f"{key}={text}: this is neither true nor false. Write {key}=true.")
    return text.lower() == "true"


def _print_table(found: Thresholds, here: dict[str, str] | None = None) -> None:
    from rich.console import Console
    from rich.table import Table

    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else 160
    console = Console(file=sys.stdout, width=width, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("limit", justify="right", no_wrap=True)
    if here is not None:
        table.add_column("for this soil")
    for name in ("unit", "land use", "kind", "condition", "instrument", "read in", "status"):
        table.add_column(name, no_wrap=name in ("unit", "status"))
    read_in = {"yes": "instrument", "second": "second hand", "memory": "NOT READ"}
    for row in found:
        table.add_row(
            row.id,
            f"{row.value:g}",
            *([] if here is None else [here[row.id]]),
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
        f" Hidden: {count} {name} (show with {_SHOWN_BY[name]})."
        for name, count in found.left_out
    )
    sys.stdout.write(
        f"\n{counted(len(found), 'limit')}.{hidden} Sources: hotspot thresholds id=ID.\n"
    )
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
        "computed as": row.rule.not_computable or condition_words(row.rule.alternatives),
        "background": row.background_rule,
        "valid": " to ".join(filter(None, (row.valid_from or "...", row.valid_to or "...")))
        if row.valid_from or row.valid_to
        else "",
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
