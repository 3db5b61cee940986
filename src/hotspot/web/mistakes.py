"""Mistakes as answers: every error becomes a status and three parts."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from hotspot.errors import HotspotError, OutputError
from hotspot.review.entry import ReviewError
from hotspot.web.refusal import RequestError, shown


def answer_mistakes(application: FastAPI) -> None:
    """Let an application answer every mistake with three parts, never with a trace."""

    @application.exception_handler(RequestError)
    def refused(request: Request, error: RequestError) -> JSONResponse:
        return JSONResponse(error.to_dict(), status_code=error.status)

    @application.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "request"
        return _told(
            422,
            wrong=f"{where}: {first['msg']}.",
            seen=f"{shown(first.get('input'))}.",
            remedy="Correct the value.",
        )

    @application.exception_handler(ReviewError)
    def unfit(request: Request, error: ReviewError) -> JSONResponse:
        # Whoever wrote can mend an entry; a damaged file is for whoever runs the server.
        status = 422 if request.method == "POST" else 503
        return _told(
            status,
            wrong="The review cannot be taken or read.",
            seen=str(error),
            remedy="Correct it as told.",
        )

    @application.exception_handler(HotspotError)
    def failed(request: Request, error: HotspotError) -> JSONResponse:
        is_writing = isinstance(error, OutputError)
        return _told(
            503,
            wrong="It could not be written."
            if is_writing
            else "The answer could not be worked out.",
            seen=str(error)[:500],
            remedy="Mend what is told, then try again.",
        )

    @application.exception_handler(HTTPException)
    def unknown(request: Request, error: HTTPException) -> JSONResponse:
        return _told(
            error.status_code,
            wrong=f"{error.detail}.",
            seen=f"{request.method} {shown(request.url.path)}.",
            remedy="Open the address that `hotspot serve` printed.",
        )

    @application.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        # The server prints the trace for whoever runs it; the page shows no part of it.
        return _told(
            500,
            wrong="The viewer failed.",
            seen=f"{type(error).__name__} at {shown(request.url.path)}.",
            remedy="Look at what `hotspot serve` printed, and report it.",
        )


def _told(status: int, *, wrong: str, seen: str, remedy: str) -> JSONResponse:
    return JSONResponse({"wrong": wrong, "seen": seen, "do": remedy}, status_code=status)
