"""The templates of the pages, and the style that they share."""

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def _loader() -> PackageLoader:
    return PackageLoader("hotspot.report", "templates")


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the templates; whatever is put into one is escaped, and nothing may be missing."""
    return Environment(
        loader=_loader(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_sheet() -> Markup:
    """Return the style of every page."""
    source, _, _ = _loader().get_source(templates(), "report.css")
    # Not escaped: the style sheet is a file of this package, not of the user.
    return Markup(source)  # noqa: S704
