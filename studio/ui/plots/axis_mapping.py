"""Along what curves run: steps, hours or epochs. Qt-free."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from studio.ui.plots.minmax_pyramid import Floats

Along = Literal["step", "time", "epoch"]

_UNITS = ((7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


@dataclass(frozen=True, slots=True, eq=False)
class Knots:
    """How something goes along with the steps: `values[i]` is reached at `steps[i]`; neither ever decreases."""

    steps: Floats
    values: Floats

    @classmethod
    def of(cls, steps: NDArray[Any], values: NDArray[Any]) -> "Knots":
        """Take any arrays of numbers."""
        return cls(np.asarray(steps, np.float64), np.asarray(values, np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class AxisMapping:
    """What one run's steps are in seconds of work and in epochs, where that is known."""

    seconds: Knots | None = None
    epochs: Knots | None = None

    def offers(self, along: Along) -> bool:
        """Tell whether curves can run along this."""
        knots = self._knots(along)
        return along == "step" or (knots is not None and len(knots.steps) > 0)

    def to_x(self, steps: Floats, along: Along) -> Floats:
        """Return what `steps` are in seconds or epochs."""
        knots = self._knots(along)
        return steps if knots is None else np.interp(steps, knots.steps, knots.values)

    def to_steps(self, x: Floats, along: Along) -> Floats:
        """Return the steps at which `x` seconds or epochs are reached."""
        knots = self._knots(along)
        if knots is None:
            return x
        inside = np.interp(x, knots.values, knots.steps)
        # beyond the ends there is nothing; without this the last point would lie in every column behind it
        inside[x < knots.values[0]] = knots.steps[0] - 1
        inside[x > knots.values[-1]] = knots.steps[-1] + 1
        return inside

    def _knots(self, along: Along) -> Knots | None:
        return {"time": self.seconds, "epoch": self.epochs}.get(along)


def time_unit(seconds: float) -> tuple[float, str]:
    """Return the unit in which so long a time is read easily: its length in seconds, and its sign."""
    return next((length, sign) for least, length, sign in _UNITS if seconds >= least)


def clock(seconds: float) -> str:
    """Return "0:05", "12:30" or "1:02:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
