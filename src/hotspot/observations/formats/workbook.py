"""Sheets of Excel workbooks as columns of text."""

from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from hotspot.errors import ObservationError, few, nearest_name, reason_of
from hotspot.observations.formats.text import unique_header

# Rows of a sheet that tell its header and whether anything stands below it.
_BEGINNING = 1000


def read_workbook(
    path: Path, sheet: str | None, header_row: int, *, only_beginning: bool = False
) -> pd.DataFrame:
    """Return the rows of a sheet as text, numbered as Excel does.

    Numbers are written as Python writes them, dates as ISO dates, formulas as the value that
    Excel last computed for them.

    Parameters
    ----------
    path : Path
        A ``.xlsx`` or ``.xlsm`` file.
    sheet : str or None
        Name of the sheet; None for the only one that holds anything.
    header_row : int
        Row of the column names, from 1.
    only_beginning : bool
        Whether the header and some rows are enough, however long the sheet is.

    Raises
    ------
    ObservationError
        The file is no workbook, has no such sheet or several, or the sheet is empty.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise ObservationError(
            f"The file {path} cannot be read as an Excel workbook: {reason_of(error)}. Save it "
            "as .xlsx again, or export it as CSV."
        ) from error
    try:
        names = [each.title for each in book.worksheets]
        if sheet is None and len(names) > 1:
            filled = [
                each.title
                for each in book.worksheets
                if any(any(cell is not None for cell in row) for row in _first_rows(each))
            ]
            if len(filled) != 1:
                raise ObservationError(
                    f"The file {path} has {len(names)} sheets: {few(names, 10)}. "
                    "Give one as data.layer."
                )
            names = filled
        if sheet is not None and sheet not in names:
            raise ObservationError(
                f"The file {path} has no sheet {sheet!r}.{nearest_name(sheet, names)} "
                f"It has {few(names, 10)}."
            )
        rows = book[sheet or names[0]].iter_rows(min_row=header_row, values_only=True)
        most = _BEGINNING if only_beginning else None
        lines = [[_as_text(cell) for cell in row] for row in islice(rows, most)]
    finally:
        book.close()
    numbered = [(number, line) for number, line in enumerate(lines, header_row) if any(line)]
    if len(numbered) < 2:
        found = "no row" if not numbered else "a header and no row"
        raise ObservationError(f"The sheet of {path} has {found}. Export it again.")
    names = [name.strip() for name in numbered[0][1]]
    while names and not names[-1]:
        names.pop()
    header = unique_header(str(path), names)
    wide = [number for number, line in numbered[1:] if any(line[len(header) :])]
    if wide:
        raise ObservationError(
            f"{len(wide)} rows of {path} have cells beyond the last column that has a name: "
            f"rows {few(wide)}. Name every column in row {header_row}, or set "
            "data.header_row to the row of the names."
        )
    padded = [(line + [""] * len(header))[: len(header)] for _, line in numbered[1:]]
    index = pd.Index([number for number, _ in numbered[1:]], name="row")
    return pd.DataFrame(padded, columns=header, index=index, dtype="str")


def _first_rows(sheet: Any) -> Any:
    return sheet.iter_rows(max_row=50, values_only=True)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        at_midnight = value.time() == time(0)
        return value.date().isoformat() if at_midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
