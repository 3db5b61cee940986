"""Which pixels of a tile lie outside the area of applicability."""

import numpy as np
from numpy.typing import NDArray

from hotspot.maps.decision import inside_applicability
from hotspot.web.opened import Opened
from hotspot.web.read import read_tile
from hotspot.web.refusal import RequestError
from hotspot.web.tiles import TILE_SIZE, Tile


def outside_applicability(opened: Opened, tile: Tile) -> NDArray[np.bool_]:
    """Return which pixels are not known to be like the samples, shape (TILE_SIZE, TILE_SIZE).

    All of them where the likeness cannot be read: one damaged file takes no other layer down,
    and no place is shown as like the samples that may not be.
    """
    area, layer = opened.model.applicability, opened.layers.get("dissimilarity")
    everywhere = np.ones((TILE_SIZE, TILE_SIZE), dtype=np.bool_)
    if area is None or layer is None:
        return everywhere
    try:
        index = read_tile(layer.path, tile, opened.model.grid)
    except RequestError:
        return everywhere
    return everywhere if index is None else ~inside_applicability(index, area.threshold_)
