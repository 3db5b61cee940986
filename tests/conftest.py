"""Fixtures that many tests share."""

import os
from pathlib import Path

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
    from hotspot.maps.remote import local_workers

    with local_workers(2) as client:
        yield client
