"""How a slider's travel maps to a setting's range; Qt-free."""

import math
from dataclasses import dataclass
from typing import Literal

POSITIONS = 1000
"""A slider's integer travel: finer than any screen it is drawn on."""

_BASE_FROM_ZERO = 100.0
"""Logarithmic travel from zero cannot be geometric; 100 puts a tenth of the range near the middle."""


@dataclass(frozen=True, slots=True)
class ValueScale:
    """A range from `low` to `high`, moved in `step`s, spread evenly or logarithmically over a slider."""

    low: float
    high: float
    step: float
    scale: Literal["linear", "log"] = "linear"

    @property
    def decimals(self) -> int:
        """Digits behind the point that a step needs; none for whole steps."""
        return _digits(self.step)

    def position(self, value: float) -> int:
        """Return the travel, 0 to `POSITIONS`, at which `value` lies; values outside lie at the ends."""
        return round(self._share(min(max(value, self.low), self.high)) * POSITIONS)

    def value(self, position: float) -> float:
        """Return the value at a travel, on the nearest step; both ends are exact."""
        if position <= 0:
            return self.low
        if position >= POSITIONS:
            return self.high
        return self._on_step(self._value_at(position / POSITIONS))

    def moved(self, value: float, steps: float) -> float:
        """Return `value` moved by `steps`, within the range."""
        return min(max(round(value + steps * self.step, self.decimals + 3), self.low), self.high)

    def _share(self, value: float) -> float:
        span = self.high - self.low
        if span <= 0:
            return 0.0
        if self.scale == "linear":
            return (value - self.low) / span
        if self.low > 0:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return math.log1p((value - self.low) / span * (_BASE_FROM_ZERO - 1)) / math.log(_BASE_FROM_ZERO)

    def _value_at(self, share: float) -> float:
        span = self.high - self.low
        if self.scale == "linear":
            return self.low + share * span
        if self.low > 0:
            return self.low * float((self.high / self.low) ** share)
        return self.low + span * float(_BASE_FROM_ZERO**share - 1) / (_BASE_FROM_ZERO - 1)

    def _on_step(self, value: float) -> float:
        stepped = self.low + round((value - self.low) / self.step) * self.step
        return min(max(round(stepped, max(self.decimals, _digits(self.low))), self.low), self.high)


def _digits(number: float) -> int:
    text = f"{number:.6f}".rstrip("0")
    return len(text.partition(".")[2])
