"""The schema of the composed configuration; every key is documented in `conf/`."""

from hotspot.config.schema.covariates import (
    CoordinateLayerConfig,
    CovariatesConfig,
    FeaturesConfig,
    LayerConfig,
    RasterLayerConfig,
    VectorLayerConfig,
)
from hotspot.config.schema.data import DataConfig
from hotspot.config.schema.experiment import Config
from hotspot.config.schema.limits import GivenConfig, LimitConfig
from hotspot.config.schema.maps import HotspotsConfig
from hotspot.config.schema.node import RESERVED_NAMES, ModelKind
from hotspot.config.schema.tuning import TuneConfig

__all__ = [
    "RESERVED_NAMES",
    "Config",
    "CoordinateLayerConfig",
    "CovariatesConfig",
    "DataConfig",
    "FeaturesConfig",
    "GivenConfig",
    "HotspotsConfig",
    "LayerConfig",
    "LimitConfig",
    "ModelKind",
    "RasterLayerConfig",
    "TuneConfig",
    "VectorLayerConfig",
]
