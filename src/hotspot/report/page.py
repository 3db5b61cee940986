"""The report as one self-contained HTML page."""

from collections.abc import Sequence

from hotspot.report import numerals, tables, terms, words
from hotspot.report.claims import VERDICTS
from hotspot.report.content import ReportContent
from hotspot.report.pages import style_sheet, templates
from hotspot.report.views import ContaminantView, contaminant_view


def render_report(content: ReportContent) -> str:
    """Return the report as HTML that needs no other file, no script and no network.

    The same content gives the same bytes.

    Parameters
    ----------
    content : ReportContent
        Names and texts in it are escaped: they come from files.
    """
    views = [
        contaminant_view(one, content.context, key)
        for key, one in zip(view_keys(content), content.contaminants, strict=True)
    ]
    return render_views(content, views)


def view_keys(content: ReportContent) -> tuple[str, ...]:
    """Return the place of each contaminant on the page, by which links find it."""
    return tuple(f"c{position}" for position in range(1, len(content.contaminants) + 1))


def render_views(content: ReportContent, views: Sequence[ContaminantView]) -> str:
    """Return the page from the parts of its contaminants, which may come from elsewhere."""
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            content=content,
            views=views,
            ledger=tables.ledger_table(content.ledger) if content.ledger else None,
            numerals=numerals,
            terms=terms,
            words=words,
            verdicts=VERDICTS,
            style=style_sheet(),
        )
    )
