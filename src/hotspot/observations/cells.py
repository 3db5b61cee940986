"""The cells of a file under the canonical names, one row per value."""

import pandas as pd

from hotspot.errors import ObservationError, few, nearest_name
from hotspot.observations.mapping import CANONICAL_COLUMNS, TableMapping
from hotspot.observations.rejection import Rejection


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
    _check_columns(rows, mapping)
    rows = rows.fillna("").astype(str)
    cells = pd.DataFrame(index=range(len(rows)))
    for name in CANONICAL_COLUMNS:
        column = mapping.column_of(name)
        cells[name] = "" if column is None else rows[column].to_numpy()
    cells["value_column"] = mapping.columns.get("value", "")
    if mapping.unit is not None:
        cells["unit"] = mapping.unit
    cells["row"] = rows.index.to_numpy()
    cells["position"] = range(len(rows))
    if mapping.wide:
        parts = [
            cells.assign(
                contaminant=contaminant, value=rows[column].to_numpy(), value_column=column
            )
            for contaminant, column in mapping.wide.items()
        ]
        cells = pd.concat(parts).sort_values("position", kind="stable")
    return cells.reset_index(drop=True)


def excluded(
    rows: pd.DataFrame, cells: pd.DataFrame, mapping: TableMapping
) -> dict[int, Rejection]:
    """Return the rows that the configuration leaves out, by position in `cells`."""
    found: dict[int, Rejection] = {}
    for column, values in mapping.exclude.items():
        texts = rows[column].fillna("").astype(str).str.strip().to_numpy()
        texts = texts[cells["position"].to_numpy()]
        for place, text in enumerate(texts):
            if text in values:
                found.setdefault(
                    place, Rejection(f"excluded by configuration: {column} = {text}")
                )
    return found


def rejected_rows(
    rows: pd.DataFrame, cells: pd.DataFrame, reasons: dict[int, Rejection]
) -> pd.DataFrame:
    """Return ``row``, every column of the file, and ``reason``, for the rejected cells.

    A column of the file that is itself called ``row`` or ``reason`` gets ``_in_file`` behind
    its name. A wide table's rows carry the column of the value as ``value_column``.
    """
    places = sorted(reasons)
    gone = cells.iloc[places]
    own = {"row", "reason", "value_column"}
    kept = rows.iloc[gone["position"].to_numpy()].reset_index(drop=True)
    kept = kept.rename(columns={name: f"{name}_in_file" for name in own & set(kept.columns)})
    kept.insert(0, "row", gone["row"].to_numpy())
    kept["value_column"] = gone["value_column"].to_numpy(dtype=object)
    kept["reason"] = [reasons[place].text for place in places]
    return kept


def _check_columns(rows: pd.DataFrame, mapping: TableMapping) -> None:
    present = [str(name) for name in rows.columns]
    wanted = [(f"data.columns.{name}", mapping.column_of(name)) for name in CANONICAL_COLUMNS]
    wanted += [(f"data.wide.{name}", column) for name, column in mapping.wide.items()]
    wanted += [("data.exclude", column) for column in mapping.exclude]
    for key, column in wanted:
        if column is None:
            continue
        if column not in present:
            raise ObservationError(
                f"The file has no column {column!r}, which {key} names."
                f"{nearest_name(column, present)} It has {few(present, 30)}."
            )
