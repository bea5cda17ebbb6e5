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


def thin(steps: Floats, pyramid: Pyramid, edges: Floats, *, middle: bool = False) -> tuple[Floats, Floats]:
    """Return as few points (steps, values) as show the series between `edges`.

    Args:
        steps: where each value of `pyramid` lies, not decreasing.
        pyramid: the values.
        edges: the borders of the columns of pixels, as steps, not decreasing.
        middle: a single point a column, between its extremes: enough for a calm line, and drawn eight times as fast.

    """
    steps = steps[: len(pyramid)]
    cuts = np.searchsorted(steps, edges)
    before, behind = max(int(cuts[0]) - 1, 0), min(int(cuts[-1]) + 1, len(steps))
    if behind - before <= len(edges):
        return steps[before:behind], pyramid.values[before:behind]
    starts, ends = cuts[:-1], cuts[1:]
    counts = ends - starts
    dense = counts > _FEW
    each = 1 if middle else 2
    # a dense column gives one or two points, every other one all that it has
    offsets = np.concatenate([[0], np.cumsum(np.where(dense, each, counts))])
    x, y = np.empty(offsets[-1]), np.empty(offsets[-1])
    here, there = _ranges(starts[~dense], counts[~dense]), _ranges(offsets[:-1][~dense], counts[~dense])
    x[there], y[there] = steps[here], pyramid.values[here]
    if dense.any():
        at, start, end = offsets[:-1][dense], starts[dense], ends[dense]
        lows, highs = pyramid.extremes(start, end)
        # in the middle of its pixels, so that neighbours stand side by side without a gap
        x[at] = x[at + each - 1] = ((edges[:-1] + edges[1:]) / 2)[dense]
        if middle:
            y[at] = (lows + highs) / 2
        else:
            falls = pyramid.values[end - 1] < pyramid.values[start]
            y[at], y[at + 1] = np.where(falls, highs, lows), np.where(falls, lows, highs)
    return _with_neighbours(steps, pyramid.values, x, y, (before, int(cuts[0])), (int(cuts[-1]), behind))


def _with_neighbours(
    steps: Floats, values: Floats, x: Floats, y: Floats, before: tuple[int, int], behind: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Add the points just outside, so that the line leaves the picture instead of ending at its rim."""
    left, right = slice(*before), slice(*behind)
    return np.concatenate([steps[left], x, steps[right]]), np.concatenate([values[left], y, values[right]])


def _ranges(starts: Indices, counts: Indices) -> Indices:
    """Return start, start + 1, … for each of several ranges, one after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))


def _folded(values: Floats, fold: np.ufunc) -> Floats:
    """Return the extreme of every four values, and of what is left over."""
    whole = len(values) // _FAN * _FAN
    part = values[:whole]
    pairs = fold(part[0::2], part[1::2])
    folded: Floats = fold(pairs[0::2], pairs[1::2])
    rest = values[whole:]
    return np.append(folded, fold.reduce(rest)) if len(rest) else folded
