"""Numbers as text: rounded, with their unit, and a dash where there is none."""

from math import isfinite

MISSING = "–"


def number(value: float | int | None, digits: int = 3) -> str:
    """Return a number as text with some significant digits and thin spaces in thousands.

    Examples
    --------
    >>> number(0.031415), number(float("nan")), number(-0.5), number(1234567.0).split()
    ('0.0314', '–', '−0.5', ['1', '234', '567'])
    """
    if value is None or not isfinite(value):
        return MISSING
    if isinstance(value, int) or abs(value) >= 10 ** (digits - 1):
        text = f"{value:,.0f}".replace(",", "\u202f")
    else:
        text = f"{value:.{digits}g}"
        if "e" in text:
            text = f"{value:.{digits - 1}e}"
    return text.replace("-", "−") if text.startswith("-") else text


def concentration(lower: float, upper: float | None) -> str:
    """Return what was measured as text, mg/kg; an interval where that is all that is known.

    Examples
    --------
    >>> concentration(11.7, 11.7), concentration(0, 0.2), concentration(2000, None)
    ('11.7 mg/kg', '< 0.2 mg/kg', '> 2\u202f000 mg/kg')
    """
    if upper is None or not isfinite(upper):
        return f"> {number(lower, 4)} mg/kg"
    if lower == upper:
        return f"{number(lower, 4)} mg/kg"
    return (
        f"< {number(upper)} mg/kg"
        if lower == 0
        else f"{number(lower)} to {number(upper)} mg/kg"
    )


def percent(share: float | None) -> str:
    """Return a share as a whole percentage; a share that only rounds to 0 or 100 says so.

    Examples
    --------
    >>> percent(0.256).split(), percent(0.001).split(), percent(None)
    (['26', '%'], ['<', '1', '%'], '–')
    """
    if share is None or not isfinite(share):
        return MISSING
    if 0 < share < 0.005:
        return "<\u00a01\u00a0%"
    if 0.995 <= share < 1:
        return ">\u00a099\u00a0%"
    return f"{100 * share:.0f}\u00a0%"


def area(hectares: float) -> str:
    """Return an area in hectares, or in square kilometres from 1000 ha on.

    Examples
    --------
    >>> area(12.34).split(), area(31416.0).split()
    (['12.3', 'ha'], ['314', 'km²'])
    """
    if not isfinite(hectares):
        return MISSING
    if hectares >= 1000:
        return f"{number(hectares / 100)}\u00a0km²"
    return f"{number(hectares)}\u00a0ha"
