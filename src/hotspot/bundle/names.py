"""What the files of a bundle are called, and what a name says.

``<ISO3>_<property>_<top>-<bottom>cm_<statistic>.tif``, as in
``NLD_Cd-exceedance_0-20cm_mean.tif``. The order country, property, depth and the paired
uncertainty layer follow the product table of FAO's nutrient maps
(``ISO_GSNmap_<prop>_Map030.tiff`` and ``…_UncertaintyMap030.tiff``, GSNmap technical manual);
depth bounds in centimetres stand apart as in GloSIS layer ids. The Global Soil Partnership has
published no convention for pollution maps, so this one is a proposal.
"""

import re
from dataclasses import dataclass

from hotspot.errors import ConfigError, few

# Quantity and statistic of each layer of a map. Layers that state how sure something is need
# no uncertainty layer of their own.
STATISTICS: dict[str, tuple[str, str]] = {
    "probability": ("exceedance", "mean"),
    "probability_lower": ("exceedance", "lower"),
    "probability_upper": ("exceedance", "upper"),
    "probability_uncertainty": ("exceedance", "uncertainty"),
    "expected_brier": ("exceedance", "brier"),
    "lower": ("concentration", "q05"),
    "median": ("concentration", "median"),
    "upper": ("concentration", "q95"),
    "concentration_uncertainty": ("concentration", "uncertainty"),
    "limit": ("limit", "value"),
    "decision": ("decision", "class"),
    "dissimilarity": ("dissimilarity", "index"),
    "point_density": ("support", "count"),
}
ROLES = {pair: role for role, pair in STATISTICS.items()}
# The estimate that each uncertainty layer belongs to.
PARTNERS = {"probability": "probability_uncertainty", "median": "concentration_uncertainty"}
UNITS: dict[str, str] = {
    "probability": "1",
    "probability_lower": "1",
    "probability_upper": "1",
    "probability_uncertainty": "1",
    "expected_brier": "1",
    "lower": "mg/kg",
    "median": "mg/kg",
    "upper": "mg/kg",
    "concentration_uncertainty": "mg/kg",
    "limit": "mg/kg",
    "decision": "class",
    "dissimilarity": "1",
    "point_density": "samples",
}

_DEPTH = r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)cm"
_NAME = re.compile(rf"([A-Z]{{3}})_([A-Za-z0-9]+)-([a-z]+)_{_DEPTH}_([a-z0-9]+)")
# Read where the convention is broken, so that what a name still says can be checked.
_COUNTRY = re.compile(r"([A-Za-z]{2,3})[_-]")
_ANY_DEPTH = re.compile(_DEPTH)
MASK = re.compile(r"([A-Z]{3})_mask")


@dataclass(frozen=True)
class LayerName:
    """What the name of a raster says.

    Parameters
    ----------
    country : str
        ISO 3166-1 alpha-3.
    token : str
        The contaminant, as in ``Cd``.
    role : str
        Key of `STATISTICS`.
    depth : tuple of float, cm
        Top and bottom of the layer of soil.

    Examples
    --------
    >>> LayerName("NLD", "Cd", "probability", (0.0, 20.0)).stem
    'NLD_Cd-exceedance_0-20cm_mean'
    """

    country: str
    token: str
    role: str
    depth: tuple[float, float]

    @property
    def stem(self) -> str:
        """The file name without its ending."""
        quantity, statistic = STATISTICS[self.role]
        return f"{self.country}_{self.token}-{quantity}_{depth_text(self.depth)}_{statistic}"

    @classmethod
    def read(cls, stem: str) -> "LayerName | None":
        """Return what a name says, or None where it breaks the convention.

        Examples
        --------
        >>> LayerName.read("NLD_Cd-exceedance_0-20cm_mean").role
        'probability'
        >>> LayerName.read("probability") is None
        True
        """
        found = _NAME.fullmatch(stem)
        if found is None:
            return None
        country, token, quantity, top, bottom, statistic = found.groups()
        role = ROLES.get((quantity, statistic))
        return (role and cls(country, token, role, (float(top), float(bottom)))) or None


def depth_text(depth: tuple[float, float]) -> str:
    """Return a depth as names write it.

    Examples
    --------
    >>> depth_text((0.0, 20.0)), depth_text((2.5, 5.0))
    ('0-20cm', '2.5-5cm')
    """
    return f"{depth[0]:g}-{depth[1]:g}cm"


def depth_in(text: str) -> tuple[float, float] | None:
    """Return the depth that a text holds, or None."""
    found = _ANY_DEPTH.search(text)
    return (float(found[1]), float(found[2])) if found else None


def country_in(text: str) -> str | None:
    """Return the country code that a name begins with, or None."""
    found = _COUNTRY.match(text)
    return found[1] if found else None


def property_token(contaminant: str, symbol: str) -> str:
    """Return how a contaminant is written in names: its symbol, or its id without marks.

    Raises
    ------
    ConfigError
        Nothing that a name can hold is left.

    Examples
    --------
    >>> property_token("cd", "Cd"), property_token("benzo_a_pyrene", "C20H12 (BaP)")
    ('Cd', 'benzoapyrene')
    """
    token = symbol if re.fullmatch(r"[A-Za-z0-9]+", symbol) else ""
    token = token or re.sub(r"[^A-Za-z0-9]", "", contaminant)
    if not token:
        raise ConfigError(
            f"The contaminant {contaminant!r} cannot be written in a file name. Give "
            f"bundle.tokens.{contaminant} letters and digits."
        )
    return token


def check_tokens(tokens: dict[str, str]) -> None:
    """Raise `ConfigError` where two contaminants would have the same file names."""
    folded = [token.casefold() for token in tokens.values()]
    twice = [name for name, token in tokens.items() if folded.count(token.casefold()) > 1]
    if twice:
        raise ConfigError(
            f"The contaminants {few(twice)} would have the same names, "
            f"{few(sorted({tokens[name] for name in twice}))}. "
            "Give each one its own with bundle.tokens.<contaminant>."
        )
