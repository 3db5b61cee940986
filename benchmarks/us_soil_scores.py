"""Scores of the experiment ``us_soil``, from what a run of it wrote.

Run from the root of the project after ``hotspot run experiment=us_soil``::

    python benchmarks/us_soil_scores.py > docs/benchmarks/us_soil_scores.md

Another run is named behind it, and then the plans to print, where not all of them:
`python benchmarks/us_soil_scores.py NAME random block knndm`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
PLANS = ("random", "block", "knndm", "buffered", "group", "time", "target_weighted")
# Score, heading, digits.
SCORES = (
    ("log_loss", "log loss", 4),
    ("brier_skill", "Brier skill", 3),
    ("auc", "AUC", 3),
    ("average_precision", "average precision", 3),
    ("sensitivity_at_budget", "found in a tenth of the area", 3),
    ("ece_excess", "calibration error beyond chance", 4),
    ("crps", "CRPS, mg/kg", 3),
    ("coverage_90", "coverage of the 90 % interval", 3),
)
NAMES = {"as": "Arsenic", "cd": "Cadmium", "hg": "Mercury", "pb": "Lead", "zn": "Zinc"}


def cell(scores: dict[str, Any], name: str, digits: int) -> str:
    """Return a score with its standard error, or a dash."""
    score = scores.get(name)
    if not score or score["mean"] is None:
        return "–"
    error = f" ± {score['se']:.{digits}f}" if score.get("se") is not None else ""
    return f"{score['mean']:.{digits}f}{error}"


def main() -> None:
    """Print the tables in Markdown."""
    name, *asked = sys.argv[1:] or ["us_soil"]
    folder = ROOT / "experiments" / name
    if not (folder / "metrics.json").is_file():
        sys.exit(f"{folder} has no metrics.json. Run `hotspot run experiment=us_soil` first.")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    plans = [plan for plan in PLANS if not asked or plan in asked]
    print(HEAD.format(**facts(config, sys.argv[1:])))
    for contaminant in config["contaminants"]:
        print_contaminant(contaminant, metrics, config, plans)


def facts(config: dict[str, Any], arguments: list[str]) -> dict[str, Any]:
    """Return what the heading tells of a run."""
    named = "" if config["name"] == "us_soil" else f" name={config['name']}"
    cv, model = config["cv"], config["model"]
    settings = ", ".join(f"{key} = {value}" for key, value in model.items() if key != "kind")
    return {
        "kind": model["kind"],
        "settings": f" ({settings})" if model["kind"] == "ensemble" else "",
        "n_splits": cv["n_splits"],
        "repeats": {1: "once", 2: "twice"}.get(cv["repeats"], f"{cv['repeats']} times"),
        "rivals": ", ".join(f"`{rival}`" for rival in cv["rivals"]),
        "command": f"hotspot run experiment=us_soil{named}",
        "arguments": "".join(f" {argument}" for argument in arguments),
    }


def print_contaminant(
    contaminant: str, metrics: dict[str, Any], config: dict[str, Any], asked: list[str]
) -> None:
    """Print one table for each plan of a contaminant."""
    told = metrics["samples"][contaminant]
    print(
        f"\n## {NAMES.get(contaminant, contaminant)}: {config['threshold'][contaminant]}\n\n"
        f"{told['n']} samples, {told['prevalence']:.1%} of those with a known answer exceed; "
        f"{told['n_unknown']} non-detects have a limit above the limit asked about, and are "
        "learnt from and not scored."
    )
    models = metrics[contaminant]
    for plan in asked:
        rows = {kind: plans[plan] for kind, plans in models.items() if plan in plans}
        if not rows:
            continue
        shown = [each for each in SCORES if any(each[0] in row for row in rows.values())]
        print(f"\n### {plan.replace('_', ' ')}{note(plan, contaminant, metrics)}\n")
        print("| model | " + " | ".join(heading for _, heading, _ in shown) + " |")
        print("| --- |" + " --- |" * len(shown))
        for kind, row in rows.items():
            cells = " | ".join(cell(row, key, digits) for key, _, digits in shown)
            print(f"| {kind} | {cells} |")
    if "target_weighted" in asked:
        for kind, reason in refusals(contaminant, metrics).items():
            print(f"\nNo target-weighted score of {kind}: {reason}")


def note(plan: str, contaminant: str, metrics: dict[str, Any]) -> str:
    """Return the separation of a plan, where it has one."""
    separation = metrics.get("separation", {}).get(contaminant, {}).get(plan)
    return "" if separation is None else f" (W = {separation / 1000:.1f} km)"


def refusals(contaminant: str, metrics: dict[str, Any]) -> dict[str, str]:
    """Return why a model has no score for the area of the map, by model."""
    told = metrics.get("target", {}).get(contaminant, {})
    return {kind: entry["reason"] for kind, entry in told.items() if entry.get("reason")}


HEAD = """\
# The experiment us_soil: all fold plans, all contaminants

Out-of-fold scores of `{command}`: 0-5 cm soils of the conterminous United
States, model `{kind}`{settings} beside {rivals} on the same folds.
Each plan has {n_splits} folds, drawn {repeats}; ± is a standard error over spatial blocks.
Log loss in nats, lower is better; Brier skill is against the share of exceeding samples in the
training part, above 0 is better than knowing nothing of the place. W is how far the distances
from left-out to training samples are from those of the map to the samples.

Made by `python benchmarks/us_soil_scores.py{arguments} > docs/benchmarks/us_soil_scores.md`
after the run; the data is public and not part of the project, see [us_soil](../us_soil.md)."""


if __name__ == "__main__":
    main()
