"""Lengths and names that charts share."""

WIDTH = 7.2


def shortened(text: str, longest: int) -> str:
    """Return a text cut to so many letters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
