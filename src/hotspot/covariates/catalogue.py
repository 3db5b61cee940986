"""The catalogue: what each covariate is called, measures, and stands for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from hotspot.errors import CovariateError, few, nearest_name


class Kind(StrEnum):
    """Whether values are numbers on a scale, or codes of classes that are never averaged."""

    CONTINUOUS = "continuous"
    CATEGORICAL = "categorical"


class Role(StrEnum):
    """What a covariate stands for; explanations are summed over it."""

    LAND_USE = "land_use"
    INDUSTRY = "industry"
    MINES = "mines"
    WASTE = "waste"
    ROADS = "roads"
    AGRICULTURE = "agriculture"
    ATMOSPHERE = "atmosphere"
    GEOLOGY = "geology"
    SOIL = "soil"
    TERRAIN = "terrain"
    CLIMATE = "climate"
    WATER = "water"
    LOCATION = "location"


@dataclass(frozen=True)
class Covariate:
    """One covariate.

    Parameters
    ----------
    name : str
        Also the name of its file, so letters, digits and underscores only.
    unit : str
        ``"1"`` for a share or a normalised number, ``"class"`` for a categorical one.
    kind : Kind
        Continuous or categorical.
    role : Role
        What it stands for.
    description : str
        One sentence for people.
    classes : tuple of (int, str)
        Codes and their meaning, for a categorical covariate; empty if not given.
    """

    name: str
    unit: str
    kind: Kind
    role: Role
    description: str = ""
    classes: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise CovariateError(
                f"The covariate name {self.name!r} cannot be a file name and a column name. "
                "Use letters, digits and underscores, and begin with a letter."
            )

    @property
    def is_categorical(self) -> bool:
        """Whether values are codes of classes."""
        return self.kind is Kind.CATEGORICAL

    def to_dict(self) -> dict[str, Any]:
        """Return the covariate as plain values for JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "kind": str(self.kind),
            "role": str(self.role),
            "description": self.description,
            "classes": {str(code): label for code, label in self.classes},
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the covariate that `to_dict` described."""
        return cls(
            name=values["name"],
            unit=values["unit"],
            kind=Kind(values["kind"]),
            role=Role(values["role"]),
            description=values.get("description", ""),
            classes=tuple((int(code), label) for code, label in values["classes"].items()),
        )


@dataclass(frozen=True)
class Catalogue:
    """Covariates in the order in which they stand in every matrix.

    Examples
    --------
    >>> slope = Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN)
    >>> rock = Covariate("rock", "class", Kind.CATEGORICAL, Role.GEOLOGY)
    >>> catalogue = Catalogue((slope, rock))
    >>> catalogue.names, catalogue.categorical, catalogue.by_role()
    (('slope', 'rock'), ('rock',), {'terrain': ['slope'], 'geology': ['rock']})
    """

    covariates: tuple[Covariate, ...]

    def __post_init__(self) -> None:
        names = [covariate.name for covariate in self.covariates]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise CovariateError(
                f"Covariates share a name: {few(twice)}. Give each its own name."
            )

    def __iter__(self) -> Iterator[Covariate]:
        return iter(self.covariates)

    def __len__(self) -> int:
        return len(self.covariates)

    def __getitem__(self, name: str) -> Covariate:
        for covariate in self.covariates:
            if covariate.name == name:
                return covariate
        raise CovariateError(
            f"There is no covariate {name!r}.{nearest_name(name, self.names)} "
            f"The catalogue holds {few(self.names, 10)}."
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(covariate.name for covariate in self.covariates)

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the categorical covariates, in order."""
        return tuple(c.name for c in self.covariates if c.is_categorical)

    def by_role(self) -> dict[str, list[str]]:
        """Return the names of the covariates of each role, roles in order of appearance."""
        groups: dict[str, list[str]] = {}
        for covariate in self.covariates:
            groups.setdefault(str(covariate.role), []).append(covariate.name)
        return groups

    def check_names(self, names: Sequence[str]) -> None:
        """Raise `CovariateError` unless `names` are these covariates in this order."""
        if tuple(names) == self.names:
            return
        missing = [name for name in self.names if name not in names]
        extra = [name for name in names if name not in self.names]
        if missing or extra:
            raise CovariateError(
                f"The covariates are not those of the model: missing {few(missing) or 'none'}; "
                f"not in the model {few(extra) or 'none'}. "
                "Use the stack that the model was fitted on, or fit the model again."
            )
        raise CovariateError(
            f"The covariates stand in another order: {few(names, 8)} where the model has "
            f"{few(self.names, 8)}. Reorder the columns as in the model's catalogue."
        )

    def to_list(self) -> list[dict[str, Any]]:
        """Return the catalogue as JSON values."""
        return [covariate.to_dict() for covariate in self.covariates]

    @classmethod
    def from_list(cls, values: Sequence[dict[str, Any]]) -> Self:
        """Return the catalogue that `to_list` described."""
        return cls(tuple(Covariate.from_dict(one) for one in values))
