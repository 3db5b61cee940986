"""Notes of reviewers: what somebody thinks of a statement of the map, at a place."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from hotspot.review.entry import (
    LONGEST_NAME,
    LONGEST_TEXT,
    ReviewError,
    checked_choice,
    checked_date,
    checked_text,
)

VERDICTS = ("agree", "disagree", "question")
LONGEST_STATEMENT = 500


@dataclass(frozen=True)
class Note:
    """One note.

    Parameters
    ----------
    longitude, latitude : float, degrees
        The place, WGS 84.
    contaminant : str
        Whose map it is about.
    statement : str
        What is judged, in words as they were read.
    verdict : str
        One of `VERDICTS`.
    text : str
        Why.
    name : str
        Who says so.
    date : str
        The day, ``YYYY-MM-DD``.
    id : str
        ``note-1`` and so on; empty until the note is kept.

    Raises
    ------
    ReviewError
        A part is missing, or is not what it must be.
    """

    longitude: float
    latitude: float
    contaminant: str
    statement: str
    verdict: str
    text: str
    name: str
    date: str
    id: str = ""

    def __post_init__(self) -> None:
        for key, value, furthest in (
            ("longitude", self.longitude, 180.0),
            ("latitude", self.latitude, 90.0),
        ):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not isfinite(value) or abs(value) > furthest:
                raise ReviewError(
                    f"{key}: {value!r:.80} is no place. Give degrees from -{furthest:g} to "
                    f"{furthest:g}."
                )
        checked: dict[str, str | float] = {
            "contaminant": checked_text("contaminant", self.contaminant, longest=LONGEST_NAME),
            "statement": checked_text("statement", self.statement, longest=LONGEST_STATEMENT),
            "verdict": checked_choice("verdict", self.verdict, VERDICTS),
            "text": checked_text("text", self.text, longest=LONGEST_TEXT),
            "name": checked_text("name", self.name, longest=LONGEST_NAME),
            "date": checked_date(self.date),
            # Seven decimals are a centimetre.
            "longitude": round(float(self.longitude), 7),
            "latitude": round(float(self.latitude), 7),
        }
        for name, content in checked.items():
            object.__setattr__(self, name, content)

    def to_feature(self) -> dict[str, Any]:
        """Return the note as a GeoJSON feature (RFC 7946)."""
        return {
            "type": "Feature",
            "id": self.id,
            "geometry": {"type": "Point", "coordinates": [self.longitude, self.latitude]},
            "properties": {
                "contaminant": self.contaminant,
                "statement": self.statement,
                "verdict": self.verdict,
                "text": self.text,
                "name": self.name,
                "date": self.date,
            },
        }

    @classmethod
    def from_feature(cls, feature: Mapping[str, Any]) -> Self:
        """Return the note that `to_feature` described.

        Raises
        ------
        ReviewError
            It is no such feature.
        """
        try:
            longitude, latitude = feature["geometry"]["coordinates"]
            properties = feature["properties"]
            return cls(longitude, latitude, **properties, id=str(feature["id"]))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, ReviewError):
                raise
            raise ReviewError(
                f"A note is no point with the properties of a note: {error!r}. Repair it, or "
                "take it out of the file."
            ) from error
