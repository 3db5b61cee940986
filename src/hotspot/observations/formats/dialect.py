"""How a text file is written: encoding, separator, decimal mark, line of the header."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pandas as pd

from hotspot.errors import ObservationError
from hotspot.observations.numerals import read_number

AUTO = "auto"
SEPARATORS = (",", ";", "\t", "|")
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# So many records tell the separator.
_RECORDS = 500


@dataclass(frozen=True)
class Dialect:
    """How a text file is written.

    Parameters
    ----------
    encoding, separator : str
        As `read_rows` takes them.
    decimal : {".", ","}
        Decimal mark of its numbers.
    header_row : int
        Line of the column names, from 1.
    doubts : tuple of str
        What speaks against the guess, in whole sentences.
    """

    encoding: str
    separator: str
    decimal: str
    header_row: int = 1
    doubts: tuple[str, ...] = ()


def guess_dialect(data: bytes) -> Dialect:
    r"""Return how a text file seems to be written, with what speaks against it.

    Parameters
    ----------
    data : bytes
        The file, or its first few hundred lines.

    Raises
    ------
    ObservationError
        The file holds no text.

    Examples
    --------
    >>> guess_dialect("Ort;Cd\n1;0,5\n2;1,25\n".encode())
    Dialect(encoding='utf-8', separator=';', decimal=',', header_row=1, doubts=())
    """
    encoding, doubts = guess_encoding(data)
    text = data.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = list(islice(text.splitlines(keepends=True), _RECORDS))
    if not any(line.strip() for line in lines):
        raise ObservationError("The file holds no text. Export it again.")
    scores = {mark: _score(lines, mark) for mark in SEPARATORS}
    separator = max(SEPARATORS, key=lambda mark: scores[mark])
    if scores[separator][0] == 0:
        doubts.append("No separator gives more than one column.")
    records = _records(lines, separator)
    header_row = _header_row(records)
    decimal, mixed = guess_decimal(cell for record in records[header_row:] for cell in record)
    if mixed:
        doubts.append(
            f"Both decimal marks occur, such as {mixed!r}: rows with the rarer are rejected."
        )
    if header_row > 1:
        doubts.append(f"The lines above line {header_row} were taken for a heading.")
    return Dialect(encoding, separator, decimal, header_row, tuple(doubts))


def guess_encoding(data: bytes) -> tuple[str, list[str]]:
    """Return the encoding of a text, and what makes it doubtful."""
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return name, []
    try:
        # A piece of a file may end within a letter.
        data[: data.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", []
    undefined = any(byte in data for byte in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))
    name = "latin-1" if undefined else "cp1252"
    place = next(place for place, byte in enumerate(data) if byte > 127)
    shown = data[max(0, place - 20) : place + 20].decode(name, errors="replace")
    cell = next(
        part
        for line in shown.splitlines()
        for part in line.replace(";", ",").replace("\t", ",").split(",")
        if not part.isascii()
    )
    return name, [
        f"Bytes beyond ASCII were read as {name}, which gives {cell.strip()!r}: check these "
        "signs."
    ]


def guess_decimal(cells: Iterable[str]) -> tuple[str, str]:
    """Return the decimal mark of most cells, and a cell with the other mark, empty for none.

    Examples
    --------
    >>> guess_decimal(["0,5", "<1,25", "3", "n.d."]), guess_decimal(["0.5", "1.5", "0,7"])
    ((',', ''), ('.', '0,7'))
    """
    counts = {".": 0, ",": 0}
    seen = {".": "", ",": ""}
    for cell in cells:
        bare = cell.strip().lstrip("<>≤≥ ")
        for mark in (".", ","):
            if mark in bare and read_number(bare, mark) is not None:
                counts[mark] += 1
                seen[mark] = seen[mark] or cell.strip()
    mark, other = (",", ".") if counts[","] > counts["."] else (".", ",")
    return mark, seen[other]


def agree_decimal(
    values: Mapping[str, Any], rows: pd.DataFrame
) -> tuple[dict[str, Any], list[str]]:
    """Return the keys of a mapping with a decimal mark, guessed where it says ``auto``.

    Parameters
    ----------
    values : dict
        As `TableMapping.from_config` takes them.
    rows : DataFrame of str
        The file.

    Raises
    ------
    ObservationError
        Both marks occur in numbers.

    Examples
    --------
    >>> rows = pd.DataFrame({"Cd": ["0,5", "<0,1"], "text": ["1.5 Proben", "1.2"]})
    >>> agree_decimal({"decimal": "auto", "wide": {"cd": "Cd"}}, rows)[0]["decimal"]
    ','
    """
    values = dict(values)
    if values.get("decimal") != AUTO:
        return values, []
    numeric = ("easting", "northing", "value", "limit", "depth_top_cm", "depth_bottom_cm")
    columns = dict(values.get("columns") or {})
    named = [columns.get(name) or (name if name in numeric[:2] else None) for name in numeric]
    named += [*(values.get("wide") or {}).values(), *(values.get("wide_limits") or {}).values()]
    present = [name for name in named if name in rows.columns]
    cells = (str(cell) for name in present for cell in rows[name].dropna().unique())
    mark, other = guess_decimal(cells)
    if other:
        raise ObservationError(
            f"data.decimal=auto: the numbers have both decimal marks; most have {mark!r}, but "
            f"there is {other!r} too. Correct the file, or state data.decimal, and rows with "
            "the other mark are rejected."
        )
    values["decimal"] = mark
    return values, [f"The decimal mark was taken for {mark!r}."]


def _records(lines: Sequence[str], separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=separator))
    except csv.Error:
        return []


def _score(lines: Sequence[str], separator: str) -> tuple[float, float, int]:
    """Return how regular the lines are with a separator, how numeric, and how many columns."""
    filled = [record for record in _records(lines, separator) if any(map(str.strip, record))]
    sizes = Counter(len(record) for record in filled if len(record) > 1)
    if not sizes:
        return 0.0, 0.0, 0
    size, count = sizes.most_common(1)[0]
    cells = [cell for record in filled if len(record) == size for cell in record]
    numeric = sum(
        any(read_number(cell.strip().lstrip("<>"), mark) is not None for mark in ".,")
        for cell in cells
    )
    return round(count / len(filled), 2), round(numeric / len(cells), 2), size


def _header_row(records: Sequence[Sequence[str]]) -> int:
    """Return the line of the first record that names as many columns as most have."""
    widths = Counter(len(record) for record in records if any(map(str.strip, record)))
    usual = widths.most_common(1)[0][0] if widths else 1
    for number, record in enumerate(records, 1):
        names = sum(bool(cell.strip()) for cell in record)
        if len(record) >= usual and names > usual / 2:
            return number
    return 1
