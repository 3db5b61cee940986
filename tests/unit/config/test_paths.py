"""Which files a configuration may name."""

from pathlib import Path

import pytest

from hotspot.config.paths import DATA_ROOTS_VARIABLE, input_path
from hotspot.errors import ConfigError


def test_a_file_below_the_root_is_taken(tmp_path: Path) -> None:
    """A relative path below the project is what it says."""
    (tmp_path / "a.csv").write_text("x")
    assert input_path("a.csv", "data.path", root=tmp_path) == tmp_path / "a.csv"


@pytest.mark.parametrize("text", ["../secret.csv", "/etc/passwd", "data/../../secret.csv"])
def test_paths_out_of_the_project_are_refused(tmp_path: Path, text: str) -> None:
    """Neither dots nor an absolute path lead out."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.csv").write_text("x")
    with pytest.raises(ConfigError, match=r"data\.path: .*outside the project"):
        input_path(text, "data.path", root=root)


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    """A link is judged by where it leads."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.csv").write_text("x")
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ConfigError, match="outside the project"):
        input_path("link.csv", "data.path", root=root)


@pytest.mark.parametrize("text", ["/vsicurl/http://a/b.tif", "http://a/b.tif", "a\0b"])
def test_addresses_are_refused(tmp_path: Path, text: str) -> None:
    """GDAL's virtual paths and web addresses are no files."""
    with pytest.raises(ConfigError, match="is an address, not a file"):
        input_path(text, "data.path", root=tmp_path)


def test_a_named_root_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user, not the configuration, can open another folder."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "gis").mkdir()
    (tmp_path / "gis" / "a.tif").write_text("x")
    monkeypatch.setenv(DATA_ROOTS_VARIABLE, str(tmp_path / "gis"))
    assert input_path(str(tmp_path / "gis" / "a.tif"), "k", root=root).is_file()


def test_raw_data_need_not_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the project has below data/raw stands before what another folder has."""
    for folder in ("project/data/raw", "gis"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.tif").write_text("x")
    (tmp_path / "gis" / "b.tif").write_text("x")
    monkeypatch.setenv(DATA_ROOTS_VARIABLE, str(tmp_path / "gis"))
    root = tmp_path / "project"
    assert input_path("a.tif", "k", root=root) == (root / "data" / "raw" / "a.tif")
    assert input_path("b.tif", "k", root=root) == tmp_path / "gis" / "b.tif"


def test_a_missing_file_is_named_with_its_key(tmp_path: Path) -> None:
    """The message says which key named the file."""
    with pytest.raises(ConfigError, match=r"covariates\.layers\.dem\.path: there is no file"):
        input_path("dem.tif", "covariates.layers.dem.path", root=tmp_path)
