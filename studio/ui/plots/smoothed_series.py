"""One curve's numbers, as measured and smoothed, both ready to be drawn at any zoom. Qt-free."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.ui.plots.minmax_pyramid import Columns, Floats, Growing, Indices, Pyramid, thin

_BLOCK = 16


class SmoothedSeries:
    """A series that grows, and its exponential mean.

    m ← β m + (1 − β) x, shown as m ÷ (1 − βⁿ): bias-corrected as in Adam (Kingma & Ba 2015, section 3). Values that are
    not finite are passed over and stay gaps.

    Only the mean at the end of every 16th value is kept (one product of a matrix and a vector, so that a million points
    follow the hand); anywhere else it is made from there when it is asked for.

    Args:
        span: over about how many values the mean goes, β = 1 − 1 ÷ span; 1 for none.

    """

    def __init__(self, span: float = 1.0) -> None:
        self._source: NDArray[Any] | None = None
        self._clear()
        self.set_span(span)

    def _clear(self) -> None:
        self._steps, self._raw = Growing(), Pyramid()
        self._finite, self._rank = Growing(), Growing(np.int64)  # values without gaps; how many before each one
        self._forget_ends()

    def _forget_ends(self) -> None:
        self._ends = Growing()  # the mean at the last value of every block that is full, behind a zero
        self._ends.put(0, np.zeros(1))

    def __len__(self) -> int:
        return len(self._raw)

    @property
    def steps(self) -> Floats:
        """Where the values lie, not decreasing."""
        return self._steps.view

    @property
    def values(self) -> Floats:
        """The values as they came; NaN where they were not finite."""
        return self._raw.values

    @property
    def is_smoothed(self) -> bool:
        """Whether there is a mean that differs from the values."""
        return self._keep > 0

    def set_span(self, span: float) -> None:
        """Smooth over so many values from now on."""
        self._keep = 1.0 - 1.0 / max(1.0, span)
        self._forget_ends()
        past = np.arange(_BLOCK)
        self._decay = self._keep ** (past + 1.0)
        self._weights = np.tril((1.0 - self._keep) * self._keep ** np.maximum(past[:, None] - past, 0))

    def replace(self, steps: NDArray[Any], values: NDArray[Any]) -> bool:
        """Take a whole series; where it only grew, only what is new costs time. Return whether anything changed.

        A view of the same memory as the last one that is at least as long is taken to have grown, unseen.
        """
        source, known = self._source, len(self._raw)
        same_memory = source is not None and _address(source) == _address(values)
        self._source = values
        if len(values) >= known > 0 and (same_memory or self._begins(steps, values)):
            self.extend(steps[known:], values[known:])
            return len(values) > known
        self._clear()
        self.extend(steps, values)
        return True

    def extend(self, steps: NDArray[Any], values: NDArray[Any]) -> None:
        """Append points behind the last."""
        finite = np.isfinite(values)
        self._rank.put(len(self._raw), len(self._finite) + np.cumsum(finite) - finite)
        self._finite.put(len(self._finite), values[finite])
        self._steps.put(len(self._steps), steps)
        self._raw.extend(np.where(finite, values, np.nan).astype(np.float64))

    def _begins(self, steps: NDArray[Any], values: NDArray[Any]) -> bool:
        """Tell whether what is here is how these begin."""
        known = len(self._raw)
        same = np.array_equal(
            self.values, np.where(np.isfinite(values[:known]), values[:known], np.nan), equal_nan=True
        )
        return same and np.array_equal(self.steps, steps[:known])

    # -- the mean ------------------------------------------------------------------------------------------------------

    def mean_at(self, indices: Indices) -> Floats:
        """Return the mean as it was when each of these values had come; NaN at gaps, the values without smoothing."""
        raw = self.values[indices]
        if not self.is_smoothed or not len(self._finite):
            return raw
        self._bring_up_ends()
        rank = self._rank.view[indices]
        inside = rank % _BLOCK
        first = rank - inside
        block = np.minimum(first[:, None] + np.arange(_BLOCK), len(self._finite) - 1)
        means = np.einsum("ij,ij->i", self._finite.view[block], self._weights[inside])
        means += self._decay[inside] * self._filled(first) * self._ends.view[first // _BLOCK]
        return np.where(np.isfinite(raw), means / self._filled(rank + 1), np.nan)

    def _bring_up_ends(self) -> None:
        known, full = len(self._ends) - 1, len(self._finite) // _BLOCK
        if full > known:
            means = self._finite.view[known * _BLOCK : full * _BLOCK].reshape(-1, _BLOCK) @ self._weights[-1]
            reach, factor = 1, self._keep**_BLOCK
            means[0] += factor * self._filled(known * _BLOCK) * self._ends.view[-1]
            while reach < len(means) and factor > 1e-18:  # by doubling: what reaches k blocks back, then 2 k, 4 k, …
                means[reach:] += factor * means[:-reach]
                reach, factor = 2 * reach, factor * factor
            self._ends.put(known + 1, means / self._filled(_BLOCK * np.arange(known + 1, full + 1)))

    def _filled(self, counts: Indices | int) -> Floats:
        """Return 1 − βⁿ: the share of the mean that so many values have filled."""
        filled: Floats = -np.expm1(counts * math.log(self._keep))
        return filled

    # -- to be drawn ---------------------------------------------------------------------------------------------------

    def columns(self, edges: Floats) -> Columns:
        """Return which points lie between these borders of pixels, given as steps."""
        return Columns(self.steps, edges)

    def drawn(self, columns: Columns) -> tuple[Floats, Floats]:
        """Return the points (steps, values) that show the values; see `thin`."""
        return thin(columns, self._raw)

    def drawn_mean(self, columns: Columns) -> tuple[Floats, Floats]:
        """Return the points (steps, means) of the strong line: of a column with more than two values only one.

        That is the last, or, where there are many, the average of every 16th: a smooth line, which is drawn quickly.
        """
        if not self.is_smoothed or not len(self):
            return self.drawn(columns)
        counts, (left, right) = columns.counts, columns.around
        at = np.clip(columns.ends, 0, len(self) - 1)
        means = np.empty(at.shape)
        before = self._rank.view[np.minimum(columns.cuts, len(self) - 1)]
        blocks = np.where(columns.cuts < len(self), before, len(self._finite)) // _BLOCK
        many = np.diff(blocks) > 1
        drawn = np.stack([counts == 2, counts > 0], 1)
        single = drawn & ~many[:, None]
        means[single] = self.mean_at(at[single])
        if many.any():
            ends = self._ends.view[blocks[0] : blocks[-1] + 1]
            sums = (np.cumsum(ends) - ends[0])[blocks - blocks[0]]
            means[many, 1] = np.diff(sums)[many] / np.diff(blocks)[many]
        everywhere = np.concatenate([left, at[drawn], right])
        return self.steps[everywhere], np.concatenate([self.mean_at(left), means[drawn], self.mean_at(right)])

    def nearest(self, step: float) -> int:
        """Return the index of the value nearest to `step`, -1 where there is none."""
        steps = self._steps.view
        right = int(np.searchsorted(steps, step))
        if right == len(steps):
            return right - 1
        return right - 1 if right > 0 and step - steps[right - 1] <= steps[right] - step else right


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
