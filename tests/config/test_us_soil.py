"""The national example finds its files and asks about limits that tell places apart."""

from pathlib import Path

import pandas as pd
import pytest

from hotspot.commands.limit_rules import limit_rules, rule_threshold
from hotspot.commands.stages import raw_layers, raw_table
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import DATA_ROOTS_VARIABLE, Paths


@pytest.mark.shared
def test_the_example_of_the_united_states_has_its_files_and_limits(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All inputs are there, and 4 to 8 % of the samples exceed each limit, as its file says."""
    monkeypatch.setenv(DATA_ROOTS_VARIABLE, str(shared / "data"))
    config = check_config(compose(["experiment=us_soil"]))
    paths = Paths(config.name)
    files = {file.name for file in (*raw_table(config, paths), *raw_layers(config, paths))}
    assert {"ds801_top5cm.csv", "natural_earth_us.gpkg", "power_plants_us.csv"} <= files
    table = pd.read_csv(shared / "data" / "us_soil_ds801" / "ds801_top5cm.csv", dtype=str)
    for contaminant, rule in limit_rules(config).items():
        measured = pd.to_numeric(table[contaminant], errors="coerce")
        share = (measured > rule_threshold(rule).value_mg_kg).mean()
        assert 0.04 < share < 0.08, contaminant
