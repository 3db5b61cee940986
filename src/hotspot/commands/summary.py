"""What `hotspot run` says at the end: scores, where things lie, what to do next."""

from hotspot.commands.console import Console
from hotspot.commands.models import limits_of
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.evaluation.store import read_ledger
from hotspot.folds.honest import honest_plan
from hotspot.observations.limits.rules import LimitRule

_NAMES = {
    "random": "random folds",
    "block": "spatial blocks",
    "knndm": "kNNDM folds",
    "buffered": "buffered folds",
    "group": "folds of whole groups",
    "time": "folds in time",
    "target_weighted": "weighted for the map",
}


def print_summary(config: Config, paths: Paths, console: Console) -> None:
    """Print the headline scores and the places of the products."""
    ledger = read_ledger(paths.metrics)
    kind = config.model.kind
    console.line()
    console.line(f"{config.title}")
    console.line(
        f"Scores of {kind} that answer for the map, as in the report: log loss beside that of "
        "knowing the prevalence only (lower is better):"
    )
    for contaminant, limit in limits_of(config).items():
        plan = honest_plan(ledger[contaminant], kind) or config.cv.primary
        ours = ledger[contaminant][kind][plan]
        base = ledger[contaminant].get("prevalence", {}).get(plan, {})
        # Sites have ranks to be told apart by; the map as a whole has none.
        ranks = f"AUC {_shown(ours, 'auc')}   " if "auc" in ours else ""
        console.line(
            f"  {contaminant:<4} > {_limit(limit):>13}   "
            f"log loss {_shown(ours, 'log_loss')} ± {_error(ours, 'log_loss')} "
            f"(prevalence {_shown(base, 'log_loss')})   "
            f"{ranks}{_NAMES.get(plan, plan)}   [{limit.id}]"
        )
    console.line()
    console.line(f"maps     {paths.all_maps}/<contaminant>/probability.tif")
    console.line(f"report   {paths.report}")
    if config.tracking.store == "mlflow":
        console.line("runs     hotspot ui   (or `make ui`; opens the tracking UI)")


def _limit(rule: LimitRule) -> str:
    value = rule.constant_mg_kg
    return "limit of place" if value is None else f"{value:g} mg/kg"


def _shown(scores: dict[str, dict[str, float | None]], name: str) -> str:
    value = scores.get(name, {}).get("mean")
    return "  –  " if value is None else f"{value:.3f}"


def _error(scores: dict[str, dict[str, float | None]], name: str) -> str:
    value = scores.get(name, {}).get("se")
    return "  –  " if value is None else f"{value:.3f}"
