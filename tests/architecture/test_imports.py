"""Imports follow the flow of data: a package imports only from those to its left."""

import ast
from pathlib import Path

import pytest

import hotspot

ROOT = Path(hotspot.__file__).parent
BASE = {
    "compiled",
    "errors",
    "files",
    "grid",
    "markdown",
    "one_core",
    "rasters",
    "seeds",
    "units",
}

# Who may import whom, beside the base and itself.
ALLOWED: dict[str, set[str]] = {
    "observations": set(),
    "covariates": set(),
    "samples": {"observations", "covariates"},
    "folds": {"observations", "covariates", "samples"},
    "trees": set(),
    "estimators": {"observations", "covariates", "samples", "folds", "trees"},
    "evaluation": {"observations", "covariates", "samples", "folds", "estimators"},
    "selection": {"observations", "covariates", "samples", "folds", "estimators", "evaluation"},
    "maps": {"observations", "covariates", "samples", "folds", "estimators"},
    "explanations": {"observations", "covariates", "samples", "folds", "estimators", "maps"},
    "review": set(),
    "web": {
        "observations",
        "covariates",
        "samples",
        "estimators",
        "maps",
        "explanations",
        "review",
    },
    "report": {"observations", "covariates", "folds", "maps"},
    "bundle": {
        "observations",
        "covariates",
        "samples",
        "estimators",
        "evaluation",
        "maps",
    },
    "config": {"covariates"},
    "datasets": set(),
    "tracking": {"estimators"},
    "worlds": {"observations", "covariates", "samples"},
}
ABOVE = {"commands", "cli"}

# Rooms within a package: who may import whom, beside what the package shares.
INNER: dict[str, dict[str, set[str]]] = {
    "observations": {"formats": set(), "inspection": set(), "limits": set()},
    "estimators": {
        "applicability": set(),
        "boosting": set(),
        "forests": set(),
        "gaussian_process": set(),
        "kriging": {"forests"},
        "ensemble": {"kriging"},
    },
}

# Third-party packages with one door each.
DOORS: dict[str, set[str]] = {
    "hydra": {"cli", "config", "commands/job.py"},
    "omegaconf": {"cli", "config", "commands/job.py"},
    "dask": {"maps/cluster.py", "maps/remote.py", "estimators/boosting/distributed.py"},
    "distributed": {"maps/cluster.py", "maps/remote.py"},
    "mlflow": {"tracking"},
    "shap": {"explanations"},
    "matplotlib": {"report"},
    "numba": {"compiled", "trees/kernels.py"},
    "pint": {"units"},
    "optuna": {"selection"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "rio_tiler": {"web"},
    "xstatic": {"web"},
}

# The base has an order of its own.
BASE_ALLOWED = {
    "compiled": set(),
    "errors": set(),
    "seeds": set(),
    "files": {"errors"},
    "units": {"errors"},
    "grid": {"errors"},
    "markdown": set(),
    "one_core": set(),
    "rasters": {"errors", "files", "grid"},
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return every dotted name that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_imported(path: Path) -> set[str]:
    parts = (name.split(".") for name in imported(path) if name.startswith("hotspot."))
    return {part[1] for part in parts if not part[1].startswith("_")} - {"__version__"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    """A module imports only the base, its own package, and packages to its left."""
    own = room(path)
    if own in ABOVE or own in ("__init__", "__main__"):
        return
    allowed = BASE_ALLOWED[own] if own in BASE else BASE | ALLOWED[own] | {own}
    assert rooms_imported(path) <= allowed | {own}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_third_party_packages_have_one_door(path: Path) -> None:
    """Each of `DOORS` is imported only in its rooms."""
    place = path.relative_to(ROOT).as_posix()
    for package, doors in DOORS.items():
        uses = any(name.split(".")[0] == package for name in imported(path))
        assert not uses or room(path) in doors or place in doors, f"{place} imports {package}"


def packages(root: Path) -> set[str]:
    return {path.name for path in root.iterdir() if path.is_dir() and path.name[0] != "_"}


def test_every_package_has_its_place_in_the_table() -> None:
    """No package stands outside the order."""
    assert packages(ROOT) - {"conf"} - BASE == set(ALLOWED) | {"commands"}


@pytest.mark.parametrize("package", INNER)
def test_rooms_within_a_package_know_little_of_each_other(package: str) -> None:
    """Each can be read, and replaced, alone."""
    inner = INNER[package]
    assert packages(ROOT / package) - {"registry"} == set(inner)
    for own, others in inner.items():
        for path in sorted((ROOT / package / own).glob("*.py")):
            within = (n.split(".")[2:] for n in imported(path) if f".{package}." in n)
            known = {part[0] for part in within} & set(inner)
            assert known <= others | {own}, path


def test_the_table_has_no_cycle() -> None:
    """No package can reach itself through what it may import."""
    for start in ALLOWED:
        seen: set[str] = set()
        queue = list(ALLOWED[start])
        while queue:
            name = queue.pop()
            if name not in seen:
                seen.add(name)
                queue += ALLOWED[name]
        assert start not in seen


def test_rasters_are_opened_at_the_edge_only() -> None:
    """`rasterio.open` stands in readers and writers, nowhere in the core."""
    edges = {
        "bundle/read.py",
        "covariates/remote_rasters.py",
        "covariates/source_rasters.py",
        "rasters/opened.py",
        "rasters/write.py",
    }
    opening = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if "rasterio.open" in imported(path)
        or any(
            isinstance(node, ast.Attribute) and ast.unparse(node) == "rasterio.open"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    }
    assert opening == edges


def test_nothing_pickles() -> None:
    """No module has a serialiser that runs code when it reads, by import, call or keyword.

    `commands/workers.py` has joblib for its processes, and reads no file with it.
    """
    for path in modules():
        allowed = {"joblib"} if path.parts[-2:] == ("commands", "workers.py") else set()
        assert not ({"pickle", "joblib", "dill", "cloudpickle", "skops"} - allowed) & {
            name.split(".")[0] for name in imported(path)
        }, path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("read_pickle", "to_pickle"), path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert ast.unparse(node.value) == "False", path


# Lines, docstrings included: a module has one noun, a function one verb.
LONGEST_MODULE, LONGEST_FUNCTION = 480, 105


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_and_functions_stay_short(path: Path) -> None:
    """What grows beyond a few screens is divided, or its bound is raised by intent."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
