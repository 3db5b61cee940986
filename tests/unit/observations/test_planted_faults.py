"""The faults of the million-row benchmark, planted in a small file."""

import importlib.util
import re
from pathlib import Path

import numpy as np


def test_every_planted_fault_is_found_and_no_good_row_lost(
    tmp_path: Path, project_root: Path
) -> None:
    """One in ten rows has one of 26 faults; the reasons are those that docs print."""
    path = project_root / "benchmarks" / "observations.py"
    spec = importlib.util.spec_from_file_location("observations_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    table = benchmark.planted(4000, share=0.1)
    fault = table["fault"].to_numpy()
    assert set(fault) - {""} == set(benchmark.FAULTS)
    table.drop(columns="fault").to_csv(tmp_path / "planted.csv", index=False)
    made = benchmark.harmonised(tmp_path / "planted.csv")
    rejected = np.zeros(len(fault), dtype=bool)
    # The header is row 1.
    rejected[made.rejected["row"].to_numpy() - 2] = True
    assert set(fault[~rejected]) == {""}
    assert fault[rejected].tolist().count("") == 0
    assert made.ledger.adds_up()


def test_the_table_of_bad_input_names_tests_that_are_there(project_root: Path) -> None:
    """Each line of docs/bad-input.md names its test, and the test has that name."""
    text = (project_root / "docs" / "bad-input.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    assert len(named) >= 25
    for file, test in named:
        source = (project_root / "tests" / file).read_text(encoding="utf-8")
        assert f"def {test}(" in source, f"{file}::{test}"
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert all("::test_" in line for line in rows if not line.startswith("| ---"))
