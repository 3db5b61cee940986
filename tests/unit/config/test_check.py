"""The one door of the configuration."""

import re
import shutil
from pathlib import Path
from typing import get_args

import pytest

from hotspot.config.check import check_config, config_digest
from hotspot.config.compose import compose
from hotspot.config.schema.maps import LAYER_NAMES
from hotspot.config.schema.node import MemberKind, ModelKind
from hotspot.errors import ConfigError
from hotspot.estimators.registry import ESTIMATOR_KINDS, estimator_class
from hotspot.maps.layers import LAYERS, ROLE_LAYERS, ROLES


def checked(*overrides: str) -> object:
    return check_config(compose(list(overrides)))


def test_default_is_complete() -> None:
    """The default experiment composes and passes."""
    config = check_config(compose([]))
    assert config.name == "meuse"
    assert config.contaminants == ["cd", "cu", "pb", "zn"]


def test_an_experiment_has_the_name_of_its_file(tmp_path: Path, project_root: Path) -> None:
    """A copied experiment does not write into the files of the first; a run may be renamed."""
    folder = tmp_path / "conf"
    shutil.copytree(project_root / "conf", folder)
    shutil.copy(folder / "experiment" / "meuse.yaml", folder / "experiment" / "mine.yaml")
    with pytest.raises(ConfigError, match=r"experiment=mine .*`name: meuse`.*`name: mine`"):
        compose(["experiment=mine"], folder=folder)
    assert compose(["experiment=mine", "name=meuse"], folder=folder)["name"] == "meuse"
    assert compose(["name=other", "model=logistic"], folder=folder)["name"] == "other"


def test_a_plain_number_is_a_limit() -> None:
    """threshold.zn=500 needs no plus sign and becomes a number."""
    assert check_config(compose(["threshold.zn=500"])).threshold["zn"] == 500.0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("modle=logistic", r"modle: .*Did you mean 'model'"),
        ("model=lightgbmm", r"model=lightgbmm: .*Did you mean 'lightgbm'.*logistic"),
        ("model.n_split=3", r"model\.n_split: .*Did you mean 'model\.n_splits'"),
        ("model.n_splits=many", r"model\.n_splits: .*'many'"),
        ("+model.leaves=3", r"model\.leaves: there is no such key"),
        ("experiment=mouse", r"experiment=mouse: .*Did you mean 'meuse'"),
        ("cv.primary=grid", r"cv\.primary: .*'random', 'block', 'knndm'.*'buffered'.*'grid'"),
        ("cv.plans=[block,group]", r"cv: .*`groups: null` names no groups.*laboratory"),
        ("predict.layers=[probability,decison]", r"layers\.1: .*no such map layer.*'decision'"),
        ("predict.layers=[]", r"predict\.layers: no map layer is named.*probability"),
        ("predict.layers=[roles,role_soil]", r"layers: `roles` stands .*role_soil is named"),
        ("model.members=[logistic]", r"model\.members\.0: .*'climatology'.*'logistic'"),
        ("predict.decision.confidence=0.4", r"predict\.decision\.confidence: .*0\.5"),
        ("threshold.zn=-1", r"threshold\.zn: .*greater than 0.*-1"),
        ("contaminants=[as]", r"without a limit: as.*threshold\.as=500"),
        ("predict.decision.above=0.1", r"predict\.decision: .*`below: 0\.2`.*cannot say"),
        ("covariates.layers.soil_type.role=dirt", r"layers\.soil_type\.role: .*'geology'"),
        (
            "+covariates.layers.soil_type.kindd=x",
            r"layers\.soil_type\.kindd: .*Did you mean 'kind'",
        ),
        ("covariates.layers.river_share.radius_m=null", r"layers\.river_share: .*radius"),
        ("covariates.grid.crs=EPSG:4326", r"covariates\.grid: `like` and one of"),
        ("name=../elsewhere", r"name: .*'\.\./elsewhere'"),
        ("contaminants=???", r"contaminants.*value is \?\?\?"),
        ("seed=-1", r"seed: .*-1"),
        (
            "+covariates.layers.easting={source:coordinate,axis:easting}",
            r"covariates\.layers: easting is a name of its own",
        ),
    ],
)
def test_errors_name_the_key_as_typed(override: str, message: str) -> None:
    """What is wrong, the value seen, and the nearest right key stand in one message."""
    with pytest.raises(ConfigError, match=message):
        checked(override)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("contaminants", "[cd,zn,cd]"),
        ("covariates.use", "[soil_type,soil_type]"),
        ("+covariates.layers.soil_type.of", "[1,2,1]"),
        ("+threshold.regimes", "[se_mkm,se_mkm]"),
        ("cv.plans", "[random,block,random]"),
        ("cv.rivals", "[logistic,prevalence,logistic]"),
        ("model.members", "[climatology,climatology]"),
        ("predict.layers", "[probability,median,median]"),
        ("bundle.keywords", "[soil,lead,soil]"),
    ],
)
def test_a_list_names_each_thing_once(key: str, values: str) -> None:
    """A repeat is refused before the first stage, with what is repeated and what to do."""
    twice = values.strip("[]").split(",")[-1]
    typed = re.escape(key.removeprefix("+"))
    message = rf"^{typed}: named more than once: '?{twice}'?\. Name each once\. Given: \["
    with pytest.raises(ConfigError, match=message):
        checked(f"{key}={values}")


def test_choices_are_what_the_code_knows() -> None:
    """Layers, models and members of pools: the schema has those that there are, no others."""
    assert len(set(LAYER_NAMES)) == len(LAYER_NAMES)
    assert set(LAYER_NAMES) == {*LAYERS, *ROLE_LAYERS, ROLES}
    assert set(get_args(ModelKind)) == set(ESTIMATOR_KINDS)
    pooled = {
        kind for kind in ESTIMATOR_KINDS if hasattr(estimator_class(kind), "distribution")
    }
    assert set(get_args(MemberKind)) == pooled - {"ensemble"}


@pytest.mark.parametrize(
    "override",
    [
        "+hydra.callbacks.x._target_=os.system",
        "+model._target_=subprocess.run",
        "hydra.launcher._target_=os.system",
    ],
)
def test_code_in_a_configuration_is_refused(override: str) -> None:
    """A node that names code to run is refused before anything could call it."""
    with pytest.raises(ConfigError, match="names code to run"):
        checked(override)


def test_digest_depends_on_content_only() -> None:
    """The order of keys does not change a digest; a value does."""
    assert config_digest({"a": 1, "b": 2}) == config_digest({"b": 2, "a": 1})
    assert config_digest({"a": 1}) != config_digest({"a": 2})


def test_reserved_names_are_the_columns_of_the_sample_table() -> None:
    """No covariate can take the place of a column that every sample has."""
    from hotspot.config.schema import RESERVED_NAMES
    from hotspot.samples.sampleset import SAMPLE_COLUMNS

    assert set(RESERVED_NAMES) == {*SAMPLE_COLUMNS, "location"}


def test_a_regime_that_would_change_nothing_is_refused() -> None:
    """Limits of their own go before it, so that a map of another law would be made."""
    with pytest.raises(
        ConfigError, match=r"threshold\.regime=fi changes nothing: cd, cu.*given"
    ):
        check_config(compose(["threshold.regime=fi"]))
    some = check_config(compose(["threshold=given", "threshold.regime=fi", "threshold.zn=500"]))
    assert some.threshold["zn"] == 500.0
    assert some.threshold["cd"] != some.threshold["zn"]


def test_what_is_given_of_the_soil_may_be_typed() -> None:
    """As numbers or covariates, for all limits; no key of the file is needed for it."""
    asked = ["threshold=given", "threshold.regime=eu_sludge_86_278", "threshold.given.ph=6.5"]
    assert check_config(compose(asked)).threshold.given.given() == {"ph": 6.5}
