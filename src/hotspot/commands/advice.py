"""The command line that uses what was found."""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hotspot.commands.overrides import limited_contaminant
from hotspot.config.schema import Config

# Typed keys that the advised command has in its own words, or that change no result.
_OWN = re.compile(r"(experiment|name|contaminants|workers|(tune|tracking)(\.\w+)*)=")
_PREFIX = re.compile(r"^\+{1,2}")


def use_command(
    config: Config, contaminant: str, changes: Mapping[str, Any], typed: Sequence[str] = ()
) -> str:
    """Return the command line that runs an experiment with some changes.

    What was found is found for one contaminant, so only that one is run; where the experiment
    has others, under a name of its own, so that their products stay.

    Parameters
    ----------
    config : Config
        Under which it was found.
    contaminant : str
        For which it was found.
    changes : mapping
        What was found: values by key.
    typed : sequence of str
        Overrides of the command that found it, which hold for the advised one as well, but
        for limits of other contaminants: these would be refused.
    """
    experiment = config.name.partition("@")[0]
    words = ["hotspot", "run", f"experiment={experiment}"]
    if len(config.contaminants) > 1:
        words.append(f"name={experiment}_{contaminant}")
    words.append(f"contaminants=[{contaminant}]")
    for text in (_PREFIX.sub("", each) for each in typed):
        is_repeated = _OWN.match(text) is None and text.partition("=")[0] not in changes
        if is_repeated and limited_contaminant(text) in (None, contaminant):
            words.append(text)
    words += [f"{key}={override_text(value)}" for key, value in changes.items()]
    return shlex.join(words)


def override_text(value: Any) -> str:
    """Return a plain value as Hydra reads it on the command line.

    Examples
    --------
    >>> [override_text(value) for value in (None, True, 0.02, "exp", ["a", "b"])]
    ['null', 'true', '0.02', 'exp', '[a,b]']
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(map(override_text, value))}]"
    return str(value)
