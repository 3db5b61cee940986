"""Point, diffuse or natural: contributions by the origin that roles stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue, Role
from hotspot.errors import ModelError
from hotspot.explanations.share_trial import ShareTrial

Values = NDArray[np.float64]

POINT, DIFFUSE, NATURAL = "point", "diffuse", "natural"
# Land use holds towns, fields and forests at once, and a place is no source: neither is
# counted to an origin.
ORIGINS: dict[str, tuple[Role, ...]] = {
    POINT: (Role.INDUSTRY, Role.MINES, Role.WASTE),
    DIFFUSE: (Role.ROADS, Role.AGRICULTURE, Role.ATMOSPHERE),
    NATURAL: (Role.GEOLOGY, Role.SOIL, Role.TERRAIN, Role.CLIMATE, Role.WATER),
}
# Where the covariates of one origin tell this much of what is credited to another, the model
# could as well have credited it to the first: the two cannot be told apart.
NOT_IDENTIFIABLE_FROM = 0.8
# A share is told as one number where it is known so well, and as a range where not.
TOLERANCE = 0.1
# Below this share of all credit it makes no difference to whom it goes.
_LEAST_SHARE = 0.05

CAUTION = (
    "Attribution is not causation: these are shares of what the model credits to covariates "
    "of each origin, not masses of contaminant from a source."
)


@dataclass(frozen=True)
class Origin:
    """What is credited to the covariates of one origin.

    Parameters
    ----------
    name : str
        ``point``, ``diffuse`` or ``natural``.
    roles : tuple of str
        Its roles among the covariates.
    credit : float
        Its mean absolute contribution as a share of that of all origins; what is credited to
        land use or to the place counts to none.
    explained_by : dict of str to float
        For each other origin, how much of the credit its covariates tell (`told_by`).
    confused_with : tuple of str
        Other origins from which it cannot be told apart.
    judged : float or None
        The same by the judge of a `ShareTrial`; None where none was held.
    tolerance : float or None
        How far such shares may be off, as the trial found.
    is_alone : bool
        Whether no other origin has a covariate, so that there is nothing to share.
    """

    name: str
    roles: tuple[str, ...]
    credit: float
    explained_by: Mapping[str, float]
    confused_with: tuple[str, ...] = ()
    judged: float | None = None
    tolerance: float | None = None
    is_alone: bool = False

    @property
    def range(self) -> tuple[float, float] | None:
        """Between what the share lies; None where nothing can be said of it.

        It holds what the trial allows about the credit of the model and about that of the
        judge: where the two differ, neither is believed alone.
        """
        if self.confused_with or self.is_alone or self.tolerance is None or self.judged is None:
            return None
        low, high = sorted((self.credit, self.judged))
        return max(0.0, low - self.tolerance), min(1.0, high + self.tolerance)

    @property
    def is_identifiable(self) -> bool:
        """Whether its share is known within `TOLERANCE`, either way."""
        return self.range is not None and self.range[1] - self.range[0] <= 2 * TOLERANCE

    @property
    def share(self) -> float | None:
        """The middle of its range; None where that is too wide for one number."""
        if self.range is None or not self.is_identifiable:
            return None
        return (self.range[0] + self.range[1]) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as plain values for JSON."""
        return {
            "origin": self.name,
            "roles": list(self.roles),
            "share": None if self.share is None else round(self.share, 6),
            "identifiable": self.is_identifiable,
            "confused_with": list(self.confused_with),
            "explained_by": {name: round(v, 6) for name, v in self.explained_by.items()},
            "range": None if self.range is None else [round(end, 6) for end in self.range],
            "credit": round(self.credit, 6),
            "judged": None if self.judged is None else round(self.judged, 6),
            "tolerance": None if self.tolerance is None else round(self.tolerance, 6),
            "alone": self.is_alone,
            "text": self.text,
        }

    @property
    def text(self) -> str:
        """A sentence for people."""
        roles = ", ".join(role.replace("_", " ") for role in self.roles)
        goes = f"of the credit of all origins goes to {self.name} ones ({roles})"
        if self.share is not None and self.range is not None:
            low, high = (100 * end for end in self.range)
            return (
                f"{100 * self.share:.0f} % {goes}; by simulated surveys like this one it may "
                f"be {low:.0f} to {high:.0f} %."
            )
        if self.range is not None:
            low, high = (100 * end for end in self.range)
            return (
                f"Between {low:.0f} and {high:.0f} % {goes}. One number would not do: in "
                "simulated surveys like this one it comes out more than "
                f"{100 * TOLERANCE:.0f} points off."
            )
        if self.is_alone:
            return (
                f"No share is given to {self.name} origins ({roles}): no covariate stands for "
                "another origin, so that there is nothing to compare with."
            )
        if self.confused_with:
            others = " and ".join(self.confused_with)
            return (
                f"No share is given to {self.name} origins ({roles}): their covariates and the "
                f"{others} ones say the same, and the samples cannot tell them apart."
            )
        return f"The share of {self.name} origins ({roles}) was not tried."


def origin_roles(roles: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the roles of each origin that has any, among those given.

    Examples
    --------
    >>> origin_roles(["water", "industry", "land_use", "soil"])
    {'point': ('industry',), 'natural': ('water', 'soil')}
    """
    found = {
        origin: tuple(role for role in roles if role in {str(own) for own in held})
        for origin, held in ORIGINS.items()
    }
    return {origin: held for origin, held in found.items() if held}


def origin_covariates(roles: Sequence[str], catalogue: Catalogue) -> dict[str, list[str]]:
    """Return the covariates of each origin that has any, among the roles given."""
    held = catalogue.by_role()
    return {
        origin: [name for role in own for name in held[role]]
        for origin, own in origin_roles(roles).items()
    }


def share_origins(
    contributions: Mapping[str, Values],
    X: pd.DataFrame,
    catalogue: Catalogue,
    *,
    trial: ShareTrial | None = None,
) -> tuple[Origin, ...]:
    """Return the share of each origin, and whether it can be told from the others.

    Two origins are confused where the covariates of one tell 80 % or more of what is
    credited to the other, either way round: had the model credited the first instead, it
    would predict nearly the same. An origin with less than 5 % of the credit is not asked
    about, but for its covariates telling what another has. A share is told where a trial in
    simulated surveys finds such shares again, and its judge says the same of this survey,
    both together within 10 points; as a range where not; and not at all without a trial. A
    single origin gets none either.

    Parameters
    ----------
    contributions : mapping of str to array, shape (n,)
        What is credited to each role, in any one unit.
    X : DataFrame, shape (n, n_covariates)
        Covariates of the same rows.
    catalogue : Catalogue
        Theirs.
    trial : ShareTrial, optional
        Of the same origins, see `try_shares`.

    Raises
    ------
    ModelError
        Rows differ in number.
    """
    wrong = [role for role, values in contributions.items() if len(values) != len(X)]
    if wrong:
        raise ModelError(
            f"The role {wrong[0]} has {len(contributions[wrong[0]])} contributions for "
            f"{len(X)} rows of covariates. Give one per row."
        )
    known = np.isfinite(np.array(list(contributions.values()))).all(axis=0)
    X = X.loc[known]
    by_origin = {
        origin: np.sum([contributions[role][known] for role in roles], axis=0)
        for origin, roles in origin_roles(list(contributions)).items()
    }
    columns = origin_covariates(list(contributions), catalogue)
    size = {origin: float(np.abs(values).mean()) for origin, values in by_origin.items()}
    total = sum(size.values())
    share = {origin: value / total if total > 0 else 0.0 for origin, value in size.items()}
    told = {
        origin: {
            other: told_by(values, X[columns[other]], catalogue)
            for other in by_origin
            if other != origin
        }
        for origin, values in by_origin.items()
    }

    def confused(one: str, other: str) -> bool:
        return any(
            share[mine] >= _LEAST_SHARE and told[mine][theirs] >= NOT_IDENTIFIABLE_FROM
            for mine, theirs in ((one, other), (other, one))
        )

    return tuple(
        Origin(
            name=origin,
            roles=origin_roles(list(contributions))[origin],
            credit=share[origin],
            explained_by=told[origin],
            confused_with=tuple(
                other for other in by_origin if other != origin and confused(origin, other)
            ),
            judged=None if trial is None else trial.share(origin),
            tolerance=None if trial is None else trial.tolerance(origin),
            is_alone=len(by_origin) == 1,
        )
        for origin in by_origin
    )


def told_by(values: Values, X: pd.DataFrame, catalogue: Catalogue) -> float:
    """Return how much of some values covariates tell: R² of left-out rows, at least 0.

    A sum of cubic curves of the covariates' ranks, and of steps by class, is fitted by least
    squares; each row is predicted without itself, so that many covariates do not flatter.

    Examples
    --------
    >>> from hotspot.covariates.catalogue import Covariate, Kind
    >>> catalogue = Catalogue((Covariate("dist", "m", Kind.CONTINUOUS, Role.ROADS),))
    >>> X = pd.DataFrame({"dist": np.linspace(0, 900, 50)})
    >>> round(told_by(np.exp(-X["dist"].to_numpy() / 300), X, catalogue), 2)
    1.0
    """
    parts = [np.ones((len(X), 1))]
    for name in X.columns:
        column = X[name].to_numpy(dtype=np.float64)
        if catalogue[str(name)].is_categorical:
            parts.append((column[:, None] == np.unique(column)[1:]).astype(np.float64))
        else:
            rank = X[name].rank().to_numpy(dtype=np.float64) / len(X) * 2 - 1
            parts.append(np.column_stack([rank, rank**2, rank**3]))
    return left_out_r2(np.hstack(parts), values)


def left_out_r2(design: Values, values: Values) -> float:
    """Return how much of some values a linear design tells of rows left out, at least 0.

    Parameters
    ----------
    design : array, shape (n, n_columns)
        With a column of ones.
    values : array, shape (n,)

    Examples
    --------
    >>> line = np.arange(20.0)
    >>> left_out_r2(np.column_stack([np.ones(20), line]), 3 * line)
    1.0
    """
    spread = float(((values - values.mean()) ** 2).sum())
    if spread == 0 or design.shape[1] == 1 or len(values) <= design.shape[1] + 1:
        return 0.0
    left, singular, _ = np.linalg.svd(design, full_matrices=False)
    left = left[:, singular > 1e-9 * singular[0]]
    residual = values - left @ (left.T @ values)
    leverage = np.minimum((left**2).sum(axis=1), 1 - 1e-9)
    return max(0.0, 1.0 - float(((residual / (1 - leverage)) ** 2).sum()) / spread)
