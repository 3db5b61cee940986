"""Every configuration file composes, is commented, and says what the code says."""

import ast
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import yaml

from hotspot.commands.stages import STAGES, Stage
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.schema import Config
from hotspot.config.schema.node import Node
from hotspot.estimators.registry import ESTIMATOR_KINDS, make_estimator

ROOT = Path(__file__).parent.parent.parent
CONF = ROOT / "conf"
GROUPS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name != "local")
OPTIONS = [
    (group, path.stem)
    for group in GROUPS
    for path in sorted((CONF / group).glob("*.yaml"))
    # These three are filled by an experiment.
    if path.stem not in ("table", "layers", "given")
]


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes(group: str, option: str) -> None:
    """Each option of each group, with the default experiment, passes the schema."""
    config = check_config(compose([f"{group}={option}"]))
    assert config.name


def test_groups_are_those_promised() -> None:
    """The groups that users were told exist."""
    assert set(GROUPS) == {
        "bundle",
        "covariates",
        "cv",
        "data",
        "experiment",
        "explain",
        "model",
        "predict",
        "serve",
        "threshold",
        "tracking",
        "tune",
    }


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_begins_with_a_comment(path: Path) -> None:
    """A reader learns from the first lines what a file is for."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if not line.startswith("# @package"))
    assert first.startswith("# ")
    assert len(first) > 20


def comments(path: Path) -> dict[str, str]:
    """Return what the comment above each key of a file, and on its line, says; by dotted key.

    A comment is of the keys below it that stand as far to the right, up to an empty line.
    """
    found: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    above, column, closed = "", 0, False
    for line in path.read_text(encoding="utf-8").splitlines():
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("#"):
            said = "" if "@package" in line else line.strip("# ")
            above = said if closed or indent != column else f"{above} {said}"
            column, closed = indent, False
        elif not line.strip():
            above, closed = "", True
        elif key := re.match(r"""\s*["']?([\w/][^"'#{\[]*?)["']?:(?= |$)""", line):
            stack = [each for each in stack if each[0] < indent] + [(indent, key.group(1))]
            own = line.partition(" #")[2]
            dotted = ".".join(name for _, name in stack)
            found[dotted] = f"{above if column == indent else ''} {own}".strip()
            closed = True
        elif line.strip() == "{}":
            found[""] = above
    return found


def all_comments() -> dict[str, list[str]]:
    """Return what every file of conf says of each key; of a model's, by its kind."""
    found: dict[str, list[str]] = {}
    for path in sorted(CONF.rglob("*.yaml")):
        group = path.parent.name
        parts = [] if path.parent == CONF or group == "experiment" else [group]
        parts += [path.stem] if group == "model" else []
        for key, said in comments(path).items():
            found.setdefault(".".join([*parts, *filter(None, [key])]), []).append(said)
    return found


def nodes(annotation: object) -> list[type[Node]]:
    """Return the nodes that a value of the schema may be made of."""
    if isinstance(annotation, type) and issubclass(annotation, Node):
        return [annotation]
    return [node for part in get_args(annotation) for node in nodes(part)]


def schema_keys(node: type[Node], path: str = "") -> Iterator[str]:
    """Yield every key below a node, but for groups, and for names that users give."""
    for name, known in node.model_fields.items():
        if path or name not in GROUPS:
            yield path + name
        for inner in nodes(known.annotation):
            kind = f"{inner.model_fields['kind'].annotation}" if name == "model" else ""
            own = re.sub(r".*\['(.*)'\]", r"\1.", kind)
            yield from schema_keys(inner, f"{path}{name}.{own}")


COMMENTS = all_comments()
# Where a comment of conf sends its reader for the rest.
PAGES = {"covariates.layers.": "covariates.md", "threshold.": "thresholds.md"}


COLUMNS = (key for key in COMMENTS if key.startswith("data.columns."))


@pytest.mark.parametrize("key", sorted({*schema_keys(Config), *COLUMNS}))
def test_every_key_of_the_schema_is_told(key: str) -> None:
    """By a comment above it or on its line, or by name in the one above what holds it."""
    said = COMMENTS.get(key, [])
    holders = [key.rpartition(".")[0]]
    while "." in holders[-1]:
        holders.append(holders[-1].rpartition(".")[0])
    around = " ".join(text for holder in holders for text in COMMENTS.get(holder, []))
    name = re.escape(key.rpartition(".")[2])
    named = re.search(rf"\b{name}\b", around) is not None
    for start, page in PAGES.items():
        if key.startswith(start):
            text = (ROOT / "docs" / page).read_text(encoding="utf-8")
            named = named or re.search(rf"`{name}\b|\b{name}:", text) is not None
    assert any(said) or named, key


def test_every_key_is_commented() -> None:
    """Each key of the group defaults has a comment above it, or on its line."""
    for path in sorted(CONF.rglob("*.yaml")):
        if path.parent.name in ("experiment", "threshold") or path.stem == "meuse":
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        covered = False
        for line in lines:
            if line.startswith("#"):
                covered = True
            elif not line.strip():
                covered = False
            elif not line.startswith((" ", "-", "defaults", "{")):
                assert covered or "#" in line, f"{path.name}: {line}"


@pytest.mark.parametrize("plan", ["buffered", "group", "knndm", "random", "time"])
def test_plans_write_only_what_differs(plan: str) -> None:
    """What the files of `cv` share stands in block.yaml alone, and is had from there."""
    block, own = (
        yaml.safe_load((CONF / "cv" / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("block", plan)
    )
    assert own.pop("defaults") == ["block", "_self_"]
    assert not {key for key, value in own.items() if value == block[key]}
    assert compose([f"cv={plan}"])["cv"] == {**block, **own}


def defaults_in_code(node: Node, path: str = "") -> list[str]:
    """Return the keys of a node and those below it that code would fill if conf did not."""
    found = []
    for name, known in type(node).model_fields.items():
        if not known.is_required():
            found.append(path + name)
        elif isinstance(inner := getattr(node, name), Node):
            found += defaults_in_code(inner, f"{path}{name}.")
    return found


def test_defaults_stand_in_conf_alone() -> None:
    """A key that conf left out would be told, not filled with what code takes for usual."""
    found = defaults_in_code(check_config(compose([])))
    # A contaminant's own limit may be all there is to say.
    assert {key for key in found if not key.startswith("threshold.")} == set()


MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))


def test_every_kind_of_model_has_a_file() -> None:
    """Whatever may be a rival or a member may be chosen; a file is named after its kind."""
    assert set(MODELS) == set(ESTIMATOR_KINDS)


@pytest.mark.parametrize("kind", MODELS)
def test_model_files_hold_the_defaults_of_their_class(kind: str) -> None:
    """A rival, which has its class's defaults, is the model that `model=<kind>` gives."""
    given = yaml.safe_load((CONF / "model" / f"{kind}.yaml").read_text(encoding="utf-8"))
    assert given.pop("kind") == kind
    defaults = make_estimator(kind, {}, threshold=1.0).get_params()  # type: ignore[attr-defined]
    for name, value in given.items():
        if name != "n_jobs":
            assert defaults[name] == value, name


def test_dvc_says_what_the_stages_say() -> None:
    """Stages, keys, inputs and outputs of dvc.yaml are those of commands/stages.py."""
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8").replace("${experiment}", "meuse")
    described = yaml.safe_load(text)["stages"]
    from hotspot.config.paths import Paths

    config = check_config(compose([]))
    paths = Paths(config.name)
    assert [*described] == ["compose", *(stage.name for stage in STAGES), "track"]
    for stage in STAGES:
        said = described[stage.name]
        keys = said["params"][0]["experiments/meuse/config.yaml"]
        assert keys == list(stage.keys), stage.name
        outs = [
            next(iter(out)) if isinstance(out, dict) else out
            for out in [*said["outs"], *said.get("metrics", [])]
        ]
        promised = {path.as_posix() for path in stage.outputs(config, paths)}
        assert promised == set(outs), stage.name
        assert "src/hotspot" in said["deps"], stage.name
        of_raw = ("observations", "covariates", "evaluate", "fit", "explain", "report")
        raw = {"data/raw"} if stage.name in of_raw else set()
        inputs = {path.as_posix() for path in stage.inputs(config, paths)}
        inputs = {path for path in inputs if not path.startswith("data/raw")}
        # DVC knows no file that may not be there.
        inputs -= {paths.reviews.as_posix()}
        assert inputs | raw == {d for d in said["deps"] if not d.startswith("src/")}, stage.name
        assert said["cmd"] == (f"hotspot {stage.name} --composed experiments/meuse/config.yaml")


def test_a_review_makes_the_report_anew(tmp_path: Path) -> None:
    """Answers of reviewers are an input of the report as soon as there are any."""
    from hotspot.config.paths import Paths

    config, paths = check_config(compose([])), Paths("meuse", tmp_path)
    report = next(stage for stage in STAGES if stage.name == "report")
    shutil.copytree(ROOT / "data" / "raw", tmp_path / "data" / "raw")
    assert paths.reviews not in report.inputs(config, paths)
    paths.reviews.parent.mkdir(parents=True)
    paths.reviews.write_text('{"reviews": []}')
    assert paths.reviews in report.inputs(config, paths)


COMMANDS = ROOT / "src" / "hotspot" / "commands"


@cache
def parsed(name: str) -> ast.Module:
    return ast.parse((COMMANDS / f"{name}.py").read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> dict[str, tuple[str, str]]:
    """Return what is imported from other commands: name to module and name there."""
    found = {}
    for node in ast.walk(tree):
        parts = (getattr(node, "module", None) or "").split(".")
        if isinstance(node, ast.ImportFrom) and parts[:2] == ["hotspot", "commands"]:
            found |= {a.asname or a.name: (parts[2], a.name) for a in node.names if parts[2:]}
    return found


def code_of(stage: str) -> Iterator[ast.AST]:
    """Yield the functions and classes that a command runs, in whatever module of commands."""
    queue = [(stage, node.name) for node in parsed(stage).body if hasattr(node, "name")]
    seen = set(queue)
    while queue:
        module, name = queue.pop()
        own = {node.name: node for node in parsed(module).body if hasattr(node, "name")}
        if name not in own:
            continue
        yield own[name]
        elsewhere = imports(parsed(module))
        for node in ast.walk(own[name]):
            if isinstance(node, ast.Name):
                next_one = elsewhere.get(node.id, (module, node.id))
                if next_one not in seen:
                    seen.add(next_one)
                    queue.append(next_one)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_stages_list_every_key_they_read(stage: Stage) -> None:
    """A command reads no part of the configuration that its stage does not list."""
    # The number of processes changes no result.
    shared = {"name", "contaminants", "workers"}
    read = {
        node.attr
        for code in code_of(stage.name)
        for node in ast.walk(code)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "config"
    } & set(Config.model_fields)
    assert read <= {key.split(".")[0] for key in stage.keys} | shared


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_stages_list_every_package_they_use(stage: Stage) -> None:
    """A command, with the modules it calls, uses no code that its stage does not list."""
    modules, queue = set(), [stage.name]
    while queue:
        modules.add(queue.pop())
        calls = {module for name in modules for module, _ in imports(parsed(name)).values()}
        queue = sorted(calls - modules)
    used = {
        (node.module or "").split(".")[1]
        for name in modules
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hotspot.")
    }
    base = {path.stem for path in COMMANDS.parent.glob("*.py")}
    assert used - base - {"commands", "config", "rasters", "trees"} <= set(stage.packages)
