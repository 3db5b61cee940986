"""Writing and reading the fold table."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from hotspot.errors import FoldError, few
from hotspot.files import write_table
from hotspot.folds.plan import FOLD_COLUMNS, FoldPlan, plans_of


def write_folds(plans: Sequence[FoldPlan], path: Path) -> None:
    """Write the plans as one table; the file appears whole or not at all.

    Parameters
    ----------
    plans : sequence of FoldPlan
        At least one; every plan and repeat once.
    path : Path
        Parquet file; its folder is made.

    Raises
    ------
    FoldError
        There is no plan, or a plan and repeat comes twice.
    OutputError
        The file cannot be written.
    """
    keys = [(plan.plan, plan.repeat) for plan in plans]
    if len(set(keys)) < len(keys) or not keys:
        raise FoldError(
            f"{len(keys)} plans were given, {len(set(keys))} of them different. "
            "Give at least one, and every plan and repeat once."
        )
    table = pd.concat([plan.to_frame() for plan in plans], ignore_index=True)
    write_table(table, path)


def read_folds(path: Path) -> list[FoldPlan]:
    """Return the plans of a fold table, in its order.

    Raises
    ------
    FoldError
        The file is not there, or does not have the columns of a fold table.
    """
    if not path.is_file():
        raise FoldError(f"There is no fold table at {path}. Run `hotspot folds` first.")
    table = pd.read_parquet(path)
    missing = [name for name in FOLD_COLUMNS if name not in table.columns]
    if missing:
        raise FoldError(
            f"{path} is not a fold table: {few(missing)} missing of {len(FOLD_COLUMNS)} "
            "columns. Run `hotspot folds` again."
        )
    return plans_of(table)
