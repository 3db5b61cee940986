"""What the columns of an unknown table seem to mean, and what of that is unsure."""

import re

import numpy as np
import pandas as pd

from hotspot.errors import few
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.inspection.column_names import COORDINATES, folded, named_columns
from hotspot.observations.inspection.contaminants import propose_long, propose_wide
from hotspot.observations.inspection.crs import guess_crs
from hotspot.observations.inspection.proposal import UNKNOWN, Columns, Proposal
from hotspot.observations.rules import SOIL_WORDS
from hotspot.observations.sampling import read_date

OF_FILE = "of file"
_MOSTLY = 0.8


def propose(
    rows: pd.DataFrame,
    *,
    decimal: str = ".",
    crs: str | None = None,
    region: tuple[float, float, float, float] | str | None = None,
) -> Proposal:
    """Return what the columns of a table seem to mean.

    Nothing is guessed in silence: what was not read off the file but supposed stands among
    the doubts, and what cannot even be supposed is left as ``???``.

    Parameters
    ----------
    rows : DataFrame of str
        As `read_rows` gives them.
    decimal : {".", ","}
        Decimal mark of the numbers.
    crs : str, optional
        Reference system of the coordinates where it is known; ``of file`` where the file of
        points says it itself.
    region : tuple or str, optional
        Where the places lie, as in `PlaceRules`; helps to tell the reference system.

    Examples
    --------
    >>> rows = pd.DataFrame({"lon": ["5.7", "5.8"], "lat": ["50.9", "50.8"],
    ...                      "Cd (mg/kg)": ["<0.2", "0.6"]})
    >>> proposal = propose(rows)
    >>> proposal.keys["crs"], proposal.keys["wide"], proposal.keys["unit"]
    ('EPSG:4326', {'cd': 'Cd (mg/kg)'}, 'header')
    """
    proposal = Proposal()
    table = Columns(rows.fillna("").astype("str"), decimal)
    columns = named_columns(table.names)
    _coordinates(table, columns, proposal, crs=crs, region=region)
    taken = set(columns.values())
    if _is_long(table, columns):
        propose_long(table, columns, proposal)
    else:
        for name in ("contaminant", "value", "unit", "qualifier", "limit"):
            columns.pop(name, None)
        propose_wide(table, taken, columns, proposal)
    _circumstances(table, columns, proposal)
    proposal.say("columns", columns, "names and contents of the columns")
    if decimal != ".":
        proposal.say("decimal", decimal, "numbers such as 0,5")
    return proposal


def _coordinates(
    table: Columns,
    columns: dict[str, str],
    proposal: Proposal,
    *,
    crs: str | None,
    region: tuple[float, float, float, float] | str | None,
) -> None:
    known = {folded(name): name for name in reversed(table.names)}
    pairs = [
        (known[east], known[north])
        for east, north in COORDINATES
        if east in known and north in known
    ]
    pairs = [pair for pair in pairs if all(_is_place(table, name) for name in pair)]
    if not pairs:
        columns.update(easting=UNKNOWN, northing=UNKNOWN)
        proposal.say("crs", crs or UNKNOWN, "no coordinates found")
        proposal.doubt(
            "No two columns look like coordinates: name them in columns.easting and northing."
        )
        return
    columns["easting"], columns["northing"] = pairs[0]
    others = [f"{east} and {north}" for east, north in pairs[1:] if east not in pairs[0]]
    if others:
        proposal.doubt(
            f"The coordinates were taken from {pairs[0][0]} and {pairs[0][1]}; the file has "
            f"{', '.join(others)} too."
        )
    points = np.column_stack([table.numbers(name) for name in pairs[0]])
    given = np.isfinite(points).all(axis=1)
    if not given.any():
        proposal.say("coordinates", "dms", "degrees, minutes and seconds")
        proposal.say("crs", crs or "EPSG:4326", "degrees")
        proposal.doubt("Which datum the degrees are of is not told; WGS 84 was supposed.")
        return
    if crs == OF_FILE:
        proposal.say("crs", None, "the file says it itself")
        return
    if crs is not None:
        proposal.say("crs", crs, "stated")
        return
    guess = guess_crs(points[given], names=pairs[0], region=region)
    if guess.is_swapped:
        columns["easting"], columns["northing"] = pairs[0][::-1]
    proposal.say("crs", guess.crs or UNKNOWN, guess.why)
    for doubt in guess.doubts:
        proposal.doubt(doubt)
    if region is not None:
        proposal.say("region", list(region) if isinstance(region, tuple) else region, "stated")


# What no table of soil should hold, in several languages.
_LIQUID = re.compile(
    r"\b(?:\w*water|\w*wasser|eaux?|aguas?|acqu[ae]|vatten|voda|vesi|leachate|eluate|air)\b"
)


def _is_place(table: Columns, name: str) -> bool:
    if np.isfinite(table.numbers(name)).mean() >= 0.5:
        return True
    texts = table.texts(name)
    return bool(len(texts)) and bool(
        texts.str.contains(r"\d+ ?[°º] ?\d+", regex=True).mean() > 0.5
    )


def _is_long(table: Columns, columns: dict[str, str]) -> bool:
    """Whether one column names the contaminant of each row."""
    if "contaminant" in columns:
        return "value" in columns
    registry = Contaminants.load()
    for name in table.names:
        kinds = table.texts(name).unique()
        if 0 < len(kinds) <= 500 and not table.is_numeric(name):
            known = sum(registry.find(str(text)) is not None for text in kinds)
            if known >= 0.5 * len(kinds) and "value" in columns:
                columns["contaminant"] = name
                return True
    return False


def _circumstances(table: Columns, columns: dict[str, str], proposal: Proposal) -> None:
    if "site" in columns and table.texts(columns["site"]).nunique() < 0.02 * len(table.rows):
        proposal.doubt(
            f"{columns['site']} has few different names for a site; it may be a group."
        )
    if "depth" in columns:
        texts = table.texts(columns["depth"])
        if not texts.str.fullmatch(r"\s*\d+(?:[.,]\d+)?\s*[-–/]\s*\d+.*").mean() > _MOSTLY:
            proposal.doubt(f"{columns.pop('depth')} does not hold depths like 0-20; left out.")
    if "medium" in columns:
        _medium(table, columns, proposal)
    if "moisture" in columns:
        proposal.doubt(
            f"{columns.pop('moisture')} may be the water content or dry matter. It is needed "
            "for values per wet mass only; name it in columns.moisture and say what it is."
        )
    if "sampled_on" in columns:
        _dates(table, columns, proposal)


def _medium(table: Columns, columns: dict[str, str], proposal: Proposal) -> None:
    """Propose to leave liquids out; sediments and the like are the user's to judge."""
    name = columns.pop("medium")
    words = [str(word) for word in table.texts(name).str.strip().unique()]
    liquid = [word for word in words if _LIQUID.search(word.casefold())]
    solid = [word for word in words if word not in liquid]
    others = [word for word in solid if word.casefold() not in SOIL_WORDS]
    if liquid and solid:
        columns["medium"] = name
        if others:
            proposal.say("media", solid, f"all of {name} that is no liquid")
        proposal.doubt(f"{name} says {few(map(repr, liquid))}: such rows will be rejected.")
    if others:
        beside = " beside soil" if len(others) < len(solid) else ""
        proposal.doubt(
            f"{name} says {few(map(repr, others))}{beside}, and these rows are kept. To keep "
            "soil only, name the column in columns.medium and what it calls soil in media."
        )


def _dates(table: Columns, columns: dict[str, str], proposal: Proposal) -> None:
    texts = table.texts(columns["sampled_on"]).unique()[:500]
    forms = ["iso", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d/%m/%y", "%m/%d/%y"]
    forms += ["%Y/%m/%d", "%Y%m%d", "%d-%b-%Y", "%d-%b-%y", "excel"]
    fits = [
        form
        for form in forms
        if len(texts)
        and sum(isinstance(read_date(str(text), form), str) for text in texts)
        >= _MOSTLY * len(texts)
    ]
    name = columns["sampled_on"]
    if not fits:
        del columns["sampled_on"]
        proposal.doubt(
            f"The dates of {name}, such as {texts[0] if len(texts) else 'none'!r}, have no "
            "known form; give it in dates, and the column in columns.sampled_on."
        )
        return
    if fits[0] != "iso":
        proposal.say("dates", fits[0], f"dates such as {texts[0]}")
    swaps = {"%d/%m/%Y", "%m/%d/%Y"}, {"%d/%m/%y", "%m/%d/%y"}
    if any(pair <= set(fits) for pair in swaps):
        proposal.doubt(f"Whether day or month comes first in {name} cannot be told.")
    if fits[0] == "excel":
        proposal.doubt(f"The numbers of {name} were taken for days counted by a spreadsheet.")
