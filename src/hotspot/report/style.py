"""Style of every figure, and its way into the page as SVG or PNG with fixed bytes."""

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hotspot.report.palette import HAIRLINE, INK, MUTED

# Widths are measured with the font that matplotlib brings, on every machine the same; the
# page then sets the text in the reader's own, narrower, system font.
_MEASURED_FONT = "DejaVu Sans"
_FONT_IN_SVG = re.compile(r"'DejaVu Sans'(?:, [^;\"]*)?")
# A hundredth of a point is finer than any printer; what follows only makes the page heavy.
_NEEDLESS_DIGITS = re.compile(r"(\d\.\d\d)\d+")

# Begins the name of a mark that says something where the pointer rests on it; the text follows
# in hexadecimal, since a name in SVG holds no spaces.
TIP = "tip-"
_TIPS = re.compile(rf'<g id="{TIP}([0-9a-f]*)">')

# Dots per inch of clouds of points within a chart.
_SHARP = 200

_RULES: dict[Any, Any] = {
    "font.family": [_MEASURED_FONT],
    "font.size": 9.0,
    "text.color": INK,
    # Names come from files: a dollar sign in one is a dollar sign.
    "text.parse_math": False,
    "text.usetex": False,
    "axes.edgecolor": HAIRLINE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.formatter.useoffset": False,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "grid.color": "#e6e8ea",
    "grid.linewidth": 0.8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "hotspot",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save under the rules of the page, whatever the reader's own settings are."""
    with rc_context(_RULES):
        yield


@dataclass(frozen=True)
class Picture:
    """A figure as markup that the page takes in as it stands, with its text alternative."""

    markup: Markup
    alt: str


def svg(figure: Figure, alt: str, key: str) -> Picture:
    """Return a figure as inline SVG.

    Parameters
    ----------
    figure : Figure
        Drawn under `house_style`.
    alt : str
        What the figure shows, for those who do not see it.
    key : str
        Letters, digits and dashes; unique on the page, since SVG ids share it.
    """
    stream = io.StringIO()
    with house_style():
        figure.savefig(
            stream, format="svg", dpi=_SHARP, metadata={"Date": None, "Creator": None}
        )
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # This rule would hold for the whole page; the style sheet has it for charts alone.
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = text.replace("xlink:href", "href")
    text = re.sub(r"<[^>]*>", _lighter, text)
    text = _TIPS.sub(_told, text)
    text = _keep_used_ids(text, key)
    text = re.sub(r">\s+<", "><", text)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    width, height = (float(value) for value in size.groups()) if size else (640.0, 400.0)
    head = (
        f'<svg class="chart" role="img" aria-label="{escape(alt)}" '
        f'width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}" '
        f'viewBox="0 0 {width:g} {height:g}">'
    )
    body = text[text.index(">") + 1 :]
    return Picture(Markup(head + body.strip()), alt)  # noqa: S704 - matplotlib escapes its text


def _told(tip: re.Match[str]) -> str:
    """Return a mark with its text, which a browser shows by itself."""
    return f'<g class="tip"><title>{escape(bytes.fromhex(tip[1]).decode())}</title>'


def _lighter(tag: re.Match[str]) -> str:
    """Return a tag in the page's font and without needless digits; text is not touched."""
    return _NEEDLESS_DIGITS.sub(r"\1", _FONT_IN_SVG.sub("var(--sans)", tag[0]))


def _keep_used_ids(text: str, key: str) -> str:
    """Drop ids that nothing refers to, and put the key before the others."""
    used = set(re.findall(r"(?:url\(#|href=\"#)([\w-]+)", text))

    def rename(match: re.Match[str]) -> str:
        return f' id="{key}-{match[1]}"' if match[1] in used else ""

    text = re.sub(r' id="([^"]*)"', rename, text)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{key}-", text)


def png(figure: Figure, alt: str, *, dpi: int = 180) -> Picture:
    """Return a figure as an inline PNG with at most 256 colours.

    Parameters
    ----------
    figure : Figure
        Drawn under `house_style`.
    alt : str
        What the figure shows, for those who do not see it.
    dpi : int
        Dots per inch.
    """
    from PIL import Image

    with house_style():
        figure.set_dpi(dpi)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
    # Maps have few colours: a palette makes them three times smaller, and shows no loss.
    few = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    packed = io.BytesIO()
    few.save(packed, format="PNG", optimize=True)
    width, height = (round(value * 96) for value in figure.get_size_inches())
    data = base64.b64encode(packed.getvalue()).decode("ascii")
    markup = (
        f'<img class="map" alt="{escape(alt)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{data}">'
    )
    return Picture(Markup(markup), alt)  # noqa: S704 - the only text in it is escaped
