"""Target-weighted scores: out-of-fold losses weighted to resemble the map.

Tests lie where samples lie, and as far from training samples as folds put them; cells of
the map lie elsewhere and at other distances. Tests are therefore weighted until their
distances and covariates have the distribution of the map's.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import SampleError
from hotspot.evaluation.scores import (
    CLIP,
    auc,
    average_precision,
    brier,
    losses_brier,
    losses_log,
)
from hotspot.evaluation.target_calibration import calibrated_weights, effective_number
from hotspot.evaluation.target_descriptors import Descriptors, Tasks

Array = NDArray[np.float64]
