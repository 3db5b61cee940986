"""A million rows with planted faults, published surveys, and laboratories of known offset.

Run from the root of the project::

    python benchmarks/observations.py                 # the million rows
    python benchmarks/observations.py --rows 10000000 # ten of them
    python benchmarks/observations.py --surveys       # the surveys, with their data beside it
    python benchmarks/observations.py --laboratories  # offsets in simulated regions
    python benchmarks/observations.py --all > docs/benchmarks/observations.md

The surveys need the data sets of the developers; they are not part of the project.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.commands.observations import mapping_values, rows_of
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import DATA_ROOTS_VARIABLE
from hotspot.observations import Harmonised, TableMapping, agree_crs, harmonise, read_rows
from hotspot.observations.laboratory_effect import laboratory_offsets
from hotspot.observations.write import write_observations
from hotspot.worlds import Laboratories, Region, Survey, World

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("HOTSPOT_SHARED", ROOT.parent / "shared"))
# Configuration of each survey, and the grid's reference system.
SURVEYS = {
    "meuse": ("Meuse", "EPSG:28992"),
    "jura": ("Jura", "EPSG:21781"),
    "ds801": ("US soils, 0-5 cm (DS 801)", "EPSG:5070"),
    "ds801_horizons": ("US soils, all horizons to 0-20 cm (DS 801)", "EPSG:5070"),
    "ngs_midwest": ("NGS Midwest", "EPSG:5070"),
    "ngs_lead": ("NGS lead", "EPSG:5070"),
}
COLUMNS = {
    "observation": "id",
    "site": "site",
    "easting": "lon",
    "northing": "lat",
    "contaminant": "parameter",
    "value": "result",
    "unit": "unit",
    "qualifier": "flag",
    "limit": "lod",
    "depth_top_cm": "top",
    "depth_bottom_cm": "bottom",
    "sampled_on": "day",
    "laboratory": "lab",
}
# Rows that are made at once; a larger table is made of so many at a time.
MOST_AT_ONCE = 1_000_000
# What is planted: the column that is changed, and what is written there.
FAULTS = {
    "unit missing": ("unit", ""),
    "unit unknown": ("unit", "mg/kf"),
    "unit of water": ("unit", "mg/l"),
    "wet mass without moisture": ("unit", "mg/kg ww"),
    "contaminant unknown": ("parameter", "Zincc"),
    "value missing": ("result", "n/a"),
    "no number": ("result", "traces"),
    "other decimal mark": ("result", "12,5"),
    "thousands mark": ("result", "1,234.5"),
    "turned into a date": ("result", "1-Mar"),
    "negative": ("result", "-3.2"),
    "zero without limit": ("result", "0"),
    "non-detect without limit": ("result", "n.d."),
    "unknown flag": ("flag", "?!"),
    "coordinates missing": ("lon", ""),
    "coordinates swapped in one row": ("lon", "swap"),
    "degrees, minutes, seconds": ("lat", "52°3'12\"N"),
    "place far away": ("lat", "-12.5"),
    "day number of a spreadsheet": ("day", "43985"),
    "day that never was": ("day", "2021-02-30"),
    "depth as text": ("top", "topsoil"),
    "depths reversed": ("top", "200"),
    "a millionth": ("result", "tiny"),
    "a million times": ("result", "huge"),
    "site at two far places": ("lon", "far"),
    "duplicate": ("site", "twice"),
}


def planted(count: int, *, share: float = 0.01, seed: int = 0) -> pd.DataFrame:
    """Return a table of text with faults; the column ``fault`` tells which.

    Tables of different seeds share no observation and no site.
    """
    rng = np.random.default_rng(seed)
    row = np.arange(count) + seed * count
    names = np.array(["Cd", "Zink", "Pb (lead)", "cuivre"], dtype=object)
    level = np.array([0.4, 70.0, 27.0, 39.0])
    which = rng.integers(4, size=count)
    value = np.exp(rng.normal(0, 1, count)) * level[which]
    limit = 0.2 * level[which] * rng.uniform(0.8, 1.2, count)
    below = value < limit
    texts = np.where(below, np.char.mod("<%.4g", limit), np.char.mod("%.4g", value))
    day = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(3000, size=count), "D")
    table = pd.DataFrame(
        {
            "id": np.char.mod("R%07d", row),
            "site": np.char.mod("S%07d", row),
            "lon": np.char.mod("%.5f", rng.uniform(4.0, 7.0, count)),
            "lat": np.char.mod("%.5f", rng.uniform(51.0, 53.0, count)),
            "parameter": names[which],
            "result": texts,
            "unit": rng.choice(["mg/kg", "µg/g", "mg/kg dw", "ppm"], count),
            "flag": "",
            "lod": np.where(below, np.char.mod("%.4g", limit), ""),
            "top": "0",
            "bottom": rng.choice(["10", "20", "30"], count),
            "day": day.strftime("%Y-%m-%d"),
            "lab": rng.choice(["A", "B", "C"], count),
        },
        dtype=object,
    )
    fault = np.full(count, "", dtype=object)
    chosen = np.sort(rng.choice(np.arange(1, count - 1), int(count * share), replace=False))
    # Two rows share a site only where the row before has no fault of its own.
    chosen = chosen[np.insert(np.diff(chosen) > 2, 0, True)]
    kinds = list(FAULTS)
    for place, kind in enumerate(kinds):
        rows = chosen[place :: len(kinds)]
        column, text = FAULTS[kind]
        fault[rows] = kind
        if text == "swap":
            table.loc[rows, ["lon", "lat"]] = table.loc[rows, ["lat", "lon"]].to_numpy()
        elif text == "far":
            table.loc[rows, "site"] = table["site"].to_numpy()[rows - 1]
            fault[rows - 1] = kind
        elif text == "twice":
            same = table.columns.difference(["id", "result", "lod"])
            table.loc[rows, same] = table[same].to_numpy()[rows - 1]
        elif text in ("tiny", "huge"):
            factor = 1e-6 if text == "tiny" else 1e6
            table.loc[rows, "result"] = np.char.mod("%.6g", level[which[rows]] * factor)
            table.loc[rows, "lod"] = ""
        else:
            table.loc[rows, column] = text
            if "without limit" in kind:
                table.loc[rows, "lod"] = ""
    return table.assign(fault=fault)


def harmonised(path: Path) -> Harmonised:
    """Return the planted table, read and harmonised."""
    mapping = TableMapping.from_config({"columns": COLUMNS, "missing_words": ["", "n/a"]})
    rows = read_rows(path).rows
    return harmonise(rows, mapping, crs="EPSG:4326", target_crs="EPSG:28992", source="planted")


def run_million(count: int) -> None:
    """Print time and memory of a table, and whether each fault was found, in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "planted.csv"
        faults = []
        # A million at a time, so that making a table of many needs no more than one of them.
        for part in range(max(1, count // MOST_AT_ONCE)):
            table = planted(min(count, MOST_AT_ONCE), seed=part)
            table.drop(columns="fault").to_csv(path, index=False, mode="a", header=part == 0)
            faults.append(table[["fault"]])
        pd.concat(faults, ignore_index=True).to_parquet(Path(folder) / "faults.parquet")
        size = path.stat().st_size / 1e6
        del table, faults
        # A process of its own, so that making the table is not counted.
        command = [sys.executable, __file__, "--measure", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    print(f"## {count:,} rows with planted faults\n\n{size:.0f} MB of CSV. {done.stdout}")


def measure(folder: Path) -> None:
    """Read, harmonise and write the table of a folder, and print what came of it."""
    start, work = time.perf_counter(), time.process_time()
    made = harmonised(folder / "planted.csv")
    harmonised_in = time.perf_counter() - start
    worked = time.process_time() - work
    write_observations(made.observations, made.rejected, folder / "out")
    written_in = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    fault = pd.read_parquet(folder / "faults.parquet")["fault"].to_numpy()
    rejected = np.zeros(len(fault), dtype=bool)
    # The header is row 1.
    rejected[made.rejected["row"].to_numpy() - 2] = True
    bad = fault != ""
    missed, lost = int((bad & ~rejected).sum()), int((~bad & rejected).sum())
    print(
        f"Read and harmonised in {harmonised_in:.1f} s ({worked:.1f} s of one processor), and "
        f"written after {written_in:.1f} s, with {memory:.2f} GB of memory at most. "
        f"{int(bad.sum()):,} rows are planted faults: "
        f"{missed} were missed. {int((~bad).sum()):,} rows are good: {lost} were rejected."
    )
    reasons = pd.Series(made.rejected["reason"].str.split(":").str[0].to_numpy(dtype=object))
    kinds = fault[made.rejected["row"].to_numpy() - 2]
    print("\n| planted | rows | found | reason in the ledger |\n| --- | ---: | ---: | --- |")
    for kind in FAULTS:
        said = reasons[kinds == kind].value_counts()
        named = "; ".join(str(name) for name in said.index[:2])
        print(f"| {kind} | {(fault == kind).sum()} | {said.sum()} | {named} |")


def survey(name: str, target_crs: str) -> tuple[Harmonised, str]:
    """Return a survey, read with its configuration, and a share of non-detects in words."""
    config = check_config(compose([f"data={name}"]))
    file = rows_of(config.data, Path())
    made = harmonise(
        file.rows,
        TableMapping.from_config(mapping_values(config.data)),
        crs=agree_crs(config.data.crs, file.crs),
        target_crs=target_crs,
        source=name,
    )
    shares: dict[str, list[int]] = {}
    for each in made.findings.censoring:
        sums = shares.setdefault(each.contaminant, [0, 0])
        sums[0], sums[1] = sums[0] + each.below, sums[1] + each.values
    most = sorted(shares.items(), key=lambda item: -item[1][0] / item[1][1])[:3]
    return made, ", ".join(f"{name} {below / count:.0%}" for name, (below, count) in most)


def run_surveys() -> None:
    """Print rows in, kept and rejected by reason for each survey, in Markdown."""
    roots = [os.environ.get(DATA_ROOTS_VARIABLE, ""), str(SHARED / "data")]
    os.environ[DATA_ROOTS_VARIABLE] = os.pathsep.join(root for root in roots if root)
    print("## Published surveys\n")
    print(
        "One row per result: a wide table has one per cell. `python benchmarks/observations.py "
        "--surveys`, with `conf/data/<name>.yaml` for each.\n"
    )
    print("| survey | rows in | kept | rejected, by reason | most non-detects |")
    print("| --- | ---: | ---: | --- | --- |")
    notes = []
    for name, (title, target_crs) in SURVEYS.items():
        made, shares = survey(name, target_crs)
        reasons = "; ".join(f"{count:,} {why}" for why, count in made.ledger.reasons().items())
        print(
            f"| {title} (`{name}`) | {made.ledger.rows_in:,} | {made.ledger.rows_out:,} | "
            f"{reasons or 'none'} | {shares} |"
        )
        notes += [f"- {title}: {note}" for note in made.findings.notes]
    print("\nWhat looks odd in them, as `hotspot observations` tells it:\n")
    print("\n".join(notes) + "\n")


def run_laboratories(worlds: int = 60) -> None:
    """Print how often the intervals hold planted offsets, in Markdown."""
    print("## Offsets of laboratories\n")
    print(
        f"Four laboratories, offsets of standard deviation 0.3 in natural logs, errors of 0.1, "
        f"110 samples, {worlds} simulated regions each: how often the 95 % interval held the "
        "planted offset.\n"
    )
    print("| samples go to | non-detects | held | width of the interval | error (rms) |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for assignment, share in (("random", 0.0), ("regional", 0.0), ("random", 0.3)):
        held, widths, errors = [], [], []
        for seed in range(worlds):
            world = World.simulate(
                seed,
                region=Region(shape=(40, 40)),
                survey=Survey(n_samples=110),
                laboratories=Laboratories(
                    n_laboratories=4, offset=0.3, assignment=assignment, censored_share=share
                ),
            )
            truth = np.log(world.sampling.laboratories.set_index("laboratory")["offset"])
            counts = world.observations["laboratory"].value_counts(normalize=True)
            truth -= float((truth * counts).sum())
            (effect,) = laboratory_offsets(world.observations, seed=0)
            for each in effect.offsets:
                planted_offset = truth[each.laboratory]
                held.append(each.lower <= planted_offset <= each.upper)
                widths.append(each.upper - each.lower)
                errors.append(each.offset - planted_offset)
        where = "any laboratory" if assignment == "random" else "the laboratory of their region"
        error = float(np.sqrt(np.mean(np.square(errors))))
        print(
            f"| {where} | {share:.0%} | {np.mean(held):.1%} of {len(held)} | "
            f"{np.mean(widths):.2f} | {error:.3f} |"
        )


def main() -> None:
    """Print what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--surveys", action="store_true")
    parser.add_argument("--laboratories", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--measure", type=Path)
    asked = parser.parse_args()
    if asked.measure is not None:
        measure(asked.measure)
        return
    if asked.all:
        print(
            "# Observations: size, faults, surveys and laboratories\n\nMade by `python "
            "benchmarks/observations.py --all`; times are of two shared cores.\n"
        )
    if asked.all or not (asked.surveys or asked.laboratories):
        run_million(asked.rows)
    if asked.all or asked.surveys:
        run_surveys()
    if asked.all or asked.laboratories:
        run_laboratories()


if __name__ == "__main__":
    main()
