"""What people write into a review: checked texts, names and dates."""

from datetime import date
from unicodedata import category

from hotspot.errors import HotspotError

LONGEST_NAME = 120
LONGEST_TEXT = 4000
# Characters that turn the reading direction of what follows, and so can show another text
# than is stored.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class ReviewError(HotspotError, ValueError):
    """A note or a review is incomplete, or the file that holds them cannot be read."""


def checked_text(key: str, value: object, *, longest: int, needed: bool = True) -> str:
    """Return a text without space around it, and refuse what cannot be shown.

    Parameters
    ----------
    key : str
        What the text is, for the message.
    value : object
        As it came.
    longest : int, characters
        How long it may be.
    needed : bool
        Whether an empty text is refused.

    Raises
    ------
    ReviewError
        It is no text, is empty, is too long, or holds control characters other than the
        end of a line.

    Examples
    --------
    >>> checked_text("name", " Ada ", longest=120)
    'Ada'
    """
    if not isinstance(value, str):
        raise ReviewError(f"{key}: {value!r:.80} is no text. Write it as text.")
    text = value.replace("\r\n", "\n").replace("\t", " ").strip()
    if needed and not text:
        raise ReviewError(f"{key}: nothing is written there. Fill it in.")
    if len(text) > longest:
        raise ReviewError(
            f"{key}: {len(text)} characters were given. Write {longest} or fewer."
        )
    # Cc are controls and Cs halves of a character.
    odd = {
        sign
        for sign in text
        if (category(sign) in ("Cc", "Cs") and sign != "\n") or sign in _TURNING
    }
    if odd:
        raise ReviewError(
            f"{key}: it holds characters that cannot be shown: "
            f"{', '.join(sorted(f'U+{ord(sign):04X}' for sign in odd)[:5])}. Remove them."
        )
    return text


def checked_date(value: object) -> str:
    """Return a day as ``YYYY-MM-DD``.

    Raises
    ------
    ReviewError
        It is no such day.
    """
    try:
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ReviewError(f"date: {value!r:.80} is no day. Write it as 2026-01-31.")


def checked_choice(key: str, value: object, choices: tuple[str, ...]) -> str:
    """Return one of some words.

    Raises
    ------
    ReviewError
        It is none of them.
    """
    if isinstance(value, str) and value in choices:
        return value
    raise ReviewError(
        f"{key}: {value!r:.80} is not among the answers. Choose one of {', '.join(choices)}."
    )
