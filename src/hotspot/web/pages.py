"""The files that a browser loads: a fixed table, of this package and of Leaflet's."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from hotspot.errors import ConfigError
from hotspot.web.refusal import RequestError, shown

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_OWN = (
    "app.js",
    "dom.js",
    "graticule.js",
    "icon.svg",
    "link.js",
    "map.js",
    "panel.js",
    "place.js",
    "review.js",
    "server.js",
    "viewer.css",
)
_LEAFLET = ("leaflet.css", "leaflet.js")


@dataclass(frozen=True)
class Asset:
    """A file as it is sent: its content and its media type."""

    content: bytes
    kind: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Return every file that can be asked for, by its place in the address.

    Raises
    ------
    ConfigError
        Leaflet is not installed.
    """
    own = files("hotspot.web") / "static"
    table = {f"static/{name}": (own / name).read_bytes() for name in _OWN}
    folder = _leaflet_folder()
    for name in _LEAFLET:
        table[f"leaflet/{name}"] = (folder / name).read_bytes()
    for picture in sorted((folder / "images").glob("*.png")):
        table[f"leaflet/images/{picture.name}"] = picture.read_bytes()
    return {name: Asset(content, _KINDS[Path(name).suffix]) for name, content in table.items()}


def find_asset(name: str) -> Asset:
    """Return a file of the table.

    Raises
    ------
    RequestError
        The table does not have it.
    """
    known = assets()
    if name in known:
        return known[name]
    raise RequestError(
        404,
        wrong="There is no such page.",
        seen=f"{shown('/' + name)}.",
        remedy="Open the address that `hotspot serve` printed.",
    )


def index_page(*, title: str, token: str) -> str:
    """Return the page, with the token that lets it write."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("hotspot.web"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("index.html.j2").render(title=title, token=token)


def _leaflet_folder() -> Path:
    from xstatic.pkg import leaflet

    folder = Path(leaflet.BASE_DIR)
    if not (folder / "leaflet.js").is_file():
        raise ConfigError(
            f"The installed package XStatic-Leaflet {leaflet.VERSION} holds no leaflet.js. "
            "Install it again: pip install 'hotspot[web]'."
        )
    return folder
