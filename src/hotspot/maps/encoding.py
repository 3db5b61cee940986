"""How the numbers of a layer are stored: as they are, or probabilities in two bytes."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hotspot.maps.layers import Layer
from hotspot.rasters import ScaledInteger

Encoding = Literal["full", "compact"]
"""``full``: float32. ``compact``: probabilities as whole ten-thousandths, all else float32."""

COMPACT_PROBABILITY = ScaledInteger("uint16", 1e-4)
"""Probability times 10,000, in two bytes; half a ten-thousandth is lost at most."""

_COMPACT_NODATA = 65535.0


def stored_type(layer: Layer, encoding: Encoding) -> str | ScaledInteger:
    """Return the type of a layer in the file.

    Probabilities alone have a range that is known beforehand. Concentrations and
    dissimilarities have none, and keep their floats.
    """
    if encoding == "compact" and _is_probability(layer):
        return COMPACT_PROBABILITY
    return layer.dtype


def stored_nodata(layer: Layer, encoding: Encoding) -> float:
    """Return the value that stands for missing in the file."""
    is_scaled = isinstance(stored_type(layer, encoding), ScaledInteger)
    return _COMPACT_NODATA if is_scaled else layer.nodata


def as_stored(
    values: NDArray[np.float32], layer: Layer, encoding: Encoding
) -> NDArray[np.float32]:
    """Return values as they will read back from the file.

    A decision must follow from the probability that stands beside it, so it is made of these.
    """
    kind = stored_type(layer, encoding)
    return (
        kind.rounded(values).astype(np.float32) if isinstance(kind, ScaledInteger) else values
    )


def encoding_tags(layer: Layer, encoding: Encoding) -> dict[str, str]:
    """Return what a raster says of its encoding; nothing where there is nothing to say."""
    kind = stored_type(layer, encoding)
    if not isinstance(kind, ScaledInteger):
        return {}
    return {
        "encoding": (
            f"{kind.dtype}: value = stored number times {kind.scale:g}; rounding moved values "
            f"by at most {kind.scale / 2:g}"
        )
    }


def _is_probability(layer: Layer) -> bool:
    return layer.name == "probability" or layer.name.startswith("probability_")
