"""What a chart tells where the pointer rests: the number behind each of its marks."""

from collections.abc import Iterable

from matplotlib.axes import Axes

from hotspot.report.style import TIP

# Points; wide enough to be hit, and narrower than the distance of two rows.
_REACH = 13


def tell(axis: Axes, x: Iterable[float], y: Iterable[float], texts: Iterable[str]) -> None:
    """Have a text shown where the pointer rests on a place of a chart.

    The browser shows it by itself, without a script. Paper and keyboards have the same
    numbers in the table below the chart.

    Parameters
    ----------
    axis : Axes
    x, y : iterable of float
        Places of marks, in data.
    texts : iterable of str
        One for each.
    """
    for easting, northing, text in zip(x, y, texts, strict=True):
        axis.plot(
            [easting],
            [northing],
            "o",
            ms=_REACH,
            color="#1f2933",
            mew=0,
            alpha=0,
            zorder=9,
            gid=f"{TIP}{text.encode().hex()}",
        )
