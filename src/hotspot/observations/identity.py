"""What each row is called: its contaminant, its site, its own name."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ConfigError
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.headers import split_header
from hotspot.observations.mapping import TableMapping
from hotspot.observations.oxides import find_oxide
from hotspot.observations.rejection import Reasons, Sieve, per_text


def read_contaminants(
    cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve, notes: list[str]
) -> tuple["pd.Series[str]", NDArray[np.float64]]:
    """Return the contaminant id of each row, empty where there is none, and oxide factors."""
    registry = Contaminants.load()
    own = own_names(mapping)
    texts = cells["contaminant"]
    found: dict[str, tuple[str, float]] = {}
    for text in texts.unique():
        # Of a wide table the header may say that values are of an oxide.
        column = mapping.wide.get(text)
        oxide = find_oxide(split_header(column)[0] if column else text)
        named = own.get(text.strip()) or registry.find(text)
        name = named or (oxide.contaminant if oxide is not None else "")
        fits = oxide is not None and oxide.contaminant == name
        found[text] = (name, oxide.factor if oxide is not None and fits else 1.0)
        if oxide is not None and fits:
            notes.append(
                f"values of {oxide.formula} were multiplied by {oxide.factor:.4f} to become "
                f"{name}"
            )
    ids = pd.Series(per_text(texts, lambda text: found[text][0]), dtype="str")
    reasons = Reasons(len(cells))
    reasons.mark((texts.str.strip() == "").to_numpy(dtype=np.bool_), "contaminant missing")
    # The name belongs to the kind: the ledger then shows which names to map.
    unknown = (ids == "").to_numpy(dtype=np.bool_)
    kinds = np.full(len(cells), "", dtype=object)
    kinds[unknown] = per_text(
        texts[unknown], lambda text: f"unknown contaminant {text.strip()!r}"
    )
    reasons.mark(unknown, kinds, (texts, lambda text: registry.near(text).strip()))
    sieve.reject("contaminants", reasons)
    return ids, per_text(texts, lambda text: found[text][1]).astype(np.float64)


def own_names(mapping: TableMapping) -> dict[str, str]:
    """Return the id of each name of a contaminant that the mapping itself gives.

    Raises
    ------
    ConfigError
        The registry does not know what a name stands for.
    """
    registry = Contaminants.load()
    named = [*mapping.contaminant_names.items(), *((name, name) for name in mapping.wide)]
    return {text.strip(): _known(name, registry) for text, name in named}


def _known(name: str, registry: Contaminants) -> str:
    found = registry.find(name)
    if found is None:
        raise ConfigError(
            f"The mapping names the contaminant {name!r}, which the registry does not know."
            f"{registry.near(name)} Use an id of contaminants.csv, such as zn or pb."
        )
    return found


def site_ids(sites: "pd.Series[str]", table: pd.DataFrame) -> "pd.Series[str]":
    """Return the site of each row; a row without one is named by its place."""
    names = sites.str.strip()
    unnamed = (names == "").to_numpy(dtype=np.bool_)
    if not unnamed.any():
        return names
    points = table.loc[unnamed, ["easting", "northing"]].drop_duplicates()
    made = np.char.mod("E%.2f", points["easting"].to_numpy(dtype=np.float64))
    made = np.char.add(
        made, np.char.mod("N%.2f", points["northing"].to_numpy(dtype=np.float64))
    )
    places = table.loc[unnamed, ["easting", "northing"]].merge(
        points.assign(name=made.astype(object)), how="left", on=["easting", "northing"]
    )
    names = names.copy()
    names[unnamed] = places["name"].to_numpy(dtype=object)
    return names


def observation_ids(names: "pd.Series[str]", table: pd.DataFrame) -> "pd.Series[str]":
    """Return the laboratory's id or the row's number, with the contaminant, each once."""
    stem = names.str.strip()
    stem = (
        stem.mask(stem == "", "row" + table["row"].astype("str")) + "-" + table["contaminant"]
    )
    times = stem.groupby(stem).cumcount()
    ids = stem.mask(times > 0, stem + "-" + (times + 1).astype("str"))
    # A name of the file may itself look like one with a number behind it.
    while (again := ids.duplicated()).any():
        ids = ids.mask(again, ids + "-2")
    return ids
