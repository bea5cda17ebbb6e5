"""What a picture costs on this computer: time and memory, so that one knows before it begins."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from studio.core.device import Device, total_memory
from studio.core.eta import words_for_duration
from studio.core.failures import StudioError
from studio.core.memo import Memo
from studio.core.user_folders import UserFolders

__all__ = ["Cost", "Pace", "PaceMemo", "available_memory"]

_GB = 1e9
_ROOM = 0.9
"""The share of the free memory that a picture may take: other programs and the window live on."""
_ALIKE = 0.85
"""Of sizes that differ less than this, only the newest measurement is kept."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one picture costs.

    Args:
        width: of the result, px.
        height: of the result, px.
        seconds: how long it takes; None while nobody has measured.
        memory: the most bytes that it takes at once; None where that is not known.
        room: bytes that are free for it; None where that is not known.

    """

    width: int
    height: int
    seconds: float | None = None
    memory: int | None = None
    room: int | None = None

    @property
    def fits(self) -> bool:
        """Whether there is memory enough, as far as anybody knows."""
        return self.memory is None or self.room is None or self.memory <= _ROOM * self.room

    @property
    def time(self) -> str:
        """How long it takes: “about 40 seconds”, "" where nobody knows."""
        return "" if self.seconds is None else f"about {words_for_duration(self.seconds)}"

    @property
    def words(self) -> str:
        """Time and memory: “about 40 seconds · 1.3 GB”; memory where it is worth a word."""
        memory = "" if self.memory is None or self.memory < 0.5 * _GB else f"{self.memory / _GB:.1f} GB"
        return " · ".join(part for part in (self.time, memory) if part)

    def refusal(self, largest: int) -> StudioError:
        """Say why it cannot be made, and which size can.

        Args:
            largest: the longer side, px, that there is memory for.

        """
        need, room = (self.memory or 0) / _GB, (self.room or 0) / _GB
        return StudioError(
            f"{self.width} × {self.height} px would take about {need:.1f} GB of memory, and {room:.1f} GB are free.",
            f"Choose up to {largest} px, a lighter network, or close other programs.",
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast this computer works with one network.

    Args:
        seconds: pixels of the picture → how long one evaluation took, where it was measured.
        kind: what computes: "cpu", "cuda" or "mps".
        memory: bytes of a device that has its own.

    """

    seconds: Mapping[int, float]
    kind: str = "cpu"
    memory: int | None = None

    def at(self, pixels: int) -> float | None:
        """Return how long an evaluation takes at this size; None where nothing was measured.

        A fixed part and one for each pixel are fitted to what was measured, so that a larger size never takes less.
        """
        if not self.seconds:
            return None
        took = np.array(list(self.seconds.values()))
        parts = np.stack([1.0 / took, np.array(list(self.seconds)) / took], axis=1)  # relative: small sizes count, too
        fixed, each = np.linalg.lstsq(parts, np.ones(len(took)), rcond=None)[0] if len(took) > 1 else (-1.0, 0.0)
        if fixed < 0.0 or each < 0.0:
            fixed, each = 0.0, float(parts[:, 1].sum() / np.square(parts[:, 1]).sum())
        return float(fixed + each * pixels)

    @property
    def room(self) -> int | None:
        """Bytes that are free for the network's work."""
        return available_memory() if self.kind == "cpu" else self.memory


class PaceMemo:
    """Remembers how fast each network is here, from one painting to the next.

    Args:
        file: in the cache folder.

    """

    def __init__(self, file: Path) -> None:
        self._memo = Memo(file)

    @classmethod
    def standard(cls) -> Self:
        """Return the user's."""
        return cls(UserFolders.standard().cache / "pace.json")

    def read(self) -> dict[str, Pace]:
        """Return what is known: network → its pace."""
        found = {}
        for network, entry in self._memo.read().items():
            match entry:
                case {"kind": str(kind), "memory": int() | None as memory, "seconds": dict(seconds)}:
                    with suppress(ValueError, TypeError):
                        known = {int(pixels): float(value) for pixels, value in seconds.items()}
                        found[network] = Pace({p: s for p, s in known.items() if p > 0 and s > 0}, kind, memory)
        return found

    def learn(self, network: str, device: Device, seconds: Mapping[int, float]) -> None:
        """Remember what was measured; of another device than last time everything is new."""
        if not seconds:
            return
        known = self.read().get(network)
        there = dict(known.seconds) if known is not None and known.kind == device.kind else {}
        old = {p: s for p, s in there.items() if not any(_ALIKE < p / new < 1 / _ALIKE for new in seconds)}
        told = {str(pixels): float(f"{value:.4g}") for pixels, value in {**old, **seconds}.items()}
        memory = None if device.kind == "cpu" else device.memory
        self._memo.remember(network, {"kind": device.kind, "memory": memory, "seconds": told})


def available_memory() -> int | None:
    """Return how many bytes are free for another program, or all there are where the system tells no more."""
    free = None
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    with suppress(OSError, ValueError):  # a container may have less than the computer
        group = Path("/sys/fs/cgroup")
        left = int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
        free = left if free is None else min(free, left)
    return total_memory() if free is None and os.name == "posix" else free
