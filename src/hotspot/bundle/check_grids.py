"""Checks of grids: CRS, resolution, extent, orientation, overviews."""

import numpy as np

from hotspot.bundle.findings import Findings
from hotspot.bundle.layer_files import LayerFile, Parcel, reference_grid
from hotspot.bundle.profiles import Profile, wants_crs
from hotspot.bundle.read import RefusedError, overview_blocks
from hotspot.errors import GridError
from hotspot.grid import Grid, parse_crs, same_crs

# A raster of one or two tiles needs no overview.
_LARGEST_WITHOUT = 1024
# An overview by a smooth filter may swing over what it stands for, here and there.
_SWING, _SHARE = 0.05, 0.01


def check_grids(parcel: Parcel, findings: Findings) -> None:
    """Note rasters without a usable grid, and grids that differ or break the profile."""
    reference = reference_grid(parcel.maps)
    for layer in parcel.layers:
        _check_orientation(layer, findings)
        if not _check_crs(layer, findings):
            continue
        grid = layer.facts.grid
        if grid is None:
            continue
        if reference is not None:
            _compare(layer, grid, reference, findings)
        if parcel.profile is not None:
            _check_profile(layer, grid, parcel.profile, findings)


def _check_orientation(layer: LayerFile, findings: Findings) -> None:
    step = layer.facts.transform
    seen = tuple(round(value, 6) for value in tuple(step)[:6])
    if step.b or step.d:
        findings.add("raster-rotated", layer.file, "the raster is rotated", seen)
    elif step.e > 0 or step.a < 0:
        findings.add("raster-south-up", layer.file, "rows do not run from north to south", seen)


def _check_crs(layer: LayerFile, findings: Findings) -> bool:
    text = layer.facts.crs
    if text is None:
        findings.add("crs-missing", layer.file, "the raster has no CRS", "none")
        return False
    try:
        crs = parse_crs(text)
    except GridError:
        findings.add("crs-unknown", layer.file, "the CRS is unknown", text[:120])
        return False
    if not (crs.is_projected or crs.is_geographic):
        findings.add("crs-unknown", layer.file, "the CRS has no place on Earth", crs.name)
        return False
    return True


def _compare(layer: LayerFile, grid: Grid, reference: Grid, findings: Findings) -> None:
    if not same_crs(grid.crs, reference.crs):
        seen = f"{grid.pyproj_crs.name}, others {reference.pyproj_crs.name}"
        findings.add("crs-differs", layer.file, "the CRS is not that of the others", seen)
        return
    here, there = np.array(grid.resolution), np.array(reference.resolution)
    if not np.allclose(here, there, rtol=1e-6, atol=0):
        seen = f"{here.tolist()}, others {there.tolist()}"
        findings.add(
            "resolution-differs", layer.file, "cells are not those of the others", seen
        )
        return
    off = np.abs(np.array(grid.region) - np.array(reference.region)).max()
    if grid.shape != reference.shape or off > 1e-3 * there.min():
        seen = (
            f"{grid.shape} cells in {grid.region}, others {reference.shape} in "
            f"{reference.region}"
        )
        findings.add("extent-differs", layer.file, "the extent is not that of the others", seen)


def _check_profile(layer: LayerFile, grid: Grid, profile: Profile, findings: Findings) -> None:
    if not wants_crs(profile, grid):
        seen = f"{grid.pyproj_crs.name}, {profile.name} asks for {profile.crs}"
        findings.add("crs-profile", layer.file, "the CRS is not that of the profile", seen)
        return
    side = profile.resolution
    if side is None:
        return
    if not np.allclose(grid.resolution, side, rtol=1e-6, atol=0):
        seen = f"{grid.resolution}, {profile.name} asks for {side:.9g}"
        findings.add(
            "resolution-profile", layer.file, "cells are not those of the profile", seen
        )
    elif profile.off_template(grid) > 1e-3:
        findings.add(
            "origin-off-template",
            layer.file,
            "the corner is between cells of the template",
            f"{profile.off_template(grid):.3f} cells from it",
        )


def check_overviews(parcel: Parcel, findings: Findings) -> None:
    """Note large rasters without overviews, and overviews that show something else."""
    for layer in parcel.layers:
        facts = layer.facts
        if not facts.overviews:
            if max(facts.shape) > _LARGEST_WITHOUT:
                findings.add(
                    "overviews-missing",
                    layer.file,
                    "a large raster has no overviews",
                    facts.shape,
                )
            continue
        factor = facts.overviews[0]
        if factor < 2:
            continue
        try:
            wrong, known = _disagreeing(layer, factor)
        except RefusedError as error:
            findings.add(error.code, layer.file, "an overview cannot be read", error.seen)
            continue
        if known and wrong > max(1, _SHARE * known):
            findings.add(
                "overviews-disagree",
                layer.file,
                "the overview shows values that are not below it",
                f"{wrong} of {known} cells of the overview",
            )


def _disagreeing(layer: LayerFile, factor: int) -> tuple[int, int]:
    wrong = known = 0
    for values, low, high in overview_blocks(layer.path, factor):
        valid = ~np.isnan(values)
        under = np.isfinite(low)
        slack = np.where(under, _SWING * np.where(under, high - low, 0.0) + 1e-6, 0.0)
        with np.errstate(invalid="ignore"):
            outside = (values < low - slack) | (values > high + slack) | ~under
        wrong += int((valid & outside).sum())
        known += int(valid.sum())
    return wrong, known
