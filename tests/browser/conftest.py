"""Finished experiments, served by `hotspot serve`, and a browser that tells what it does."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hotspot.cli import run_command_line

STAGES = (
    "compose",
    "observations",
    "covariates",
    "samples",
    "folds",
    "evaluate",
    "fit",
    "predict",
    "explain",
)
# One split and no rival: the maps are what is looked at, not the scores.
SMALL = (
    "tracking=none",
    "cv.repeats=1",
    "cv.plans=[block]",
    "cv.n_splits=2",
    "cv.rivals=[]",
    "cv.target_weighted=false",
)
EXPERIMENTS = {
    "meuse": ("model=regression_kriging", "contaminants=[zn]"),
    "direct": ("model=logistic", "contaminants=[zn,pb]", "name=direct"),
}


@dataclass
class Viewer:
    """A server that runs: its address, and the project that it serves."""

    address: str
    root: Path


@dataclass
class Watch:
    """What a page did: messages of the console, mistakes, and addresses asked for."""

    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, project_root: Path, chromium: str) -> Path:
    """Return a project with two finished experiments."""
    root = tmp_path_factory.mktemp("served")
    shutil.copytree(project_root / "conf", root / "conf")
    shutil.copytree(project_root / "data" / "raw", root / "data" / "raw")
    before = Path.cwd()
    os.chdir(root)
    try:
        for overrides in EXPERIMENTS.values():
            for stage in STAGES:
                assert run_command_line([stage, *SMALL, *overrides]) == 0
    finally:
        os.chdir(before)
    return root


@pytest.fixture(scope="session")
def viewer(made: Path) -> Iterator[Viewer]:
    """Serve a model of the concentration."""
    yield from _served(made, "meuse")


@pytest.fixture(scope="session")
def direct_viewer(made: Path) -> Iterator[Viewer]:
    """Serve a direct classifier."""
    yield from _served(made, "direct")


def _served(root: Path, experiment: str) -> Iterator[Viewer]:
    command = [sys.executable, "-m", "hotspot", "serve", *EXPERIMENTS[experiment]]
    with subprocess.Popen(
        [*command, "serve.port=18765"], cwd=root, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        told = []
        for line in server.stderr:
            told.append(line)
            if line.startswith("Viewer: "):
                break
        else:
            pytest.fail(f"the server said: {''.join(told)}")
        try:
            yield Viewer(told[-1].split()[1], root)
        finally:
            server.terminate()


@pytest.fixture
def watch() -> Watch:
    """Note what pages do."""
    return Watch()


@pytest.fixture
def open_page(browser: Any, watch: Watch) -> Iterator[Callable[..., Any]]:
    """Return what opens an address at a width; afterwards no page may have complained."""
    opened = []

    def open_at(address: str, *, width: int = 1440, height: int = 900) -> Any:
        page = browser.new_page(viewport={"width": width, "height": height})
        opened.append(page)
        page.set_default_timeout(20_000)
        page.on(
            "console",
            lambda message: (
                watch.errors.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        page.on("request", lambda request: watch.asked.append(request.url))
        page.goto(address)
        page.wait_for_selector("input[name=layer]:checked", state="attached")
        page.wait_for_load_state("networkidle")
        return page

    yield open_at
    for page in opened:
        page.close()
    assert watch.errors == []
    assert {url.split("/")[2].split(":")[0] for url in watch.asked} <= {"127.0.0.1"}
