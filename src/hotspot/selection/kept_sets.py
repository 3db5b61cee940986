"""Sets of covariates that were scored, on disk, so that a selection goes on after a stop."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from hotspot.errors import ModelError, OutputError
from hotspot.files import write_text
from hotspot.selection.forward import Names
from hotspot.selection.losses import Losses


class KeptSets:
    """Remembers the losses of sets of covariates, and which were refused, in a folder.

    Forward selection has no memory of its own and draws nothing: given the losses of the sets
    that were scored before, it goes the same way again without a fit.

    Parameters
    ----------
    folder : Path
        Held by `hotspot.selection.folder.search_folder`. One file for each set.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sets"

    def __len__(self) -> int:
        """Return how many sets are known."""
        return sum(1 for _ in self._folder.glob("*.json"))

    def remembered(self, evaluate: Callable[[Names], Losses]) -> Callable[[Names], Losses]:
        """Return the same evaluation, which fits only what is not known.

        Parameters
        ----------
        evaluate : callable
            From a set of names to its losses; raises `ModelError` where the model refuses.
        """

        def recalled(names: Names) -> Losses:
            path = self._path(names)
            if not path.is_file():
                _keep(path, names, evaluate)
            losses, refusal = _kept(path)
            if refusal is not None:
                raise ModelError(refusal)
            return losses

        return recalled

    def _path(self, names: Names) -> Path:
        # Names of covariates may be long and hold any letter; that of a file may not.
        return self._folder / f"{sha256(json.dumps(names).encode()).hexdigest()[:24]}.json"


def _keep(path: Path, names: Names, evaluate: Callable[[Names], Losses]) -> None:
    try:
        # Numbers in JSON are read as the same bits.
        found: dict[str, object] = {"losses": evaluate(names).tolist()}
    except ModelError as error:
        found = {"refused": str(error)}
    write_text(path, json.dumps({"names": names, **found}) + "\n")


def _kept(path: Path) -> tuple[Losses, str | None]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        losses = np.array(found.get("losses", []), dtype=np.float64)
        return losses, found.get("refused")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise OutputError(
            f"{path}: what was kept of a set of covariates cannot be read ({error}). "
            "Remove the file to have the set scored again."
        ) from error
