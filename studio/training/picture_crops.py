"""Random crops of many pictures: decoded once, kept in memory as bytes, cut and changed differently every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.pixels import to_tensor

__all__ = ["CropSampler", "PictureSet", "read_pictures", "uniform", "validation_crops"]

Pixels: TypeAlias = NDArray[np.uint8]

_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


@dataclass(frozen=True, slots=True)
class PictureSet:
    """A folder's pictures, H×W×3 sRGB bytes, and how often a crop comes from it, relative to the other sets."""

    name: str
    pictures: tuple[Pixels, ...]
    share: float


def read_pictures(folder: Path, *, longest: int = 640) -> list[Pixels]:
    """Decode all pictures below `folder`, in the order of their names, reduced to `longest` px where they are larger.

    Raises:
        FileNotFoundError: there is none.

    """
    pictures: list[Pixels] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES):
        decoded = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if decoded is None:
            continue
        height, width = decoded.shape[:2]
        factor = longest / max(height, width)
        if factor < 1:
            size = round(width * factor), round(height * factor)
            decoded = cv2.resize(decoded, size, interpolation=cv2.INTER_AREA)
        pictures.append(np.ascontiguousarray(decoded[:, :, ::-1]).astype(np.uint8))
    if not pictures:
        raise FileNotFoundError(f"no pictures in {folder}")
    return pictures


def uniform(generator: torch.Generator, low: float = 0.0, high: float = 1.0) -> float:
    """Draw one number."""
    return low + (high - low) * float(torch.rand((), generator=generator))


class CropSampler:
    """Draws square crops, augmented in scale, orientation, colour and noise; the only state is the generator's.

    Args:
        sets: where crops come from.
        size: their side in pixels.
        generator: all chance is drawn from it, so that its state is the position in the data.

    """

    def __init__(self, sets: Sequence[PictureSet], size: int, generator: torch.Generator) -> None:
        self._sets = tuple(sets)
        self._size = size
        self._generator = generator
        shares = torch.tensor([one.share for one in sets])
        self._shares = shares / shares.sum()

    def batch(self, count: int) -> Tensor:
        """Return `count` crops, N×3×S×S, 0–1."""
        return torch.stack([self._degrade(self._recolour(self._crop())) for _ in range(count)])

    def _crop(self) -> Tensor:
        """A square between a hundred pixels and the whole picture, turned and mirrored at random."""
        chosen = self._sets[int(torch.multinomial(self._shares, 1, generator=self._generator))]
        picture = chosen.pictures[self._integer(len(chosen.pictures))]
        height, width = picture.shape[:2]
        largest, smallest = min(height, width), min(height, width, max(self._size * 3 // 4, 16))
        side = round(smallest * (largest / smallest) ** uniform(self._generator))
        top, left = self._integer(height - side + 1), self._integer(width - side + 1)
        cut = picture[top : top + side, left : left + side]
        if side != self._size:
            method = cv2.INTER_AREA if side > self._size else cv2.INTER_CUBIC
            cut = cv2.resize(cut, (self._size, self._size), interpolation=method).astype(np.uint8)
        crop = to_tensor(cut)[0]
        crop = torch.rot90(crop, self._integer(4), (1, 2))
        return crop.flip(2) if self._chance(0.5) else crop

    def _recolour(self, crop: Tensor) -> Tensor:
        """Turn channels into one another, change saturation, contrast, brightness and gamma; now and then invert."""
        if self._chance(0.15):
            crop = crop[torch.randperm(3, generator=self._generator)]
        if self._chance(0.7):
            grey = crop.mean(0, keepdim=True)
            crop = grey + (crop - grey) * uniform(self._generator, 0.2, 1.8)
            tint = torch.empty(3, 1, 1).uniform_(-0.08, 0.08, generator=self._generator)
            contrast, middle = uniform(self._generator, 0.5, 1.4), crop.mean()
            crop = (crop - middle) * contrast + middle + uniform(self._generator, -0.15, 0.15) + tint
        if self._chance(0.3):
            crop = crop.clamp(0, 1) ** uniform(self._generator, 0.6, 1.7)
        if self._chance(0.03):
            crop = 1 - crop
        return crop.clamp(0, 1)

    def _degrade(self, crop: Tensor) -> Tensor:
        """Add fine or coarse noise now and then: a picture that is being painted does not look like a photo."""
        if self._chance(0.15):
            step = 2 ** self._integer(3)
            noise = torch.randn(1, 3, self._size // step, self._size // step, generator=self._generator)
            noise = F.interpolate(noise, size=(self._size, self._size), mode="bilinear") if step > 1 else noise
            crop = crop + noise[0] * uniform(self._generator, 0.01, 0.2)
        elif self._chance(0.05):
            crop = F.avg_pool2d(F.pad(crop, (2, 2, 2, 2), mode="reflect"), 5, 1)
        return crop.clamp(0, 1)

    def _chance(self, probability: float) -> bool:
        return uniform(self._generator) < probability

    def _integer(self, bound: int) -> int:
        return int(torch.randint(bound, (), generator=self._generator))


def validation_crops(pictures: Sequence[Pixels], size: int) -> Tensor:
    """Return the centre of every picture, unchanged but for its scale: N×3×S×S, 0–1."""
    crops = []
    for picture in pictures:
        height, width = picture.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = cv2.resize(picture[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
        crops.append(to_tensor(np.asarray(square, np.uint8))[0])
    return torch.stack(crops)
