"""What is remembered of a study in the tracking store."""

from typing import Any

from hotspot.commands.console import Console
from hotspot.commands.search_problem import SearchProblem
from hotspot.commands.stamps import files_digest
from hotspot.config.check import config_digest
from hotspot.config.paths import Paths
from hotspot.selection.losses import mean_loss
from hotspot.selection.search import Trial
from hotspot.selection.space import Setting
from hotspot.selection.tuning import Tuned
from hotspot.tracking.mlflow_tracker import CONTENT_TAG, MlflowTracker
from hotspot.tracking.record import RunRecord


def track_study(
    problem: SearchProblem,
    tuned: Tuned,
    summary: dict[str, Any] | None,
    paths: Paths,
    console: Console,
) -> None:
    """Remember the study as one run, with a child for each trial, once per content."""
    config, folder = problem.config, paths.tuning(problem.contaminant)
    if config.tracking.store == "none":
        return
    files = [folder / "trials.parquet", folder / "best.yaml"]
    files += [folder / "nested.json"] if summary is not None else []
    content = config_digest({"tune": config.name, "made": files_digest(files)})[:16]
    tracker = MlflowTracker(config.tracking.uri, root=paths.root)
    experiment = config.name.partition("@")[0]
    known = tracker.find(experiment, content)
    if known is not None:
        console.line(f"    run {known}, known from before")
        return
    name = f"{config.name}/tune/{problem.contaminant}"
    tags = {"hotspot.experiment": config.name, "hotspot.contaminant": problem.contaminant}
    metrics = _trial_metrics(tuned.trials[0], tuned, "default")
    metrics |= _trial_metrics(tuned.trials[tuned.choice.trial], tuned, "chosen")
    metrics |= _nested_metrics(summary or {})
    record = RunRecord(
        name=name,
        params={
            "model.kind": config.model.kind,
            **_params(tuned.choice.setting),
            "tune.score": config.tune.score,
            "tune.trials": str(len(tuned.trials)),
            "cv.primary": config.cv.primary,
            "seed": str(config.seed),
        },
        metrics=metrics,
        tags={
            **tags,
            CONTENT_TAG: content,
            "hotspot.kind": "tune",
            "mlflow.note.content": tuned.choice.sentence,
        },
        artifacts=(
            *((path, "") for path in files),
            (folder / "study" / config.model.kind / "journal.log", ""),
        ),
        children=tuple(
            RunRecord(
                name=f"{name}/{trial.number}",
                params={"model.kind": config.model.kind, **_params(trial.setting)},
                metrics=_trial_metrics(trial, tuned, config.tune.score),
                tags={
                    **tags,
                    "hotspot.kind": "trial",
                    "hotspot.trial": str(trial.number),
                    "hotspot.refused": trial.reason or "no",
                },
            )
            for trial in tuned.trials
        ),
    )
    console.line(f"    run {tracker.log(experiment, record)}")


def _params(setting: Setting) -> dict[str, str]:
    return {f"model.{name}": str(value) for name, value in setting.items()}


def _trial_metrics(trial: Trial, tuned: Tuned, name: str) -> dict[str, float]:
    if trial.losses is None:
        return {}
    found = mean_loss(trial.losses, tuned.blocks)
    return {
        key: value
        for key, value in ((name, found.mean), (f"{name}.se", found.se))
        if value is not None
    }


def _nested_metrics(summary: dict[str, Any]) -> dict[str, float]:
    metrics = {}
    for key in ("default", "tuned", "gain"):
        found = summary.get(key, {})
        for part, name in (("mean", f"nested.{key}"), ("se", f"nested.{key}.se")):
            if found.get(part) is not None:
                metrics[name] = float(found[part])
    return metrics
