"""The cells of a file under the canonical names, one row per value."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ObservationError, few, nearest_name
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.headers import contaminant_of
from hotspot.observations.inspection.column_names import COORDINATES, folded, named_columns
from hotspot.observations.mapping import CANONICAL_COLUMNS, TableMapping
from hotspot.observations.rejection import Reasons


def cells_of(rows: pd.DataFrame, mapping: TableMapping) -> pd.DataFrame:
    """Return the cells that the mapping names, one row per value, all text.

    Parameters
    ----------
    rows : DataFrame of str
        The file, its index the number of the row.
    mapping : TableMapping
        What the columns mean. A wide table gives one row per row and contaminant column.

    Returns
    -------
    DataFrame
        Columns `CANONICAL_COLUMNS`, empty where the file has none; ``value_column``; ``row``,
        the number in the file; ``position``, the place in `rows`.

    Raises
    ------
    ObservationError
        The mapping names a column that the file does not have.

    Examples
    --------
    >>> rows = pd.DataFrame({"Cd": ["0.2"], "Zn": ["90"]}, index=[2])
    >>> mapping = TableMapping(columns={"easting": "Cd", "northing": "Cd"},
    ...                        wide={"cd": "Cd", "zn": "Zn"}, unit="mg/kg")
    >>> cells_of(rows, mapping)[["contaminant", "value", "row"]].values.tolist()
    [['cd', '0.2', 2], ['zn', '90', 2]]
    """
    check_columns(rows.columns, mapping)
    rows = rows.fillna("").astype("str")
    blank = pd.Series("", index=range(len(rows)), dtype="str")
    cells = pd.DataFrame(index=range(len(rows)))
    for name in CANONICAL_COLUMNS:
        column = mapping.column_of(name)
        cells[name] = blank if column is None else rows[column].array
    cells["value_column"] = mapping.columns.get("value", "")
    if mapping.unit is not None:
        cells["unit"] = mapping.unit
    cells["row"] = rows.index.to_numpy()
    cells["position"] = np.arange(len(rows))
    if mapping.wide:
        cells = _stacked(rows, cells, mapping)
    return cells.reset_index(drop=True)


def excluded(rows: pd.DataFrame, cells: pd.DataFrame, mapping: TableMapping) -> Reasons:
    """Return the rows that the configuration leaves out."""
    found = Reasons(len(rows))
    for column, values in mapping.exclude.items():
        texts = rows[column].fillna("").astype("str").str.strip()
        found.mark(
            texts.isin(list(values)).to_numpy(dtype=np.bool_),
            (f"excluded by configuration: {column} = " + texts).to_numpy(dtype=object),
        )
    return _of_cells(found, cells)


def _of_cells(reasons: Reasons, cells: pd.DataFrame) -> Reasons:
    """Return the reasons against rows of the file as those against its cells."""
    position = cells["position"].to_numpy()
    wider = Reasons(len(cells))
    given = reasons.given[position]
    wider.mark(given, reasons.kinds[position], reasons.details[position])
    return wider


def rejected_rows(rows: pd.DataFrame, cells: pd.DataFrame, reasons: Reasons) -> pd.DataFrame:
    """Return ``row``, every column of the file, and ``reason``, for the rejected cells.

    A column of the file that is itself called ``row`` or ``reason`` gets ``_in_file`` behind
    its name. A wide table's rows carry the column of the value as ``value_column``.
    """
    places: NDArray[np.int64] = np.flatnonzero(reasons.given)
    gone = cells.iloc[places]
    own = {"row", "reason", "value_column"}
    kept = rows.iloc[gone["position"].to_numpy()].reset_index(drop=True)
    kept = kept.rename(columns={name: f"{name}_in_file" for name in own & set(kept.columns)})
    kept.insert(0, "row", gone["row"].to_numpy())
    kept["value_column"] = gone["value_column"].to_numpy(dtype=object)
    kept["reason"] = reasons.texts(places).tolist()
    return kept


def _stacked(rows: pd.DataFrame, cells: pd.DataFrame, mapping: TableMapping) -> pd.DataFrame:
    """Return one row per row and contaminant, the contaminants of a row together."""
    beside = mapping.rules.beside
    parts = []
    for contaminant, column in mapping.wide.items():
        part = cells.assign(
            contaminant=contaminant, value=rows[column].array, value_column=column
        )
        for name, columns in (
            ("qualifier", beside.qualifier_columns),
            ("limit", beside.limit_columns),
        ):
            if contaminant in columns:
                part[name] = rows[columns[contaminant]].array
        parts.append(part)
    stacked = pd.concat(parts, ignore_index=True)
    order = np.arange(len(stacked)).reshape(len(parts), len(rows)).T.ravel()
    return stacked.take(order)


def check_columns(columns: Iterable[object], mapping: TableMapping) -> None:
    """Raise an `ObservationError` unless the file has every column that the mapping names."""
    present = [str(name) for name in columns]
    beside = mapping.rules.beside
    wanted = [(f"data.columns.{name}", mapping.column_of(name)) for name in CANONICAL_COLUMNS]
    wanted += [(f"data.wide.{name}", column) for name, column in mapping.wide.items()]
    wanted += [
        (f"data.wide_qualifiers.{name}", column)
        for name, column in beside.qualifier_columns.items()
    ]
    wanted += [
        (f"data.wide_limits.{name}", column) for name, column in beside.limit_columns.items()
    ]
    wanted += [("data.exclude", column) for column in mapping.exclude]
    for key, column in wanted:
        if column is None:
            continue
        if column not in present:
            raise ObservationError(
                f"The file has no column {column!r}, which {key} names."
                f"{_near_column(key, column, present)} It has {few(present, 30)}. "
                f"Correct {key}."
            )


def _near_column(key: str, column: str, present: list[str]) -> str:
    """Return ``" Did you mean 'cd'?"`` for the column that is spelt or meant alike."""
    near = nearest_name(column, present)
    if near:
        return near
    _, group, name = key.split(".") if key.count(".") == 2 else (key, "", "")
    meant: str | None = None
    if group == "wide":
        wanted = Contaminants.load().find(name)
        told = {each: contaminant_of(each) for each in present}
        meant = next((each for each, found in told.items() if found and found[0] == wanted), "")
    elif name in ("easting", "northing"):
        place = ("easting", "northing").index(name)
        known = {folded(each): each for each in present}
        meant = next(
            (known[pair[place]] for pair in COORDINATES if set(pair) <= set(known)), ""
        )
    else:
        meant = named_columns(present).get(name)
    return f" Did you mean {meant!r}?" if meant else ""
