"""Samples and hotspots as GeoJSON for the page."""

from math import isfinite, isinf
from typing import Any

import numpy as np

from hotspot.explanations.background import spread_rows
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.web.opened import Opened, to_wgs84
from hotspot.web.read import Folders, read_hotspots

# More points than this cannot be told apart on a screen, and slow it down.
MOST_SAMPLES = 20_000
MOST_HOTSPOTS = 500


def concentration_text(lower: float, upper: float) -> str:
    """Return a concentration in words: a number, or the interval that is known.

    Examples
    --------
    >>> concentration_text(120.0, 120.0), concentration_text(0.0, 5.0)
    ('120 mg/kg', 'not detected below 5 mg/kg')
    >>> concentration_text(900.0, float("inf")), concentration_text(2.0, 5.0)
    ('900 mg/kg or more', '2 to 5 mg/kg')
    """
    if lower == upper:
        return f"{lower:.4g} mg/kg"
    if isinf(upper):
        return f"{lower:.4g} mg/kg or more"
    if lower <= 0:
        return f"not detected below {upper:.4g} mg/kg"
    return f"{lower:.4g} to {upper:.4g} mg/kg"


def samples_geojson(opened: Opened, limit_mg_kg: float | None) -> dict[str, Any]:
    """Return the samples of a contaminant against a limit, by default that of the map.

    Of a survey of more than `MOST_SAMPLES` so many are shown, spread over it; ``left_out``
    tells how many are not.
    """
    samples = opened.samples
    rows = np.arange(len(samples))
    if len(samples) > MOST_SAMPLES:
        rows = spread_rows(samples.coordinates, MOST_SAMPLES, seed=0)
    places = to_wgs84(opened.model.grid, samples.coordinates[rows])
    limits = limit_mg_kg or opened.model.limits(samples.X)
    labels = exceedance_labels(samples.lower, samples.upper, limits)
    features = [
        _point(
            longitude,
            latitude,
            site=str(opened.sites["site_id"].iloc[row]),
            concentration=concentration_text(
                float(samples.lower[row]), float(samples.upper[row])
            ),
            exceeds=bool(labels[row]) if isfinite(labels[row]) else None,
            sampled_on=_text(opened.sites["sampled_on"].iloc[row]),
        )
        for row, (longitude, latitude) in zip(rows, places.tolist(), strict=True)
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "left_out": len(samples) - len(rows),
        "counts": {
            "above": int((labels == 1).sum()),
            "below": int((labels == 0).sum()),
            "unknown": int(np.isnan(labels).sum()),
        },
    }


def hotspots_geojson(folders: Folders, contaminant: str) -> dict[str, Any]:
    """Return the hotspots of a contaminant, the first `MOST_HOTSPOTS` by rank.

    Raises
    ------
    RequestError
        The file is missing or damaged.
    """
    frame = read_hotspots(folders.hotspots(contaminant))
    first = frame.iloc[:MOST_HOTSPOTS]
    features = [
        {
            "type": "Feature",
            "geometry": geometry.__geo_interface__,
            "properties": {
                "rank": int(rank),
                "area_m2": float(area),
                "mean_probability": float(mean),
                "max_probability": float(highest),
                "bounds": _bounds(geometry.bounds),
            },
        }
        for geometry, rank, area, mean, highest in zip(
            first.geometry,
            first["rank"],
            first["area_m2"],
            first["mean_probability"],
            first["max_probability"],
            strict=True,
        )
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "left_out": len(frame) - len(first),
    }


def _point(longitude: float, latitude: float, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        "properties": properties,
    }


def _bounds(bounds: tuple[float, float, float, float]) -> list[list[float]]:
    """Return (west, south, east, north) as the map library wants it."""
    west, south, east, north = (float(value) for value in bounds)
    return [[south, west], [north, east]]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
