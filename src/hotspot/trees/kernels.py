"""The loops over rows, compiled by numba; imported only when many rows are at hand.

Each has a plain twin in NumPy or LightGBM that gives the same bytes, so that which of them
runs is a matter of time and of nothing else. None holds the interpreter's lock.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core import cgutils
from numba.extending import intrinsic

from hotspot.compiled import compiled

# Rows that are encoded together, so that they stay in the nearest cache.
_ROWS = 1024
# Parts of trees whose contributions are added together.
_PARTS = 4
_NEARLY_ZERO = float(np.float32(1e-35))
_EVERY_BIT = 0xFFFFFFFF
# Words that are joined at once: a wide vector register, or two or four narrower ones.
_STRIP = 16


def _position(_: Any, word: Any) -> Any:
    def generate(__: Any, builder: Any, ___: Any, given: Any) -> Any:
        return builder.cttz(given[0], cgutils.false_bit)

    return word(word), generate


# Position of the lowest bit of a word that is 1; the width of the word if none is.
_lowest_bit: Any = intrinsic(_position)


def _added(target: Any, row: Any, cells: Any, *chosen: Any) -> Any:
    eight = cgutils.ir.VectorType(cgutils.ir.DoubleType(), 8)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        def place(array: int, number: int) -> Any:
            held = context.make_array(signature.args[array])(context, builder, given[array])
            return builder.gep(builder.bitcast(held.data, eight.as_pointer()), [given[number]])

        def loaded(where: Any) -> Any:
            return builder.load(where, align=8)

        total = loaded(place(0, 1))
        for number in range(3, 3 + len(chosen)):
            total = builder.fadd(total, loaded(place(2, number)))
        builder.store(total, place(0, 1), align=8)
        return context.get_dummy_value()

    return numba.void(target, row, cells, *chosen), generate


def _one(typing: Any, target: Any, row: Any, cells: Any, a: Any) -> Any:
    return _added(target, row, cells, a)


def _four(
    typing: Any, target: Any, row: Any, cells: Any, a: Any, b: Any, c: Any, d: Any
) -> Any:
    return _added(target, row, cells, a, b, c, d)


# Add one row of eight cells, or four one after the other, to a row of eight sums. By itself
# the compiler adds eight numbers one by one.
_add_one: Any = intrinsic(_one)
_add_four: Any = intrinsic(_four)


def _joined(n_strips: int) -> Callable[..., Any]:
    """Return what ANDs the words of a block of so many strips, held in registers meanwhile.

    Of `masks`, those from `begins` on; of these, the words from each place `at`. The result
    goes into `left`, from the place `own` on. Written as a loop over words, each column costs
    a check of what overlaps, which takes longer than its few ANDs.
    """
    word, long = cgutils.ir.IntType(32), cgutils.ir.IntType(64)
    strip = cgutils.ir.VectorType(word, _STRIP)

    def typed(typing: Any, masks: Any, begins: Any, at: Any, left: Any, own: Any) -> Any:
        signature = numba.void(masks, begins, at, left, own)

        def generate(context: Any, builder: Any, _: Any, given: Any) -> Any:
            def array(number: int) -> Any:
                return context.make_array(signature.args[number])(
                    context, builder, given[number]
                )

            def strips_at(data: Any, place: Any) -> list[Any]:
                begin = builder.bitcast(builder.gep(data, [place]), strip.as_pointer())
                return [builder.gep(begin, [long(number)]) for number in range(n_strips)]

            table = builder.gep(array(0).data, [given[1]])
            every = cgutils.ir.Constant(strip, [_EVERY_BIT] * _STRIP)
            held = [cgutils.alloca_once_value(builder, every) for _ in range(n_strips)]
            (count,) = cgutils.unpack_tuple(builder, array(2).shape, 1)
            with cgutils.for_range(builder, count) as loop:
                place = builder.load(builder.gep(array(2).data, [loop.index]))
                for kept, one in zip(
                    held, strips_at(table, builder.zext(place, long)), strict=True
                ):
                    joined = builder.and_(builder.load(kept), builder.load(one, align=4))
                    builder.store(joined, kept)
            for kept, one in zip(held, strips_at(array(3).data, given[4]), strict=True):
                builder.store(builder.load(kept), one, align=4)
            return context.get_dummy_value()

        return signature, generate

    return typed


_join_four: Any = intrinsic(_joined(4))
_join_five: Any = intrinsic(_joined(5))
_join_six: Any = intrinsic(_joined(6))


@compiled
def encode(
    rows: Any, column: Any, edges: Any, first: Any, by_class: Any, missing: Any, out: Any
) -> None:
    """Write the codes of rows, as `Codes.encode` gives them.

    The search halves all rows of a portion at once, without a branch, which the compiler
    turns into gathers.
    """
    place = np.empty(_ROWS, np.int32)
    value = np.empty(_ROWS, np.float64)
    most = 1
    for j in range(len(column)):
        most = max(most, first[j + 1] - first[j])
    padded = np.empty(2 * most + 1, np.float64)
    for j in range(len(column)):
        start, n, f = first[j], first[j + 1] - first[j], column[j]
        power = 1
        while power <= n:
            power *= 2
        padded[:n] = edges[start : start + n]
        padded[n:power] = np.inf
        for begin in range(0, rows.shape[0], _ROWS):
            m = min(_ROWS, rows.shape[0] - begin)
            for i in range(m):
                x = rows[begin + i, f]
                if by_class[j]:
                    value[i] = np.trunc(x)
                else:
                    value[i] = 0.0 if abs(x) <= _NEARLY_ZERO else x
                place[i] = 0
            half = power // 2
            while half > 0:
                step = np.int32(half)
                for i in range(m):
                    below = padded[place[i] + half - 1] < value[i]
                    place[i] += step if below else np.int32(0)
                half //= 2
            if by_class[j]:
                for i in range(m):
                    c = place[i]
                    named = c < n and padded[c] == value[i]
                    out[j, begin + i] = c + 1 if named else 0
            else:
                gap = missing[j]
                for i in range(m):
                    out[j, begin + i] = place[i] if value[i] == value[i] else gap


@compiled
def add_leaves(codes: Any, first: Any, masks: Any, leaf: Any, out: Any) -> None:
    """Add the leaf values of all trees to `out`, tree by tree.

    Parameters
    ----------
    codes : array, shape (n, n_columns)
    first : array of int, shape (n_columns,)
        Where the codes of each column begin among the masks.
    masks : array of uint32, shape (n_blocks, n_codes, n_slots)
        Leaves that are still possible, as bits, for each code and slot of 32 leaves; 4, 5 or
        6 strips of 16 slots.
    leaf : array, shape (n_blocks * n_slots, 33)
        Values of the leaves of each slot; 0 at the last for a slot without the row's leaf.
    out : array, shape (n,)
    """
    n, n_columns = codes.shape
    n_blocks, n_codes, n_slots = masks.shape
    left = np.empty((4, n_slots), np.uint32)
    at = np.empty(n_columns, np.uint32)
    for block in range(n_blocks):
        begins = np.int64(block * n_codes * n_slots)
        values = leaf[block * n_slots : (block + 1) * n_slots]
        # Four rows at a time: their sums do not wait for each other.
        for begin in range(0, n, 4):
            m = min(4, n - begin)
            for q in range(m):
                for j in range(n_columns):
                    at[j] = (first[j] + codes[begin + q, j]) * n_slots
                own = np.int64(q * n_slots)
                if n_slots == 4 * _STRIP:
                    _join_four(masks, begins, at, left, own)
                elif n_slots == 5 * _STRIP:
                    _join_five(masks, begins, at, left, own)
                else:
                    _join_six(masks, begins, at, left, own)
            if m == 4:
                s0, s1 = out[begin], out[begin + 1]
                s2, s3 = out[begin + 2], out[begin + 3]
                for k in range(n_slots):
                    value = values[k]
                    s0 += value[_lowest_bit(left[0, k])]
                    s1 += value[_lowest_bit(left[1, k])]
                    s2 += value[_lowest_bit(left[2, k])]
                    s3 += value[_lowest_bit(left[3, k])]
                out[begin], out[begin + 1] = s0, s1
                out[begin + 2], out[begin + 3] = s2, s3
            else:
                for q in range(m):
                    s = out[begin + q]
                    for k in range(n_slots):
                        s += values[k, _lowest_bit(left[q, k])]
                    out[begin + q] = s


@compiled
def add_patterns(
    codes: Any,
    bits: Any,
    place: Any,
    low: Any,
    high: Any,
    members: Any,
    cells: Any,
    first: Any,
    out: Any,
) -> None:
    """Add the tabulated contributions of all parts of trees to `out`, part by part.

    Parameters
    ----------
    codes : array, shape (n_columns, n)
    bits : array of int, shape (n_parts + 1,)
        Where the conditions of each part begin.
    place : array of int, shape (n_bits,)
        Row of `codes` that each condition asks.
    low, high : array of uint16, shape (n_bits,)
        A condition holds for codes from `low` to `high`; where ``low > high``, for those
        that `members` names.
    members : array of bool, shape (n_odd, n_codes)
        Of the conditions that are no interval, in their order.
    cells : array, shape (n_cells, 8)
        A row of eight outputs for each pattern of a part's conditions.
    first : array of int, shape (n_parts, n_strips)
        Row of cells of the pattern 0, for each part and eight outputs; below 0 where the
        part has none of them.
    out : array, shape (n_strips, n, 8)
    """
    n, n_parts = codes.shape[1], len(bits) - 1
    # Four parts at a time: their cells are added while a row of sums is at hand.
    pattern = np.empty((_PARTS, n), np.uint16)
    begin, which = np.empty(_PARTS, np.int64), np.empty(_PARTS, np.int64)
    odd = 0
    for part in range(0, n_parts, _PARTS):
        together = min(_PARTS, n_parts - part)
        for q in range(together):
            own = pattern[q]
            own[:] = 0
            for j in range(bits[part + q + 1] - bits[part + q]):
                b = bits[part + q] + j
                code, bit = codes[place[b]], np.uint16(1 << j)
                least, most = low[b], high[b]
                if least <= most:
                    for i in range(n):
                        inside = (code[i] >= least) & (code[i] <= most)
                        own[i] |= bit if inside else np.uint16(0)
                else:
                    member = members[odd]
                    odd += 1
                    for i in range(n):
                        own[i] |= bit if member[code[i]] else np.uint16(0)
        for strip in range(first.shape[1]):
            target, count = out[strip], 0
            for q in range(together):
                if first[part + q, strip] >= 0:
                    begin[count], which[count] = first[part + q, strip], q
                    count += 1
            if count == _PARTS:
                p0, p1, p2, p3 = pattern[0], pattern[1], pattern[2], pattern[3]
                b0, b1, b2, b3 = begin[0], begin[1], begin[2], begin[3]
                for i in range(n):
                    _add_four(target, i, cells, b0 + p0[i], b1 + p1[i], b2 + p2[i], b3 + p3[i])
                continue
            for c in range(count):
                own, b0 = pattern[which[c]], begin[c]
                for i in range(n):
                    _add_one(target, i, cells, b0 + own[i])


@compiled
def add_entries(
    rows: Any, root: Any, node: Any, start: Any, entry: Any, value: Any, out: Any
) -> None:
    """Add the entries of the leaf that each row reaches in each tree to its row of `out`.

    Four rows walk down together, since a step waits for memory and not for the processor.
    The last rows walk as often as it takes to make four, and are added once.
    """
    n = rows.shape[0]
    for tree in range(len(root)):
        for begin in range(0, n, 4):
            i1, i2 = min(begin + 1, n - 1), min(begin + 2, n - 1)
            i3 = min(begin + 3, n - 1)
            k0 = k1 = k2 = k3 = root[tree]
            c0 = c1 = c2 = c3 = node[k0].column
            while c0 >= 0 or c1 >= 0 or c2 >= 0 or c3 >= 0:
                if c0 >= 0:
                    one = node[k0]
                    k0 = one.left if rows[begin, c0] <= one.limit else one.right
                    c0 = node[k0].column
                if c1 >= 0:
                    one = node[k1]
                    k1 = one.left if rows[i1, c1] <= one.limit else one.right
                    c1 = node[k1].column
                if c2 >= 0:
                    one = node[k2]
                    k2 = one.left if rows[i2, c2] <= one.limit else one.right
                    c2 = node[k2].column
                if c3 >= 0:
                    one = node[k3]
                    k3 = one.left if rows[i3, c3] <= one.limit else one.right
                    c3 = node[k3].column
            leaves = (node[k0].left, node[k1].left, node[k2].left, node[k3].left)
            for q in range(min(4, n - begin)):
                own, leaf = out[begin + q], leaves[q]
                for at in range(start[leaf], start[leaf + 1]):
                    own[entry[at]] += value[at]


@compiled
def smooth(weights: Any, taps: Any, out: Any) -> None:
    """Write what `smooth_rows` gives: products and sums in the same order."""
    n, m = weights.shape
    reach = (len(taps) + 1) // 2
    padded = np.zeros(m + 2 * reach)
    for row in range(n):
        own = out[row]
        total = 0.0
        for j in range(min(reach, m)):
            own[j] = 0.0
        for j in range(reach, m):
            total += weights[row, j - reach]
            own[j] = total
        padded[reach : reach + m] = weights[row]
        # Four taps at a time, added one after the other as in NumPy.
        number = 0
        while number + 4 <= len(taps):
            t0, t1 = taps[number], taps[number + 1]
            t2, t3 = taps[number + 2], taps[number + 3]
            begin = 2 * reach - 1 - number
            w0, w1 = padded[begin : begin + m], padded[begin - 1 : begin - 1 + m]
            w2, w3 = padded[begin - 2 : begin - 2 + m], padded[begin - 3 : begin - 3 + m]
            for j in range(m):
                own[j] = (((own[j] + w0[j] * t0) + w1[j] * t1) + w2[j] * t2) + w3[j] * t3
            number += 4
        while number < len(taps):
            tap, begin = taps[number], 2 * reach - 1 - number
            w0 = padded[begin : begin + m]
            for j in range(m):
                own[j] += w0[j] * tap
            number += 1
        most = own[0]
        for j in range(m):
            most = max(most, own[j])
            own[j] = min(max(most, 0.0), 1.0)
