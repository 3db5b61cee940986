"""Maps: window prediction, decision, hotspots, styles, tags, statistics and STAC."""

from hotspot.maps.decision import Decision, DecisionRule, decide, inside_applicability
from hotspot.maps.estimate import MapEstimate, estimate_map
from hotspot.maps.hotspot_cells import HotspotBlock
from hotspot.maps.hotspot_rules import ClusterRule, HotspotRule, TopShareRule
from hotspot.maps.hotspots import find_hotspots, trace_hotspots
from hotspot.maps.layers import LAYERS, Layer, available_layers
from hotspot.maps.predict import MapOptions, predict_stack
from hotspot.maps.read import read_blocks, read_layer, read_windows
from hotspot.maps.stac import SamplingPeriod, stac_item
from hotspot.maps.statistics import (
    ClassArea,
    MapStatistics,
    RasterStatistics,
    map_statistics,
    raster_statistics,
)
from hotspot.maps.store import Work
from hotspot.maps.styles import LayerStyle, StyleClass, style_of
from hotspot.maps.tags import layer_tags
from hotspot.maps.window import predict_window
from hotspot.maps.write import write_hotspots, write_json, write_qml, write_sld

__all__ = [
    "LAYERS",
    "ClassArea",
    "ClusterRule",
    "Decision",
    "DecisionRule",
    "HotspotBlock",
    "HotspotRule",
    "Layer",
    "LayerStyle",
    "MapEstimate",
    "MapOptions",
    "MapStatistics",
    "RasterStatistics",
    "SamplingPeriod",
    "StyleClass",
    "TopShareRule",
    "Work",
    "available_layers",
    "decide",
    "estimate_map",
    "find_hotspots",
    "inside_applicability",
    "layer_tags",
    "map_statistics",
    "predict_stack",
    "predict_window",
    "raster_statistics",
    "read_blocks",
    "read_layer",
    "read_windows",
    "stac_item",
    "style_of",
    "trace_hotspots",
    "write_hotspots",
    "write_json",
    "write_qml",
    "write_sld",
]
