"""What pages and helps show can be typed as it stands."""

import re
import shlex
import shutil
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import hotspot.commands.bundle as bundle_command
import hotspot.commands.swing as swing_command
import hotspot.commands.thresholds as limits_command
import hotspot.commands.world as world_command
from hotspot.cli import VERBS
from hotspot.commands.models import limit_value, limits_of
from hotspot.config.check import check_config
from hotspot.config.compose import check_overrides, compose
from hotspot.estimators import ConcentrationModel
from hotspot.observations.limits.conditions import QUANTITIES
from hotspot.observations.limits.regimes import regime_rule
from hotspot.observations.limits.rules import limit_words
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.worlds import Region, Survey, World

ROOT = Path(__file__).parent.parent.parent.parent
STAGES = {verb.name for verb in VERBS if verb.is_stage}
# Experiments that a reader is told to make.
OF_THE_READER = ("mine", "toy", "demo", "NAME")


def commands_of(text: str) -> list[list[str]]:
    """Return the words after each `hotspot` at the beginning of an indented or fenced line."""
    blocks = re.findall(r"^( *)```[a-z]*\n(.*?)^\1```", text, flags=re.M | re.S)
    shown = "\n".join(block for _, block in blocks) if blocks else text
    joined = re.sub(r"\\\n *", " ", shown)
    lines = re.findall(r"^ *(?:[A-Z_]+=\S+ )?(?:\.venv/bin/)?hotspot (.*)$", joined, flags=re.M)
    # Two spaces begin what a line says of itself where no # does.
    return [shlex.split(line.split("   ")[0], comments=True) for line in lines]


@cache
def shown() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return every command of the pages, with its page."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return tuple(
        (page.name, tuple(words))
        for page in pages
        for words in commands_of(page.read_text(encoding="utf-8"))
    )


def test_pages_show_verbs_that_exist() -> None:
    """Of each command in a block of code."""
    assert len(shown()) > 40
    assert {words[0] for _, words in shown()} <= {verb.name for verb in VERBS}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (page, words)
        for page, words in shown()
        if words[0] in {*STAGES, "config", "bundle"}
        and words[:2] != ("bundle", "check")
        and not any(f"experiment={name}" in words for name in OF_THE_READER)
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_pages_tell_to_type_composes(page: str, words: tuple[str, ...]) -> None:
    """Keys and values are known, of every job of a sweep."""
    check_overrides([word for word in words[1:] if word not in ("show", "check", "--dry-run")])


def test_what_pages_tell_of_worlds_and_limits_is_known() -> None:
    """Options of `hotspot world`, filters and quantities of `hotspot thresholds`."""
    for verb, parse in (("world", world_command._parse), ("thresholds", limits_command._parse)):
        asked = [list(words[1:]) for _, words in shown() if words[0] == verb]
        assert len([parse(words) for words in asked if "--help" not in words]) > 1


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that a page gives its headings."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.M)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def test_links_of_pages_lead_somewhere() -> None:
    """To a file, or to a heading of one."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    broken, seen = [], 0
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if link.startswith("http"):
                continue
            seen += 1
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            if not target.exists() or (anchor and anchor not in anchors_of(target)):
                broken.append(f"{page.name}: {link}")
    assert seen > 100
    assert not broken


def example(text: str, verb: str) -> list[str]:
    """Return the words of the first command of a verb that is more than its name."""
    return next(words for words in commands_of(text) if words[0] == verb and len(words) > 2)


@pytest.mark.parametrize("place", ["page", "help"])
def test_the_bundle_shown_has_all_that_a_bundle_needs(place: str) -> None:
    """Country, depth, licence and contact; the default experiment states no depth."""
    page = (ROOT / "docs" / "bundles.md").read_text(encoding="utf-8")
    words = example(
        page if place == "page" else bundle_command.HELP.partition("contact:")[2], "bundle"
    )
    statement = bundle_command._statement(check_config(compose(words[1:])))
    assert statement.depth == (0, 20)
    assert statement.licence
    assert statement.contact.email


def test_the_swing_map_shown_has_a_limit_of_every_regime() -> None:
    """Of each contaminant that the command asks about."""
    page = (ROOT / "docs" / "thresholds.md").read_text(encoding="utf-8")
    asked = swing_command._parse(example(page, "swing")[1:])
    names, contaminants = (
        asked.pop(key).strip("[]").split(",") for key in ("regimes", "contaminants")
    )
    assert asked.pop("experiment") == "meuse"
    soil = SoilInputs.read(asked)
    found = [regime_rule(c, name, soil).constant_mg_kg for c in contaminants for name in names]
    assert len(found) == 6
    assert all(limit is not None for limit in found)


def yaml_of(text: str) -> list[dict[str, Any]]:
    """Return the values of each YAML block of a page."""
    blocks = re.findall(r"^( *)```yaml\n(.*?)^\1```", text, flags=re.M | re.S)
    return [yaml.safe_load(textwrap.dedent(block)) for _, block in blocks]


@pytest.mark.parametrize("is_wide", [False, True])
def test_the_experiment_of_the_readme_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_wide: bool
) -> None:
    """The long table, and the wide one with what the page says to leave out and to write."""
    mine, wide = yaml_of((ROOT / "README.md").read_text(encoding="utf-8"))
    if is_wide:
        for name in ("contaminant", "value", "unit"):
            del mine["data"]["columns"][name]
        mine["data"] |= wide
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    text = "# @package _global_\n" + yaml.safe_dump(mine, sort_keys=False)
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(text, encoding="utf-8")
    config = check_config(compose(["experiment=mine"]))
    assert config.data.columns["site"] == "sample_no"
    assert list(config.covariates.layers) == ["land_use", "elevation", "road_distance"]


def test_the_limits_of_the_page_are_limits() -> None:
    """Each block of docs/thresholds.md, where the covariates that it names are there."""
    page = (ROOT / "docs" / "thresholds.md").read_text(encoding="utf-8")
    values = compose(["threshold=given"])
    layers = values["covariates"]["layers"]
    layers |= dict.fromkeys(
        ("soil_ph", "soil_clay", "soil_om"), layers["river_distance_normalised"]
    )
    layers |= dict.fromkeys(("corine", "ka5"), layers["soil_type"])
    words = []
    for block in yaml_of(page):
        limits = block["threshold"]
        named = [name for name in limits if name not in ("regime", "given")]
        asked = sorted({*named, "zn"}) if "regime" in limits else named
        config = check_config({**values, "contaminants": asked, "threshold": limits})
        words += [limit_words(limit_value(limit)) for limit in limits_of(config).values()]
    assert words == [
        "500 mg/kg",
        "3 mg/kg",
        "the limit eu_sludge_86_278.cd of their place",
        "the limit CA.pb of their place",
        "the limit DE.as of their place",
        "90 mg/kg",
        "the limit nl_soil_quality.zn of their place",
    ]


def test_the_page_on_limits_lists_every_property_of_a_soil() -> None:
    """To which the help of `hotspot thresholds` sends its reader."""
    page = (ROOT / "docs" / "thresholds.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| `.*", page, flags=re.M))
    assert set(QUANTITIES) <= set(re.findall(r"`(\w+)`", rows))
    assert "docs/thresholds.md" in limits_command.HELP


def test_the_tables_of_the_page_are_tables() -> None:
    """The long and the wide one of docs/data.md."""
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    blocks = yaml_of(page)
    assert len(blocks) == 2
    values = compose([])
    for block in blocks:
        data = {**compose(["data=table", "data.path=lab.csv"])["data"], **block}
        assert check_config({**values, "data": data}).data.columns["site"] == "PointID"


def test_the_python_of_the_readme_runs_on_arrays() -> None:
    """With what its comments say of the names that it does not define."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", text, flags=re.S)
        if "ConcentrationModel" in block
    )
    world = World.simulate(1, region=Region(shape=(30, 30)), survey=Survey(60))
    samples = world.samples().of("pb")
    X = samples.X[["land_use", "clay"]]
    names = {
        "X": X,
        "lower": samples.lower,
        "upper": samples.upper,
        "coordinates": samples.coordinates,
        "X_new": X[:4],
        "places": samples.coordinates[:4],
    }
    exec(code, names)  # noqa: S102
    model = names["model"]
    assert isinstance(model, ConcentrationModel)
    assert model.draw(X[:4], coordinates=samples.coordinates[:4]).shape == (100, 4)


def test_the_python_of_the_page_on_worlds_runs() -> None:
    """As it stands."""
    text = (ROOT / "docs" / "worlds.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102
    assert names["limit"]
