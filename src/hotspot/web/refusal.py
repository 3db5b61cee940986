"""What the viewer answers where it does not answer: three parts, as every message here."""

from typing import Any

from hotspot.errors import HotspotError

# Of a value that came with a request, so much is shown.
_SHOWN = 120


class RequestError(HotspotError, ValueError):
    """A request that is not answered, with the status that says why.

    Parameters
    ----------
    status : int
        Of HTTP: 4xx where the request is wrong, 503 where a file is.
    wrong, seen, remedy : str
        What is wrong, the values seen, what to do.
    """

    def __init__(self, status: int, *, wrong: str, seen: str, remedy: str) -> None:
        super().__init__(f"{wrong} {seen} {remedy}")
        self.status = status
        self.parts = {"wrong": wrong, "seen": seen, "do": remedy}

    def to_dict(self) -> dict[str, Any]:
        """Return the three parts for JSON."""
        return dict(self.parts)


def shown(value: object) -> str:
    """Return a value as it is repeated in a message: quoted and not too long.

    Examples
    --------
    >>> shown("zn")
    "'zn'"
    """
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
