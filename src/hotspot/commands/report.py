"""`hotspot report`: one page that carries it all, a card per model, and the figures."""

from hotspot.commands.console import Console
from hotspot.commands.report_content import report_content
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.files import replaced_folder
from hotspot.report.card import model_card
from hotspot.report.gallery import gallery
from hotspot.report.page import render_report


def run(config: Config, paths: Paths, console: Console) -> None:
    """Write the page and the cards; the folder is replaced when all of it is complete."""
    content = report_content(config, paths)
    with replaced_folder(paths.report.parent) as folder:
        page = render_report(content)
        (folder / paths.report.name).write_text(page, encoding="utf-8")
        for each in content.contaminants:
            card = model_card(each, content.provenance)
            (folder / f"card_{each.contaminant}.md").write_text(card, encoding="utf-8")
        (folder / "figures").mkdir()
        for name, image in gallery(content).items():
            (folder / "figures" / name).write_bytes(image)
    console.line(f"  {paths.report} ({len(page) / 1e6:.1f} MB)")
