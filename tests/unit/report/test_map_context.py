"""What is drawn under the maps of a report for orientation."""

from pathlib import Path

from hotspot.commands import report_maps
from hotspot.commands.report_maps import map_context
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.rasters import read_grid
from hotspot.report.content import Context


def context(*overrides: str) -> tuple[Context, ...]:
    config = check_config(compose(["experiment=meuse", *overrides]))
    return map_context(config, Paths(config.name), read_grid(Path("data/raw/meuse/dist.tif")))


def test_waters_are_drawn_once_and_roads_never() -> None:
    """Two covariates of one river give one layer; what is no water would look like one."""
    assert [each.label for each in context()] == ["river"]
    layers = ("river_distance", "river_share")
    assert context(*(f"covariates.layers.{name}.role=roads" for name in layers)) == ()


def test_many_waters_have_no_common_name(monkeypatch) -> None:
    """A name beside one of hundreds of rivers would be taken for its name."""
    monkeypatch.setattr(report_maps, "_MOST_NAMED", 0)
    assert [each.label for each in context()] == [""]
