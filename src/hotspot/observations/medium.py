"""What was analysed: a table of soil may hold water, plants and sediments beside it."""

import pandas as pd

from hotspot.observations.mapping import TableMapping
from hotspot.observations.rejection import Reasons, Sieve


def reject_other_media(cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve) -> None:
    """Reject rows of which the file says that they are of something else than soil.

    A result of 5 ppm is 5 mg/kg of a soil and 5 mg/L of a water, and no unit tells the two
    apart. Only whole words of `Rules.media` count, since soil water is no soil.

    Examples
    --------
    >>> mapping = TableMapping.from_config({"unit": "ppm", "columns": {
    ...     "medium": "matrix", "contaminant": "metal", "value": "result"}})
    >>> cells = pd.DataFrame({"medium": ["Soil ", "soil water", ""]})
    >>> sieve = Sieve(3)
    >>> reject_other_media(cells, mapping, sieve)
    >>> sieve.ledger.reasons()
    {"medium 'soil water' is not among data.media": 1, 'medium missing': 1}
    """
    if "medium" not in mapping.columns:
        return
    texts = cells["medium"].str.strip()
    known = texts.str.casefold().isin([word.casefold() for word in mapping.rules.media])
    missing = (texts == "") & ~known
    reasons = Reasons(len(cells))
    reasons.mark(missing.to_numpy(dtype=bool), "medium missing")
    told = "medium " + texts.str.slice(0, 40).map(repr) + " is not among data.media"
    reasons.mark((~known).to_numpy(dtype=bool), told.to_numpy(dtype=object))
    sieve.reject("medium", reasons)
