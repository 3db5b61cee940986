"""What a bundle says of itself: its STAC collection, and the head of bundle.json."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from hotspot.bundle.content import FORMAT, PropertySource, Statement
from hotspot.bundle.names import depth_text
from hotspot.bundle.profiles import Profile
from hotspot.maps.stac import STAC_VERSION


def collection_id(statement: Statement) -> str:
    """Return country and depth: the id of the collection."""
    return f"{statement.country}_{depth_text(statement.depth)}"


def collection(
    statement: Statement,
    profile: Profile,
    sources: Sequence[PropertySource],
    items: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the STAC collection of a bundle.

    Parameters
    ----------
    statement : Statement
    profile : Profile
    sources : sequence of PropertySource
        Periods of sampling are read.
    items : sequence of mapping
        STAC items, one for each contaminant.
    """
    boxes = np.array([item["bbox"] for item in items], dtype=np.float64)
    starts = [source.period.start for source in sources]
    ends = [source.period.end for source in sources]
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": collection_id(statement),
        "title": statement.title,
        "description": statement.abstract or statement.title,
        "license": statement.licence,
        "providers": [
            {"name": statement.contact.organisation, "roles": ["producer", "licensor"]}
        ],
        "extent": {
            "spatial": {
                "bbox": [
                    [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]
                ]
            },
            "temporal": {"interval": [[_day(starts, min), _day(ends, max)]]},
        },
        "summaries": {"hotspot:profile": [profile.name]},
        "links": [
            {"rel": "root", "href": "./collection.json", "type": "application/json"},
            *(
                {"rel": "item", "href": f"./{item['id']}.json", "type": "application/geo+json"}
                for item in items
            ),
        ],
    }


def stated(statement: Statement, profile: Profile) -> dict[str, Any]:
    """Return what bundle.json says of the whole bundle."""
    return {
        "format": FORMAT,
        "profile": profile.name,
        "convention": profile.convention,
        "resolution": profile.resolution,
        "country": statement.country,
        "depth_cm": list(statement.depth),
        "title": statement.title,
        "abstract": statement.abstract,
        "licence": statement.licence,
        "contact": {
            "organisation": statement.contact.organisation,
            "email": statement.contact.email,
            "role": statement.contact.role,
        },
    }


def _day(days: Sequence[date | None], choose: Callable[[list[date]], date]) -> str | None:
    known = [day for day in days if day is not None]
    if not known or len(known) < len(days):
        return None
    return f"{choose(known).isoformat()}T00:00:00Z"
