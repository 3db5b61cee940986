"""`hotspot compare`: two runs side by side, scores and maps."""

import sys

from hotspot.commands.comparison import as_json, as_page, as_text
from hotspot.commands.finished_run import changed_keys, open_run
from hotspot.commands.run_difference import compare_runs
from hotspot.config.paths import comparison_folder
from hotspot.errors import ConfigError
from hotspot.files import replaced_folder

HELP = """\
usage: hotspot compare A B

Two runs side by side: differences of their scores, paired sample by sample, with 95 %
intervals; and what differs between their maps, split by what makes the difference. All
differences are B minus A.

A and B are names of experiments, jobs of a sweep included, or their folders:
  hotspot compare meuse meuse@model=logistic
  hotspot compare experiments/meuse experiments/world

Written to experiments/comparisons/A__B: comparison.json and comparison.html.
"""


def main(arguments: list[str]) -> int:
    """Compare two runs, write what was found, and print it."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return 0
    if len(arguments) != 2:
        raise ConfigError(
            f"hotspot compare takes two experiments; seen: {' '.join(arguments) or 'none'}. "
            "Write it as in `hotspot compare meuse meuse@model=logistic`."
        )
    first, second = (open_run(text) for text in arguments)
    changed = changed_keys(first, second)
    compared = compare_runs(first, second, changed)
    folder = comparison_folder(first.name, second.name)
    with replaced_folder(folder) as beside:
        (beside / "comparison.json").write_text(
            as_json(first, second, changed=changed, compared=compared), encoding="utf-8"
        )
        (beside / "comparison.html").write_text(
            as_page(first, second, changed=changed, compared=compared), encoding="utf-8"
        )
    sys.stdout.write(as_text(first, second, changed=changed, compared=compared))
    sys.stdout.write(f"\n{folder.as_posix()}/comparison.html\n")
    return 0
