"""The page in a real browser: it loads, fits a telephone, and prints with details open."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hotspot.report.content import ReportContent
from hotspot.report.page import render_report
from hotspot.report.terms import SCORES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


def chromium(*options: str, address: str, home: Path) -> str:
    """Return the standard output of a headless browser that opened a page."""
    command = [
        str(CHROMIUM),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={home}",
        *options,
        address,
    ]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_the_browser_builds_the_page_as_written(report: ReportContent, tmp_path: Path) -> None:
    """The parser of a browser finds every section, picture and table."""
    page = render_report(report)
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    built = chromium("--dump-dom", address=path.as_uri(), home=tmp_path / "home")
    for mark in ("<section ", "<img ", "<svg ", "<table", "<details"):
        assert built.count(mark) == page.count(mark)


def test_the_page_is_no_wider_than_a_telephone(report: ReportContent, tmp_path: Path) -> None:
    """In a frame of 375 pixels nothing but tables and charts scrolls sideways."""
    (tmp_path / "report.html").write_text(render_report(report), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(
        '<body><iframe id="f" src="report.html" width="375" height="800"></iframe>'
        '<p id="w"></p>'
        "<script>onload=()=>{const d=document.getElementById('f').contentDocument"
        ".documentElement;document.getElementById('w').textContent="
        "'width '+d.scrollWidth+' of '+d.clientWidth+'.'}</script></body>",
        encoding="utf-8",
    )
    built = chromium(
        "--allow-file-access-from-files",
        "--virtual-time-budget=4000",
        "--dump-dom",
        address=frame.as_uri(),
        home=tmp_path / "home",
    )
    told = re.search(r"width (\d+) of (\d+)", built)
    assert told is not None
    assert 0 < int(told[1]) <= int(told[2])


def test_a_wide_table_fits_on_paper(
    report: ReportContent, browser: Any, tmp_path: Path
) -> None:
    """With every score there is, no table is cut off at the edge of a sheet."""
    one = report.contaminants[0]
    assert one.evaluation is not None
    every = {name: {"mean": -0.1234567, "se": 0.0456789} for name in SCORES}
    scores = {model: {"knndm": every} for model in ("lightgbm", "ordinary_kriging")}
    wide = replace(one, evaluation=replace(one.evaluation, scores=scores))
    path = tmp_path / "report.html"
    page_text = render_report(replace(report, contaminants=(wide,)))
    path.write_text(page_text, encoding="utf-8")
    # 178 mm between the margins of A4, at 96 points to the inch.
    page = browser.new_page(viewport={"width": 673, "height": 950})
    page.emulate_media(media="print")
    page.goto(path.as_uri())
    ends = page.evaluate(
        "[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right)"
    )
    page.close()
    assert max(ends) <= 673


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_print_shows_what_the_screen_folds_away(
    report: ReportContent, tmp_path: Path
) -> None:
    """Tables inside closed details are on paper."""
    path = tmp_path / "report.html"
    path.write_text(render_report(report), encoding="utf-8")
    paper = tmp_path / "report.pdf"
    chromium(
        "--no-pdf-header-footer",
        f"--print-to-pdf={paper}",
        address=path.as_uri(),
        home=tmp_path / "home",
    )
    command = ["pdftotext", "-layout", str(paper), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Reliability by bin" in text
    assert "Importance by covariate" in text
    assert "Skip to the answers" not in text
