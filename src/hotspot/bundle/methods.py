"""The methods page: how the maps were made, how good they are, and what they do not say."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hotspot.bundle.content import Statement
from hotspot.bundle.profiles import Profile
from hotspot.maps.limits import BY_PLACE
from hotspot.markdown import items, plain

# Read back by the checker.
LIMIT_LINE = re.compile(r"Limit of (\S+): (?:([0-9.eE+-]+) mg/kg|by place), id `([^`]+)`")

_MEANING = (
    "A probability is that of one soil sample from the cell; it is no concentration, no share "
    "of the cell, no risk to health and no legal finding on a site.",
    "Averaging to larger cells averages probabilities and quantiles: an averaged quantile is "
    "that of a usual place in the cell, not of the mean of the cell.",
    "'cannot say' (2) is an answer: it does not mean clean.",
    "Uncertainties of single cells cannot be added up to that of a region, since neighbouring "
    "errors are alike.",
    "Scores hold for places like the samples; where the dissimilarity is above its edge, they "
    "do not.",
    "Associations with covariates are no proof of a source.",
)
# The curve of all samples; those inside and outside the area of applicability are others.
_EVERYWHERE = "all"


@dataclass(frozen=True)
class PropertyMethods:
    """What the page says of one contaminant.

    Parameters
    ----------
    token, name : str
        As in file names, and for people.
    limit : mapping
        ``id``, ``value_mg_kg``, ``citation`` and ``cautions``.
    model : str
        Kind of the model.
    scores : mapping
        Plan to score to ``{"mean", "se"}``, of the model.
    baseline : mapping
        The same of the baseline.
    reliability : sequence of mapping
        ``plan, applicability, predicted, observed, lower, upper, n``. The page shows the curve
        of all samples, whose ``applicability`` is ``all`` or not told.
    layers : mapping of str
        File to the sentence of its meaning.
    """

    token: str
    name: str
    limit: Mapping[str, Any]
    model: str
    scores: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    baseline: Mapping[str, Mapping[str, Mapping[str, float | None]]] = field(
        default_factory=dict
    )
    reliability: Sequence[Mapping[str, Any]] = ()
    layers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunMethods:
    """What the page says of the run.

    Parameters
    ----------
    configuration : str
        The composed configuration, as YAML.
    facts : mapping of str
        Hashes, version and seed.
    ledger : sequence of mapping
        Steps of the data ledger: ``name, rows_in, rows_out, reasons``.
    folds : sequence of mapping
        ``contaminant, plan, repeats, folds, samples``.
    primary : str
        The plan on which decisions rest.
    """

    configuration: str
    facts: Mapping[str, str]
    ledger: Sequence[Mapping[str, Any]]
    folds: Sequence[Mapping[str, Any]]
    primary: str


def methods_page(
    statement: Statement,
    profile: Profile,
    run: RunMethods,
    properties: Sequence[PropertyMethods],
) -> str:
    """Return the methods page of a bundle, in Markdown.

    Every number comes from the files of the run; nothing is typed in by hand.
    """
    top, bottom = statement.depth
    sections = [
        f"# Methods: {plain(statement.title)}",
        plain(statement.abstract),
        items(
            f"Country: {statement.country}",
            f"Depth: {top:g} to {bottom:g} cm",
            f"Licence: {statement.licence}",
            f"Contact: {statement.contact.organisation}, {statement.contact.email}",
            f"Profile: {profile.name}. {profile.convention}",
        ),
        "## What the numbers mean, and what they do not",
        items(*_MEANING),
        *(_layers(each) for each in properties),
        "## Limits",
        *(_limit(each) for each in properties),
        "## Data",
        _table(
            ("Step", "Rows in", "Rows out", "Dropped because"),
            [
                (
                    step.get("name", ""),
                    step.get("rows_in", ""),
                    step.get("rows_out", ""),
                    "; ".join(f"{why}: {n}" for why, n in step.get("reasons", {}).items())
                    or "nothing dropped",
                )
                for step in run.ledger
            ],
        ),
        "## Validation",
        f"Samples were hidden fold by fold. Decisions rest on the plan `{run.primary}`. "
        "Random folds are shown for comparison; alone they flatter a map whose samples "
        "lie closer together than the map's cells lie to them.",
        _table(
            ("Contaminant", "Plan", "Repeats", "Folds", "Samples"),
            [
                tuple(
                    each[key] for key in ("contaminant", "plan", "repeats", "folds", "samples")
                )
                for each in run.folds
            ],
        ),
        *(_scores(each) for each in properties),
        "## Calibration",
        *(_reliability(each, run.primary) for each in properties),
        "## Model and configuration",
        items(*(f"{name}: {value}" for name, value in run.facts.items())),
        f"```yaml\n{run.configuration.replace('```', '` ` `').rstrip()}\n```",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return "Not stated by the run."
    lines = [heads, ["---"] * len(heads), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, int | float) else "not known"


def _layers(each: PropertyMethods) -> str:
    rows = [(file, text) for file, text in each.layers.items()]
    return f"### Layers of {plain(each.name)}\n\n{_table(('File', 'Meaning'), rows)}"


def _limit(each: PropertyMethods) -> str:
    limit = each.limit
    value = BY_PLACE if "rule" in limit else f"{float(limit['value_mg_kg']):.9g} mg/kg"
    cautions = [plain(text) for text in limit.get("cautions", ())]
    lines = [
        f"Limit of {each.token}: {value}, id `{limit['id']}`",
        plain(limit.get("citation") or "No citation."),
        *cautions,
    ]
    return "\n".join(f"- {line}" for line in lines)


def _scores(each: PropertyMethods) -> str:
    rows = [
        (
            plan,
            score,
            _number(numbers.get("mean")),
            _number(numbers.get("se")),
            _base(each, plan, score),
        )
        for plan, scores in each.scores.items()
        for score, numbers in scores.items()
    ]
    heads = ("Plan", "Score", "Mean", "Standard error", "Baseline")
    return f"### Scores of {plain(each.name)}: {plain(each.model)}\n\n{_table(heads, rows)}"


def _base(each: PropertyMethods, plan: str, score: str) -> str:
    return _number(each.baseline.get(plan, {}).get(score, {}).get("mean"))


def _reliability(each: PropertyMethods, primary: str) -> str:
    rows = [
        (
            _number(row["predicted"]),
            _number(row["observed"]),
            f"{_number(row['lower'])} to {_number(row['upper'])}",
            row["n"],
        )
        for row in each.reliability
        if (row.get("plan"), row.get("applicability", _EVERYWHERE)) == (primary, _EVERYWHERE)
    ]
    heads = ("Predicted", "Observed", "Interval", "Samples")
    return f"### Reliability of {plain(each.name)}, plan `{primary}`\n\n{_table(heads, rows)}"
