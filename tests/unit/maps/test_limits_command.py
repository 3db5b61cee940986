"""`hotspot swing` and rules in a configuration, from files on disk to files on disk."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import yaml

from hotspot.cli import run_command_line
from hotspot.commands.limit_rules import limit_rules, rule_facts, rule_threshold
from hotspot.commands.models import limit_value, limits_of, model_facts
from hotspot.commands.stages import stage
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.stack import open_stack
from hotspot.covariates.store import write_catalogue
from hotspot.errors import ConfigError, ThresholdError
from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.kriging.regression import RegressionKriging
from hotspot.estimators.logistic import LogisticClassifier
from hotspot.estimators.store import save_model
from hotspot.grid import Grid
from hotspot.observations.limits.rules import LimitRule
from hotspot.rasters import CogWriter

GRID = Grid.from_region((0, 4000, 0, 3000), 100, "EPSG:28992")
NAMES = ("slope", "ph")
CATALOGUE = Catalogue(tuple(Covariate(n, "1", Kind.CONTINUOUS, Role.SOIL) for n in NAMES))


def write_stack(folder: Path) -> None:
    folder.mkdir(parents=True)
    rows, cols = GRID.shape
    slope, ph = np.meshgrid(np.linspace(-2, 2, cols), np.linspace(4.5, 8.5, rows))
    slope[0, 0] = np.nan
    for name, values in zip(NAMES, (slope, ph), strict=True):
        with CogWriter(folder / f"{name}.tif", GRID, units=["1"], descriptions=[name]) as out:
            out.write(next(iter(GRID.windows(4096))), values)
    write_catalogue(folder, CATALOGUE, GRID)


@pytest.fixture
def project(tmp_path, monkeypatch, project_root):
    """Return a project with a stack, a config and a kriging model of arsenic."""
    values = compose(["contaminants=[as]", "threshold.as=150", "name=toy"])
    monkeypatch.chdir(tmp_path)
    values["predict"]["decision"] |= {"rule": "cuts", "above": 0.8, "below": 0.2}
    home = tmp_path / "experiments" / "toy"
    home.mkdir(parents=True)
    (home / "config.yaml").write_text(yaml.safe_dump(values))
    write_stack(tmp_path / "data" / "interim" / "toy" / "covariates")
    random = np.random.default_rng(0)
    places = np.column_stack([random.uniform(0, 4000, 80), random.uniform(0, 3000, 80)])
    with open_stack(tmp_path / "data" / "interim" / "toy" / "covariates") as stack:
        X = stack.sample(places)
    keep = X.notna().all(axis=1).to_numpy()
    X, places = X[keep].reset_index(drop=True), places[keep]
    c = np.exp(np.log(60) + X["slope"].to_numpy() + random.normal(0, 0.2, len(X)))
    half = np.arange(len(X)) % 2
    area = AreaOfApplicability().fit(X, folds=half)
    facts = {"model_id": "m", "data_hash": "d", "version": "0"}
    for name, model in (
        ("kriging", RegressionKriging().fit(X, c, c, coordinates=places)),
        ("logistic", LogisticClassifier(threshold=150.0).fit(X, c, c)),
    ):
        fitted = FittedModel(
            model, CATALOGUE, GRID, "as", {"id": "x", "value_mg_kg": 150.0}, area, facts
        )
        save_model(fitted, tmp_path / "models" / name / "as")
    return tmp_path


def use(project: Path, name: str) -> None:
    (project / "models" / name).rename(project / "models" / "toy")


def test_swing_writes_the_map_and_says_who_disagrees(project, capsys) -> None:
    """Codes agree with the limits planted along pH and the concentration along the slope."""
    use(project, "kriging")
    asked = ["swing", "experiment=toy", "regimes=[cn_farmland_control,se_mkm]", "ph=ph"]
    assert run_command_line(asked) == 0, capsys.readouterr().err
    folder = project / "experiments" / "toy" / "maps" / "as"
    with rasterio.open(folder / "swing.tif") as raster:
        codes = raster.read(1)
        assert raster.nodata == 255
        assert "cn_farmland_control.as" in raster.tags()["threshold_id"]
    assert codes[0, 0] == 255
    assert (codes != 255).sum() == codes.size - 1
    # The Chinese limit is 100 to 200, the Swedish 25: between them it depends.
    assert set(np.unique(codes)) >= {0, 2}
    assert (codes == 2).sum() > (codes == 1).sum()
    told = json.loads((folder / "swing.json").read_text())
    assert [row["regime"] for row in told["regimes"]] == ["cn_farmland_control", "se_mkm"]
    pair = told["pairs"][0]
    assert pair["first_above_second_below_km2"] == 0.0
    assert pair["first_below_second_above_km2"] == pytest.approx((codes == 2).sum() * 0.01)
    with (folder / "swing.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["cells"]) for row in rows] == [int((codes == k).sum()) for k in range(4)]
    assert (folder / "swing.qml").is_file()
    assert (folder / "swing_pairs.csv").is_file()
    before = (folder / "swing.tif").read_bytes()
    assert run_command_line(asked) == 0
    assert (folder / "swing.tif").read_bytes() == before


def test_a_limit_that_is_not_known_is_cannot_say(project, capsys) -> None:
    """Without pH the Chinese regime has no limit anywhere; the reason is in the file."""
    use(project, "kriging")
    asked = ["swing", "experiment=toy", "regimes=[cn_farmland_control,se_mkm]"]
    assert run_command_line(asked) == 0, capsys.readouterr().err
    folder = project / "experiments" / "toy" / "maps" / "as"
    with rasterio.open(folder / "swing.tif") as raster:
        assert set(np.unique(raster.read(1))) == {3, 255}
    reasons = json.loads((folder / "swing.json").read_text())["limits"][0]
    assert reasons["cells_without_limit"] == {"ph (pH) is not given": GRID.shape[0] * 40 - 1}


@pytest.mark.parametrize(
    ("model", "words", "said"),
    [
        ("logistic", ["regimes=[cn_farmland_control,se_mkm]", "ph=ph"], "model=ensemble"),
        ("kriging", ["regimes=[se_mkm]"], "Name two or more"),
        ("kriging", ["regimes=[se_mkm,se_kn]"], "Did you mean 'se_km'"),
        ("kriging", ["regimes=[se_mkm,cn_farmland_control]", "ph=acidity"], "'acidity'"),
        ("kriging", ["regime=[se_mkm]"], "Did you mean 'regimes'"),
    ],
)
def test_swing_refuses_what_it_cannot_answer(project, capsys, model, words, said) -> None:
    """With three parts, and nothing half-written."""
    use(project, model)
    code = run_command_line(["swing", "experiment=toy", *words])
    assert code == 1
    assert said in capsys.readouterr().err
    assert not (project / "experiments" / "toy" / "maps" / "as" / "swing.tif").exists()


def test_swing_tells_every_regime_without_limit_before_the_first_map(project, capsys) -> None:
    """With the contaminants that can be asked; no map of the others is made first."""
    use(project, "kriging")
    path = project / "experiments" / "toy" / "config.yaml"
    values = yaml.safe_load(path.read_text())
    values["contaminants"] = ["as", "zn", "cu"]
    values["threshold"] |= {"zn": 300, "cu": 50}
    path.write_text(yaml.safe_dump(values))
    asked = ["swing", "experiment=toy", "regimes=[de_residential,ca_agricultural]"]
    assert run_command_line(asked) == 1
    said = capsys.readouterr()
    assert "de_residential has none of zn, cu; ca_agricultural has none of zn." in said.err
    assert "Ask for contaminants=[as], or for other regimes" in said.err
    assert not said.out
    assert not list((project / "experiments" / "toy").rglob("swing.tif"))


def configured(**threshold):
    values = compose(["contaminants=[as]", "threshold.as=150"])
    values["threshold"] = threshold
    values["covariates"]["layers"] = {
        "ph": {"source": "raster", "path": "data/raw/ph.tif", "role": "soil", "unit": "1"}
    }
    return check_config(values)


def test_a_configuration_gives_rules() -> None:
    """By contaminant, by regime, with what is given for all; numbers stay numbers."""
    regime = configured(regime="cn_farmland_control", given={"ph": "ph"})
    assert limit_rules(regime)["as"].covariates == ("ph",)
    assert isinstance(limit_value(limits_of(regime)["as"]), LimitRule)
    fixed = configured(**{"as": {"rule": "cn_farmland_control", "ph": 5.0}})
    limit = limits_of(fixed)["as"]
    assert (limit.id, limit_value(limit)) == ("cn_farmland_control.as", 200.0)
    assert limit.citation
    assert limits_of(configured(**{"as": 7}))["as"].id == "user_as_7"
    unknown = configured(regime="cn_farmland_control")
    with pytest.raises(ThresholdError, match="is not known: ph"):
        rule_threshold(limit_rules(unknown)["as"])
    with pytest.raises(ThresholdError, match="is not known: ph"):
        limits_of(unknown)


def test_rule_facts_make_a_model_that_carries_its_rule() -> None:
    """Plain JSON; the median of the samples' limits stands for the rule."""
    import pandas as pd

    rule = limit_rules(configured(regime="cn_farmland_control", given={"ph": "ph"}))["as"]
    frame = pd.DataFrame({"ph": [5.0, 6.0, 8.0, np.nan]})
    facts = json.loads(json.dumps(rule_facts(rule, frame), allow_nan=False))
    assert (facts["value_mg_kg"], facts["n_unknown"]) == (150.0, 1)
    assert (facts["lowest_mg_kg"], facts["highest_mg_kg"]) == (100.0, 200.0)
    with pytest.raises(ThresholdError, match="known at none of 1 samples"):
        rule_facts(rule, frame[3:])


def test_another_registry_of_the_user_is_another_model(tmp_path, monkeypatch) -> None:
    """Its file is read by every stage that asks about limits, and its numbers are identity."""
    config = configured(**{"as": "own_1", "registry": "limits.csv"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hotspot.commands.models.data_digest", lambda paths: "data")
    ids = set()
    for value in (5, 7):
        (tmp_path / "limits.csv").write_text(
            "id,contaminant,value,unit,jurisdiction,instrument,source_url\n"
            f"own_1,as,{value},mg/kg,XX,Own decree,https://example.org\n"
        )
        assert limit_value(limits_of(config)["as"]) == value
        ids.add(model_facts(config, Paths("toy"))["model_id"])
    assert len(ids) == 2
    for name in ("evaluate", "fit", "explain", "report"):
        assert Path("limits.csv") in stage(name).inputs(config, Paths("toy"))


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        ({"as": {"rule": "fi", "registry": "FI"}}, r"threshold\.as.*do not fit"),
        ({"as": {"rule": "fi", "kind": "trigger"}}, r"threshold\.as.*settles kind"),
        ({"as": {"rule": "fi", "acidity": 5}}, r"threshold\.as\.acidity: there is no such key"),
        ({"as": {"rule": "cn_farmland_control", "ph": "acid"}}, "depends on acid"),
        ({"as": 7, "registry": "../limits.csv"}, "lies outside the project"),
        ({"as": {"rule": "nowhere"}}, "There is no regime 'nowhere'"),
        ({"as": {"rule": "ca", "land_use": "corine"}}, "has no classes"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused(threshold, said) -> None:
    """At the door, or when the rule is made."""
    with pytest.raises((ConfigError, ThresholdError), match=said):
        limit_rules(configured(**threshold))


def test_thresholds_are_computed_for_a_soil(capsys) -> None:
    """The Dutch intervention value of cadmium at 12 % clay and 4 % organic matter."""
    asked = ["contaminant=cd", "jurisdiction=NL", "clay=12", "organic_matter=4"]
    assert run_command_line(["thresholds", *asked]) == 0
    told = capsys.readouterr().out
    assert f"{13 * (0.4 + 12 * 0.007 + 4 * 0.021) / 0.785:.4g} mg/kg" in told
    assert run_command_line(["thresholds", "contaminant=cd", "jurisdiction=EU", "ph=5"]) == 0
    assert "does not hold" in capsys.readouterr().out
    assert run_command_line(["thresholds", "regimes=true"]) == 0
    assert "nl_soil_quality" in capsys.readouterr().out
