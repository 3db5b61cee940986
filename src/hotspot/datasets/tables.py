"""A published table, as its publisher lays it out, brought into the form that is read."""

import csv
import io
from datetime import datetime
from pathlib import Path

from hotspot.datasets.catalogue import PublishedTable
from hotspot.errors import DownloadError, few
from hotspot.files import write_text


def convert_table(published: Path, form: PublishedTable, path: Path) -> int:
    """Write a published table, separated by tabs, as a plain CSV, and return its rows.

    Values stay as they are written, ``<0.1`` and ``N.S.`` too; only dates become ISO dates.

    Raises
    ------
    DownloadError
        The table is not laid out as it is said to be.
    """
    text = published.read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    if form.unit_row is not None:
        del lines[form.unit_row - 1 : form.unit_row]
    body = lines[form.header_row - 1 :]
    rows = list(csv.reader(body, delimiter="\t"))
    if not rows or not set(form.dates) <= set(rows[0]):
        raise _other(published, f"line {form.header_row} names {few(rows[0] if rows else [])}")
    names = rows[0]
    columns = {names.index(column): dates for column, dates in form.dates.items()}
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([name.removeprefix(form.drop_prefix).lower() for name in names])
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(names):
            raise _other(published, f"row {number} has {len(row)} values, not {len(names)}")
        writer.writerow([_iso(v, columns[i]) if i in columns else v for i, v in enumerate(row)])
    write_text(path, table.getvalue())
    return len(rows) - 1


def _iso(text: str, form: str) -> str:
    """Return a date as ISO; what is none stays as it is, for the reader to judge.

    Examples
    --------
    >>> _iso("02/18/09", "%m/%d/%y"), _iso("N.S.", "%m/%d/%y")
    ('2009-02-18', 'N.S.')
    """
    try:
        return datetime.strptime(text, form).date().isoformat()
    except ValueError:
        return text


def _other(published: Path, reason: str) -> DownloadError:
    return DownloadError(
        f"{published.name} is not laid out as expected: {reason}. The publisher may have "
        "changed it; `hotspot data inspect` proposes how to read it."
    )
