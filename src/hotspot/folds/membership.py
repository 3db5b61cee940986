"""Which group each sample belongs to, and when it was taken, from the sample table."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import FoldError, few, nearest_name

YEAR = "year"


def row_groups(table: pd.DataFrame, column: str) -> NDArray[Any]:
    """Return the group of each row of a sample table as text; None where it has none.

    Parameters
    ----------
    table : DataFrame
        Columns of `SAMPLE_COLUMNS`, then covariates.
    column : str
        Any of them, or ``year`` for the year of ``sampled_on``.

    Raises
    ------
    FoldError
        There is no such column.

    Examples
    --------
    >>> table = pd.DataFrame({"laboratory": ["A", ""], "sampled_on": ["2001-05", "1999"]})
    >>> row_groups(table, "laboratory").tolist(), row_groups(table, "year").tolist()
    (['A', None], ['2001', '1999'])
    """
    known = [YEAR, *map(str, table.columns)]
    if column not in known:
        raise FoldError(
            f"The samples have no column {column!r} to group by (cv.groups)."
            f"{nearest_name(column, known)} They have {few(known, 20)}."
        )
    if column == YEAR:
        texts = pd.Series([str(text)[:4] for text in _texts(table["sampled_on"])])
    else:
        texts = _texts(table[column])
    return np.array([text or None for text in texts], dtype=object)


def row_times(table: pd.DataFrame) -> NDArray[np.datetime64]:
    """Return the day of sampling of each row; NaT where it is not known.

    A year or a month stands for its first day.

    Parameters
    ----------
    table : DataFrame
        With ``sampled_on``: dates, months or years in ISO form, empty where unknown.

    Examples
    --------
    >>> row_times(pd.DataFrame({"sampled_on": ["2001-05", "1999", ""]})).astype(str).tolist()
    ['2001-05-01', '1999-01-01', 'NaT']
    """
    texts = _texts(table["sampled_on"])
    days = {
        text: np.datetime64(pd.Period(text).start_time, "D") if text else np.datetime64("NaT")
        for text in texts.unique()
    }
    return np.array([days[text] for text in texts], dtype="datetime64[D]")


def groups_of_samples(table: pd.DataFrame, column: str) -> pd.Series:
    """Return the group of each sample, in the order of their names.

    A sample whose contaminants come from several laboratories, say, is of the group of just
    these laboratories together.

    Raises
    ------
    FoldError
        There is no such column, or all samples are of one group.
    """
    groups = pd.Series(row_groups(table, column), index=table["sample_id"], dtype=object)
    names = groups.groupby(level=0, sort=True).agg(set)
    joined = pd.Series([_joined(each) for each in names], index=names.index, dtype=object)
    different = joined.dropna().unique()
    if len(different) + int(joined.isna().any()) < 2:
        held = f"the {column} {different[0]!r}" if len(different) else f"no {column}"
        raise FoldError(
            f"All {len(joined)} samples have {held}, so that folds by group would leave "
            "nothing to train on. Set cv.groups to a column that divides the samples, or take "
            "`group` out of cv.plans."
        )
    return joined


def times_of_samples(table: pd.DataFrame) -> pd.Series:
    """Return the day of sampling of each sample, in the order of their names.

    Raises
    ------
    FoldError
        A sample has no date, or all have the same.
    """
    days = pd.Series(row_times(table), index=table["sample_id"]).groupby(level=0).min()
    missing = int(days.isna().sum())
    if missing:
        raise FoldError(
            f"{missing} of {len(days)} samples have no date of sampling, which folds in time "
            "need. Give its column as data.columns.sampled_on, leave these rows out of the "
            "table, or take `time` out of cv.plans."
        )
    if days.nunique() < 2:
        raise FoldError(
            f"All {len(days)} samples were taken on {days.iloc[0]:%Y-%m-%d}, so that nothing "
            "came before that could train. Give finer dates, or take `time` out of cv.plans."
        )
    return days


def _joined(names: set[str | None]) -> str | None:
    known = sorted(name for name in names if name)
    return " + ".join(known) if known else None


def _texts(values: pd.Series) -> pd.Series:
    """Return values as text, empty where they are missing."""
    return values.astype(object).where(values.notna(), "").astype(str).str.strip()
