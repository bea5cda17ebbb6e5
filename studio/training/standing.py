"""How far a run has come: the little that is neither weights nor statistics, and is in every checkpoint."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

__all__ = ["Standing"]


@dataclass(slots=True)
class Standing:
    """Where the run stands.

    Attributes:
        step: optimiser steps done.
        validated: the step at which it was last validated; -1 never.
        sampled: the step of the last sample; -1 never.
        best: the best validation so far, None without any.
        best_step: when that was.
        stale: how many validations since brought nothing better.

    """

    step: int = 0
    validated: int = -1
    sampled: int = -1
    best: float | None = None
    best_step: int = -1
    stale: int = 0

    def judge(self, value: float, wanted: Literal["min", "max"]) -> bool:
        """Take note of a validation at the present step; True when none was better. What is no number is never best."""
        better = self.best is None or (value < self.best if wanted == "min" else value > self.best)
        if better and not math.isnan(value):
            self.best, self.best_step, self.stale = value, self.step, 0
            return True
        self.stale += 1
        return False

    def state_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the standing that `state_dict()` was taken of."""
        return cls(**state)
