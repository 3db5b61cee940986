"""Fixtures that many tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data sets that are not part of the project, or skip."""
    folder = Path(os.environ.get("HOTSPOT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"the data sets of {folder.name}/ are not part of the project")
    return folder


@pytest.fixture(scope="session")
def dask_client():
    """Two Dask worker processes on this machine; tests that use it share a group."""
    from hotspot.maps.cluster import local_workers

    with local_workers(2) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the installed browser, or skip."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """Start the installed browser once; tests that use it share a group."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
