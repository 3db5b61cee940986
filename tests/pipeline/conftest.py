"""One run of the default experiment, shared by the tests that look at what it made."""

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hotspot.cli import run_command_line


def make_project(folder: Path, root: Path) -> Path:
    """Copy what a user starts with: the configuration and the raw data."""
    shutil.copytree(root / "conf", folder / "conf")
    shutil.copytree(root / "data" / "raw", folder / "data" / "raw")
    return folder


@pytest.fixture(scope="session")
def new_project(project_root: Path) -> Callable[[Path], Path]:
    """Return what makes a fresh project in a folder, for tests that share one."""
    return partial(make_project, root=project_root)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """Return a project in which `hotspot run` has finished."""
    folder = make_project(tmp_path_factory.mktemp("finished"), project_root)
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert run_command_line(["run"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def in_finished(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the finished project."""
    monkeypatch.chdir(finished)
    return finished


@pytest.fixture
def project(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a fresh project."""
    monkeypatch.chdir(make_project(tmp_path, project_root))
    return tmp_path


@pytest.fixture
def metrics(finished: Path) -> dict[str, Any]:
    """Return the score ledger of the finished run."""
    text = (finished / "experiments" / "meuse" / "metrics.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded
