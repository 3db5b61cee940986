"""Where, how deep and when each row was sampled, and how well that is known."""

from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.coordinates import Places, read_places
from hotspot.observations.mapping import TableMapping
from hotspot.observations.rejection import Reasons, Sieve
from hotspot.observations.sampling import read_dates, read_depths, read_layers


def read_coordinates(
    cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve, *, crs: str, target_crs: str
) -> Places:
    """Return the places in the target CRS."""
    # Only rows still in have a say in whether the table's coordinates are swapped.
    left = sieve.places
    found = read_places(
        cells["easting"].iloc[left].reset_index(drop=True),
        cells["northing"].iloc[left].reset_index(drop=True),
        crs=crs,
        target_crs=target_crs,
        spelling=mapping.spelling,
        rules=mapping.rules.places,
    )
    points = np.full((len(cells), 2), nan)
    rounding = np.full(len(cells), nan)
    points[left], rounding[left] = found.points, found.rounding_m
    sieve.reject("coordinates", found.reasons.spread(left, len(cells)))
    return Places(points, rounding, sieve.reasons)


def read_radii(
    cells: pd.DataFrame,
    mapping: TableMapping,
    places: Places,
    sieve: Sieve,
    cell_m: float | None,
    notes: list[str],
) -> NDArray[np.float64]:
    """Return within how many metres each place is known, NaN where nothing says it."""
    rules = mapping.rules.places
    radii = np.full(len(cells), nan)
    reasons = Reasons(len(cells))
    if "radius_m" in mapping.columns:
        radii = mapping.spelling.read_numbers(cells["radius_m"])
        bad = ~(radii >= 0)
        bad[bad] = ~mapping.spelling.are_missing(cells["radius_m"][bad])
        reasons.mark(
            bad,
            "radius_m is not a number from zero",
            (cells["radius_m"], lambda text: repr(text.strip())),
        )
    if isinstance(rules.radius_m, float | int):
        radii[np.isnan(radii)] = float(rules.radius_m)
    elif rules.radius_m == "decimals":
        radii = np.where(np.isnan(radii), places.rounding_m, radii)
    if cell_m is not None:
        known = np.where(np.isnan(radii), places.rounding_m, radii)
        with np.errstate(invalid="ignore"):
            vague = known > cell_m
        if rules.radius_rule == "reject":
            shown = np.full(len(cells), "", dtype=object)
            shown[vague] = [f"{each:.0f} m" for each in known[vague]]
            reasons.mark(
                vague, f"place known only within more than a cell of {cell_m:g} m", shown
            )
        elif rules.radius_rule == "flag" and (vague & sieve.kept).any():
            notes.append(
                f"{int((vague & sieve.kept).sum())} of {int(sieve.kept.sum())} places are "
                f"known only within more than a cell of {cell_m:g} m, by their radius or their "
                "decimals; data.radius_rule=reject leaves them out"
            )
    if reasons.given.any() or rules.radius_rule == "reject":
        sieve.reject("radius", reasons)
    return radii


def reject_far_sites(
    sites: "pd.Series[str]",
    table: pd.DataFrame,
    mapping: TableMapping,
    sieve: Sieve,
    metres: float,
) -> None:
    """Reject the rows of sites that lie at places far apart: nobody knows which is right."""
    most = mapping.rules.places.site_distance_m
    if most is None:
        return
    names = sites.str.strip()
    named = (names != "").to_numpy(dtype=np.bool_) & sieve.kept
    codes, _ = pd.factorize(names[named])
    if len(codes) == 0:
        return
    grouped = table.loc[named, ["easting", "northing"]].groupby(codes)
    widths = (grouped.max() - grouped.min()).to_numpy(dtype=np.float64)
    spread = metres * np.hypot(*widths.T)
    far = np.zeros(len(table), dtype=np.bool_)
    far[named] = (spread > most)[codes]
    if not far.any():
        return
    shown = np.full(len(table), "", dtype=object)
    shown[far] = [
        f"{name!r}, {each / 1000:.3g} km; give each place its own name, or set "
        "data.site_distance_m"
        for name, each in zip(names[far], spread[codes][far[named]], strict=True)
    ]
    reasons = Reasons(len(table))
    reasons.mark(far, f"one site at places more than {most:g} m apart", shown)
    sieve.reject("sites", reasons)


def read_circumstances(
    cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Return depths in cm, shape (n, 2), and dates."""
    if "depth" in mapping.columns:
        depths, reasons = read_layers(cells["depth"], mapping.spelling)
    else:
        depths, reasons = read_depths(
            cells["depth_top_cm"], cells["depth_bottom_cm"], mapping.spelling
        )
    dates, others = read_dates(cells["sampled_on"], mapping.rules.dates)
    reasons.mark(others.given, others.kinds, others.details)
    sieve.reject("depth and date", reasons)
    return depths, dates
