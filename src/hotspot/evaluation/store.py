"""Writing and reading the score ledger, and reading the tables beside it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.errors import OutputError
from hotspot.files import write_text


def write_ledger(ledger: dict[str, Any], path: Path) -> None:
    """Write metrics.json; NaN and infinity are refused, as JSON does.

    Raises
    ------
    OutputError
        The file cannot be written, or the ledger holds a number that JSON cannot.
    """
    try:
        text = json.dumps(ledger, indent=2, allow_nan=False)
    except ValueError as error:
        raise OutputError(
            f"The score ledger for {path} holds NaN or infinity. "
            "Give None for a score that is not defined."
        ) from error
    write_text(path, text + "\n")


def read_ledger(path: Path) -> dict[str, Any]:
    """Return the score ledger of metrics.json.

    Raises
    ------
    OutputError
        The file is not there.
    """
    if not path.is_file():
        raise OutputError(f"There is no score ledger at {path}. Run `hotspot evaluate` first.")
    ledger: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return ledger


def read_table(path: Path) -> pd.DataFrame:
    """Return a table of `hotspot evaluate`.

    Raises
    ------
    OutputError
        The file is not there.
    """
    if not path.is_file():
        raise OutputError(f"There is no table at {path}. Run `hotspot evaluate` first.")
    return pd.read_parquet(path)
