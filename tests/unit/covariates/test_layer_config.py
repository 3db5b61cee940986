"""Entries of `covariates.layers` become layers, or an error that names the key."""

import re
from types import SimpleNamespace

import pytest
import yaml
from pydantic import ValidationError

from hotspot.commands.covariates import layer_of
from hotspot.commands.stages import raw_layers
from hotspot.config.paths import Paths
from hotspot.config.schema import CovariatesConfig, RasterLayerConfig, VectorLayerConfig
from hotspot.covariates.derivations import (
    Amount,
    ClassDistance,
    ClassShare,
    Density,
    Distance,
    Emission,
    Flow,
    FlowDistance,
    Focal,
    KernelDensity,
    Terrain,
    Weight,
)
from hotspot.covariates.layers import (
    DatedLayer,
    DerivedLayer,
    Features,
    RasterLayer,
    VectorLayer,
)
from hotspot.covariates.wind import WindRose

NAMES = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
WIND = dict.fromkeys(NAMES, 1.0)


@pytest.fixture
def paths(tmp_path):
    for name in ("a.tif", "b.tif", "a.gpkg", "a.csv"):
        (tmp_path / name).write_text("")
    return Paths("x", tmp_path)


def raster(**keys):
    return RasterLayerConfig(**{"path": "a.tif", "role": "soil", **keys})


def vector(**keys):
    return VectorLayerConfig(**{"source": "vector", "path": "a.gpkg", "role": "roads", **keys})


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"derive": "distance", "of": 3}, ClassDistance((3,))),
        ({"derive": "distance", "of": [3, 4], "maximum_m": 9}, ClassDistance((3, 4), 9.0)),
        ({"derive": "share", "of": [1], "radius_m": 5}, ClassShare((1,), 5.0)),
        *(({"derive": s, "radius_m": 5}, Focal(s, 5.0)) for s in ("mean", "sum", "difference")),
        *(
            ({"derive": s}, Terrain(s))
            for s in ("slope", "northness", "eastness", "profile_curvature", "plan_curvature")
        ),
        *(({"derive": s}, Flow(s)) for s in ("upslope_area", "wetness", "outlet_distance")),
        ({"derive": "wetness", "margin_m": 7}, Flow("wetness", 7.0)),
        (
            {"derive": "downstream_distance", "maximum_m": 9, "sources": {"path": "a.gpkg"}},
            FlowDistance("downstream", 9.0),
        ),
        (
            {"derive": "upstream_distance", "maximum_m": 9, "sources": {"path": "a.gpkg"}},
            FlowDistance("upstream", 9.0),
        ),
    ],
)
def test_raster_entries_become_derivations(paths, keys, expected):
    """Every `derive` of a raster is the derivation of that name."""
    layer = layer_of("x", raster(**keys), paths)
    assert isinstance(layer, DerivedLayer)
    assert layer.derive == expected
    assert (layer.sources is not None) == ("sources" in keys)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"derive": "distance"}, Distance()),
        ({"derive": "density", "radius_m": 5}, Density(5.0)),
        *(({"derive": m, "radius_m": 5}, Amount(m, 5.0)) for m in ("count", "length", "share")),
        ({"derive": "kernel", "radius_m": 5}, KernelDensity(5.0)),
        (
            {"derive": "emission", "radius_m": 5, "weight": "mw", "missing_weight": 0},
            Emission(5.0, Weight("mw", 0.0)),
        ),
        (
            {"derive": "upwind", "radius_m": 5, "nearest_m": 1, "power": 2, "wind": WIND},
            Emission(5.0, nearest_m=1.0, power=2.0, rose=WindRose((1.0,) * 8)),
        ),
    ],
)
def test_vector_entries_become_derivations(paths, keys, expected):
    """Every `derive` of a vector layer is the derivation of that name."""
    layer = layer_of("x", vector(**keys), paths)
    assert isinstance(layer, VectorLayer)
    assert layer.derive == expected


def test_tables_have_columns(paths):
    """A table names the columns of its coordinates, both or none."""
    keys = {"path": "a.csv", "derive": "distance", "crs": "EPSG:4326"}
    layer = layer_of("x", vector(**keys, easting="lon", northing="lat"), paths)
    assert layer.features == Features(
        paths.root / "a.csv", crs="EPSG:4326", columns=("lon", "lat")
    )
    with pytest.raises(ValidationError, match="Name both columns"):
        vector(**keys, easting="lon")


def test_dated_entries_show_the_latest_year_or_the_one_stated(paths):
    """One layer per year; the map has the latest unless the entry says otherwise."""
    dated = {2000: "a.tif", 2012: "b.tif"}
    layer = layer_of("x", raster(path=None, dated=dated), paths)
    assert isinstance(layer, DatedLayer)
    assert layer.shown == 2012
    assert [(year, inner.path.name) for year, inner in layer.years] == [
        (2000, "a.tif"),
        (2012, "b.tif"),
    ]
    assert layer_of("x", raster(path=None, dated=dated, shown_year=2000), paths).shown == 2000
    assert isinstance(layer_of("x", raster(), paths), RasterLayer)


@pytest.mark.parametrize(
    ("keys", "remedy"),
    [
        ({"derive": "share", "of": [1]}, "lacks `radius_m`"),
        ({"derive": "distance"}, "lacks `of`"),
        ({"derive": "slope", "radius_m": 5}, "`radius_m: 5.0` and `derive: slope` do not fit"),
        ({"radius_m": 5}, "a layer that is not derived do not fit"),
        ({"derive": "downstream_distance", "maximum_m": 9}, "lacks `sources`"),
        ({"derive": "slope", "kind": "categorical"}, "Leave `kind` out"),
        ({"path": None}, "a path per year"),
        ({"dated": {2000: "a.tif"}}, "a path per year"),
        ({"path": None, "dated": {2000: "a.tif"}, "shown_year": 1999}, "none of the years"),
        ({"nodata": "never"}, "none"),
    ],
)
def test_raster_entries_that_do_not_fit_are_refused(keys, remedy):
    """A key that a derivation lacks or does not know is an error."""
    with pytest.raises(ValidationError, match=remedy):
        raster(**keys)


@pytest.mark.parametrize(
    ("keys", "remedy"),
    [
        ({"derive": "density"}, "lacks `radius_m`"),
        ({"derive": "upwind", "radius_m": 5}, "lacks `wind`"),
        ({"derive": "distance", "radius_m": 5}, "do not fit"),
        ({"derive": "count", "radius_m": 5, "weight": "mw"}, "`weight: mw`"),
        ({"derive": "kernel", "radius_m": 5, "missing_weight": 0}, "Name the attribute"),
    ],
)
def test_vector_entries_that_do_not_fit_are_refused(keys, remedy):
    """A key that a derivation lacks or does not know is an error."""
    with pytest.raises(ValidationError, match=remedy):
        vector(**keys)


def test_every_source_is_an_input_of_the_stage(paths):
    """Rasters of all years, sources, and the files beside them are watched for changes."""
    (paths.root / "a.tif.aux.xml").write_text("")
    layers = {
        "x": raster(derive="upstream_distance", maximum_m=9, sources={"path": "a.gpkg"}),
        "y": raster(path=None, dated={2000: "a.tif", 2012: "b.tif"}),
        "z": vector(path="a.csv", derive="distance", easting="lon", northing="lat"),
    }
    grid = SimpleNamespace(like=None)
    config = SimpleNamespace(covariates=SimpleNamespace(grid=grid, layers=layers))
    found = [path.name for path in raw_layers(config, paths)]
    assert found == ["a.tif", "a.tif.aux.xml", "a.gpkg", "b.tif", "a.csv"]


def test_the_direction_of_slopes_goes_by_its_keys(project_root):
    """Pages and comments offer northness and eastness; there is no aspect to derive."""
    for place in ("docs/covariates.md", "conf/covariates/layers.yaml"):
        text = (project_root / place).read_text(encoding="utf-8")
        assert {"northness", "eastness"} <= set(re.findall(r"\w+", text)), place
        assert not re.search(r"\baspect\b", text), place


def test_every_entry_of_the_documentation_is_one(project_root, tmp_path):
    """The YAML of docs/covariates.md passes the schema and becomes layers."""
    text = (project_root / "docs" / "covariates.md").read_text(encoding="utf-8")
    entries = {}
    for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL):
        values = yaml.safe_load(block)
        entries |= values["covariates"]["layers"] if "covariates" in values else values
    assert len(entries) > 20
    checked = CovariatesConfig.model_validate(
        {
            "grid": {"like": "a.tif", "crs": None, "resolution": None, "region": None},
            "use": None,
            "layers": entries,
        }
    )
    folder = tmp_path / "data" / "raw" / "mine"
    folder.mkdir(parents=True)
    derived = {getattr(node, "derive", None) for node in checked.layers.values()}
    for name, node in checked.layers.items():
        for path in node.files().values():
            (tmp_path / path).write_text("")
        assert layer_of(name, node, Paths("x", tmp_path)).covariate.name == name
    assert {"emission", "upwind", "wetness", "downstream_distance", "difference"} <= derived
