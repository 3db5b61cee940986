"""The application: addresses, and who answers them."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from hotspot import __version__
from hotspot.maps.limits import limit_phrase
from hotspot.maps.styles import probability_style
from hotspot.observations.contaminants import Contaminants
from hotspot.review.notes import Note
from hotspot.review.state import Review, ReviewState, review_state
from hotspot.review.store import (
    add_note,
    add_review,
    read_notes,
    read_reviews,
    read_statements,
)
from hotspot.web.cell import find_cell
from hotspot.web.guard import Door, Guard
from hotspot.web.layers import find_layer
from hotspot.web.likeness import outside_applicability
from hotspot.web.mistakes import answer_mistakes
from hotspot.web.opened import Opened, Site, bounds_wgs84, cell_metres
from hotspot.web.pages import find_asset, index_page
from hotspot.web.place import describe_place
from hotspot.web.read import read_tile
from hotspot.web.refusal import RequestError, shown
from hotspot.web.tiles import DEEPEST_ZOOM, Tile, paint
from hotspot.web.vectors import hotspots_geojson, samples_geojson

_Longitude = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]
_Latitude = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)]
_Limit = Annotated[float | None, Query(gt=0, le=1e9, allow_inf_nan=False)]
_Zoom = Annotated[int, Path(ge=0, le=DEEPEST_ZOOM)]
_Column = Annotated[int, Path(ge=0, lt=2**DEEPEST_ZOOM)]
_Json = dict[str, Any]


class NoteBody(BaseModel):
    """A note as the page sends it; `Note` checks what it says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    longitude: float
    latitude: float
    statement: str
    verdict: str
    text: str
    name: str
    date: str


class ReviewBody(BaseModel):
    """A review as the page sends it; `Review` checks what it says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    statement: str
    text: str
    answer: str
    name: str
    date: str
    comment: str = Field(default="")


def make_application(site: Site, door: Door) -> Guard:
    """Return the viewer of an experiment as an ASGI application.

    Parameters
    ----------
    site : Site
        What is served.
    door : Door
        Whose requests are taken.
    """
    # The pages of documentation that the framework offers load scripts from elsewhere.
    application = FastAPI(title="hotspot", openapi_url=None, docs_url=None, redoc_url=None)
    answer_mistakes(application)
    _add_map(application, site)
    _add_place(application, site)
    _add_review(application, site)
    _add_pages(application, site, door)
    return Guard(application, door)


def _add_map(application: FastAPI, site: Site) -> None:
    @application.get("/api/experiment")
    def experiment() -> _Json:
        return {
            "name": site.name,
            "title": site.title,
            "description": site.description,
            "version": __version__,
            "contaminants": [_named(contaminant) for contaminant in site.contaminants],
        }

    @application.get("/api/{contaminant}")
    def contaminant_facts(contaminant: str) -> _Json:
        return _facts(site.open(contaminant))

    @application.get("/api/{contaminant}/tiles/{layer}/{z}/{x}/{y}")
    def tile(contaminant: str, layer: str, z: _Zoom, x: _Column, y: _Column) -> Response:
        opened = site.open(contaminant)
        found, square = find_layer(opened.layers, layer), Tile(z, x, y)
        values = read_tile(found.path, square, opened.model.grid)
        outside = outside_applicability(opened, square) if found.hatched else None
        return _png(paint(values, found.style, hatched=outside))

    @application.get("/api/{contaminant}/exceedance/{z}/{x}/{y}")
    def exceedance_tile(
        contaminant: str,
        z: _Zoom,
        x: _Column,
        y: _Column,
        limit: Annotated[float, Query(gt=0, le=1e9, allow_inf_nan=False)],
    ) -> Response:
        opened = site.open(contaminant)
        wanted = opened.check_limit(limit)
        if opened.any_limit is None:
            return tile(contaminant, "probability", z, x, y)
        values = opened.any_limit.tile(wanted, Tile(z, x, y))
        return _png(paint(values, probability_style()))

    @application.get("/api/{contaminant}/samples")
    def samples(contaminant: str, limit: _Limit = None) -> _Json:
        opened = site.open(contaminant)
        return samples_geojson(opened, limit)

    @application.get("/api/{contaminant}/hotspots")
    def hotspots(contaminant: str) -> _Json:
        return hotspots_geojson(site.folders, site.check(contaminant))


def _add_place(application: FastAPI, site: Site) -> None:
    @application.get("/api/{contaminant}/place")
    def place(
        contaminant: str, longitude: _Longitude, latitude: _Latitude, limit: _Limit = None
    ) -> _Json:
        opened = site.open(contaminant)
        return describe_place(opened, site.folders, longitude, latitude, limit_mg_kg=limit)


def _add_review(application: FastAPI, site: Site) -> None:
    @application.get("/api/{contaminant}/notes")
    def notes(contaminant: str) -> _Json:
        site.check(contaminant)
        found = [n for n in read_notes(site.folders.notes) if n.contaminant == contaminant]
        return {"type": "FeatureCollection", "features": [n.to_feature() for n in found]}

    @application.post("/api/{contaminant}/notes", status_code=201)
    def new_note(contaminant: str, body: NoteBody) -> _Json:
        opened = site.open(contaminant)
        note = Note(contaminant=contaminant, **body.model_dump())
        if find_cell(opened, note.longitude, note.latitude) is None:
            raise RequestError(
                422,
                wrong="The place of the note lies beside the map.",
                seen=f"Longitude {note.longitude:g}, latitude {note.latitude:g}.",
                remedy="Choose a place on the map.",
            )
        return add_note(site.folders.notes, note).to_feature()

    @application.get("/api/{contaminant}/statements")
    def statements(contaminant: str) -> _Json:
        return _review(_state(site, site.check(contaminant)))

    @application.post("/api/{contaminant}/reviews", status_code=201)
    def new_review(contaminant: str, body: ReviewBody) -> _Json:
        site.check(contaminant)
        known = read_statements(site.folders.statements(contaminant), contaminant)
        # A review holds for the words that were read, so they must be those that stand now.
        if not any((s.id, s.text) == (body.statement, body.text) for s in known):
            raise RequestError(
                409,
                wrong="The statement is not one of the experiment as it stands now.",
                seen=f"Statement {shown(body.statement)}.",
                remedy="Reload the page and read the statements again.",
            )
        add_review(site.folders.reviews, Review(contaminant=contaminant, **body.model_dump()))
        return _review(_state(site, contaminant))


def _add_pages(application: FastAPI, site: Site, door: Door) -> None:
    @application.get("/", response_class=HTMLResponse)
    def index() -> str:
        return index_page(title=site.title, token=door.token)

    @application.get("/{folder}/{name:path}")
    def asset(folder: str, name: str) -> Response:
        found = find_asset(f"{folder}/{name}")
        return Response(found.content, media_type=found.kind)


def _png(content: bytes) -> Response:
    return Response(content, media_type="image/png")


def _named(contaminant: str) -> _Json:
    known = Contaminants.load().find(contaminant)
    if known is None:
        return {"id": contaminant, "name": contaminant, "symbol": ""}
    row = Contaminants.load()[known]
    return {"id": contaminant, "name": row.name, "symbol": row.symbol}


def _facts(opened: Opened) -> _Json:
    """Return what the page needs to know of a contaminant."""
    model = opened.model
    return {
        **_named(model.contaminant),
        "limit_mg_kg": model.threshold_mg_kg,
        "limit_text": limit_phrase(model.threshold),
        "limit_by_place": model.rule is not None,
        "citation": str(model.threshold.get("citation") or ""),
        "cautions": [str(text) for text in model.threshold.get("cautions") or ()],
        "model": {
            "kind": str(model.facts.get("kind", "")),
            "id": str(model.facts.get("model_id", "")),
            "n_samples": len(opened.samples),
            "any_limit": opened.any_limit is not None,
        },
        "bounds": bounds_wgs84(model.grid),
        "cell_m": cell_metres(model.grid),
        "layers": [layer.to_dict() for layer in opened.layers.values()],
        "scale": opened.scale.to_dict(),
        "decision": {"above": opened.rule.above, "below": opened.rule.below},
    }


def _state(site: Site, contaminant: str) -> ReviewState:
    statements = read_statements(site.folders.statements(contaminant), contaminant)
    return review_state(statements, read_reviews(site.folders.reviews))


def _review(state: ReviewState) -> _Json:
    return {
        "standing": str(state.standing),
        "sentence": state.sentence,
        "statements": [
            {
                "id": each.statement.id,
                "text": each.statement.text,
                "verdict": each.statement.verdict,
                "standing": str(each.standing),
                "outdated": each.outdated,
                "reviews": [review.to_dict() for review in each.reviews],
            }
            for each in state.statements
        ],
    }
