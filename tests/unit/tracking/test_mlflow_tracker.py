"""A tracking store that cannot be used is told in a message, and harms no later run."""

from pathlib import Path
from typing import Any

import mlflow
import pytest
from sqlalchemy.exc import OperationalError

from hotspot.errors import OutputError
from hotspot.tracking.mlflow_tracker import MlflowTracker

URI = "sqlite:///experiments/mlflow.db"


def test_a_damaged_store_is_told_and_kept(tmp_path: Path) -> None:
    """It may hold runs that somebody can save; the remedy is named."""
    database = tmp_path / "experiments" / "mlflow.db"
    database.parent.mkdir()
    database.write_bytes(b"no database" * 500)
    with pytest.raises(OutputError, match=r"mlflow\.db cannot be used.*move a damaged store"):
        MlflowTracker(URI, root=tmp_path).find("meuse", "0")
    assert database.read_bytes() == b"no database" * 500


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """As where the disk is full or may only be read."""
    (tmp_path / "experiments").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match=r"All other files of the run are complete\."):
        MlflowTracker(URI, root=tmp_path).find("meuse", "0")


def test_a_store_that_was_made_by_half_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that filled up while the tables were made leaves no store behind."""

    def full(uri: str, _registry: str) -> Any:
        Path(uri.removeprefix("sqlite:///")).write_bytes(b"half")
        raise OperationalError("CREATE TABLE runs", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(mlflow, "MlflowClient", full)
        with pytest.raises(OutputError, match="cannot be used: database or disk is full"):
            MlflowTracker(URI, root=tmp_path).find("meuse", "0")
    assert not (tmp_path / "experiments" / "mlflow.db").exists()
    assert MlflowTracker(URI, root=tmp_path).find("meuse", "0") is None
