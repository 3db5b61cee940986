"""The command line: a verb, then Hydra's grammar.

Nothing heavy is imported before the verb is known, so that help and completion are quick.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hotspot.errors import ConfigError, HotspotError, nearest_name


@dataclass(frozen=True)
class Verb:
    """A word after `hotspot`: what it does, and whether it takes an experiment."""

    name: str
    help: str
    is_stage: bool = False


VERBS = (
    Verb("run", "every stage in order; skips what is up to date", is_stage=True),
    Verb("compose", "write the composed configuration of an experiment", is_stage=True),
    Verb("observations", "laboratory table to mg/kg, with what was rejected", is_stage=True),
    Verb("covariates", "every layer onto one grid", is_stage=True),
    Verb("samples", "observations with the covariates of their cell", is_stage=True),
    Verb("folds", "who is tested when, under every plan", is_stage=True),
    Verb("evaluate", "out-of-fold scores beside the baselines", is_stage=True),
    Verb("fit", "the final model of each contaminant", is_stage=True),
    Verb("predict", "the maps", is_stage=True),
    Verb("explain", "what drives the maps", is_stage=True),
    Verb("report", "one page that carries it all", is_stage=True),
    Verb("track", "remember the run in the tracking store", is_stage=True),
    Verb("tune", "search the settings of the model on new ground", is_stage=True),
    Verb("select", "find the covariates that are worth having", is_stage=True),
    Verb("compare", "two runs: scores with paired uncertainty, map difference by cause"),
    Verb("config", "show or check the composed configuration without running"),
    Verb("world", "make a simulated region on disk, with its truth and an experiment"),
    Verb("data", "look at a table and propose how to read it; fetch a public one"),
    Verb("thresholds", "list, search and evaluate the registry of limits"),
    Verb("swing", "where the decision depends on which jurisdiction's limits apply"),
    Verb("bundle", "a submission for a receiver of maps; `bundle check DIR` checks any"),
    Verb("serve", "show maps, explanations and reviews in a browser"),
    Verb("ui", "open the tracking UI on this machine"),
)

_USAGE = """\
usage: hotspot VERB [key=value ...]

Maps of where a contaminant exceeds a limit, how sure that is, and why.

stages, each reading and writing the files of an experiment:
{stages}
and:
{others}

hotspot run                                the default experiment
hotspot run experiment=NAME key=value      another one, with changes
hotspot run -m model=lightgbm,logistic     one run for each value
hotspot VERB --help                        what a verb does, its files, flags and groups
hotspot STAGE --composed FILE              from a composed file, as `dvc repro` does
hotspot predict --dry-run                  time, memory and disk that the maps would take
"""


def usage() -> str:
    """Return the help text."""

    def rows(verbs: list[Verb]) -> str:
        return "\n".join(f"  {verb.name:<14}{verb.help}" for verb in verbs)

    return _USAGE.format(
        stages=rows([verb for verb in VERBS if verb.is_stage]),
        others=rows([verb for verb in VERBS if not verb.is_stage]),
    )


def main() -> None:
    """Run the command line and exit; 0 only when all that was asked is done."""
    try:
        code = run_command_line(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has seen enough, as `head` does. What is left of it goes nowhere,
        # or Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def run_command_line(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0
    if arguments[0] == "--version":
        from hotspot import __version__

        sys.stdout.write(f"hotspot {__version__}\n")
        return 0
    if arguments[0] in ("-sc", "--shell-completion"):
        return _complete(arguments)
    verbs = {verb.name: verb for verb in VERBS}
    verb = verbs.get(arguments[0])
    try:
        if verb is None:
            raise ConfigError(
                f"There is no verb {arguments[0]!r}.{nearest_name(arguments[0], list(verbs))} "
                "`hotspot --help` lists them."
            )
        if not verb.is_stage:
            return int(import_module(f"hotspot.commands.{verb.name}").main(arguments[1:]) or 0)
        return _run_stage(verb.name, arguments[1:])
    except HotspotError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; what was finished is kept.\n")
        return 130


def _run_stage(verb: str, arguments: list[str]) -> int:
    # Hundreds of small systems are solved one after the other: threads that wait for each
    # other in every one of them double the work. Learners that gain from threads have n_jobs.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    if {"-h", "--help"} & set(arguments):
        from hotspot.commands.stage_help import stage_help

        sys.stdout.write(stage_help(verb))
        return 0
    if "--dry-run" in arguments:
        if verb != "predict":
            raise ConfigError(
                f"--dry-run: `hotspot {verb}` has none. `hotspot predict --dry-run` tells what "
                "the maps would take; `hotspot config` shows the configuration."
            )
        verb, arguments = "dry_run", [word for word in arguments if word != "--dry-run"]
    if "--composed" in arguments:
        from hotspot.commands.composed import run_composed

        run_composed(verb, arguments)
        return 0
    from hotspot.config.compose import check_overrides, config_dir, open_overrides

    for flag in ("-cp", "--config-path", "-cn", "--config-name"):
        if flag in arguments:
            raise ConfigError(
                f"{flag}: there is one primary configuration, conf/config.yaml. Put an "
                "experiment into conf/experiment/, or a folder of your own after -cd."
            )
    # Hydra calls what a configuration names, some of it before a job starts; so every job of
    # the command is composed and checked first. Mistakes surface before the first job, too.
    if not {"--hydra-help", "--info", "-i"} & set(arguments):
        from hotspot.commands.overrides import refuse_sweep

        refuse_sweep(arguments)
        check_overrides(arguments)
    # Hydra's parser takes no flag behind overrides.
    flags = [word for word in arguments if word in ("-m", "--multirun")]
    rest = [word for word in arguments if word not in flags]
    return _hydra(str(config_dir()), verb, [*flags, *open_overrides(rest)])


def _hydra(folder: str, verb: str, arguments: list[str]) -> int:
    from pathlib import Path

    import hydra
    from hydra.errors import HydraException
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    from hotspot.config.compose import PRIMARY, explain_composition

    failed: list[HotspotError] = []

    def job(composed: DictConfig) -> None:
        from hotspot.commands.job import run_job

        # Hydra would print a line of its own and end a sweep at the first failure; the other
        # jobs of a sweep are still worth having.
        try:
            run_job(verb, composed)
        except HotspotError as error:
            failed.append(error)

    run: Callable[[], Any] = hydra.main(
        version_base="1.3", config_path=folder, config_name=PRIMARY
    )(job)
    # Without it Hydra prints a trace and exits; with it the error comes back to be told here.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = ["hotspot", *arguments]
    try:
        run()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(explain_composition(error, Path(folder))) from error
    for each in failed:
        sys.stderr.write(f"{type(each).__name__}: {each}\n")
    return 1 if failed else 0


def _complete(arguments: list[str]) -> int:
    """Answer the shell: verbs while the verb is typed, Hydra's completion after it.

    Hydra's shell hooks call the program with ``-sc query=bash`` and the typed line in
    ``COMP_LINE``; the verb is cut out of that line, since Hydra does not know it.
    """
    if "query=" not in " ".join(arguments):
        # Installing the hook: `eval "$(hotspot -sc install=bash)"`.
        from hotspot.config.compose import config_dir

        return _hydra(str(config_dir()), "run", arguments)
    line = os.environ.get("COMP_LINE", "")
    words = line.split()
    typing_verb = len(words) < 2 or (len(words) == 2 and not line.endswith(" "))
    if typing_verb:
        start = words[1] if len(words) == 2 else ""
        names = [verb.name for verb in VERBS if verb.name.startswith(start)]
        sys.stdout.write("\n".join(names) + "\n")
        return 0
    from hotspot.config.compose import config_dir

    shorter = line.replace(f" {words[1]}", "", 1)
    os.environ["COMP_LINE"] = shorter
    os.environ["COMP_POINT"] = str(len(shorter))
    return _hydra(str(config_dir()), words[1], arguments)
