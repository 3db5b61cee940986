"""What the page promises to every reader, whatever is in it."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from hotspot.maps.styles import decision_style, dissimilarity_style, probability_style
from hotspot.report.content import (
    ContaminantContent,
    Evaluation,
    ReportContent,
    SamplePoints,
    Sampling,
)
from hotspot.report.page import render_report
from hotspot.report.tables import importance_table
from hotspot.report.words import causal_words

WithZinc = Callable[[ContaminantContent], ReportContent]
HOSTILE = '<script>alert("x")</script>'


class Reader(HTMLParser):
    """Collect what a reader of the page meets: text, ids, links, pictures, attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.addresses: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self._silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        values = dict(attrs)
        self.tags.add(tag)
        self._silent += tag in ("style", "script")
        if values.get("id"):
            self.ids.append(str(values["id"]))
        for name in ("src", "href", "action", "data", "poster"):
            if values.get(name):
                self.addresses.append(str(values[name]))
        if tag == "a":
            self.targets.append(str(values.get("href")))
        if tag in ("img", "svg"):
            self.pictures.append({"tag": tag, **values})

    def handle_endtag(self, tag: str) -> None:
        """Note the end of style or script."""
        self._silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        """Keep text that is shown."""
        if not self._silent:
            self.text.append(data)


@pytest.fixture(name="page", scope="module")
def page_fixture(report: ReportContent) -> str:
    """Return the page of a complete report."""
    return render_report(report)


@pytest.fixture(name="reader", scope="module")
def reader_fixture(page: str) -> Reader:
    """Return what a reader meets."""
    return Reader(page)


def test_the_page_asks_no_host_for_anything(page: str, reader: Reader) -> None:
    """Every address is within the page or holds its own data, and no script runs."""
    assert all(a.startswith(("#", "data:")) for a in reader.addresses)
    assert "script" not in reader.tags
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page
    assert "http:" not in page.replace('http-equiv="', "")
    assert "default-src 'none'" in page


def test_every_link_has_its_target_and_ids_are_unique(reader: Reader) -> None:
    """The navigation leads somewhere and SVG parts of several charts do not mix."""
    assert len(reader.ids) == len(set(reader.ids))
    assert {target.removeprefix("#") for target in reader.targets} <= set(reader.ids)


def test_svg_parts_refer_to_ids_that_exist(page: str, reader: Reader) -> None:
    """Dropping unused ids keeps those that clip paths and markers need."""
    used = set(re.findall(r"url\(#([^)]+)\)", page))
    used |= {a[1:] for a in reader.addresses if a.startswith("#")}
    assert used <= set(reader.ids)


def test_charts_are_set_in_the_font_of_the_page(page: str) -> None:
    """No text asks for a font that only the maker's machine has."""
    assert "DejaVu" not in page
    assert "font-family: var(--sans)" in page


def test_every_picture_has_a_text_alternative(reader: Reader) -> None:
    """A reader who does not see the figures is told what each shows."""
    assert len(reader.pictures) > 15
    for picture in reader.pictures:
        told = picture.get("alt") if picture["tag"] == "img" else picture.get("aria-label")
        assert told is not None
        assert len(told) > 20


def test_every_class_is_named_in_words(reader: Reader) -> None:
    """Legends say in words what a colour means, no data and extrapolation included."""
    text = " ".join(reader.text)
    for style in (probability_style(), decision_style(), dissimilarity_style(0.32)):
        for _, words in style.legend():
            assert words in text
    assert "hatched: outside the area of applicability" in text
    assert "white: no data" in text


def test_every_figure_has_its_numbers_as_a_table(page: str) -> None:
    """A figure without a table in it is followed by the table of all scores."""
    figures = re.findall(r"<figure.*?</figure>", page, flags=re.DOTALL)
    without = [figure for figure in figures if "<table" not in figure]
    assert len(without) == 1
    assert "Log loss on samples not seen" in without[0]
    assert "All scores, by fold plan" in page.split(without[0])[1][:200]


def test_laboratories_worst_places_and_classes_are_told(reader: Reader) -> None:
    """By name: who measured, what was most wrong, which class, and what is compared."""
    text = " ".join(" ".join(reader.text).split())
    for told in (
        "north 90 18 20 % 0 2 5",  # the share below the limits of a laboratory
        "north 90 1.25 1.1 1.4",
        "Too few results for a factor: harbour.",
        "s17 912 mg/kg 0.04 3.2",
        "every other year 0.4 0.1 80",
        "average one over 24 samples",
        "The same against a background of samples",
        "21 values look like half a detection limit.",
        "92 % of all parts are what a role does whatever the others are",
        "Uncertainty: width of the 90 % interval",
    ):
        assert told in text, told


def test_the_page_claims_no_cause(reader: Reader) -> None:
    """No text that this package writes uses a causal word."""
    assert causal_words(" ".join(reader.text)) == []


def test_the_same_content_gives_the_same_bytes(report: ReportContent, page: str) -> None:
    """No clock, no random id and no memory address reaches the page."""
    assert render_report(report) == page


def test_four_contaminants_stay_under_three_megabytes(four: ReportContent) -> None:
    """The page can be sent by mail."""
    page = render_report(four)
    assert len(page.encode()) < 3_000_000
    assert len(Reader(page).ids) == len(set(Reader(page).ids))


def test_names_from_files_are_escaped(zinc: ContaminantContent, with_zinc: WithZinc) -> None:
    """A script in the name of a covariate, contaminant, limit or model stays text."""
    assert zinc.explanation is not None
    assert zinc.evaluation is not None
    explanation = replace(
        zinc.explanation,
        importance=zinc.explanation.importance.replace("distance_to_river", HOSTILE),
        dependence=(replace(zinc.explanation.dependence[0], name=HOSTILE),),
        samples=None,
    )
    hostile = replace(
        zinc,
        name=HOSTILE,
        contaminant=HOSTILE,
        limit=replace(zinc.limit, threshold_id=HOSTILE, citation=HOSTILE, note=HOSTILE),
        evaluation=replace(
            zinc.evaluation,
            scores={HOSTILE: zinc.evaluation.scores["lightgbm"]},
            model=HOSTILE,
        ),
        explanation=explanation,
        warnings=(HOSTILE, '"><img src=x onerror=alert(1)>'),
    )
    reader = Reader(render_report(replace(with_zinc(hostile), title=HOSTILE)))
    assert "script" not in reader.tags
    assert all(a.startswith(("#", "data:")) for a in reader.addresses)
    assert HOSTILE in " ".join(reader.text)


def test_dollar_signs_are_not_formulas(zinc: ContaminantContent, with_zinc: WithZinc) -> None:
    """A name such as ``a$_b$`` is drawn as it stands and does not stop the report."""
    assert zinc.explanation is not None
    table = zinc.explanation.importance.replace("lime", "a$^{_b$")
    explanation = replace(zinc.explanation, importance=table, samples=None)
    assert "a$^{_b$" in render_report(with_zinc(replace(zinc, explanation=explanation)))


def test_a_bare_contaminant_says_what_is_not_there(
    zinc: ContaminantContent, with_zinc: WithZinc
) -> None:
    """Without maps, scores, explanations and points the page names each gap."""
    bare = ContaminantContent(
        "zn", "Zinc", zinc.limit, Sampling(n=10, n_unknown=0, prevalence=None)
    )
    page = render_report(replace(with_zinc(bare), ledger=(), context=()))
    for missing in ("maps", "scores", "what the model leans on", "map of the samples"):
        assert f"Not in this report: the {missing}" in page.replace(
            "report: scores", "report: the scores"
        ).replace("report: what", "report: the what")
    assert "Not in this report: the data ledger" in page
    assert "Not in this report: fold plans" in page
    assert "How much land lies above" in page


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("decision", "the map of decisions"),
        ("dissimilarity", "the area of applicability"),
        ("areas", "areas"),
        ("hotspots", "hotspots"),
    ],
)
def test_each_missing_map_is_named(
    part: str, sentence: str, zinc: ContaminantContent, with_zinc: WithZinc
) -> None:
    """A map layer that was not made leaves a sentence in its place."""
    assert zinc.maps is not None
    less = replace(zinc, maps=replace(zinc.maps, **{part: None}), explanation=None)
    assert f"Not in this report: {sentence}" in render_report(with_zinc(less))


def test_each_missing_explanation_is_named(
    zinc: ContaminantContent, with_zinc: WithZinc
) -> None:
    """An explanation of importance alone names the six tests and charts it lacks."""
    assert zinc.explanation is not None
    explanation = replace(
        zinc.explanation,
        by_role=None,
        placebo=None,
        samples=None,
        dependence=(),
        layers=None,
        stability=None,
    )
    page = render_report(with_zinc(replace(zinc, maps=None, explanation=explanation)))
    leaning = page.split('id="c1-leaning"')[1].split('id="c1-samples"')[0]
    assert leaning.count("Not in this report") == 6


def test_no_hotspot_is_told_apart_from_not_looked_for(
    zinc: ContaminantContent, with_zinc: WithZinc
) -> None:
    """An empty table of hotspots is a finding, not a gap."""
    assert zinc.maps is not None
    assert zinc.maps.hotspots is not None
    none = replace(zinc.maps.hotspots, table=zinc.maps.hotspots.table.iloc[:0], polygons=())
    page = render_report(
        with_zinc(replace(zinc, maps=replace(zinc.maps, hotspots=none), explanation=None))
    )
    assert "No hotspot was found" in page


def test_a_map_of_one_cell_and_a_survey_of_unknowns_can_be_drawn(
    zinc: ContaminantContent, with_zinc: WithZinc
) -> None:
    """All cells without data but one, and no sample of known exceedance, are no error."""
    assert zinc.maps is not None
    nothing = np.full_like(zinc.maps.probability, np.nan)
    nothing[3, 4] = 0.7
    points = SamplePoints(np.array([[179_000.0, 331_000.0]]), np.array([np.nan]))
    lonely = replace(
        zinc,
        maps=replace(zinc.maps, probability=nothing, hotspots=None),
        sampling=Sampling(1, 1, None, points),
        evaluation=Evaluation(scores={}, model="lightgbm"),
        explanation=None,
    )
    page = render_report(with_zinc(lonely))
    assert "how good it is, is unknown" in page
    empty = replace(lonely, maps=replace(zinc.maps, probability=nothing * np.nan))
    assert "Map of the probability" in render_report(with_zinc(empty))


def test_numbers_of_the_tables_are_those_given(
    reader: Reader, zinc: ContaminantContent
) -> None:
    """Score, area and hotspot stand on the page as they were handed over."""
    text = " ".join(reader.text)
    assert "0.48 ± 0.03" in text
    assert zinc.maps is not None
    assert zinc.maps.areas is not None
    assert f"{zinc.maps.areas.above_ha:.3g}\u00a0ha" in text
    assert zinc.explanation is not None
    assert isinstance(zinc.explanation.stability, pd.DataFrame)
    assert "like noise" in text


def test_tables_of_roles_say_what_they_are_measured_against(
    reader: Reader, zinc: ContaminantContent
) -> None:
    """Two that differ for their backgrounds say so themselves, not in a paragraph alone."""
    text = " ".join(reader.text)
    assert "Importance by role; against 24 samples as background" in text
    assert "on every scale; against 12 samples as background" in text
    assert zinc.explanation is not None
    own = replace(zinc.explanation, n_background=0)
    assert "by the model itself" in importance_table(own).caption
