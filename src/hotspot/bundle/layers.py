"""The layers of a contaminant in a bundle: names, meanings, rasters and styles."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hotspot.bundle.content import PropertySource, Statement, completed, uncertainty_kind
from hotspot.bundle.names import UNITS, LayerName
from hotspot.bundle.profiles import Profile, row_areas_m2
from hotspot.bundle.tally import LayerTally
from hotspot.bundle.warp import warped_windows
from hotspot.grid import Window
from hotspot.maps.layers import LAYERS
from hotspot.maps.read import read_windows
from hotspot.maps.statistics import RasterStatistics
from hotspot.maps.styles import LayerStyle, StyleClass, style_of
from hotspot.maps.tags import layer_tags, meaning
from hotspot.maps.write import write_qml, write_sld
from hotspot.rasters import CogWriter, read_grid

_SPREAD_EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_SPREAD_COLOURS = ("#f5f4fd", "#d3d0f5", "#8a9fd6", "#3a6cb2", "#2b2558")
_TITLES = {
    "probability_uncertainty": "Uncertainty of P(exceed)",
    "concentration_uncertainty": "Width of the 90 % interval",
}


class PropertyLayers:
    """The layers of one contaminant on the grid of a profile.

    Parameters
    ----------
    source : PropertySource
        Its maps.
    statement : Statement
        Country, depth and licence, for names and tags.
    profile : Profile
        Whose grid.

    Raises
    ------
    GridError
        The map has no place in the CRS of the profile.
    """

    def __init__(self, source: PropertySource, statement: Statement, profile: Profile) -> None:
        self.source, self.statement = source, statement
        first = next(iter(source.layers.values()))
        source_grid = read_grid(first)
        self.grid = profile.grid_for(source_grid)
        self.is_warped = not self.grid.aligned_with(source_grid)
        self.stems = {
            role: LayerName(statement.country, source.token, role, statement.depth).stem
            for role in source.roles
        }

    @property
    def meanings(self) -> dict[str, str]:
        """What each raster says, by its file."""
        return {f"{stem}.tif": self.meaning(role) for role, stem in self.stems.items()}

    def title(self, role: str) -> str:
        """Return the title of a layer, for people."""
        return LAYERS[role].title if role in LAYERS else _TITLES[role]

    def meaning(self, role: str) -> str:
        """Return what a layer says, in a sentence."""
        if role in LAYERS:
            return meaning(self.source.model, role)
        kind = uncertainty_kind(role, self.source.layers)
        return (
            f"{_TITLES[role]} of {self.source.model.contaminant}: {kind}; it speaks of one "
            "sample from the cell, and cannot be added up over cells."
        )

    def write_rasters(self, folder: Path) -> dict[str, LayerTally]:
        """Write the rasters, and return what was counted on the way."""
        areas = row_areas_m2(self.grid)
        tallies = {role: LayerTally(role, areas) for role in self.source.roles}
        with ExitStack() as files:
            writers = {
                role: files.enter_context(self._writer(folder, role))
                for role in self.source.roles
            }
            for window, block in self._windows():
                layers = completed(self.source, block, warped=self.is_warped)
                for role, writer in writers.items():
                    writer.write(window, layers[role])
                    tallies[role].add(window, layers[role])
        return tallies

    def write_styles(self, folder: Path, statistics: Mapping[str, RasterStatistics]) -> None:
        """Write the style of each raster, for QGIS and as SLD."""
        for role, stem in self.stems.items():
            style = self._style(role, statistics[role])
            write_qml(folder / f"{stem}.qml", style)
            write_sld(folder / f"{stem}.sld", style)

    def _windows(self) -> Iterator[tuple[Window, Mapping[str, NDArray[Any]]]]:
        if not self.is_warped:
            yield from read_windows(self.source.layers)
            return
        codes = frozenset({"decision"})
        # The mean of the limits of two land uses is the limit of neither.
        nearest = frozenset({"limit"})
        yield from warped_windows(self.source.layers, self.grid, codes=codes, nearest=nearest)

    def _writer(self, folder: Path, role: str) -> CogWriter:
        codes = role == "decision"
        return CogWriter(
            folder / f"{self.stems[role]}.tif",
            self.grid,
            dtype="uint8" if codes else "float32",
            tags=self._tags(role),
            descriptions=(self.title(role),),
            units=(UNITS[role],),
            colormap=style_of(self.source.model, role).gdal_colours() if codes else None,
            categorical=codes,
        )

    def _tags(self, role: str) -> dict[str, str]:
        base = layer_tags(self.source.model, role if role in LAYERS else "probability")
        own = {
            "layer": role,
            "meaning": self.meaning(role),
            "country": self.statement.country,
            "depth_top_cm": f"{self.statement.depth[0]:g}",
            "depth_bottom_cm": f"{self.statement.depth[1]:g}",
            "licence": self.statement.licence,
        }
        if role not in LAYERS:
            own["uncertainty_kind"] = uncertainty_kind(role, self.source.layers)
        if self.source.reach is not None:
            own["applicability_threshold"] = f"{self.source.reach:.9g}"
        return {**base, **self.source.decision, **own}

    def _style(self, role: str, statistics: RasterStatistics) -> LayerStyle:
        if role in LAYERS:
            return style_of(self.source.model, role)
        highest = float(statistics.maximum or 0.0) or 1.0
        scale = 1.0 if role == "probability_uncertainty" else highest / _SPREAD_EDGES[-1]
        edges = [edge * scale for edge in _SPREAD_EDGES]
        classes = tuple(
            StyleClass(colour, f"{low:.3g} to {high:.3g}", None, low, high)
            for colour, low, high in zip(_SPREAD_COLOURS, edges[:-1], edges[1:], strict=True)
        )
        return LayerStyle(role, _TITLES[role], UNITS[role], classes)
