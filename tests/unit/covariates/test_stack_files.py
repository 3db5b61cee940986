"""What a stack tells of its files: blocks, size, and whether they are still the same."""

import os

import numpy as np
import pytest

from hotspot.covariates.build import build_covariates
from hotspot.covariates.catalogue import Covariate, Kind, Role
from hotspot.covariates.layers import RasterLayer
from hotspot.covariates.stack import open_stack, stack_digest
from hotspot.grid import Grid, Window


@pytest.fixture
def folder(write_raster, tmp_path):
    """Return covariates of 6 by 8 cells: numbers, and codes of land use."""
    grid = Grid.from_region((200_000, 200_320, 499_760, 500_000), 40, "EPSG:28992")
    numbers = write_raster(np.arange(48, dtype="float32").reshape(6, 8), name="n.tif")
    codes = write_raster(np.tile([1, 7], (6, 4)).astype("uint8"), name="c.tif", nodata=0)
    cover = Covariate("cover", "class", Kind.CATEGORICAL, Role.LAND_USE)
    clay = Covariate("clay", "g/kg", Kind.CONTINUOUS, Role.SOIL)
    build_covariates(
        [RasterLayer(clay, numbers), RasterLayer(cover, codes)], grid, tmp_path / "s"
    )
    return tmp_path / "s"


def test_one_covariate_is_read_as_it_is_among_all(folder):
    """A covariate read by its name has the values of its place in the stack."""
    window = Window(1, 2, 3, 4)
    with open_stack(folder) as stack:
        both = stack.read(window)
        for place, name in enumerate(stack.catalogue.names):
            np.testing.assert_array_equal(stack.read_one(name, window), both[place])
        assert stack.blocks == (512, 512)
        assert stack.stored_bytes == sum(p.stat().st_size for p in folder.glob("*.tif"))


def test_the_digest_is_that_of_the_files(folder):
    """Asked twice it is the same; another time, content, size or name of a file changes it."""
    path = folder / "clay.tif"
    times = path.stat().st_mtime_ns
    seen = [stack_digest(folder)]
    assert stack_digest(folder) == seen[0]

    def changed(data, time):
        path.write_bytes(data)
        os.utime(path, ns=(time, time))
        return stack_digest(folder)

    data = path.read_bytes()
    seen.append(changed(data, times + 1))
    seen.append(changed(data + b"\0", times))
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    seen.append(changed(bytes(flipped), times))
    assert changed(data, times) == seen[0]
    catalogue = folder / "catalogue.json"
    catalogue.write_text(catalogue.read_text().replace("g/kg", "%"))
    seen.append(stack_digest(folder))
    assert len(set(seen)) == len(seen)
