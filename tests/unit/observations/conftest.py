"""A table of text, a mapping, and their harmonisation in one call."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from hotspot.observations import Harmonised, TableMapping, harmonise

COLUMNS = {
    "site": "site",
    "easting": "easting",
    "northing": "northing",
    "contaminant": "contaminant",
    "value": "value",
    "unit": "unit",
    "qualifier": "flag",
    "limit": "limit",
    "depth_top_cm": "top",
    "depth_bottom_cm": "bottom",
    "sampled_on": "day",
    "laboratory": "laboratory",
}
PLAIN = {
    "site": "s",
    "easting": "180000",
    "northing": "331600",
    "contaminant": "Zinc",
    "value": "100",
    "unit": "mg/kg",
    "flag": "",
    "limit": "",
    "top": "0",
    "bottom": "20",
    "day": "1990-05-14",
    "laboratory": "A",
    "batch": "1",
}


def text_table(*rows: dict[str, str]) -> pd.DataFrame:
    """Return a table of text; each row says only how it differs from a plain one."""
    filled = [{**PLAIN, "site": f"s{place}"} | row for place, row in enumerate(rows)]
    return pd.DataFrame(filled, index=range(2, len(rows) + 2), dtype=str)


@pytest.fixture
def table() -> Callable[..., pd.DataFrame]:
    """Return the maker of text tables."""
    return text_table


@pytest.fixture
def made() -> Callable[..., Harmonised]:
    """Return what harmonises rows, given by their difference from a plain one."""

    def make(*rows: dict[str, str], **config: Any) -> Harmonised:
        crs = config.pop("crs", "EPSG:28992")
        target_crs = config.pop("target_crs", "EPSG:28992")
        mapping = TableMapping.from_config({"columns": COLUMNS} | config)
        return harmonise(
            text_table(*rows), mapping, crs=crs, target_crs=target_crs, source="lab.csv"
        )

    return make


@pytest.fixture
def reason(made: Callable[..., Harmonised]) -> Callable[..., str]:
    """Return what tells why a row is rejected, beside a plain row that is not."""

    def tell(**row: str) -> str:
        result = made({}, row)
        assert len(result.observations) == 1
        assert result.rejected["row"].tolist() == [3]
        return str(result.rejected["reason"].iloc[0])

    return tell
