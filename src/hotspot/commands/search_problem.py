"""What `hotspot tune` and `hotspot select` work on: one contaminant's samples and folds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hotspot import __version__
from hotspot.commands.folds import survey_of, target_cells
from hotspot.commands.models import limit_value, limits_of, primary_plans
from hotspot.commands.stamps import code_digest
from hotspot.config.check import config_digest
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import open_stack
from hotspot.errors import ConfigError, FoldError
from hotspot.estimators.registry import estimator_class
from hotspot.folds.make import make_plans
from hotspot.folds.membership import groups_of_samples, times_of_samples
from hotspot.folds.plan import FoldPlan
from hotspot.folds.store import read_folds
from hotspot.grid import Coordinates
from hotspot.observations.limits.rules import Limit, LimitRule
from hotspot.samples.sampleset import Samples, SampleSet
from hotspot.samples.store import read_samples
from hotspot.seeds import child_seed
from hotspot.selection.candidate import Scoring
from hotspot.selection.tuning import plans_digest, samples_digest

# Code that the losses of a candidate depend on.
_PACKAGES = ("estimators", "evaluation", "folds", "observations", "samples", "selection")


@dataclass(frozen=True, eq=False)
class SearchProblem:
    """What is searched on for one contaminant: its samples and their folds.

    Parameters
    ----------
    config : Config
    contaminant : str
    whole : SampleSet
        Samples of every contaminant, with the catalogue.
    plans : sequence of FoldPlan
        Repeats of the primary plan; the first is the outer one of nested scores.
    target : array, shape (m, 2)
        Cells that stand for the map.
    """

    config: Config
    contaminant: str
    whole: SampleSet
    plans: Sequence[FoldPlan]
    target: Coordinates

    @property
    def samples(self) -> Samples:
        """Samples of the contaminant."""
        return self.whole.of(self.contaminant)

    @property
    def scoring(self) -> Scoring:
        """By what candidates are compared."""
        limit = limit_value(limits_of(self.config)[self.contaminant])
        return Scoring(self.config.tune.score, limit)

    def inner_plans(self, train: Samples, fold: int) -> list[FoldPlan]:
        """Return folds of the primary plan within the training part of an outer fold."""
        rows = self.whole.frame
        kept = (rows["contaminant"] == self.contaminant) & rows["sample_id"].isin(
            train.sample_id
        )
        cv = self.config.cv
        survey = survey_of(SampleSet(rows[kept], self.whole.catalogue), self.target)
        try:
            if cv.primary == "group" and cv.groups is not None:
                groups = groups_of_samples(rows[kept], cv.groups)
                survey = replace(survey, groups=groups.to_numpy(dtype=object))
            if cv.primary == "time":
                survey = replace(survey, times=times_of_samples(rows[kept]).to_numpy())
            return make_plans(
                [cv.primary],
                survey,
                n_splits=self.config.tune.inner_splits,
                spacing=cv.spacing_m,
                buffer=cv.buffer_m,
                seed=child_seed(self.config.seed, "inner", self.contaminant, fold),
            )
        except FoldError as error:
            raise FoldError(
                f"{self.contaminant}: {len(train)} samples train beside fold {fold}, and they "
                f"cannot be divided again. {error} Lower tune.inner_splits, or give "
                "tune.nested=false."
            ) from error


def check_score(config: Config) -> None:
    """Raise `ConfigError` where the model cannot give what `tune.score` is made of."""
    kind = config.model.kind
    if config.tune.score == "crps" and not hasattr(estimator_class(kind), "distribution"):
        raise ConfigError(
            "tune.score=crps: the score needs a model of the whole concentration, and "
            f"model={kind} answers with exceedance only. Give tune.score=log_loss, or another "
            "model."
        )


def losses_depend_on(
    problem: SearchProblem, samples: Samples, plans: Sequence[FoldPlan]
) -> dict[str, Any]:
    """Return all that the losses of a candidate depend on, as plain values.

    Parameters
    ----------
    problem : SearchProblem
    samples : Samples
        All of the contaminant, or the training part of an outer fold.
    plans : sequence of FoldPlan
        Their folds.
    """
    config = problem.config
    return {
        "model": config.model.model_dump(mode="json"),
        "score": problem.scoring.score,
        "limit_mg_kg": _plain(problem.scoring.threshold),
        "seed": config.seed,
        "samples": samples_digest(samples),
        "folds": plans_digest(plans, samples.sample_id),
        "program": config_digest([__version__, code_digest(_PACKAGES)]),
    }


def _plain(limit: Limit) -> float | dict[str, Any]:
    return limit.to_dict() if isinstance(limit, LimitRule) else limit


def search_problems(config: Config, paths: Paths) -> Iterator[SearchProblem]:
    """Yield the problem of each contaminant.

    Raises
    ------
    ConfigError
        The fold table lacks the primary plan.
    """
    with open_stack(paths.covariates) as stack:
        whole = read_samples(paths.samples, stack.catalogue)
        target = target_cells(stack, config.seed)
    plans = primary_plans(config, read_folds(paths.folds))
    if not plans:
        raise ConfigError(
            f"cv.primary={config.cv.primary}: {paths.folds} holds no such plan. "
            "Run `hotspot folds` with the same cv first."
        )
    for contaminant in config.contaminants:
        yield SearchProblem(config, contaminant, whole, plans, target)
