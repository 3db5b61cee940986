"""`hotspot report`: one page that carries it all, a card per model, and the figures."""

from pathlib import Path

from hotspot.commands.console import Console
from hotspot.commands.report_content import report_content
from hotspot.commands.workers import in_parallel, worker_count
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.files import replaced_folder
from hotspot.report.card import model_card
from hotspot.report.content import ContaminantContent, Context
from hotspot.report.gallery import gallery
from hotspot.report.page import render_views, view_keys
from hotspot.report.views import ContaminantView, contaminant_view


def run(config: Config, paths: Paths, console: Console) -> None:
    """Write the page and the cards; the folder is replaced when all of it is complete."""
    content = report_content(config, paths)
    with replaced_folder(paths.report.parent) as folder:
        figures = folder / "figures"
        figures.mkdir()
        jobs = [
            (each, content.context, key, figures)
            for each, key in zip(content.contaminants, view_keys(content), strict=True)
        ]
        workers = worker_count(config.workers, len(jobs))
        page = render_views(content, in_parallel(_drawn, jobs, workers=workers))
        (folder / paths.report.name).write_text(page, encoding="utf-8")
        for each in content.contaminants:
            card = model_card(each, content.provenance)
            (folder / f"card_{each.contaminant}.md").write_text(card, encoding="utf-8")
    for each in content.contaminants:
        if each.review is not None:
            console.line(
                f"  {each.contaminant}: review {each.review.standing}. {each.review.sentence}"
            )
    console.line(f"  {paths.report} ({len(page.encode()) / 1e6:.1f} MB)")


def _drawn(
    content: ContaminantContent, context: tuple[Context, ...], key: str, figures: Path
) -> ContaminantView:
    """Return the part of a contaminant on the page, and write its figures."""
    for name, image in gallery(content, context).items():
        (figures / name).write_bytes(image)
    return contaminant_view(content, context, key)
