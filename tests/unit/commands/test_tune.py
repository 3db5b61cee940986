"""`hotspot tune` and `hotspot select`: the door, and what they advise."""

import shlex
from pathlib import Path

import pytest
import yaml

from hotspot.cli import run_command_line
from hotspot.commands import select
from hotspot.commands.advice import override_text, use_command
from hotspot.commands.console import Console
from hotspot.commands.search_problem import check_score
from hotspot.commands.tune import best_yaml, search_space
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.errors import ConfigError
from hotspot.estimators.registry import make_estimator
from hotspot.evaluation.uncertainty import Estimate
from hotspot.selection import Choice


def composed(*overrides: str) -> Config:
    return check_config(compose(list(overrides)))


CONF = Path(__file__).parent.parent.parent.parent / "conf"
SPACES = yaml.safe_load((CONF / "tune" / "search.yaml").read_text(encoding="utf-8"))["spaces"]
KINDS = [kind for kind, space in SPACES.items() if space]


@pytest.mark.parametrize("kind", KINDS)
def test_every_declared_space_can_be_searched(kind: str) -> None:
    """Each model's own settings lie in its space, and its ends make a model."""
    config = composed(f"model={kind}")
    space = search_space(config)
    values = config.model.model_dump(exclude={"kind"})
    space.check(values)
    for parameter in space.parameters:
        ends = parameter.choices or (parameter.low, parameter.high)
        for end in ends:
            value = int(end) if parameter.kind == "int" else end
            setting = {**values, parameter.name: value}
            make_estimator(kind, setting, threshold=1.0)
            type(config.model).model_validate({"kind": kind, **setting})


def test_every_model_declares_a_space() -> None:
    """A new model file comes with its search space, be it empty."""
    assert {path.stem for path in (CONF / "model").glob("*.yaml")} <= set(SPACES)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["tune.trials=0"], "tune.trials: "),
        (["tune.inner_splits=1"], "tune.inner_splits: "),
        (["tune.score=auc"], "tune.score: "),
        (["tune.spaces.lightgbm.learning_rate.low=0"], "has no logarithm"),
        (["tune.spaces.lightgbm.num_leaves.low=99"], "`low: 99` is not below `high: 63`"),
        (["tune.spaces.lightgbm.num_leaves.low=2.5"], "not whole numbers"),
        (["tune.spaces.lightgbm.num_leaves.low=1"], "the model cannot take 1"),
        (["tune.spaces.lightgbm.num_leaves.kind=float"], "the model cannot take"),
        (["tune.spaces.lightgbm.num_leaves.kind=categorical"], "has `choices`"),
        (["+tune.spaces.logistic.c={kind: int, low: 1, high: 2}"], "Did you mean 'C'?"),
        (
            ["tune.spaces.ordinary_kriging.model.choices=[sph]"],
            "`choices: ['sph']`: give two or more",
        ),
        (["tune.spaces.ordinary_kriging.model.choices=[sph,gau]"], "cannot take 'gau'"),
        (["+tune.spaces.neighbour={}"], "tune.spaces.neighbour"),
        (["covariates.use=[soil_typ]"], "Did you mean 'soil_type'?"),
        (["covariates.use=[]"], "leaves no covariate"),
    ],
)
def test_mistakes_are_told_at_the_door(
    capsys: pytest.CaptureFixture[str], overrides: list[str], message: str
) -> None:
    """Each is one message that names the key, before anything runs."""
    assert run_command_line(["config", "check", *overrides]) == 1
    assert message in capsys.readouterr().err


def test_a_model_without_space_is_told() -> None:
    """The prevalence has no settings; models that have are named."""
    with pytest.raises(ConfigError, match=r"tune\.spaces\.prevalence.*lightgbm"):
        search_space(composed("model=prevalence"))


@pytest.mark.parametrize(
    "kind", ["ordinary_kriging", "indicator_kriging", "climatology", "prevalence"]
)
def test_there_is_nothing_to_select_without_covariates(kind: str, tmp_path: Path) -> None:
    """A model that looks at none is refused before any sample is read."""
    with pytest.raises(ConfigError, match=f"model={kind}: the model looks at no covariate"):
        select.run(composed(f"model={kind}"), Paths("meuse", tmp_path), Console(None))


def test_crps_needs_a_distribution() -> None:
    """A classifier cannot be scored by it; a model of the concentration can."""
    with pytest.raises(ConfigError, match=r"tune\.score=crps.*model=lightgbm"):
        check_score(composed("model=lightgbm", "tune.score=crps"))
    check_score(composed("model=gaussian_process", "tune.score=crps"))


def test_layers_not_in_use_are_nowhere() -> None:
    """`covariates.use` leaves the others out; those in use keep the order of the layers."""
    config = composed("covariates.use=[soil_type,flood_frequency]")
    assert list(config.covariates.layers) == ["flood_frequency", "soil_type"]
    again = check_config(config.model_dump(mode="json"))
    assert again == config
    assert len(composed().covariates.layers) == 5


SETTINGS = {
    "lightgbm": {"learning_rate": 0.0123, "num_leaves": 7},
    "ensemble": {"members": ["gaussian_process", "quantile_forest"], "calibrated": False},
    "quantile_forest": {"max_features": 1.0, "use_coordinates": False},
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_the_advised_command_gives_the_setting(kind: str) -> None:
    """The printed line, parsed by a shell and by Hydra, makes the chosen model."""
    config = composed(f"model={kind}", "contaminants=[zn]")
    changes = {f"model.{name}": value for name, value in SETTINGS[kind].items()}
    command = use_command(config, "zn", {"model": kind, **changes})
    words = shlex.split(command)
    assert words[:2] == ["hotspot", "run"]
    used = composed(*words[2:])
    assert used.contaminants == ["zn"]
    assert used.model == config.model.model_copy(update=SETTINGS[kind])


def test_what_was_typed_holds_for_the_advised_command() -> None:
    """A limit or plan of the search is that of the run; its own keys are not repeated."""
    typed = ["++threshold.zn=300", "cv=random", "model=logistic", "tune.trials=3", "workers=1"]
    typed.append("++threshold.pb=200")  # would be refused beside contaminants=[zn]
    command = use_command(composed(), "zn", {"model": "logistic", "model.C": 2.0}, typed)
    words = shlex.split(command)[2:]
    assert words[3:] == ["threshold.zn=300", "cv=random", "model=logistic", "model.C=2.0"]
    assert composed(*words).threshold.model_extra["zn"] == 300


def test_one_of_several_contaminants_gets_a_name_of_its_own() -> None:
    """What was found for zinc must not take the place of the maps of the others."""
    words = shlex.split(use_command(composed(), "zn", {}))
    assert "name=meuse_zn" in words
    assert "experiment=meuse" in words


def test_best_yaml_is_a_piece_of_an_experiment() -> None:
    """Its `model` node is the chosen one, and the reason stands above it."""
    config = composed("model=logistic")
    choice = Choice(3, {"C": 0.5}, 3, Estimate(0.1, 0.01), "Trial 3 is chosen.")
    text = best_yaml(config, choice, "hotspot run")
    assert text.startswith("# Trial 3 is chosen.\n")
    assert yaml.safe_load(text) == {"model": {"kind": "logistic", "C": 0.5}}


@pytest.mark.parametrize("value", [None, True, 3, 0.02, 1e-05, "exp", ["a", "b"]])
def test_override_text_is_read_back(value: object) -> None:
    """Hydra's grammar reads what was written."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_override(f"a={override_text(value)}")
    assert parsed.value() == value
