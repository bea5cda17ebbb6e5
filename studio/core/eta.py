"""How long it will still take, calm enough to be read."""

import math


class EtaEstimator:
    """Estimates the time left of a stage from when its steps were done.

    The pace is an exponential mean over about `memory` steps, so one slow step does not shake it; the shown value only
    counts down with the clock until a new estimate differs by more than `tolerance`.

    Args:
        memory: over how many steps the pace is averaged.
        tolerance: relative difference below which the shown value is left alone.
        least: how many steps it must have seen before it says anything; the first ones are often slow.

    """

    def __init__(self, memory: float = 12.0, tolerance: float = 0.12, least: int = 2) -> None:
        self._memory = memory
        self._tolerance = tolerance
        self._least = least
        self.reset()

    def reset(self) -> None:
        """Forget the pace: another stage begins, or the job paused."""
        self._last: tuple[float, int] | None = None
        self._pace: float | None = None
        self._shown_end: float | None = None
        self._observed = 0

    def rest(self) -> None:
        """Skip the time until the next `observe`: the job pauses, and that says nothing about its pace."""
        self._last = None
        self._shown_end = None

    def observe(self, now: float, done: int, total: int) -> float | None:
        """Take note that `done` of `total` steps are done at `now` (s); return the seconds left, None if unknown."""
        if self._last is not None and done < self._last[1]:
            self.reset()
        self._measure(now, done)
        if self._pace is None or total <= 0 or self._observed < self._least:
            return None
        left = max(0, total - done) * self._pace
        self._shown_end = self._calm(now, left)
        return max(0.0, self._shown_end - now)

    def _measure(self, now: float, done: int) -> None:
        if self._last is None:
            self._last = (now, done)
            return
        then, before = self._last
        steps = done - before
        if steps <= 0:
            return
        pace = (now - then) / steps
        self._observed += steps
        if self._pace is None:
            self._pace = pace
        else:
            # an average of the first few steps, an exponential mean afterwards
            memory = min(self._memory, self._observed)
            self._pace += (pace - self._pace) * (1.0 - math.exp(-steps / memory))
        self._last = (now, done)

    def _calm(self, now: float, left: float) -> float:
        if self._shown_end is None:
            return now + left
        shown = self._shown_end - now
        return self._shown_end if abs(left - shown) <= self._tolerance * max(left, 2.0) else now + left


def words_for_time_left(seconds: float | None) -> str:
    """Return "0:14 left", "1:02:05 left", or "" while unknown."""
    if seconds is None:
        return ""
    minutes, rest = divmod(math.ceil(round(seconds, 3)), 60)  # 90 s are not 91 for a last bit
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{clock} left"


def words_for_duration(seconds: float) -> str:
    """Return "40 seconds", "12 minutes", "3 h 20 min" or "2 days 4 h": as exact as one wants to know beforehand."""
    if seconds < 90:
        return _counted(max(1, round(seconds)), "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return _counted(minutes, "minute")
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{_counted(days, 'day')} {hours} h" if hours else _counted(days, "day")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
