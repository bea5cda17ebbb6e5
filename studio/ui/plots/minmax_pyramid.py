"""A long series seen at any zoom: minima and maxima over ever longer stretches, kept up as the series grows. Qt-free.

A repaint reads about twenty numbers for each column of pixels, however many points the series has. What is drawn from
two points a column, its lowest and its highest, covers the same pixels as the whole line would (the "MinMax" of Jugel
et al. 2014, "M4: A Visualization-Oriented Time Series Data Aggregation", section 4).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_FAN = 4
"""How many stretches of one level make one of the next."""
_FEW = 2
"""Columns with at most so many points show them all: a line between two columns needs its real points."""


class Growing:
    """An array that grows at its end; room is doubled, so that growing costs little however long it is."""

    def __init__(self, kind: type[np.generic] = np.float64) -> None:
        self._room: NDArray[Any] = np.empty(64, kind)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> NDArray[Any]:
        """What is there now."""
        return self._room[: self._length]

    def put(self, start: int, values: NDArray[Any]) -> None:
        """Write `values` from index `start` on; what lay behind is gone."""
        end = start + len(values)
        if end > len(self._room):
            # a long log comes all at once: the first point behind it must not move it all again
            room = np.empty(max(end + end // 4, 2 * len(self._room)), self._room.dtype)
            room[:start] = self._room[:start]
            self._room = room
        self._room[start:end] = values
        self._length = end


class Pyramid:
    """The values of a series, and the extremes of every 4, 16, 64, … of them; NaN is passed over."""

    def __init__(self) -> None:
        self._values = Growing()
        self._levels: list[tuple[Growing, Growing]] = []

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> Floats:
        """All of them, in order."""
        return self._values.view

    def extend(self, values: Floats) -> None:
        """Append values."""
        first = len(self._values)
        self._values.put(first, values)
        lows = highs = self._values.view
        level = 0
        while len(lows) > _FAN:
            if level == len(self._levels):
                self._levels.append((Growing(), Growing()))
                first = 0
            first //= _FAN
            for kept, finer, fold in zip(self._levels[level], (lows, highs), (np.fmin, np.fmax), strict=True):
                kept.put(first, _folded(finer[first * _FAN :], fold))
            lows, highs = (kept.view for kept in self._levels[level])
            level += 1

    def extremes(self, starts: Indices, ends: Indices) -> tuple[Floats, Floats]:
        """Return the lowest and highest value of each range [start, end), none of them empty.

        A range is seen through stretches of at most a quarter of its length, and ones at its borders count wholly.
        """
        lows, highs = np.empty(len(starts)), np.empty(len(starts))
        depth = np.log2(np.maximum(ends - starts, 1) / _FAN) / np.log2(_FAN)
        levels = np.clip(depth.astype(np.int64), 0, len(self._levels))
        for level in np.unique(levels):
            chosen, size = levels == level, _FAN ** int(level)
            first, last = starts[chosen] // size, (ends[chosen] - 1) // size
            # a rectangle of indices: shorter ranges repeat their last stretch, which changes no extreme
            reach = np.arange(int((last - first).max()) + 1)[:, None]
            at = np.minimum(first + reach, last)
            low, high = (self._values, self._values) if level == 0 else self._levels[level - 1]
            lows[chosen], highs[chosen] = np.fmin.reduce(low.view[at]), np.fmax.reduce(high.view[at])
        return lows, highs


class Columns:
    """Which points of a series lie in which column of pixels.

    Args:
        steps: where the points lie, not decreasing.
        edges: the borders of the columns, as steps, not decreasing.

    """

    def __init__(self, steps: Floats, edges: Floats) -> None:
        self.steps, self.edges = steps, edges
        self.cuts: Indices = np.searchsorted(steps, edges)
        self.counts: Indices = np.diff(self.cuts)
        self.ends: Indices = np.stack([self.cuts[:-1], self.cuts[1:] - 1], 1)
        """The first and the last point of each column, (columns, 2); only where there are any."""

    @property
    def around(self) -> tuple[Indices, Indices]:
        """The points just outside, left and right, where there are any.

        With them a line leaves the picture instead of ending at its rim.
        """
        left, right = int(self.cuts[0]), int(self.cuts[-1])
        return np.arange(max(left - 1, 0), left), np.arange(right, min(right + 1, len(self.steps)))


def thin(columns: Columns, pyramid: Pyramid) -> tuple[Floats, Floats]:
    """Return as few points (steps, values) as show the values of `pyramid` in `columns`."""
    steps, values, (left, right) = columns.steps, pyramid.values, columns.around
    if columns.cuts[-1] - columns.cuts[0] < len(columns.edges):
        every = slice(columns.cuts[0] - len(left), columns.cuts[-1] + len(right))
        return steps[every], values[every]
    counts, at = columns.counts, np.clip(columns.ends, 0, len(steps) - 1)
    x, y, dense = steps[at], values[at], counts > _FEW
    if dense.any():
        low, high = pyramid.extremes(at[dense, 0], at[dense, 1] + 1)
        # in the middle of its pixels, so that neighbours stand side by side without a gap
        x[dense] = ((columns.edges[:-1] + columns.edges[1:]) / 2)[dense, None]
        falls = y[dense, 1] < y[dense, 0]
        y[dense] = np.stack([np.where(falls, high, low), np.where(falls, low, high)], 1)
    drawn = counts[:, None] > (0, 1)  # one point, if the column has no other
    return (
        np.concatenate([steps[left], x[drawn], steps[right]]), np.concatenate([values[left], y[drawn], values[right]]),
    )  # fmt: skip


def _folded(values: Floats, fold: np.ufunc) -> Floats:
    """Return the extreme of every four values, and of what is left over."""
    whole = len(values) // _FAN * _FAN
    part = values[:whole]
    pairs = fold(part[0::2], part[1::2])
    folded: Floats = fold(pairs[0::2], pairs[1::2])
    rest = values[whole:]
    return np.append(folded, fold.reduce(rest)) if len(rest) else folded
