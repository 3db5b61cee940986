"""A statement: what an explanation claims, with its verdict and the evidence for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.explanations.verdicts import Verdict

Direction = Literal["raises", "lowers", "mixed"]


@dataclass(frozen=True)
class Statement:
    """One claim of an explanation.

    Parameters
    ----------
    id : str
        Readable, and the same in every run.
    text : str
        A sentence for people.
    verdict : Verdict
        What its tests come to.
    subject : str
        The role or covariate it speaks of.
    kind : {"role", "covariate"}
        Which of the two.
    direction : {"raises", "lowers", "mixed"}
        What higher values go with.
    evidence : dict
        Plain numbers and names; None where something was not tested.
    cautions : tuple of str
        What a reader must know beside.
    """

    id: str
    text: str
    verdict: Verdict
    subject: str
    kind: Literal["role", "covariate"]
    direction: Direction
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as plain values for JSON."""
        return {
            "id": self.id,
            "text": self.text,
            "verdict": str(self.verdict),
            "subject": self.subject,
            "kind": self.kind,
            "direction": self.direction,
            "evidence": {name: _plain(value) for name, value in self.evidence.items()},
            "cautions": list(self.cautions),
        }


@dataclass(frozen=True)
class Survey:
    """What statements are about.

    Parameters
    ----------
    contaminant, name : str
        Id, and name within a sentence.
    X : DataFrame, shape (n, n_covariates)
        Covariates of all samples; positions as in `Evidence.rows`.
    catalogue : Catalogue
        Theirs.
    inside : array of bool, shape (n,), or None
        Whether each sample lies inside the area of applicability of samples of other folds.
    """

    contaminant: str
    name: str
    X: pd.DataFrame
    catalogue: Catalogue
    inside: NDArray[np.bool_] | None = None


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return round(value, 6) if isinstance(value, float) else value
