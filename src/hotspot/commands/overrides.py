"""What of overrides is refused before a job of them runs, in the words that were typed."""

import re
from collections.abc import Sequence

from hotspot.config.schema import Config
from hotspot.config.schema.limits import ThresholdConfig
from hotspot.errors import ConfigError, nearest_name

_SWEEP_FLAGS = {"-m", "--multirun"}
_LIMIT = re.compile(r"^\+{0,2}threshold\.([a-z0-9_]+)[.=]")
_CALL = re.compile(r"(?:choice|range|interval)\((.*)\)", re.DOTALL)
_VALUE = re.compile(r"^[+~]{0,2}[\w./@-]+=(.+)$", re.DOTALL)


def refuse_sweep(arguments: Sequence[str]) -> None:
    """Raise where a key is given several values without the flag that runs one job for each.

    Parameters
    ----------
    arguments : sequence of str
        What follows the verb.

    Raises
    ------
    ConfigError
        A value is a sweep, such as ``model=a,b``, ``choice(a,b)`` or ``range(1,9)``.
    """
    if _SWEEP_FLAGS & set(arguments):
        return
    for text in arguments:
        match = None if text.startswith("-") else _VALUE.match(text)
        if match is None:
            continue
        values = _values(match[1])
        # `range(1,9)` and its like stand for more values than they name.
        number = "several" if _CALL.fullmatch(match[1]) else len(values)
        if len(values) > 1:
            key = text[: match.start(1) - 1]
            raise ConfigError(
                f"{text}: these are {number} values, one for each job of a sweep. Add -m, as "
                "in `hotspot run -m`, to run every one, or choose one, such as "
                f"{key}={values[0]}; where a list is meant, put it in brackets."
            )


def check_own_limits(config: Config, overrides: Sequence[str]) -> None:
    """Raise where the command line gives a limit of a contaminant that is not mapped.

    A group of limits may hold more of them than an experiment uses; a limit that was typed
    was meant.

    Parameters
    ----------
    config : Config
        Checked.
    overrides : sequence of str
        As typed.

    Raises
    ------
    ConfigError
        The limit would change nothing.
    """
    for text in overrides:
        name = limited_contaminant(text)
        if name is None or name in config.contaminants:
            continue
        mapped = ", ".join(config.contaminants)
        raise ConfigError(
            f"{text}: the limit would change nothing, since {name} is not among the "
            f"contaminants of {config.name} ({mapped})."
            f"{nearest_name(name, config.contaminants)} Give the limit of one of them, or add "
            f"it: contaminants=[{','.join([*config.contaminants, name])}]."
        )


def limited_contaminant(text: str) -> str | None:
    """Return the contaminant whose limit an override gives; None where it gives none.

    Examples
    --------
    >>> [limited_contaminant(text) for text in ("++threshold.zn=500", "threshold.regime=x")]
    ['zn', None]
    """
    match = _LIMIT.match(text)
    return None if match is None or match[1] in ThresholdConfig.model_fields else match[1]


def unused_limits(config: Config) -> list[str]:
    """Return the contaminants that have a limit and are not mapped."""
    own = config.threshold.__pydantic_extra__ or {}
    return [name for name in own if name not in config.contaminants]


def _values(text: str) -> list[str]:
    """Return the values of a sweep; one of them where a text is none.

    Examples
    --------
    >>> _values("block,random"), _values("[a,b]"), _values("'a, b'"), _values("choice(a,b)")
    (['block', 'random'], ['[a,b]'], ["'a, b'"], ['a', 'b'])
    """
    called = _CALL.fullmatch(text)
    text = called[1] if called else text
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "[{(":
            depth += 1
        elif letter in "]})":
            depth -= 1
        if letter == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
