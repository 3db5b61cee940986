"""The command line that uses what was found."""

import shlex
from collections.abc import Mapping
from typing import Any

from hotspot.config.schema import Config


def use_command(config: Config, contaminant: str, changes: Mapping[str, Any]) -> str:
    """Return the command line that runs an experiment with some changes.

    What was found is found for one contaminant, so only that one is run; where the experiment
    has others, under a name of its own, so that their products stay.
    """
    experiment = config.name.partition("@")[0]
    words = ["hotspot", "run", f"experiment={experiment}"]
    if len(config.contaminants) > 1:
        words.append(f"name={experiment}_{contaminant}")
    words.append(f"contaminants=[{contaminant}]")
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
