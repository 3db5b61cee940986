"""`hotspot VERB --help` of the stages: what a verb does, reads and writes, flags, groups.

Nothing of a stage is imported: what it does is read from its module's text.
"""

import ast
from pathlib import Path

from hotspot.commands.stages import STAGES
from hotspot.config.compose import config_dir

# What verbs that are no stage of their own read and write, in the words of `Stage`.
_BESIDE = {
    "run": ("the laboratory's table, rasters and vector layers", "what every stage writes"),
    "compose": ("conf/", "experiments/<e>/config.yaml"),
    "track": ("all that the stages before wrote", "a run in experiments/mlflow.db"),
    "tune": ("samples, folds, covariates", "experiments/<e>/tuning/<c>/"),
    "select": ("samples, folds, covariates", "experiments/<e>/tuning/<c>/"),
}
# Verbs whose work stands in a module of another name.
_MODULES = {"run": "pipeline"}
_FLAGS = (
    ("-m", "one job for each value, as in `model=lightgbm,logistic`"),
    ("--composed FILE", "from a composed file, without overrides"),
    ("-cd FOLDER", "a folder of configuration files beside conf/"),
    ("--hydra-help", "flags of Hydra, which composes the configuration"),
)
_DRY_RUN = ("--dry-run", "time, memory and disk that the maps would take; writes nothing")
_WIDTH = 96

_PAGE = """\
usage: hotspot {verb} [experiment=NAME] [group=option ...] [key=value ...]

{does}

reads   {reads}
writes  {writes}

where <e> is the experiment and <c> a contaminant.

flags:
{flags}

groups, each with its options:
{groups}

`hotspot config show experiment=NAME` prints every key with its value; the files in conf/ say
what each means.
"""


def stage_help(verb: str) -> str:
    """Return the help of a verb that takes an experiment."""
    known = {each.name: (each.reads, each.writes) for each in STAGES} | _BESIDE
    reads, writes = known[verb]
    flags = [_DRY_RUN, *_FLAGS] if verb == "predict" else list(_FLAGS)
    return _PAGE.format(
        verb=verb,
        does=_does(verb),
        reads=reads,
        writes=writes,
        flags="\n".join(f"  {name:<18}{said}" for name, said in flags),
        groups="\n".join(_groups()),
    )


def _does(verb: str) -> str:
    """Return what the docstrings of a verb's module say of it."""
    path = Path(__file__).parent / f"{_MODULES.get(verb, verb)}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    run = next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"
    )
    title = (ast.get_docstring(tree) or "").partition("`: ")[2]
    return f"{title[:1].upper()}{title[1:]}\n{ast.get_docstring(run)}"


def _groups() -> list[str]:
    """Return a line for each group: its name and its options."""
    folder = config_dir()
    lines = []
    for group in sorted(path for path in folder.iterdir() if path.is_dir()):
        options = sorted(path.stem for path in group.glob("*.yaml"))
        if options:
            lines += _wrapped(group.name, ", ".join(options))
    return lines


def _wrapped(name: str, text: str) -> list[str]:
    import textwrap

    start = f"  {name:<18}"
    return textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
