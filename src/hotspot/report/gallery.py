"""The main figures as files of their own, for slides, tracking and documentation."""

from io import BytesIO
from typing import TYPE_CHECKING

from hotspot.maps.styles import LayerStyle, decision_style, probability_style
from hotspot.report import figures, mapplots
from hotspot.report.content import ContaminantContent, Context
from hotspot.report.style import house_style
from hotspot.report.words import limit_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def gallery(content: ContaminantContent, context: tuple[Context, ...]) -> dict[str, bytes]:
    """Return the PNG files of a contaminant by name, such as ``zn_probability.png``.

    Maps carry their legend in words. The same content gives the same bytes.
    """
    with house_style():
        return {
            f"{content.contaminant}_{name}.png": _png(figure)
            for name, figure in _figures(content, context).items()
        }


def _figures(content: ContaminantContent, context: tuple[Context, ...]) -> dict[str, "Figure"]:
    drawn: dict[str, Figure] = {}
    maps, evaluation, explanation = content.maps, content.evaluation, content.explanation
    if maps is not None:
        limit = limit_text(content.limit).replace("\u00a0", " ")
        title = f"Probability that {content.name.lower()} exceeds {limit}"
        drawn["probability"] = _with_legend(
            mapplots.probability_map(maps, context), probability_style(), title
        )
        if maps.decision is not None:
            drawn["decision"] = _with_legend(
                mapplots.decision_map(maps, context), decision_style(), content.name
            )
    if evaluation is not None:
        drawn["scores"] = figures.score_chart(
            evaluation.scores, model=evaluation.model, baseline=evaluation.baseline
        )
        if evaluation.reliability is not None and not evaluation.reliability.empty:
            drawn["reliability"] = figures.reliability_curve(evaluation.reliability)
    if explanation is not None:
        drawn["importance"] = figures.importance_bars(
            explanation.importance, scale=explanation.scale, placebo=explanation.placebo
        )
    return drawn


def _with_legend(figure: "Figure", style: LayerStyle, title: str) -> "Figure":
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=entry.colour, edgecolor="0.4", linewidth=0.4, label=entry.label)
        for entry in style.classes
    ]
    if style.layer == "probability":
        handles.append(
            Patch(
                facecolor="white",
                edgecolor="0.3",
                hatch="////",
                linewidth=0.4,
                label="outside the area of applicability",
            )
        )
    figure.legend(
        handles=handles,
        title=title,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
        alignment="left",
    )
    return figure


def _png(figure: "Figure") -> bytes:
    buffer = BytesIO()
    figure.savefig(
        buffer, format="png", dpi=130, bbox_inches="tight", metadata={"Software": None}
    )
    return buffer.getvalue()
