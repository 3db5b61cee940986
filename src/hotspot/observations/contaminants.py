"""What a contaminant is called: ids, names, symbols and the spellings of several languages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from hotspot.errors import ObservationError, nearest_name
from hotspot.observations.store import registry_rows

# Spellings beyond the registry's own, folded to lower case. "Chromium" and "mercury" without
# more are what a laboratory reports when it has measured the total.
_SYNONYMS = {
    "chromium": "cr",
    "chrome": "cr",
    "chrom": "cr",
    "krom": "cr",
    "chroom": "cr",
    "cromo": "cr",
    "hexavalent chromium": "cr6",
    "chromium vi": "cr6",
    "chromium 6": "cr6",
    "cr vi": "cr6",
    "cr6+": "cr6",
    "trivalent chromium": "cr3",
    "chromium iii": "cr3",
    "cr iii": "cr3",
    "mercury": "hg",
    "quecksilber": "hg",
    "mercure": "hg",
    "mercurio": "hg",
    "kwik": "hg",
    "kvikksolv": "hg",
    "elohopea": "hg",
    "arsenic": "as",
    "arsen": "as",
    "arseen": "as",
    "arsenico": "as",
    "arseeni": "as",
    "kadmium": "cd",
    "cadmio": "cd",
    "kobalt": "co",
    "cobalto": "co",
    "kupfer": "cu",
    "koper": "cu",
    "koppar": "cu",
    "kobber": "cu",
    "cuivre": "cu",
    "cobre": "cu",
    "rame": "cu",
    "kupari": "cu",
    "nikkel": "ni",
    "nichel": "ni",
    "niquel": "ni",
    "nikkeli": "ni",
    "blei": "pb",
    "lood": "pb",
    "bly": "pb",
    "plomb": "pb",
    "plomo": "pb",
    "piombo": "pb",
    "lyijy": "pb",
    "zink": "zn",
    "zinco": "zn",
    "sinkki": "zn",
    "sink": "zn",
    "мышьяк": "as",
    "кадмий": "cd",
    "кобальт": "co",
    "хром": "cr",
    "медь": "cu",
    "ртуть": "hg",
    "никель": "ni",
    "свинец": "pb",
    "цинк": "zn",
    "砷": "as",
    "镉": "cd",
    "钴": "co",
    "铬": "cr",
    "铜": "cu",
    "汞": "hg",
    "镍": "ni",
    "铅": "pb",
    "锌": "zn",
    "زرنيخ": "as",
    "كادميوم": "cd",
    "كوبالت": "co",
    "كروم": "cr",
    "نحاس": "cu",
    "زئبق": "hg",
    "نيكل": "ni",
    "رصاص": "pb",
    "زنك": "zn",
    "antimon": "sb",
    "selen": "se",
    "vanadin": "v",
    "molybdän": "mo",
    "zinn": "sn",
    "benzo(a)pyrene": "benzo_a_pyrene",
    "benzoapyrene": "benzo_a_pyrene",
    "bap": "benzo_a_pyrene",
    "trichloroethene": "tce",
    "tetrachloroethene": "pce",
    "chloroethene": "vinyl_chloride",
    "gamma-hch": "lindane",
}


def _number(text: str) -> float | None:
    return float(text) if text else None


def _fold(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())


@dataclass(frozen=True)
class Contaminant:
    """One contaminant of the registry.

    Parameters
    ----------
    id : str
        Such as ``zn``; the key of thresholds, files and folders.
    name, symbol : str
        For people; the symbol may be a formula or empty.
    cas : str
        Registry number of the Chemical Abstracts Service, or empty.
    group : str
        Such as ``metal`` or ``PAH``.
    molar_mass_g_mol : float or None
        Where it has one.
    usual_mg_kg : float or None
        What soils hold on average, or else the upper continental crust; None where the
        registry does not know it.
    """

    id: str
    name: str
    symbol: str
    cas: str
    group: str
    molar_mass_g_mol: float | None = None
    usual_mg_kg: float | None = None


@dataclass(frozen=True)
class Contaminants:
    """The contaminants of the registry, found by any of their names.

    Examples
    --------
    >>> contaminants = Contaminants.load()
    >>> [contaminants.id_of(text) for text in ("cd", "Cadmium", "CD", "Kadmium", "Cr(VI)")]
    ['cd', 'cd', 'cd', 'cd', 'cr6']
    >>> contaminants.find("phlogiston") is None
    True
    """

    rows: tuple[Contaminant, ...]
    _spellings: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spellings: dict[str, str] = {}
        # A formula that several isomers share names none of them.
        symbols = [_fold(row.symbol) for row in self.rows]
        for row, symbol in zip(self.rows, symbols, strict=True):
            if symbol and symbols.count(symbol) == 1:
                spellings[symbol] = row.id
        spellings |= {row.cas: row.id for row in self.rows if row.cas}
        spellings |= _SYNONYMS
        spellings |= {_fold(row.name): row.id for row in self.rows}
        spellings |= {_fold(row.id): row.id for row in self.rows}
        known = {row.id for row in self.rows}
        object.__setattr__(
            self, "_spellings", {k: v for k, v in spellings.items() if v in known}
        )

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Self:
        """Return the contaminants of the registry that comes with the package."""
        return cls(
            tuple(
                Contaminant(
                    id=row["id"],
                    name=row["name"],
                    symbol=row["symbol_or_formula"],
                    cas=row["cas"],
                    group=row["class"],
                    molar_mass_g_mol=_number(row["molar_mass_g_mol"]),
                    usual_mg_kg=_number(row["typical_natural_background_mg_kg"])
                    or _number(row["upper_crust_mg_kg"]),
                )
                for row in registry_rows("contaminants")
            )
        )

    def __iter__(self) -> Iterator[Contaminant]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, text: str) -> Contaminant:
        known = self.id_of(text)
        return next(row for row in self.rows if row.id == known)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the registry's order."""
        return tuple(row.id for row in self.rows)

    def find(self, text: str) -> str | None:
        """Return the id that a spelling stands for, or None.

        Case and spaces do not matter. ``Cadmium (Cd)``, ``Cd - Cadmium`` and ``total zinc``
        are read too, where both parts name the same contaminant.
        """
        folded = _fold(text)
        if folded in self._spellings:
            return self._spellings[folded]
        parts = [part for part in re.split(r"\s*[(),]\s*|\s+-\s+", folded) if part]
        named = {self._spellings.get(part) for part in parts if part != "total"}
        if len(parts) > 1 and len(named) == 1:
            return named.pop()
        return self._spellings.get(folded.removeprefix("total ").removesuffix(" total"))

    def id_of(self, text: str) -> str:
        """Return the id that a spelling stands for.

        Raises
        ------
        ObservationError
            The registry does not know it.
        """
        found = self.find(text)
        if found is None:
            raise ObservationError(
                f"No contaminant is known as {text!r}.{self.near(text)} "
                "Write an id such as zn or pb, a name, or a symbol."
            )
        return found

    def near(self, text: str) -> str:
        """Return ``" Did you mean 'zinc'?"`` for the nearest spelling, else an empty string."""
        return nearest_name(_fold(text), list(self._spellings))
