"""How fast a run goes, how long it waits for data, how much memory it takes, and how long it will still take."""

import os
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from socket import gethostname
from statistics import mean, stdev
from typing import Any

import torch

from studio.training.schedule import Timeline

__all__ = ["Throughput", "memory_in_use"]

_BLOCKS = 30
"""Over how many reports (about a second each) the pace is averaged."""


class Throughput:
    """Counts steps, examples and waiting between two reports.

    Time left is measured in work, not in steps: a phase with larger pictures costs as much more as they have pixels.
    What is done between steps (checks, samples) is counted apart: its share of all work so far tells what it will take.
    """

    def __init__(self, timeline: Timeline, last: int, device: torch.device) -> None:
        self._timeline = timeline
        self._last = last
        self._device = device
        self._blocks: deque[tuple[float, float]] = deque(maxlen=_BLOCKS)
        self._sitting_began = time.monotonic()
        self._done = self._aside = 0.0
        self._begin()

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._examples, self._work, self._waited = 0, 0.0, 0.0

    def note(self, *, examples: int, size: int, waited: float) -> None:
        """Take note of a step over so many examples of a size (px) that waited so long for them (s)."""
        self._examples += examples
        self._work += examples * size**2
        self._done += examples * size**2
        self._waited += waited

    def note_aside(self, seconds: float) -> None:
        """Take note of time (s) that went by between two steps; the very first look, before any, says little."""
        self._began += seconds
        if self._done:
            self._aside += seconds

    def report(self, step: int) -> dict[str, Any] | None:
        """Return the facts of a `pace` event, about once a second; None in between."""
        seconds = time.monotonic() - self._began
        if seconds < 1.0 or not self._examples:
            return None
        self._blocks.append((seconds, self._work))
        left, spread = self._time_left(step)
        facts: dict[str, Any] = {
            "total": self._last,
            "examples": self._timeline.counts[0],
            "images_per_second": round(self._examples / seconds, 3),
            "data_wait": round(min(1.0, self._waited / seconds), 4),
            "memory_mb": round(memory_in_use(self._device) / 2**20),
            "seconds_left": left,
            "seconds_left_spread": spread,
            "computer": gethostname(),
            "pixels": round(self._done),
            "seconds": round(time.monotonic() - self._sitting_began, 3),
        }
        if len(set(self._timeline.counts)) > 1:
            facts["examples_by_phase"] = self._timeline.counts
        self._begin()
        return facts

    def _time_left(self, step: int) -> tuple[float, float]:
        """The pace of the last blocks, and what the sitting spent aside, times the work left; ± two standard errors."""
        work = self._timeline.work(self._last) - self._timeline.work(step)
        paces = [seconds / done for seconds, done in self._blocks]
        error = stdev(paces) / len(paces) ** 0.5 if len(paces) > 1 else 0.0
        return round((mean(paces) + self._aside / self._done) * work, 1), round(2 * error * work, 1)


def memory_in_use(device: torch.device) -> int:
    """Return the bytes in use now: the device's own memory, or this process's."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return int(torch.mps.driver_allocated_memory())
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
