"""Examples for the loader's tests; in a module of their own, since worker processes import them."""

import os
import signal
from pathlib import Path

import torch
from torch.nn import functional as F  # noqa: N812

from studio.core.failures import StudioError

FAULTY = 3


class Numbers:
    """Example i is its number, and as many random numbers as `size` says."""

    fingerprint = "numbers"

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def draw(self, index, generator, size):
        return torch.tensor(index), torch.rand(size, generator=generator)


class WithFaults(Numbers):
    """Examples 0 and 1 cannot be drawn at `FAULTY` px."""

    def draw(self, index, generator, size):
        if (index, size) == (0, FAULTY):
            raise ValueError("no picture inside")
        if (index, size) == (1, FAULTY):
            raise StudioError("It lies on a disk that is gone.", "Plug it in.")
        return super().draw(index, generator, size)

    def name_of(self, index):
        return f"photo {index}.jpg"


class Views(WithFaults):
    """Pictures of a cache, enlarged by an operation that uses all the threads there are."""

    def __init__(self, pictures):
        super().__init__(len(pictures))
        self.pictures = pictures

    def draw(self, index, generator, size):
        number, noise = super().draw(index, generator, size)
        picture = torch.from_numpy(self.pictures[index].copy()).permute(2, 0, 1)[None].float()
        view = F.interpolate(picture, (size, size), mode="bicubic", antialias=True)
        return number, view[0] + noise


class Deadly(Numbers):
    """Kills the process that draws it, once: as a system without memory does."""

    def __init__(self, count, marker: Path):
        super().__init__(count)
        self.marker = marker

    def draw(self, index, generator, size):
        if not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().draw(index, generator, size)
