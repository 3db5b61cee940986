"""`hotspot select`: find the covariates that are worth having."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hotspot.commands.advice import use_command
from hotspot.commands.console import Console
from hotspot.commands.job import typed_overrides
from hotspot.commands.models import limits_of, model_factory
from hotspot.commands.search_problem import (
    SearchProblem,
    check_score,
    losses_depend_on,
    search_problems,
)
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ConfigError
from hotspot.evaluation.uncertainty import Estimate
from hotspot.files import write_table
from hotspot.folds.plan import FoldPlan
from hotspot.folds.score_blocks import score_blocks
from hotspot.maps.write import write_json
from hotspot.samples.sampleset import Samples
from hotspot.selection.candidate import Candidate, candidate_losses
from hotspot.selection.choice import told
from hotspot.selection.folder import search_folder, told_changes
from hotspot.selection.forward import Names, Selection, forward_selection, most_sets
from hotspot.selection.kept_sets import KeptSets
from hotspot.selection.losses import loss_difference, mean_loss, scored_by_both
from hotspot.selection.nested import Nested, nested_losses
from hotspot.selection.search import Progress
from hotspot.selection.tables import nested_summary, selection_table

# Kinds of models that look at no covariate.
_BLIND = ("ordinary_kriging", "indicator_kriging", "climatology", "prevalence")


def run(config: Config, paths: Paths, console: Console) -> None:
    """Select covariates for each contaminant, write what was found, and say how to use it."""
    if config.model.kind in _BLIND:
        raise ConfigError(
            f"model={config.model.kind}: the model looks at no covariate, so there is nothing "
            "to select. Choose another one, such as model=lightgbm."
        )
    check_score(config)
    _check_limits(config)
    for problem in search_problems(config, paths):
        _select(problem, paths, console)


def _check_limits(config: Config) -> None:
    for contaminant, rule in limits_of(config).items():
        if rule.covariates:
            raise ConfigError(
                f"threshold.{contaminant}: the limit {rule.id} depends on "
                f"{', '.join(rule.covariates)}, which a selection could drop. Select with a "
                f"limit that is one number, such as threshold.{contaminant}="
                f"{rule.reference_mg_kg:g}, and keep these layers."
            )


class _Groups:
    """The names to select from, and the covariates that each stands for."""

    def __init__(self, problem: SearchProblem) -> None:
        catalogue = problem.whole.catalogue
        self._problem = problem
        self._catalogue = catalogue
        by_role = problem.config.tune.select == "roles"
        self.members = (
            catalogue.by_role() if by_role else {name: [name] for name in catalogue.names}
        )
        # A role that helps does so by several covariates, so it need not start in a pair.
        self.start = 1 if by_role else 2

    @property
    def names(self) -> Names:
        """Covariates or roles, in the order of the catalogue."""
        return tuple(self.members)

    def covariates(self, names: Names) -> tuple[str, ...]:
        """Return the covariates of some names, in the order of the catalogue."""
        wanted = {covariate for name in names for covariate in self.members[name]}
        return tuple(name for name in self._catalogue.names if name in wanted)

    def candidate(self, names: Names) -> Candidate:
        """Return the model on the covariates of some names."""
        config = self._problem.config
        covariates = self.covariates(names)
        catalogue = Catalogue(tuple(self._catalogue[name] for name in covariates))
        make = model_factory(config, config.model.kind, self._problem.contaminant, catalogue)
        return Candidate(make, covariates)


def _select(problem: SearchProblem, paths: Paths, console: Console) -> None:
    config, contaminant = problem.config, problem.contaminant
    samples, groups = problem.samples, _Groups(problem)
    blocks = score_blocks(samples.coordinates)
    most = most_sets(len(groups.names), groups.start)
    console.line(
        f"  {contaminant}: {config.model.kind}, {config.tune.score} under {config.cv.primary} "
        f"folds, at most {most} sets of {config.tune.select}"
    )
    search = (
        paths.tuning(contaminant) / "selection" / f"{config.model.kind}_{config.tune.select}"
    )
    with search_folder(search, _about(problem, groups, samples, problem.plans)) as changed:
        kept = KeptSets(search)
        _say_known(changed, len(kept), console)
        losses_of = kept.remembered(
            lambda names: candidate_losses(
                groups.candidate(names), samples, problem.plans, problem.scoring
            )
        )
        with console.bar(f"{contaminant}: sets, at most") as move:
            chosen = forward_selection(
                losses_of, groups.names, blocks, start=groups.start, progress=move
            )
        whole = losses_of(groups.names)
        nested = None
        if config.tune.nested:
            with console.bar(f"{contaminant}: nested, at most") as move:
                nested = _nested(problem, groups, search / "outer", move)
    used = list(groups.covariates(chosen.names))
    changes = {"model": config.model.kind, "covariates.use": used}
    command = use_command(config, contaminant, changes, typed_overrides())
    # On the samples that both have scored, as the gain is.
    mine, others = (mean_loss(each, blocks) for each in scored_by_both(chosen.losses, whole))
    facts: dict[str, Any] = {
        "model": config.model.kind,
        "score": config.tune.score,
        "plan": config.cv.primary,
        "select": config.tune.select,
        "path": [list(added) for added in chosen.path],
        "selected": list(chosen.names),
        "covariates": used,
        "sentence": chosen.sentence,
        "score_of_selected": mine.to_dict(),
        "score_of_all": others.to_dict(),
        "gain_over_all": loss_difference(whole, chosen.losses, blocks).to_dict(),
        "use": command,
    }
    if nested is not None:
        facts["nested"] = nested_summary(
            whole[:1],
            nested.losses,
            blocks,
            names=("all", "selected"),
            folds=[
                {"fold": fold, "selected": list(found.names)}
                for fold, found in nested.choices.items()
            ],
        )
    write_table(selection_table(chosen), paths.tuning(contaminant) / "selection.parquet")
    write_json(paths.tuning(contaminant) / "selection.json", facts)
    _say(facts, chosen, (mine, others), console)


def _about(
    problem: SearchProblem, groups: _Groups, samples: Samples, plans: Sequence[FoldPlan]
) -> dict[str, Any]:
    """Return all that the losses of a set depend on."""
    return {**losses_depend_on(problem, samples, plans), "members": groups.members}


def _say_known(changed: tuple[str, ...], known: int, console: Console) -> None:
    if changed:
        console.line(f"    {told_changes(changed)}")
    if known:
        console.line(f"    {known} sets are known from before.")


def _nested(
    problem: SearchProblem, groups: _Groups, folder: Path, move: Progress
) -> Nested[Selection]:
    outer = problem.plans[0]
    n_folds = len(set(outer.fold.tolist()))
    seen: list[int] = []

    def choose(train: Samples, fold: int) -> tuple[Candidate, Selection]:
        plans = problem.inner_plans(train, fold)
        before = len(seen)
        seen.append(fold)
        search = folder / f"fold_{fold}"
        with search_folder(search, _about(problem, groups, train, plans)):
            found = forward_selection(
                KeptSets(search).remembered(
                    lambda names: candidate_losses(
                        groups.candidate(names), train, plans, problem.scoring
                    )
                ),
                groups.names,
                score_blocks(train.coordinates),
                start=groups.start,
                progress=lambda done, total: move(before * total + done, n_folds * total),
            )
        return groups.candidate(found.names), found

    return nested_losses(choose, problem.samples, outer, problem.scoring)


def _say(
    facts: dict[str, Any],
    chosen: Selection,
    scores: tuple[Estimate, Estimate],
    console: Console,
) -> None:
    path = " + ".join(", ".join(added) for added in chosen.path)
    console.line(f"    selected  {path}   {told(scores[0])}")
    console.line(f"    all       {told(scores[1])}")
    console.line(f"    {chosen.sentence}")
    if "nested" in facts:
        console.line(f"    {facts['nested']['sentence']}")
        if facts["nested"]["verdict"] == "worse":
            console.line(
                "    The samples are too few to carry a selection; keep all covariates."
            )
            return
    console.line(f"    {facts['use']}")
