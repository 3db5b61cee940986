"""The part of one contaminant on the page, drawn and put into words."""

from dataclasses import dataclass

from hotspot.report import plates, score_words, tables, words
from hotspot.report.claims import ClaimsView, claims_view
from hotspot.report.content import ContaminantContent, Context
from hotspot.report.plates import Key, Plate
from hotspot.report.tables import Table


@dataclass(frozen=True)
class _Bar:
    """The shares of land that are above, undecided and below, in per cent."""

    above: float
    cannot_say: float
    below: float


@dataclass(frozen=True)
class _MapView:
    """The maps of a contaminant, and what stands where one is missing."""

    probability: Plate | None
    decision: Plate | None
    dissimilarity: Plate | None
    hotspots: Table | None
    areas: Table | None
    absent: tuple[str, ...]


@dataclass(frozen=True)
class _ScoreView:
    """Scores and reliability, and what stands where one is missing."""

    verdict: str
    sentences: tuple[str, ...]
    chart: Plate | None
    tables: tuple[Table, ...]
    reliability: Plate | None
    absent: tuple[str, ...]
    profile: Plate | None = None
    reach: Table | None = None
    worst: Plate | None = None


@dataclass(frozen=True)
class _LeaningView:
    """What the model leans on, and what stands where a part is missing."""

    wide: tuple[Plate, ...]
    dependence: tuple[Plate, ...]
    role_maps: tuple[Plate, ...]
    role_keys: tuple[Key, ...]
    dominant: Plate | None
    stability: Table | None
    absent: tuple[str, ...]
    compared: str = ""
    scales: Table | None = None


@dataclass(frozen=True)
class _SampleView:
    """Samples and folds, and what stands where one is missing."""

    sentences: tuple[str, ...]
    samples: Plate | None
    folds: tuple[Plate, ...]
    absent: tuple[str, ...]
    laboratories: tuple[Table, ...] = ()


@dataclass(frozen=True)
class ContaminantView:
    """One contaminant as the template reads it: text and pictures, ready to be set."""

    key: str
    content: ContaminantContent
    answer: str
    bar: _Bar | None
    told: tuple[str, ...]
    claims: ClaimsView | None
    maps: _MapView
    scores: _ScoreView
    leaning: _LeaningView
    sampling: _SampleView


def contaminant_view(
    content: ContaminantContent, context: tuple[Context, ...], key: str
) -> ContaminantView:
    """Return the part of one contaminant; `key` is its place on the page."""
    areas = content.maps.areas if content.maps is not None else None
    bar = None
    if areas is not None and areas.total_ha > 0:
        bar = _Bar(
            *(
                round(100 * part / areas.total_ha, 2)
                for part in (areas.above_ha, areas.cannot_say_ha, areas.below_ha)
            )
        )
    return ContaminantView(
        key=key,
        content=content,
        answer=words.answer(content),
        bar=bar,
        told=(
            words.meaning(content.name, content.limit),
            *words.limit_sentences(content.limit),
        ),
        claims=(
            claims_view(content.explanation.claims, content.review)
            if content.explanation is not None and content.explanation.claims is not None
            else None
        ),
        maps=_map_view(content, context),
        scores=_score_view(content, context, key),
        leaning=_leaning_view(content, context, key),
        sampling=_sample_view(content, context),
    )


def _map_view(content: ContaminantContent, context: tuple[Context, ...]) -> _MapView:
    maps = content.maps
    absent = []
    if maps is None:
        absent.append(words.not_there("The maps", "Run `hotspot predict` to draw them."))
    else:
        if maps.decision is None:
            absent.append(
                words.not_there(
                    "The map of decisions",
                    "It needs a model with an area of applicability.",
                )
            )
        if maps.outside is None:
            absent.append(
                words.not_there(
                    "The area of applicability",
                    "Nothing is hatched, so that cells unlike every sample cannot be told "
                    "from the others.",
                )
            )
        if maps.areas is None:
            absent.append(words.not_there("Areas", "The tables count drawn cells instead."))
        if maps.hotspots is None:
            absent.append(words.not_there("Hotspots", "They were not looked for."))
        elif maps.hotspots.table.empty:
            absent.append("No hotspot was found: no group of cells meets the rule for one.")
    found = maps.hotspots if maps is not None else None
    return _MapView(
        probability=plates.probability_plate(content, context),
        decision=plates.decision_plate(content, context),
        dissimilarity=plates.dissimilarity_plate(content, context),
        hotspots=(
            tables.hotspot_table(found) if found is not None and len(found.table) else None
        ),
        areas=tables.areas_table(maps) if maps is not None and maps.areas is not None else None,
        absent=tuple(absent),
    )


def _score_view(
    content: ContaminantContent, context: tuple[Context, ...], key: str
) -> _ScoreView:
    evaluation = content.evaluation
    if evaluation is None:
        absent = words.not_there(
            "Scores", "How good the model is, is unknown; run `hotspot evaluate` to find out."
        )
        return _ScoreView("unknown", (), None, (), None, (absent,))
    reliability = plates.reliability_plate(evaluation, f"{key}-reliability")
    absent_parts = (
        ()
        if reliability is not None
        else (
            words.not_there(
                "The reliability curve",
                "Whether the probabilities can be taken at their word is unknown.",
            ),
        )
    )
    scored = any(evaluation.scores.values())
    return _ScoreView(
        verdict=score_words.skill_verdict(evaluation),
        sentences=(
            score_words.skill_sentence(evaluation),
            score_words.gap_sentence(evaluation),
        ),
        chart=plates.score_plate(evaluation, f"{key}-scores") if scored else None,
        tables=tables.score_tables(evaluation),
        reliability=reliability,
        absent=absent_parts,
        profile=plates.profile_plate(evaluation, f"{key}-profile"),
        reach=tables.applicability_table(evaluation.reach) if evaluation.reach else None,
        worst=plates.worst_plate(evaluation, content.maps, context),
    )


def _leaning_view(
    content: ContaminantContent, context: tuple[Context, ...], key: str
) -> _LeaningView:
    explanation = content.explanation
    if explanation is None:
        absent = words.not_there(
            "What the model leans on",
            "This model has no SHAP values, or `hotspot explain` was not run.",
        )
        return _LeaningView((), (), (), (), None, None, (absent,))
    layers = explanation.layers
    by_role = plates.role_plate(explanation, f"{key}-roles")
    swarm = plates.swarm_plate(explanation, f"{key}-swarm")
    wide = (
        by_role,
        plates.importance_plate(explanation, f"{key}-importance"),
        plates.association_plate(explanation, f"{key}-association"),
        plates.interaction_plate(explanation, f"{key}-interactions"),
        swarm,
    )
    parts = (
        (by_role, "Importance by role", "It was not summed."),
        (swarm, "Contributions sample by sample", "They were not given to this page."),
        (explanation.dependence, "Dependence charts", "They were not given to this page."),
        (layers, "Maps by role", "They were not computed."),
        (
            explanation.stability is not None,
            "The test of stability",
            "No statement on the covariates has been tested: take each as a guess.",
        ),
        (
            explanation.placebo is not None or explanation.stability is not None,
            "The placebo band",
            "Which covariates stand out from noise is unknown.",
        ),
    )
    stability = explanation.stability
    return _LeaningView(
        wide=tuple(plate for plate in wide if plate is not None),
        dependence=plates.dependence_plates(explanation, f"{key}-dependence"),
        role_maps=plates.role_map_plates(layers, context, explanation.scale)
        if layers is not None
        else (),
        role_keys=plates.contribution_keys(explanation.scale),
        dominant=plates.driver_plate(layers, context) if layers is not None else None,
        stability=tables.stability_table(stability) if stability is not None else None,
        absent=tuple(words.not_there(what, remedy) for part, what, remedy in parts if not part),
        compared=words.compared_with(explanation),
        scales=tables.scale_table(explanation.scales) if explanation.scales else None,
    )


def _sample_view(content: ContaminantContent, context: tuple[Context, ...]) -> _SampleView:
    sampling, laboratories = content.sampling, content.laboratories
    absent = []
    samples = plates.sample_plate(sampling, content.maps, context)
    if samples is None:
        absent.append(
            words.not_there("The map of the samples", "It needs sample points and a map.")
        )
    if not sampling.plans:
        absent.append(words.not_there("Fold plans", "Run `hotspot folds` to make them."))
    return _SampleView(
        sentences=(
            words.sampling_sentence(sampling),
            *filter(None, [words.preference_sentence(sampling)]),
            score_words.separation_sentence(sampling.plans),
        ),
        samples=samples,
        folds=plates.fold_plates(sampling, content.maps, context),
        absent=tuple(absent),
        laboratories=(
            *([tables.censoring_table(laboratories)] if laboratories.censoring else []),
            *([tables.offset_table(laboratories)] if laboratories.offsets else []),
        ),
    )
