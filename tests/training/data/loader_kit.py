"""Examples for the loader's tests; in a module of their own, since worker processes import them."""

import os
import signal
from pathlib import Path

import torch

from studio.core.failures import StudioError


class Numbers:
    """Example i is its number, and as many random numbers as `size` says."""

    fingerprint = "numbers"

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def draw(self, index, chance, size):
        return torch.tensor(index), torch.rand(size, generator=chance)


class WithFaults(Numbers):
    """Examples 0 and 1 cannot be drawn."""

    def draw(self, index, chance, size):
        if index == 0:
            raise ValueError("no picture inside")
        if index == 1:
            raise StudioError("It lies on a disk that is gone.", "Plug it in.")
        return super().draw(index, chance, size)

    def name_of(self, index):
        return f"photo {index}.jpg"


class Deadly(Numbers):
    """Kills the process that draws it, once: as a system without memory does."""

    def __init__(self, count, marker: Path):
        super().__init__(count)
        self.marker = marker

    def draw(self, index, chance, size):
        if not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().draw(index, chance, size)
