"""The model card: what one model is for, how it was tested, and what it cannot do."""

import numpy as np

from hotspot.markdown import items, plain
from hotspot.report import numerals, score_words, tables, terms, words
from hotspot.report.content import ContaminantContent, Provenance
from hotspot.report.tables import Table


def model_card(content: ContaminantContent, provenance: Provenance) -> str:
    """Return the card of one contaminant's model, in Markdown.

    Parameters
    ----------
    content : ContaminantContent
        Parts that are missing are named as missing.
    provenance : Provenance
        Where the model and its data come from.

    References
    ----------
    Mitchell et al. 2019, Model cards for model reporting, 10.1145/3287560.3287596.
    """
    sections = (
        ("Model details", _details(content, provenance)),
        ("Intended use", _use(content)),
        ("Factors", _factors(content)),
        ("Metrics", _metrics()),
        ("Evaluation data", _evaluation_data(content)),
        ("Training data", _training_data(content, provenance)),
        ("Quantitative analyses", _analyses(content)),
        ("Ethical considerations", _ethics()),
        ("Caveats and recommendations", _caveats(content)),
    )
    body = "\n\n".join(f"## {head}\n\n{text}" for head, text in sections)
    limit = words.limit_text(content.limit).replace("\u00a0", " ")
    return f"# Model card: {plain(content.name)} above {limit}\n\n{body}\n"


def _grid(table: Table) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(plain(cell) for cell in cells) + " |"

    marks = "| " + " | ".join("---:" if numeric else "---" for numeric in table.numeric) + " |"
    rows = "\n".join(line(row) for row in table.rows)
    return f"{plain(table.caption)}\n\n{line(table.heads)}\n{marks}\n{rows}"


def _details(content: ContaminantContent, provenance: Provenance) -> str:
    model = content.evaluation.model if content.evaluation is not None else "not stated"
    return items(
        f"Kind: {model}",
        f"Id: {provenance.model_ids.get(content.contaminant, 'not stated')}",
        f"Software: hotspot {provenance.software_version}; seed {provenance.seed}",
        f"Configuration: {provenance.config_hash}",
        *(f"{label}: {value}" for label, value in provenance.facts),
    )


def _use(content: ContaminantContent) -> str:
    return items(
        words.meaning(content.name, content.limit),
        "It is meant for choosing where to sample next and for screening of land.",
        words.SCREENING,
        words.ONE_CELL,
    )


def _factors(content: ContaminantContent) -> str:
    explanation = content.explanation
    if explanation is None:
        return words.not_there(
            "What the model leans on", "This model has no SHAP values, or none were computed."
        )
    roles = dict.fromkeys(
        terms.role_label(str(role)) for role in explanation.importance["role"]
    )
    return (
        f"Roles of the covariates, by importance: {plain(', '.join(roles))}.\n\n"
        f"{words.ASSOCIATION}\n\n{_grid(tables.importance_table(explanation))}"
    )


def _metrics() -> str:
    return items(
        "Log loss and Brier score of the exceedance probability on samples not seen, beside a "
        "baseline that knows only the share of exceeding samples.",
        "Scores are pooled over folds, with a standard error.",
    )


def _evaluation_data(content: ContaminantContent) -> str:
    evaluation = content.evaluation
    if evaluation is None:
        return words.not_there("Scores", "How good the model is, is unknown.")
    used = dict.fromkeys(plan for plans in evaluation.scores.values() for plan in plans)
    described = [
        f"{terms.plan_label(plan)}: {terms.PLANS.get(plan, ('', 'no description'))[1]}."
        for plan in used
    ]
    return "\n\n".join(
        part
        for part in (
            "The samples themselves, hidden fold by fold.",
            items(*described),
            score_words.separation_sentence(content.sampling.plans),
        )
        if part
    )


def _training_data(content: ContaminantContent, provenance: Provenance) -> str:
    return items(
        words.sampling_sentence(content.sampling),
        *filter(None, [words.preference_sentence(content.sampling)]),
        f"Data: {provenance.data_hash}",
        *words.limit_sentences(content.limit),
    )


def _analyses(content: ContaminantContent) -> str:
    evaluation = content.evaluation
    if evaluation is None:
        return words.not_there("Scores", "Run `hotspot evaluate` to get them.")
    parts = [
        plain(score_words.skill_sentence(evaluation)),
        plain(score_words.gap_sentence(evaluation)),
    ]
    parts += [_grid(table) for table in tables.score_tables(evaluation)]
    if evaluation.reliability is not None:
        parts.append(_grid(tables.reliability_table(evaluation.reliability)))
    return "\n\n".join(parts)


def _ethics() -> str:
    return items(
        words.NOT_CLEAN,
        words.UNKNOWN_IS_NOT_CLEAN,
        "A map of probable exceedance can change the value of land and how its people are "
        "seen. Publish it with its uncertainty, and let those concerned read it first.",
        "Sample points may show private land. Check the consent of owners before they are "
        "published.",
    )


def _caveats(content: ContaminantContent) -> str:
    outside = content.maps.outside if content.maps is not None else None
    sentences = list(content.warnings)
    if content.maps is None or outside is None:
        sentences.append("No area of applicability is known: the map may extrapolate anywhere.")
    else:
        known = np.isfinite(content.maps.probability)
        share = float(outside[known].mean()) if known.any() else None
        sentences.append(
            f"{numerals.percent(share)} of the drawn cells lie outside the area of "
            "applicability; the scores do not hold there."
        )
    return items(*sentences, "Measure before acting on a single place.")
