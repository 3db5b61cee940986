"""Exact path-dependent SHAP values of tree ensembles, from tables of patterns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.trees.ensemble import Ints, TreeEnsemble, Values
from hotspot.trees.patterns import MOST_BITS, STRIP, Part, PathLeaf, parts_of
from hotspot.trees.portions import over_rows
from hotspot.trees.predict import compiled_codes
from hotspot.trees.quantise import Codes

_MOST_BYTES = 256 << 20
# Rows whose contributions are added up at once: the tables are fetched anew for each portion.
_PORTION = 8192
# Numbers that a step of building works on at once.
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class PatternTables:
    """Contributions of covariates, or of groups of them, tabulated for every pattern.

    A leaf of value ``v`` whose way asks ``d`` covariates gives covariate ``i``

        v (o_i - z_i) * integral over t in [0, 1] of prod_{j != i} (t o_j + (1 - t) z_j)

    where ``o_j`` is 1 if the row's value of ``j`` fits the way to the leaf, else 0, and
    ``z_j`` is the share of training samples that the way's splits on ``j`` let through: the
    Shapley value of the game that path-dependent TreeSHAP plays. It depends on the row by its
    ``o`` alone, so that all their patterns are tabulated once, for neighbouring leaves
    together; a row then takes a pattern and a look-up. The integral is exact by Gauss and
    Legendre.

    Parameters
    ----------
    codes : Codes
        How covariates become codes.
    bits : array of int, shape (n_parts + 1,)
        Where the conditions of each part of the trees begin.
    place : array of int, shape (n_bits,)
        Row of the codes that each condition asks.
    members : array of bool, shape (n_bits, n_codes)
        The codes for which each condition holds.
    first : array of int, shape (n_parts, n_strips)
        Row of cells of each part's pattern 0, for each strip of eight outputs; -1 where the
        part gives nothing to any of them.
    cells : array, shape (n_cells, 8)
        Contributions to the outputs of a strip, a row per part, strip and pattern.
    n_outputs : int
        Covariates, or groups.
    base : float
        What the trees add for an average training sample.

    References
    ----------
    Lundberg, S. M. et al. (2020). From local explanations to global understanding with
    explainable AI for trees. Nature Machine Intelligence 2, 56-67.
    https://doi.org/10.1038/s42256-019-0138-9
    """

    codes: Codes
    bits: Ints
    place: Ints
    members: NDArray[np.bool_]
    first: Ints
    cells: Values
    n_outputs: int
    base: float

    @classmethod
    def of(
        cls, ensemble: TreeEnsemble, codes: Codes, groups: Sequence[int] | None = None
    ) -> Self:
        """Return the tables of an ensemble of one sum.

        Parameters
        ----------
        ensemble : TreeEnsemble
            Its nodes must know how many training samples they hold.
        codes : Codes
            Of the ensemble.
        groups : sequence of int, shape (n_columns,), optional
            Number of the group of each column, from 0; each column for itself by default.

        Raises
        ------
        ModelError
            The ensemble makes several sums; the groups do not fit its columns; a node holds
            no training sample; a way asks more than 16 covariates; or the tables would take
            more than 256 MB.
        """
        group = np.arange(ensemble.n_columns) if groups is None else np.asarray(groups)
        _check(ensemble, group)
        n_codes = int(codes.count.max(initial=1))
        _check_size(len(ensemble.splits.column) * n_codes, ensemble.n_trees)
        parts = parts_of(ensemble, codes, group[codes.column].tolist())
        bits = np.array([len(part.conditions) for part in parts], dtype=np.int64)
        if bits.max(initial=0) > MOST_BITS:
            raise ModelError(
                f"A way through the trees asks {bits.max()} covariates, and tables hold at "
                f"most {MOST_BITS}. Explain with LightGBM itself, or limit max_depth to 6."
            )
        output = group[codes.column].tolist()
        asked = [sorted({output[c.place] for c in part.conditions}) for part in parts]
        n_outputs = int(group.max(initial=-1)) + 1
        first, n_cells = _strips(bits, asked, n_outputs)
        _check_size(64 * n_cells + int(bits.sum()) * n_codes, ensemble.n_trees)
        conditions = [condition for part in parts for condition in part.conditions]
        members = np.zeros((len(conditions), n_codes), dtype=np.bool_)
        for row, condition in enumerate(conditions):
            members[row, : len(condition.members)] = condition.members
        return cls(
            codes=codes,
            bits=np.concatenate([[0], np.cumsum(bits)]).astype(np.int64),
            place=np.array([condition.place for condition in conditions], dtype=np.int64),
            members=members,
            first=first,
            cells=_cells(parts, output, first, n_cells),
            n_outputs=n_outputs,
            base=_base(ensemble),
        )

    @property
    def n_parts(self) -> int:
        """Number of parts of the trees."""
        return len(self.bits) - 1

    @property
    def n_look_ups(self) -> int:
        """Number of rows of cells that are added up for a row."""
        return int((self.first >= 0).sum())

    def contributions(self, rows: NDArray[np.floating], *, n_threads: int = 1) -> Values:
        """Return the contributions at each row, shape (n, n_outputs), by compiled loops."""
        from hotspot.trees import kernels

        self.codes.check(rows)
        values = np.empty((len(rows), self.n_outputs))
        low, high, odd = self._spans()

        def work(portion: slice) -> None:
            codes = compiled_codes(self.codes, rows[portion])
            total = _aligned_zeros((self.first.shape[1], codes.shape[1], STRIP))
            kernels.add_patterns(
                codes,
                self.bits,
                self.place,
                low,
                high,
                odd,
                self.cells,
                self.first,
                total,
            )
            for strip, sums in enumerate(total):
                own = values[portion, strip * STRIP : (strip + 1) * STRIP]
                own[:] = sums[:, : own.shape[1]]

        over_rows(work, len(rows), n_threads=n_threads, portion=_PORTION)
        return values

    def plain_contributions(self, rows: NDArray[np.floating]) -> Values:
        """Return the contributions at each row, shape (n, n_outputs), without compiling.

        The same bytes as `contributions`; quicker for some hundred rows.
        """
        self.codes.check(rows)
        values = np.empty((len(rows), self.n_outputs))

        def work(portion: slice) -> None:
            codes = self.codes.encode(rows[portion])
            total = np.zeros((codes.shape[1], self.first.shape[1] * STRIP))
            for part in range(self.n_parts):
                pattern = np.zeros(codes.shape[1], dtype=np.int64)
                for bit, row in enumerate(range(self.bits[part], self.bits[part + 1])):
                    holds = self.members[row][codes[self.place[row]]]
                    pattern |= holds.astype(np.int64) << bit
                for strip in np.flatnonzero(self.first[part] >= 0):
                    own = total[:, strip * STRIP : (strip + 1) * STRIP]
                    own += self.cells[self.first[part, strip] + pattern]
            values[portion] = total[:, : self.n_outputs]

        over_rows(work, len(rows))
        return values

    def _spans(self) -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.bool_]]:
        """Return first and last code of each condition, and those that are no interval."""
        n_codes = self.members.shape[1]
        low = np.argmax(self.members, axis=1)
        high = n_codes - 1 - np.argmax(self.members[:, ::-1], axis=1)
        odd = self.members.sum(axis=1) != high - low + 1
        low[odd], high[odd] = 1, 0
        return low.astype(np.uint16), high.astype(np.uint16), self.members[odd]


def _check(ensemble: TreeEnsemble, group: Ints) -> None:
    if ensemble.n_outputs != 1:
        raise ModelError(
            f"The trees make {ensemble.n_outputs} sums, and tables explain one. Take them "
            "apart by TreeEnsemble.output."
        )
    if group.shape != (ensemble.n_columns,) or (group < 0).any():
        raise ModelError(
            f"Groups of shape {group.shape} from {group.min(initial=0)} were given for "
            f"{ensemble.n_columns} columns. Give each column a group from 0."
        )
    counts = np.concatenate([ensemble.splits.count, ensemble.leaf_count])
    if (counts < 1).any():
        raise ModelError(
            f"{int((counts < 1).sum())} of {len(counts)} nodes of the trees hold no training "
            "sample, and shares of none are not known. Explain a model as it was trained."
        )


def _check_size(n_bytes: int, n_trees: int) -> None:
    if n_bytes > _MOST_BYTES:
        raise ModelError(
            f"The tables of contributions of {n_trees} trees would take {n_bytes >> 20} MB, "
            f"and {_MOST_BYTES >> 20} MB are allowed. Explain with LightGBM itself, limit "
            "max_depth to 6, or train fewer trees."
        )


def _base(ensemble: TreeEnsemble) -> float:
    """Return the mean of the trees over the training samples, as LightGBM computes it."""
    total = 0.0
    for tree, (start, end) in enumerate(pairwise(ensemble.first_leaf.tolist())):
        value, count = ensemble.leaf_value[start:end], ensemble.leaf_count[start:end]
        root = int(ensemble.first_split[tree])
        n_samples = ensemble.splits.count[root] if end - start > 1 else 1
        total += float((value * (count / n_samples)).sum())
    return total


def _strips(bits: Ints, asked: list[list[int]], n_outputs: int) -> tuple[Ints, int]:
    """Return the first row of cells of each part and strip of outputs, and their number."""
    first = np.full((len(asked), -(-n_outputs // STRIP)), -1, dtype=np.int64)
    n_cells = 0
    for part, outs in enumerate(asked):
        for strip in sorted({out // STRIP for out in outs}):
            first[part, strip] = n_cells
            n_cells += 1 << int(bits[part])
    return first, n_cells


def _cells(parts: list[Part], output: list[int], first: Ints, n_cells: int) -> Values:
    """Return the contributions of all parts, for each pattern and eight outputs.

    Leaves whose parts have as many conditions, and whose ways ask as many covariates, are
    computed together.
    """
    cells = _aligned_zeros((n_cells, STRIP))
    alike: dict[tuple[int, int], list[tuple[int, PathLeaf]]] = {}
    for number, part in enumerate(parts):
        for leaf in part.leaves:
            key = 1 << len(part.conditions), len(leaf.places)
            alike.setdefault(key, []).append((number, leaf))
    for (n_patterns, d), found in alike.items():
        step = max(1, _AT_ONCE // (d * max(n_patterns, 1 << d)))
        for begin in range(0, len(found), step):
            some = found[begin : begin + step]
            values = _leaf_tables([leaf for _, leaf in some], n_patterns)
            for (number, leaf), table in zip(some, values, strict=True):
                for place, row in zip(leaf.places, table, strict=True):
                    strip, lane = divmod(output[place], STRIP)
                    at = first[number, strip]
                    cells[at : at + n_patterns, lane] += row
    return cells


def _aligned_zeros(shape: tuple[int, ...]) -> Values:
    """Return zeros that begin with a line of the cache, so that no row of eight takes two."""
    line = 64
    held = np.zeros(8 * math.prod(shape) + line, dtype=np.uint8)
    start = -held.ctypes.data % line
    return held[start : start + 8 * math.prod(shape)].view(np.float64).reshape(shape)


def _leaf_tables(leaves: list[PathLeaf], n_patterns: int) -> Values:
    """Return what leaves of as many covariates contribute, shape (n, d, n_patterns)."""
    d = len(leaves[0].places)
    value = np.array([leaf.value for leaf in leaves])
    share = np.array([leaf.shares for leaf in leaves])
    cares = np.array([leaf.cares for leaf in leaves])
    wants = np.array([leaf.wants for leaf in leaves])
    fits = (np.arange(1 << d) >> np.arange(d)[:, None]) & 1
    node, weight = np.polynomial.legendre.leggauss((d + 1) // 2)
    node, weight = (node + 1) / 2, weight / 2
    # For every subset of the d covariates that fit: shape (n, d, 2**d).
    inside = np.zeros((len(leaves), d, 1 << d))
    for t, w in zip(node, weight, strict=True):
        factor = t * fits + (1 - t) * share[:, :, None]
        inside += w * factor.prod(axis=1, keepdims=True) / factor
    inside *= value[:, None, None] * (fits - share[:, :, None])
    pattern = np.arange(n_patterns)
    subset = np.zeros((len(leaves), n_patterns), dtype=np.int64)
    for j in range(d):
        fit = (pattern & cares[:, j, None]) == wants[:, j, None]
        subset |= fit.astype(np.int64) << j
    return np.asarray(np.take_along_axis(inside, subset[:, None, :], axis=2))
