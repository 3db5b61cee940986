"""How an unknown table writes non-detects and missing values."""

import numpy as np
from numpy.typing import NDArray

from hotspot.observations.inspection.proposal import SHOWN, Columns, Proposal
from hotspot.observations.numerals import read_number
from hotspot.observations.spelling import MISSING_WORDS
from hotspot.observations.substitution import suspects

# Numbers that stand for "missing" where they stand alone at the end of the range.
_CODES = (-9999.0, -999.0, -99.0, 999.0, 9999.0, 99999.0, 8888.0, 88.888888)


def propose_spelling(
    table: Columns, wide: dict[str, str], proposal: Proposal, *, has_limits: bool
) -> None:
    """Propose how non-detects and missing values are written."""
    codes: set[float] = set()
    negatives: dict[str, list[str]] = {}
    zeros: list[str] = []
    marks: list[str] = []
    words: dict[str, int] = {}
    for column in dict.fromkeys(wide.values()):
        numbers = table.numbers(column)
        finite = numbers[np.isfinite(numbers)]
        if table.texts(column).str.startswith(("<", "≤")).any():
            marks.append(column)
        codes |= {code for code in _CODES if _is_code(finite, code)}
        below = finite[(finite < 0) & ~np.isin(finite, list(codes))]
        if len(below):
            levels, counts = np.unique(below, return_counts=True)
            order = np.argsort(-counts)[:SHOWN]
            negatives[column] = [f"{levels[place]:g} ({counts[place]})" for place in order]
        if (finite == 0).any():
            zeros.append(f"{column} ({int((finite == 0).sum())})")
        texts = table.texts(column)
        blank = np.isnan(numbers[(table.rows[column].str.strip() != "").to_numpy()])
        for text, count in texts[blank].value_counts().items():
            words[str(text)] = words.get(str(text), 0) + int(count)
    if marks:
        proposal.why["nondetects"] = f"< before the limit, in {', '.join(marks[:SHOWN])}"
    if negatives:
        shown = "; ".join(f"{name}: {', '.join(each)}" for name, each in negatives.items())
        proposal.say("negative", "nondetect", "numbers below zero that repeat")
        proposal.doubt(
            f"Numbers below zero ({shown}) were taken for non-detects, -2 for <2. If they are "
            "codes, put them into missing_words; if errors, set negative to reject."
        )
    if zeros:
        proposal.doubt(
            f"Zeros in {', '.join(zeros[:SHOWN])} are no measurements. They are rejected until "
            "limits gives the detection limit, below which they then are."
        )
    _missing_words(table, codes, words, proposal, has_limits=has_limits)


def tell_substituted(
    table: Columns, column: str, whose: str, rows: NDArray[np.bool_], proposal: Proposal
) -> None:
    """Tell numbers that look put in the place of non-detects; they are not proposed away."""
    numbers = table.numbers(column)
    signed = table.rows[column].str.strip().str.startswith(("<", "≤", ">", "≥"))
    plain = rows & ~signed.to_numpy(dtype=np.bool_) & np.isfinite(numbers)
    for each in suspects(numbers[plain]):
        proposal.doubt(
            f"{each.count} values of {whose} are exactly {each.value:g}, and next to none lie "
            f"between it and {each.limit:g}: this looks like {each.share} a detection limit of "
            f"{each.limit:g} written in place of non-detects. If so, say it in substituted."
        )


def _is_code(numbers: NDArray[np.float64], code: float) -> bool:
    hits = int((numbers == code).sum())
    others = numbers[numbers != code]
    if not hits or len(others) == 0:
        return False
    return bool(code < 0 and code <= -99) or bool(
        hits > 1 and code > 20 * np.max(np.abs(others))
    )


def _missing_words(
    table: Columns,
    codes: set[float],
    words: dict[str, int],
    proposal: Proposal,
    *,
    has_limits: bool,
) -> None:
    unknown = {
        text: count
        for text, count in words.items()
        if not table.spelling.is_missing(text)
        and not table.spelling.is_nondetect(text)
        and read_number(text.lstrip("<>≤≥ "), table.decimal) is None
    }
    common = [text for text, count in unknown.items() if count > 1][:10]
    extra = [f"{code:g}" for code in sorted(codes)] + common
    if extra:
        proposal.say("missing_words", [*MISSING_WORDS, *extra], "values that repeat")
        proposal.doubt(
            f'{", ".join(extra)} were taken for "no value". Those that mean "below the '
            'limit" belong into nondetect_words, with a limit.'
        )
    rest = [text for text in unknown if text not in common]
    if rest:
        proposal.doubt(
            f"Cells that are no numbers will be rejected: {', '.join(rest[:SHOWN])}."
        )
    below = [text for text in words if table.spelling.is_nondetect(text)]
    if below and not has_limits:
        proposal.doubt(
            f"Non-detects are written {', '.join(below[:SHOWN])}, without their limit: give it "
            "in columns.limit, wide_limits or limits, or these rows are rejected."
        )
