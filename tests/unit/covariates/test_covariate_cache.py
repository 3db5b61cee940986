"""Unchanged covariates are taken over, changed ones made anew, and nobody can tell."""

import json
from dataclasses import replace

import numpy as np
import pytest
from affine import Affine

from hotspot.covariates import build
from hotspot.covariates.build import build_covariates
from hotspot.covariates.cache import recipe_digest
from hotspot.covariates.catalogue import Covariate, Kind, Role
from hotspot.covariates.derivations import Density, Focal
from hotspot.covariates.layers import DerivedLayer, Features, RasterLayer, VectorLayer
from hotspot.covariates.source_files import source_files
from hotspot.grid import Grid

GRID = Grid("EPSG:28992", Affine(40, 0, 200_000, 0, -40, 500_000), (6, 8))


def covariate(name, kind=Kind.CONTINUOUS):
    return Covariate(name, "", kind, Role.SOIL)


@pytest.fixture
def layers(write_raster, write_features):
    numbers = write_raster(np.arange(48, dtype="float32").reshape(6, 8), name="n.tif")
    codes = write_raster(np.tile([1, 7], (6, 4)).astype("uint8"), name="c.tif", nodata=0)
    points = Features(write_features(["POINT (200100 499900)"]), where=None)
    return [
        RasterLayer(covariate("clay"), numbers),
        RasterLayer(covariate("rock", Kind.CATEGORICAL), codes),
        VectorLayer(covariate("mines"), points, Density(200.0)),
        DerivedLayer(RasterLayer(covariate("clay_around"), numbers), Focal("mean", 80.0)),
    ]


@pytest.fixture
def made(monkeypatch):
    """Return the names of covariates that were made rather than taken over."""
    names = []
    original = build.recipe_of

    def recording(layer, grid, files):
        names.append(layer.covariate.name)
        return original(layer, grid, files)

    monkeypatch.setattr(build, "recipe_of", recording)
    return names


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.*"))
    }


def test_second_build_makes_nothing_and_is_the_same(layers, tmp_path, made):
    """Byte by byte the same folder, with the same catalogue, from nothing and from itself."""
    folder = tmp_path / "c"
    first = build_covariates(layers, GRID, folder)
    before = contents(folder)
    assert len(made) == 4
    made.clear()
    assert build_covariates(layers, GRID, folder) == first
    assert made == []
    assert contents(folder) == before


def test_changed_parameter_makes_only_its_covariate(layers, tmp_path, made):
    """Another radius makes one layer anew; the result is that of a fresh build."""
    build_covariates(layers, GRID, tmp_path / "c")
    made.clear()
    layers[2] = replace(layers[2], derive=Density(300.0))
    build_covariates(layers, GRID, tmp_path / "c")
    assert made == ["mines"]
    build_covariates(layers, GRID, tmp_path / "fresh")
    assert contents(tmp_path / "c") == contents(tmp_path / "fresh")


def test_changed_content_makes_what_depends_on_it(layers, tmp_path, made, write_raster):
    """New values under an old name are seen; a copy of another name and content is too."""
    build_covariates(layers, GRID, tmp_path / "c")
    made.clear()
    write_raster(np.arange(48, dtype="float32")[::-1].reshape(6, 8), name="n.tif")
    build_covariates(layers, GRID, tmp_path / "c")
    assert made == ["clay", "clay_around"]


@pytest.mark.parametrize("change", ["grid", "order", "role"])
def test_what_else_changes_is_seen(layers, tmp_path, made, change):
    """Another grid makes all anew, another role its layer, another order nothing."""
    build_covariates(layers, GRID, tmp_path / "c")
    made.clear()
    grid = GRID
    if change == "grid":
        grid = GRID.crop(build_window())
    if change == "order":
        layers = layers[::-1]
    if change == "role":
        layers[0] = replace(
            layers[0], covariate=replace(layers[0].covariate, role=Role.CLIMATE)
        )
    catalogue = build_covariates(layers, grid, tmp_path / "c")
    assert len(made) == {"grid": 4, "order": 0, "role": 1}[change]
    assert list(catalogue.names) == [layer.covariate.name for layer in layers]


def build_window():
    from hotspot.grid import Window

    return Window(1, 1, 4, 6)


def test_damaged_or_unknown_files_are_not_taken(layers, tmp_path, made):
    """A file that somebody changed, or a catalogue without recipes, is made anew."""
    folder = tmp_path / "c"
    build_covariates(layers, GRID, folder)
    before = contents(folder)
    made.clear()
    (folder / "clay.tif").write_bytes(before["rock.tif"])
    build_covariates(layers, GRID, folder)
    assert made == ["clay"]
    assert contents(folder) == before
    made.clear()
    catalogue = json.loads(before["catalogue.json"])
    del catalogue["recipes"]["rock.tif"]["digest"]
    catalogue["recipes"]["mines.tif"] = 3
    (folder / "catalogue.json").write_text(json.dumps(catalogue))
    build_covariates(layers, GRID, folder)
    assert made == ["rock", "mines"]
    assert contents(folder) == before


def test_warnings_are_said_again(tmp_path, write_features):
    """What was wrong with a source when it was made is still wrong when it is taken over."""
    bow = (
        "POLYGON ((200000 499800, 200100 499900, 200100 499800, 200000 499900, 200000 499800))"
    )
    layer = VectorLayer(covariate("field"), Features(write_features([bow])), Density(200.0))
    for _ in range(2):
        with pytest.warns(UserWarning, match="1 of 1 features .* were repaired"):
            build_covariates([layer], GRID, tmp_path / "c")


def test_files_beside_belong_to_a_source(tmp_path, layers):
    """A shapefile has its attributes, a raster its world file and its side-car."""
    for name in (
        "a.shp",
        "a.dbf",
        "a.prj",
        "a.gpkg",
        "b.tif",
        "b.tfw",
        "b.tif.aux.xml",
        "b.shp",
    ):
        (tmp_path / name).write_text("")
    assert [p.name for p in source_files(tmp_path / "a.shp")] == [
        "a.shp",
        "a.dbf",
        "a.gpkg",
        "a.prj",
    ]
    assert [p.name for p in source_files(tmp_path / "b.tif")] == [
        "b.tif",
        "b.tfw",
        "b.tif.aux.xml",
    ]
    before = recipe_digest(layers[0], GRID)
    (layers[0].path.parent / "n.tif.aux.xml").write_text("<PAMDataset/>")
    assert recipe_digest(layers[0], GRID) != before
