"""What a restorer learns from: parts of good photos, and what became of them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from studio.training.data.augment import uniform
from studio.training.data.pictures import PictureExamples

__all__ = ["DamagedPictures", "reduced", "whole_squares"]

Pixels: TypeAlias = NDArray[np.uint8]

_MARGIN = 2
"""Pixels of the small picture around a part, so that its border is reduced from what lies beyond, too."""
_FROM_AFAR = 0.5
"""How often, and at most how much smaller, a photo is seen: that takes away its grain and the blocks of its JPEG."""


@dataclass(frozen=True, slots=True)
class DamagedPictures(PictureExamples):
    """Parts of photos, pixel by pixel, damaged as a restorer shall learn to mend.

    Args:
        scale: how many times smaller what is given is than what is wanted.
        from_afar: whether some photos are reduced first.
        turned: whether they are turned by quarters and mirrored.

    """

    scale: int = 2
    from_afar: bool = True
    turned: bool = True

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return what is given, 3×S/s×S/s, what is wanted, 3×S×S (both 0–1), and the strength to mend it with, 0–1."""
        size -= size % self.scale
        margin = _MARGIN * self.scale if self.scale > 1 else 0
        cut = self._part(self.pictures[self.chosen[index]], size + 2 * margin, generator)
        if self.turned:
            cut = torch.rot90(cut, int(torch.randint(4, (), generator=generator)), (1, 2))
            cut = cut.flip(2) if uniform(generator) < 0.5 else cut
        given = reduced(cut, self.scale)
        if margin:
            cut, given = cut[:, margin:-margin, margin:-margin], given[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
        return _as_floats(given), _as_floats(cut), torch.zeros(())

    def _part(self, pixels: Pixels, side: int, generator: torch.Generator) -> Tensor:
        """Cut a square of `side` pixels out of a photo, which may be reduced first: 3×side×side, uint8."""
        height, width = pixels.shape[:2]
        factor = uniform(generator, _FROM_AFAR, 1.0) if self.from_afar and uniform(generator) < _FROM_AFAR else 1.0
        taken = min(round(side / factor), height, width)
        top, left = (int(torch.randint(length - taken + 1, (), generator=generator)) for length in (height, width))
        cut = torch.from_numpy(np.array(pixels[top : top + taken, left : left + taken])).permute(2, 0, 1)
        return cut if taken == side else _resized(cut, side)


def reduced(picture: Tensor, scale: int) -> Tensor:
    """3×H×W uint8 → 3×H/s×W/s uint8: bicubic with antialiasing (a = −½), as MATLAB's `imresize` and Pillow reduce."""
    return picture if scale == 1 else _resized(picture, picture.shape[1] // scale, picture.shape[2] // scale)


def whole_squares(examples: DamagedPictures, numbers: tuple[int, ...], size: int) -> list[tuple[Tensor, Tensor]]:
    """Return what is given and what is wanted of the middles of some pictures, always the same, 1×3×… each, 0–1."""
    found = []
    for number in numbers:
        pixels = examples.pictures[number]
        side = min(size, *pixels.shape[:2])
        side -= side % examples.scale
        top, left = ((length - side) // 2 for length in pixels.shape[:2])
        wanted = torch.from_numpy(np.array(pixels[top : top + side, left : left + side])).permute(2, 0, 1)
        found.append((_as_floats(reduced(wanted, examples.scale))[None], _as_floats(wanted)[None]))
    return found


def _resized(picture: Tensor, height: int, width: int | None = None) -> Tensor:
    size = (height, width or height)
    return F.interpolate(picture.contiguous()[None], size, mode="bicubic", antialias=True)[0]


def _as_floats(picture: Tensor) -> Tensor:
    return picture.to(torch.float32).div_(255.0).contiguous()
