"""Addresses of databases, which a configuration names without holding them."""

import os
import re

from hotspot.errors import ConfigError

# A configuration names a variable of the environment, never the address, which may hold a
# password; and only variables that are meant for it, so that none from a stranger reads others.
PREFIX = "env:"
_VARIABLE = re.compile(r"env:(HOTSPOT_DATABASE[A-Z0-9_]*)")


def is_database(path: str) -> bool:
    """Whether a path of a configuration names a database.

    Examples
    --------
    >>> is_database("env:HOTSPOT_DATABASE"), is_database("data/raw/lab.csv")
    (True, False)
    """
    return path.startswith(PREFIX) or re.match(r"[a-z+0-9]+://", path) is not None


def database_address(path: str) -> str:
    """Return the address that a variable of the environment holds.

    Raises
    ------
    ConfigError
        The configuration holds an address itself, the variable has another name than it must,
        or is not set.
    """
    match = _VARIABLE.fullmatch(path)
    if match is None:
        raise ConfigError(
            "data.path: the address of a database may hold a password and does not belong into "
            "a configuration. Put it into an environment variable whose name begins with "
            "HOTSPOT_DATABASE, and write data.path=env:HOTSPOT_DATABASE."
        )
    address = os.environ.get(match[1], "")
    if not address:
        raise ConfigError(
            f"data.path: the environment variable {match[1]} is not set. Set it to the address "
            "of the database, such as postgresql+psycopg://user:password@host/name."
        )
    return address
