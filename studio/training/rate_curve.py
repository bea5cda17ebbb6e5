"""The loss over the learning rate, as a range test measures it, and what it suggests; free of torch.

Smith 2015, "Cyclical learning rates for training neural networks", section 3.3: let the rate grow from step to step and
watch the loss. The sweep, the smoothing and the stop are those of fastai's `lr_find`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from studio.training.run_folder import RunPlan
from studio.training.schedule import Ramp

__all__ = [
    "TRIAL_STAGE",
    "FoundRates",
    "LossWatch",
    "RateCurve",
    "RateRequest",
    "RateSweep",
    "RateTrial",
    "Spacing",
    "steepest",
    "valley",
]

TRIAL_STAGE = "Learning for a while"
"""What the job "find_learning_rate" calls its second part, in which rates are tried against each other."""

Numbers: TypeAlias = NDArray[np.float64]
Spacing: TypeAlias = Literal["exponential", "linear"]

_LEFT_OUT_FIRST = 0.1
"""This share of an exponential sweep lies below anything that learns."""
_LEFT_OUT_LAST = 5
"""So many last points belong to the explosion."""

_REACH = 0.05
"""This share of the sweep is looked at on either side to tell how steep the loss falls."""

_FLAT = 1e-9
"""A slope of so small a share of the loss is rounding."""


@dataclass(frozen=True, slots=True)
class RateSweep:
    """Which rates are tried: `steps` of them from `low` to `high`.

    Args:
        low: the first rate, > 0.
        high: the last rate, if nothing diverges before.
        steps: how many.
        trial_steps: how long what it suggests is tried against the schedule's own rate.
        spacing: "exponential": each the same factor above the one before; "linear": each as much above it (Smith 2015).
        smoothing: weight of the past in the running mean of the loss, 0 ≤ β < 1.
        divergence: the sweep ends when the smoothed loss is so many times the best one.

    """

    low: float = 1e-7
    high: float = 10.0
    steps: int = 100
    smoothing: float = 0.98
    divergence: float = 4.0
    spacing: Spacing = "exponential"
    trial_steps: int = 40

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError("A sweep goes from a rate above 0 to a higher one.")
        if self.steps < 2:
            raise ValueError("A sweep takes at least two steps.")
        if not 0 <= self.smoothing < 1 or self.divergence <= 1:
            raise ValueError("The smoothing lies between 0 and 1, the divergence above 1.")

    def rates(self) -> tuple[float, ...]:
        """Return the rates: low · (high / low)^t, or low + (high − low) · t, with t = i / (steps − 1)."""
        ramp = Ramp(start=self.low, end=self.high, decay=self.spacing)
        return tuple(ramp.at(i / (self.steps - 1)) for i in range(self.steps))


@dataclass(slots=True)
class LossWatch:
    """Smooths the losses of a sweep as they come, and says when they have diverged."""

    sweep: RateSweep
    losses: list[float] = field(default_factory=list)
    smoothed: list[float] = field(default_factory=list)
    _mean: float = 0.0

    def add(self, loss: float) -> bool:
        """Take in one loss; returns whether the sweep should end here.

        The running mean is m ← β m + (1 − β) loss, divided by 1 − βⁿ so that the first ones are not too small.
        """
        if not math.isfinite(loss):
            return True
        beta = self.sweep.smoothing
        self.losses.append(loss)
        self._mean = beta * self._mean + (1 - beta) * loss
        self.smoothed.append(self._mean / (1 - beta ** len(self.losses)))
        best = min(self.smoothed)
        # a critic's loss may be below 0, where "four times the best" says nothing: there its size is the measure
        size = best if min(self.losses) > 0 else max(abs(best), abs(self.losses[0]))
        return self.smoothed[-1] - best > (self.sweep.divergence - 1) * size


@dataclass(frozen=True, slots=True, eq=False)
class RateCurve:
    """What a sweep of one network measured.

    Args:
        network: whose rate grew.
        rates: what was tried, rising.
        losses: the loss at each rate, before the step taken with it.
        smoothed: the same, smoothed.
        diverged: whether it ended because the loss exploded.
        spacing: of the rates.

    """

    network: str
    rates: Numbers
    losses: Numbers
    smoothed: Numbers
    diverged: bool = False
    spacing: Spacing = "exponential"

    @property
    def valley(self) -> float | None:
        """The rate in the middle of the longest descent; None where the loss never falls."""
        return self._suggested(valley)

    @property
    def steepest(self) -> float | None:
        """The rate at which the loss falls fastest; None where it never falls."""
        return self._suggested(steepest)

    @property
    def suggested(self) -> float | None:
        """What is worth a trial, no more exact than it is meant: two digits; None where the loss never falls."""
        rate = self.valley or self.steepest
        return None if rate is None else float(f"{rate:.2g}")

    def _suggested(self, choose: Callable[[Numbers, Numbers], float | None]) -> float | None:
        first = round(len(self.rates) * _LEFT_OUT_FIRST) if self.spacing == "exponential" else 0
        last = max(len(self.rates) - (_LEFT_OUT_LAST if self.diverged else 0), first)
        return choose(self.rates[first:last], self.smoothed[first:last])


@dataclass(frozen=True, slots=True)
class RateTrial:
    """A rate that a copy has learnt with for a while.

    Args:
        rate: at its fastest.
        steps: how many.
        loss: the mean over the last quarter of them; infinite where it diverged.

    """

    rate: float
    steps: int
    loss: float


@dataclass(frozen=True, slots=True)
class RateRequest:
    """What the job "find_learning_rate" is asked.

    Args:
        plan: the run that is to begin, or that goes on.
        folder: of a run that goes on: the rates are tried from its newest checkpoint. It is only read.
        sweep: which rates.

    """

    plan: RunPlan
    folder: Path | None = None
    sweep: RateSweep = RateSweep()


@dataclass(frozen=True, slots=True, eq=False)
class FoundRates:
    """Its answer: one curve for each network, in the task's order.

    Where there is one network alone, its suggestion and the schedule's own rate were then tried against each other;
    () where the search was ended before. Of several networks that play against each other no loss tells the better.
    `note` says what there is to know of these curves, "" nothing.
    """

    curves: tuple[RateCurve, ...]
    trials: tuple[RateTrial, ...] = ()
    note: str = ""


def valley(rates: Sequence[float] | Numbers, losses: Sequence[float] | Numbers) -> float | None:
    """Return the rate in the middle of the longest descent.

    The descent is the longest subsequence of ever smaller losses: noise in between does not end it. Of its middle third
    the middle is taken, well away from where it begins and from where it turns (fastai's "valley").
    """
    if len(losses) < 2:
        return None
    lengths = [1] * len(losses)
    for i in range(len(losses)):
        for j in range(i):
            if losses[i] < losses[j]:
                lengths[i] = max(lengths[i], lengths[j] + 1)
    end = lengths.index(max(lengths))
    if lengths[end] < 2:
        return None
    start = end - (lengths[end] - 1)  # as if nothing lay in between: what is noise says nothing about the beginning
    return float(rates[(start + end) // 2])


def steepest(rates: Sequence[float] | Numbers, losses: Sequence[float] | Numbers) -> float | None:
    """Return the rate where the loss falls fastest over the logarithm of the rate.

    The fall is measured over a tenth of the sweep, for between two neighbours noise falls fastest.
    """
    heights, logs = np.asarray(losses, np.float64), np.log(np.asarray(rates, np.float64))
    if len(heights) < 2:
        return None
    reach = max(1, round(len(heights) * _REACH))
    before, after = (np.clip(np.arange(len(heights)) + side, 0, len(heights) - 1) for side in (-reach, reach))
    slopes = (heights[after] - heights[before]) / (logs[after] - logs[before])
    inside = slice(reach, -reach) if len(heights) > 2 * reach else slice(None)
    at = int(np.argmin(slopes[inside]))
    fall = slopes[inside][at]
    return float(np.asarray(rates)[inside][at]) if fall < -_FLAT * np.abs(heights).max() else None
