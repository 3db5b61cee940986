"""`hotspot tune`: search the settings of the model, and say what that is worth."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from hotspot.commands.advice import use_command
from hotspot.commands.console import Console
from hotspot.commands.job import typed_overrides
from hotspot.commands.models import model_factory
from hotspot.commands.search_problem import (
    SearchProblem,
    check_score,
    losses_depend_on,
    search_problems,
)
from hotspot.commands.tune_record import track_study
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.errors import ConfigError
from hotspot.files import write_table, write_text
from hotspot.folds.plan import FoldPlan
from hotspot.maps.write import write_json
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed
from hotspot.selection.candidate import Candidate
from hotspot.selection.choice import Choice, told
from hotspot.selection.folder import told_changes
from hotspot.selection.losses import mean_loss
from hotspot.selection.nested import Nested
from hotspot.selection.search import Memory, Progress
from hotspot.selection.space import SearchSpace, Setting
from hotspot.selection.store import StudyMemory, open_study
from hotspot.selection.tables import nested_summary, trials_table
from hotspot.selection.tuning import (
    Tuned,
    Tuner,
    nested_tuning,
    tune,
)


def run(config: Config, paths: Paths, console: Console) -> None:
    """Tune the model for each contaminant, write what was found, and say how to use it."""
    space = search_space(config)
    # Before a study of other settings gives way to this one.
    space.check(config.model.model_dump())
    check_score(config)
    for problem in search_problems(config, paths):
        _tune(problem, space, paths, console)


def search_space(config: Config) -> SearchSpace:
    """Return the search space of the chosen model.

    Raises
    ------
    ConfigError
        It has none.
    """
    kind = config.model.kind
    declared = config.tune.spaces.get(kind, {})
    if not declared:
        able = [name for name, space in config.tune.spaces.items() if space]
        raise ConfigError(
            f"tune.spaces.{kind}: the search space is empty, so model={kind} has nothing to "
            f"tune. Choose a model that has one ({', '.join(able) or 'none does'}), or declare "
            "a space as in conf/tune/search.yaml."
        )
    return SearchSpace.from_dict({name: each.model_dump() for name, each in declared.items()})


def _tune(problem: SearchProblem, space: SearchSpace, paths: Paths, console: Console) -> None:
    config, contaminant = problem.config, problem.contaminant
    folder = paths.tuning(contaminant)
    tuner = _tuner(problem, space)
    samples, plans = problem.samples, problem.plans
    study = folder / "study" / config.model.kind
    with open_study(study, space, _about(problem, samples, plans)) as memory:
        _say_start(problem, memory, console)
        with console.bar(f"{contaminant}: settings") as move:
            tuned = tune(
                tuner,
                samples,
                plans,
                n_trials=config.tune.trials,
                memory=memory,
                progress=move,
            )
        nested = None
        if config.tune.nested:
            with console.bar(f"{contaminant}: nested settings") as move:
                nested = _nested(problem, tuner, study / "outer", move)
    changes = _changes(config, tuned.choice)
    command = use_command(config, contaminant, changes, typed_overrides())
    summary = None if nested is None else _summary(config, tuned, nested, plans[0])
    write_table(trials_table(tuned), folder / "trials.parquet")
    write_text(folder / "best.yaml", best_yaml(config, tuned.choice, command))
    if summary is None:
        (folder / "nested.json").unlink(missing_ok=True)
    else:
        write_json(folder / "nested.json", summary)
    _say_end(config, tuned, summary, command, console)
    track_study(problem, tuned, summary, paths, console)


def _tuner(problem: SearchProblem, space: SearchSpace) -> Tuner:
    config, contaminant = problem.config, problem.contaminant
    values = config.model.model_dump()

    def make(setting: Setting) -> Candidate:
        model = type(config.model).model_validate({**values, **setting})
        changed = config.model_copy(update={"model": model})
        return Candidate(
            model_factory(changed, model.kind, contaminant, problem.whole.catalogue)
        )

    return Tuner(
        make=make,
        space=space,
        default={name: values[name] for name in space.names},
        scoring=problem.scoring,
        seed=child_seed(config.seed, "tune", contaminant),
    )


def _nested(
    problem: SearchProblem, tuner: Tuner, folder: Path, move: Progress
) -> Nested[Choice]:
    @contextmanager
    def memory(fold: int, train: Samples, plans: Sequence[FoldPlan]) -> Iterator[Memory]:
        about = _about(problem, train, plans)
        with open_study(folder / f"fold_{fold}", tuner.space, about) as opened:
            yield opened

    return nested_tuning(
        tuner,
        problem.samples,
        problem.plans[0],
        problem.inner_plans,
        n_trials=problem.config.tune.inner_trials,
        memories=memory,
        progress=move,
    )


def _about(
    problem: SearchProblem, samples: Samples, plans: Sequence[FoldPlan]
) -> dict[str, Any]:
    """Return all that the trials of a study depend on."""
    config = problem.config
    return {
        **losses_depend_on(problem, samples, plans),
        "space": config.model_dump(mode="json")["tune"]["spaces"][config.model.kind],
        "optuna": version("optuna"),
    }


def _summary(
    config: Config, tuned: Tuned, nested: Nested[Choice], outer: FoldPlan
) -> dict[str, Any]:
    return {
        "model": config.model.kind,
        "score": config.tune.score,
        "plan": outer.plan,
        "inner_trials": config.tune.inner_trials,
        "inner_splits": config.tune.inner_splits,
        **nested_summary(
            tuned.default_losses[:1],
            nested.losses,
            tuned.blocks,
            names=("default", "tuned"),
            folds=[
                {"fold": fold, "trial": choice.trial, "model": choice.setting}
                for fold, choice in nested.choices.items()
            ],
        ),
    }


def best_yaml(config: Config, choice: Choice, command: str) -> str:
    """Return the chosen settings as a piece of an experiment file."""
    values = {"model": {"kind": config.model.kind, **choice.setting}}
    return (
        f"# {choice.sentence}\n# Put `model` into the experiment file, or run:\n#   {command}\n"
        f"{yaml.safe_dump(values, sort_keys=False)}"
    )


def _changes(config: Config, choice: Choice) -> dict[str, Any]:
    now = config.model.model_dump()
    changed = {
        f"model.{name}": value for name, value in choice.setting.items() if value != now[name]
    }
    return {"model": config.model.kind, **changed}


def _say_start(problem: SearchProblem, memory: StudyMemory, console: Console) -> None:
    tune_config = problem.config.tune
    folds = sum(len(set(plan.fold.tolist())) for plan in problem.plans)
    fits = tune_config.trials * folds
    if tune_config.nested:
        outer = len(set(problem.plans[0].fold.tolist()))
        fits += outer * (tune_config.inner_trials * tune_config.inner_splits + 1)
    console.line(
        f"  {problem.contaminant}: {problem.config.model.kind}, {tune_config.score} under "
        f"{problem.config.cv.primary} folds, at most {fits} fits"
    )
    if memory.changed:
        console.line(f"    {told_changes(memory.changed)}")
    known = len(memory.recall())
    if known:
        console.line(f"    {known} trials are known from before.")


def _say_end(
    config: Config,
    tuned: Tuned,
    summary: dict[str, Any] | None,
    command: str,
    console: Console,
) -> None:
    told_of = {0: "default"} | ({tuned.choice.best: "best"} if tuned.choice.best else {})
    for number, words in told_of.items():
        losses = tuned.trials[number].losses
        if losses is not None:
            score = told(mean_loss(losses, tuned.blocks))
            console.line(f"    {words:<8}{config.tune.score} {score}")
    console.line(f"    {tuned.choice.sentence}")
    if summary is not None:
        console.line(f"    {summary['sentence']}")
        if summary["verdict"] == "worse":
            console.line("    The samples are too few to carry a search; keep the default.")
            return
    if not tuned.choice.is_default:
        console.line(f"    {command}")
