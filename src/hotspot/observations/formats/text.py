"""Text files as columns of text, read by Arrow."""

import codecs
import csv
from collections import deque
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd

from hotspot.errors import ObservationError, few, reason_of
from hotspot.observations.formats.dialect import AUTO, SEPARATORS, guess_dialect, guess_encoding

_UTF_8 = ("utf-8", "utf8", "utf-8-sig")
# So much of a file holds its header and some rows.
_BEGINNING = 1 << 20


def read_text(
    path: Path, separator: str, encoding: str, header_row: int, *, only_beginning: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of a text file, numbered as a spreadsheet does, and notes on the guess.

    Parameters
    ----------
    path : Path
        The file.
    separator, encoding : str
        As stated, or ``auto``.
    header_row : int
        Line of the column names, from 1.
    only_beginning : bool
        Whether the header and some rows are enough, however long the file is.

    Raises
    ------
    ObservationError
        The file is empty, damaged, in another encoding, or of another separator.
    """
    with path.open("rb") as file:
        data = file.read(_BEGINNING if only_beginning else -1)
        is_cut = bool(file.read(1))
    notes: list[str] = []
    if AUTO in (separator, encoding):
        guess = guess_dialect(data)
        notes += guess.doubts
        if separator == AUTO:
            separator = guess.separator
            notes.append(f"The separator was taken for {separator!r}.")
        if encoding == AUTO:
            encoding = guess.encoding
            notes.append(f"The encoding was taken for {encoding}.")
    if len(separator) != 1:
        raise ObservationError(
            f"The separator {separator!r} is not one character. Give one such as ',' or ';'."
        )
    data = _as_utf_8(path, data, encoding, is_cut=is_cut)
    if is_cut:
        data = _whole_lines(data)
    if b'"' in data:
        _check_quotes(path, data, separator)
    # Lines above the header may have any number of cells; they are cut off, and counted.
    above, data = _cut_heading(data, header_row - 1)
    table, ragged = _parsed(data, separator)
    if table is None or ragged:
        table = _by_hand(path, data, separator, above)
    filled = pd.Series(False, index=table.index)
    for name in table.columns:
        rest = table.loc[~filled.to_numpy(), name]
        filled.loc[rest.index] = rest.str.strip() != ""
        if filled.all():
            break
    table = table[filled.to_numpy()]
    if len(table) < 2:
        found = "no line" if table.empty else "a header and no row"
        raise ObservationError(f"The file {path} has {found}. Export it again.")
    header = _header(path, table.iloc[0].tolist(), separator)
    rows = table.iloc[1:]
    _check_width(path, rows, len(header), separator, above)
    rows = rows.iloc[:, : len(header)]
    rows.columns = pd.Index(header)
    rows.index = pd.Index(rows.index + above + 1, name="row")
    return rows, notes


def unique_header(where: str, names: list[str]) -> list[str]:
    """Return column names without spaces around, each once, or raise."""
    header = [name or f"unnamed_{place}" for place, name in enumerate(names, 1)]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ObservationError(
            f"Columns of {where} share a name: {few(twice)}. Give each its own name."
        )
    return header


def _as_utf_8(path: Path, data: bytes, encoding: str, *, is_cut: bool) -> bytes:
    """Return the file, or its beginning, as UTF-8 without byte order mark."""
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in _UTF_8 else encoding
    found, _ = guess_encoding(data)
    try:
        # A beginning may end within a letter.
        text = codecs.getincrementaldecoder(codec)().decode(data, final=not is_cut)
    except UnicodeDecodeError as error:
        raise ObservationError(
            f"The file {path} is not {encoding}: byte {error.object[error.start]:#04x} at "
            f"{error.start} has no meaning there. Give data.encoding; it looks like {found}, "
            "and tables exported by Excel are often cp1252."
        ) from error
    except LookupError as error:
        raise ObservationError(
            f"No text encoding is called {encoding!r}. Give one such as utf-8 or cp1252."
        ) from error
    if codec != "utf-8-sig" and found == "utf-8" and not data.isascii():
        sign = next(letter for letter in data.decode("utf-8", "replace") if letter > "\x7f")
        raise ObservationError(
            f"The file {path} is UTF-8: as {encoding}, {sign!r} would become "
            f"{sign.encode().decode(encoding, 'replace')!r}. Set data.encoding to utf-8."
        )
    return text.encode()


def _whole_lines(data: bytes) -> bytes:
    r"""Return the beginning of a file up to the last line that ends outside of quotes.

    Examples
    --------
    >>> _whole_lines(b'a,b\n1,"x\ny"\n2,"z\nz')
    b'a,b\n1,"x\ny"\n'
    """
    end = data.rfind(b"\n") + 1
    is_open = data.count(b'"', 0, end) % 2 == 1
    while is_open and end > 1:
        before = data.rfind(b"\n", 0, end - 1) + 1
        is_open ^= data.count(b'"', before, end) % 2 == 1
        end = before
    return data[: end or data.rfind(b"\n") + 1] or data


def _check_quotes(path: Path, data: bytes, separator: str) -> None:
    """Raise on a quote that never ends or stands within a cell: Arrow would read on."""
    try:
        deque(
            csv.reader(StringIO(data.decode(), newline=""), delimiter=separator, strict=True), 0
        )
    except csv.Error as error:
        raise ObservationError(
            f"The file {path} cannot be read as a table: {reason_of(error)}. Export it again."
        ) from error


def _cut_heading(data: bytes, lines: int) -> tuple[int, bytes]:
    """Return the data below some lines and the blank ones that follow, and their count."""
    start = 0
    for _ in range(lines):
        start = data.find(b"\n", start) + 1 or len(data)
    above = lines
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        if data[start:end].strip():
            break
        start, above = end, above + 1
    return above, data[start:]


def _parsed(data: bytes, separator: str) -> tuple[pd.DataFrame | None, bool]:
    """Return every cell as text by Arrow, and whether rows have another number of cells."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if not data:
        return pd.DataFrame(), False
    ragged: list[int] = []

    def told(row: object) -> str:
        ragged.append(1)
        return "skip"

    first = StringIO(data[: 1 << 20].decode(errors="replace"), newline="")
    width = len(next(csv.reader(first, delimiter=separator)))
    names = [f"f{place}" for place in range(width)]
    try:
        table = arrow_csv.read_csv(
            BytesIO(data),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=told,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None, False
    return table.to_pandas(), bool(ragged)


def _by_hand(path: Path, data: bytes, separator: str, above: int) -> pd.DataFrame:
    """Return the cells of a file whose rows differ in length, or say which do."""
    lines = list(csv.reader(StringIO(data.decode(), newline=""), delimiter=separator))
    header = lines[0] if lines else []
    while header and not header[-1].strip():
        header = header[:-1]
    width = len(header)
    fitted = [
        _fitted(line, width) if any(map(str.strip, line)) else [""] * width for line in lines
    ]
    ragged = [above + place for place, line in enumerate(fitted, 1) if len(line) != width]
    if ragged:
        other = _other_separator(header, separator) if width == 1 else None
        if other is not None:
            raise _one_column(path, header[0], separator, other)
        raise ObservationError(
            f"{len(ragged)} rows of {path} have another number of cells than the "
            f"{width} of the header: rows {few(ragged)}. The file may be cut off, or "
            f"a cell may hold {separator!r} without quotes{_separator_hint(data, separator)}."
        )
    return pd.DataFrame(fitted, dtype="str")


def _fitted(line: list[str], cells: int) -> list[str]:
    """Return the line without empty cells behind the last column, as spreadsheets leave."""
    extra = line[cells:]
    return line[:cells] if extra and not any(map(str.strip, extra)) else line


def _separator_hint(data: bytes, separator: str) -> str:
    guess = guess_dialect(data[: 1 << 16]).separator
    return "" if guess == separator else f"; the separator may be {guess!r}"


def _header(path: Path, line: list[str], separator: str) -> list[str]:
    header = [name.strip() for name in line]
    while header and not header[-1]:
        header.pop()
    if len(header) == 1:
        other = _other_separator(header, separator)
        if other is not None:
            raise _one_column(path, header[0], separator, other)
    return unique_header(str(path), header)


def _other_separator(header: list[str], separator: str) -> str | None:
    return next((mark for mark in SEPARATORS if mark != separator and mark in header[0]), None)


def _one_column(path: Path, header: str, separator: str, other: str) -> ObservationError:
    return ObservationError(
        f"The file {path} has a single column when separated by {separator!r}: "
        f"{header[:60]!r}. Give data.separator={other!r}."
    )


def _check_width(
    path: Path, rows: pd.DataFrame, width: int, separator: str, above: int
) -> None:
    """Raise if cells stand behind the last column that has a name."""
    beyond = rows.iloc[:, width:]
    if beyond.shape[1] == 0:
        return
    filled = (beyond.apply(lambda column: column.str.strip()) != "").any(axis=1)
    if filled.any():
        numbers = (rows.index[filled.to_numpy()] + above + 1).tolist()
        raise ObservationError(
            f"{len(numbers)} rows of {path} have another number of cells than the "
            f"{width} of the header: rows {few(numbers)}. The file may be cut off, or "
            f"a cell may hold {separator!r} without quotes."
        )
