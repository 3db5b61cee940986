"""Gathering what a report says of laboratories, from the ledger of `hotspot observations`."""

import json
from typing import Any

from hotspot.config.paths import Paths
from hotspot.report.content import Laboratories


def laboratories_of(paths: Paths, contaminant: str) -> Laboratories:
    """Return censored shares and offsets by laboratory, as far as the ledger has them."""
    account = _account(paths)
    effects = [
        each for each in account.get("laboratories", ()) if each["contaminant"] == contaminant
    ]
    return Laboratories(
        censoring=[
            each for each in account.get("censoring", ()) if each["contaminant"] == contaminant
        ],
        offsets=[offset for each in effects for offset in each["offsets"]],
        left_out=[name for each in effects for name in each["left_out"]],
    )


def observation_notes(paths: Paths) -> tuple[str, ...]:
    """Return what looked odd in the laboratory's table, in sentences."""
    return tuple(str(note) for note in _account(paths).get("notes", ()))


def _account(paths: Paths) -> dict[str, Any]:
    path = paths.interim / "ledger.json"
    if not path.is_file():
        return {}
    account: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return account
