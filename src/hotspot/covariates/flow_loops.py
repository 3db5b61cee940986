"""The loops over the cells of an elevation model; `flow` has them compiled."""

from typing import Any

import numpy as np


def flood(filled: Any, receiver: Any, order: Any) -> None:
    """Raise `filled` to where depressions spill; note from where each cell was reached.

    A heap of cells by elevation, equal ones in the order in which they came, is fed with the
    edge; the lowest is taken and its neighbours are raised to it and put in.
    """
    rows, cols = filled.shape
    known = len(order)
    height = np.empty(known)
    arrival = np.empty(known, dtype=np.int32)
    cell = np.empty(known, dtype=np.int32)
    seen = np.zeros((rows, cols), dtype=np.bool_)
    # Cells that are on their way into the heap: the edge, then the neighbours of one cell.
    coming = np.empty(max(known, 8), dtype=np.int32)
    n_coming = 0
    for row in range(rows):
        for col in range(cols):
            if np.isnan(filled[row, col]):
                continue
            is_edge = row == 0 or col == 0 or row == rows - 1 or col == cols - 1
            if not is_edge:
                for i in range(row - 1, row + 2):
                    for j in range(col - 1, col + 2):
                        if np.isnan(filled[i, j]):
                            is_edge = True
            if is_edge:
                seen[row, col] = True
                coming[n_coming] = row * cols + col
                n_coming += 1
    size = 0
    arrived = 0
    taken = 0
    while size + n_coming > 0:
        for which in coming[:n_coming]:
            # At the end of the heap, and upwards to its place.
            value = filled[which // cols, which % cols]
            place = size
            while place > 0:
                parent = (place - 1) // 2
                if height[parent] <= value:
                    break
                height[place] = height[parent]
                arrival[place] = arrival[parent]
                cell[place] = cell[parent]
                place = parent
            height[place] = value
            arrival[place] = arrived
            cell[place] = which
            arrived += 1
            size += 1
        here = cell[0]
        order[taken] = here
        taken += 1
        size -= 1
        # The last of the heap goes to the top and sinks to its place.
        value, when, which = height[size], arrival[size], cell[size]
        place = 0
        while True:
            child = 2 * place + 1
            if child >= size:
                break
            other = child + 1
            if other < size and (
                height[other] < height[child]
                or (height[other] == height[child] and arrival[other] < arrival[child])
            ):
                child = other
            if value < height[child] or (value == height[child] and when < arrival[child]):
                break
            height[place] = height[child]
            arrival[place] = arrival[child]
            cell[place] = cell[child]
            place = child
        height[place] = value
        arrival[place] = when
        cell[place] = which
        row, col = here // cols, here % cols
        n_coming = 0
        for i in range(max(row - 1, 0), min(row + 2, rows)):
            for j in range(max(col - 1, 0), min(col + 2, cols)):
                if seen[i, j] or np.isnan(filled[i, j]):
                    continue
                seen[i, j] = True
                if filled[i, j] < filled[row, col]:
                    filled[i, j] = filled[row, col]
                receiver[i * cols + j] = here
                coming[n_coming] = i * cols + j
                n_coming += 1


def steepest(filled: Any, receiver: Any, width: float, height: float) -> None:
    """Point each cell to the neighbour to which it falls most steeply, where it falls."""
    rows, cols = filled.shape
    diagonal = np.sqrt(width * width + height * height)
    for row in range(rows):
        for col in range(cols):
            if np.isnan(filled[row, col]):
                continue
            best = 0.0
            for i in range(max(row - 1, 0), min(row + 2, rows)):
                for j in range(max(col - 1, 0), min(col + 2, cols)):
                    if (i == row and j == col) or np.isnan(filled[i, j]):
                        continue
                    step = height if j == col else (width if i == row else diagonal)
                    fall = (filled[row, col] - filled[i, j]) / step
                    if fall > best:
                        best = fall
                        receiver[row * cols + col] = i * cols + j


def accumulate(receiver: Any, order: Any, area: Any) -> None:
    """Add to each cell what its donors pass on, donors first."""
    for position in range(len(order) - 1, -1, -1):
        cell = order[position]
        if receiver[cell] >= 0:
            area[receiver[cell]] += area[cell]


def down(
    receiver: Any,
    order: Any,
    marked: Any,
    cols: int,
    width: float,
    height: float,
    beyond: float,
    distance: Any,
) -> None:
    """Fill `distance` with the way down to a marked cell; `beyond` where water leaves."""
    diagonal = np.sqrt(width * width + height * height)
    for cell in order:
        if marked[cell]:
            distance[cell] = 0.0
        elif receiver[cell] < 0:
            distance[cell] = beyond
        else:
            to = receiver[cell]
            step = height if to % cols == cell % cols else width
            if to % cols != cell % cols and to // cols != cell // cols:
                step = diagonal
            distance[cell] = distance[to] + step


def pass_down(
    receiver: Any, order: Any, cols: int, width: float, height: float, distance: Any
) -> None:
    """Lower the distance of each receiver to that of its donors and the step, donors first."""
    diagonal = np.sqrt(width * width + height * height)
    for position in range(len(order) - 1, -1, -1):
        cell = order[position]
        to = receiver[cell]
        if to < 0:
            continue
        step = height if to % cols == cell % cols else width
        if to % cols != cell % cols and to // cols != cell // cols:
            step = diagonal
        if distance[cell] + step < distance[to]:
            distance[to] = distance[cell] + step
