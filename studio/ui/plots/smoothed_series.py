"""One curve's numbers: as they came, and calmed; both ready to be seen at any zoom. Qt-free."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.ui.plots.exponential_mean import ExponentialMean
from studio.ui.plots.minmax_pyramid import Floats, Growing, Pyramid, thin


class SmoothedSeries:
    """A series that grows, and its exponential mean.

    The mean is made in pieces (`work`), because a million points take longer than a window may stand still. Until
    another mean is complete, the one before is shown.

    Args:
        span: over how many values the mean goes; 1 for none.

    """

    def __init__(self, span: float = 1.0) -> None:
        self._steps = Growing()
        self._raw = Pyramid()
        self._source: NDArray[Any] | None = None
        self._span = self._made_span = span
        self._calm = self._made = Pyramid()
        self._mean = ExponentialMean(span)

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
    def calm(self) -> Floats:
        """The mean, as far as it is made."""
        return self._calm.values if self.is_smoothed else self._raw.values

    @property
    def is_smoothed(self) -> bool:
        """Whether there is a mean that differs from the values."""
        return self._span > 1

    @property
    def is_behind(self) -> bool:
        """Whether `work` has something to do."""
        wanted = self._span if self._made is self._calm else self._made_span
        return self.is_smoothed and (len(self._made) < len(self._raw) or self._made_span != wanted)

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
        self._steps, self._raw = Growing(), Pyramid()
        self._begin(keeping_the_old=False)
        self.extend(steps, values)
        return True

    def extend(self, steps: NDArray[Any], values: NDArray[Any]) -> None:
        """Append points behind the last."""
        self._steps.put(len(self._steps), steps)
        self._raw.extend(_sound(values))

    def set_span(self, span: float) -> None:
        """Smooth over so many values from now on."""
        self._span = span
        if self._made is self._calm and self._made_span != span and self.is_smoothed:
            self._begin(keeping_the_old=len(self._calm) > 0)

    def work(self, most: int) -> int:
        """Smooth at most so many points; return how many it were."""
        if not self.is_smoothed:
            return 0
        start = len(self._made)
        piece = self._raw.values[start : start + most]
        if len(piece):
            self._made.extend(self._mean.smooth(piece))
        if len(self._made) == len(self._raw) and self._made is not self._calm:
            self._calm = self._made
            self.set_span(self._span)  # another span may have been asked for meanwhile
        return len(piece)

    def seen(self, edges: Floats, *, calm: bool) -> tuple[Floats, Floats]:
        """Return the points (steps, values) to draw between these borders of pixels; see `thin`."""
        if calm and self.is_smoothed:
            return thin(self._steps.view, self._calm, edges, middle=True)
        return thin(self._steps.view, self._raw, edges)

    def nearest(self, step: float) -> int:
        """Return the index of the value nearest to `step`, -1 where there is none."""
        steps = self._steps.view
        right = int(np.searchsorted(steps, step))
        if right == len(steps):
            return right - 1
        return right - 1 if right > 0 and step - steps[right - 1] <= steps[right] - step else right

    def _begins(self, steps: NDArray[Any], values: NDArray[Any]) -> bool:
        """Tell whether what is here is how these begin."""
        known = len(self._raw)
        same_steps = np.array_equal(self._steps.view, steps[:known])
        return same_steps and np.array_equal(self._raw.values, _sound(values[:known]), equal_nan=True)

    def _begin(self, *, keeping_the_old: bool) -> None:
        self._made, self._made_span = Pyramid(), self._span
        self._mean = ExponentialMean(self._span)
        if not keeping_the_old:
            self._calm = self._made


def _sound(values: NDArray[Any]) -> Floats:
    return np.where(np.isfinite(values), values, np.nan).astype(np.float64)


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
