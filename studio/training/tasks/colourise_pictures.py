"""What a colouriser learns from: views of photos, and hints as a hand would give them.

How many hints there are is geometric, and some of them are means over a small patch, as in Zhang et al. 2017, section
3.2. A hand means more than a patch, though: an object. So others tell the colour of the region around them, and in some
pictures such regions first get a colour that they never had. Then only the hint can tell, and it has to reach as far as
the region does.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.cielab import lab_from_rgb
from models.colouriser import MULTIPLE, SCALE
from studio.training.data.augment import augmented, centred, uniform
from studio.training.data.pictures import PictureExamples

__all__ = ["ColouredPictures", "HintRule", "Look", "Region", "looks_of", "region_at", "with_hints"]

Floats = NDArray[np.float32]

_MOST = 100
_LARGEST_PATCH = 9
"""Side of a patch, px of the picture: drawn from 1 to this."""
_TOLERANCE = 9.0, 8.0
"""How far lightness and each colour of a region may be from where it begins."""
_SMALLEST_SHARE = 0.01
"""Of a picture, that is a region rather than a speck."""
_MOST_REPAINTED = 3
_VIVID = 70.0
_ALL = 0.2
"""How often all colours turn together where something is recoloured."""
_KEPT_HINTS = 10


@dataclass(frozen=True, slots=True)
class HintRule:
    """How hints are drawn.

    Args:
        ends: p of the geometric distribution of their number.
        regions: the share of hints that are means over regions.
        repaint: the share of pictures in which regions are recoloured.

    """

    ends: float = 0.125
    regions: float = 0.5
    repaint: float = 0.4


@dataclass(frozen=True, slots=True)
class ColouredPictures(PictureExamples):
    """Random views, and hints for them.

    Args:
        rule: how hints are drawn.

    """

    rule: HintRule = HintRule()

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return what is to be learnt, 3×S×S: L, a and b of CIELAB; and hints, 3×S/2×S/2, as `Colouriser` takes them.

        S is a multiple of 16.
        """
        size -= size % MULTIPLE
        view = augmented(self.pictures[self.chosen[index]], size, self.variation, generator)
        return with_hints(lab_from_rgb(view[None])[0], self.rule, generator)


def with_hints(lab: Tensor, rule: HintRule, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw hints for 3×S×S; regions may be recoloured: returns the picture to be learnt, and the hints."""
    pixels: Floats = np.ascontiguousarray(lab.permute(1, 2, 0).numpy())
    size = pixels.shape[0]
    number = min(_MOST, int(math.log(max(1e-9, 1.0 - uniform(generator))) / math.log1p(-min(rule.ends, 0.999))))
    hints = np.zeros((size // 2, size // 2, 3), np.float32)
    smooth = _smoothed(pixels)
    repainted = 0
    if number and uniform(generator) < rule.repaint:
        repainted = 1 + int(uniform(generator, 0.0, min(number, _MOST_REPAINTED) - 0.01))
        if uniform(generator) < _ALL:
            pixels[..., 1:] = _turned(pixels[..., 1:], uniform(generator, 0.0, 2 * math.pi))
    for place in range(number):
        y, x = (min(size - 1, max(0, round(_place(size, generator)))) for _ in range(2))
        side = 1 + int(uniform(generator, 0.0, _LARGEST_PATCH - 0.01))
        patch = slice(max(0, y - side // 2), y + side // 2 + 1), slice(max(0, x - side // 2), x + side // 2 + 1)
        told = pixels[patch][..., 1:].mean(axis=(0, 1))
        if place < repainted or uniform(generator) < rule.regions:
            region = region_at(smooth, y, x)
            if region.mean() >= _SMALLEST_SHARE:
                told = pixels[region > 0.5, 1:].mean(axis=0)
                if place < repainted:
                    told = _repaint(pixels, region, told, generator)
        rows, columns = (slice(cut.start // 2, max(cut.start // 2 + 1, cut.stop // 2)) for cut in patch)
        hints[rows, columns] = (*(told / SCALE), 1.0)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous(), torch.from_numpy(hints).permute(2, 0, 1).contiguous()


def region_at(smooth: Floats, y: int, x: int) -> Floats:
    """Return what hangs together with a place and looks like it, H×W: 1 within, 0 without, with a soft edge.

    Args:
        smooth: H×W×3, L, a and b without grain.
        y: row.
        x: column.

    """
    mask = np.zeros((smooth.shape[0] + 2, smooth.shape[1] + 2), np.uint8)
    lightness, colour = _TOLERANCE
    apart = (lightness, colour, colour)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    cv2.floodFill(smooth, mask, (x, y), (0, 0, 0), apart, apart, flags | cv2.FLOODFILL_FIXED_RANGE)
    filled: Any = cv2.medianBlur(mask[1:-1, 1:-1], 5)  # specks of grain belong to it
    return np.asarray(cv2.GaussianBlur(filled, (3, 3), 0), np.float32) / np.float32(255)


def _smoothed(pixels: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(pixels, (5, 5), 0), np.float32)


def _place(size: int, generator: torch.Generator) -> float:
    """Draw a coordinate: half of them around the middle, σ a quarter of the side, as in the paper; half anywhere."""
    if uniform(generator) < 0.5:
        return float(size / 2 + size / 4 * torch.randn((), generator=generator))
    return uniform(generator, 0.0, size)


def _repaint(pixels: Floats, region: Floats, was: Floats, generator: torch.Generator) -> Floats:
    """Give a region another hue, in place; returns its new mean colour."""
    hue, chroma = uniform(generator, 0.0, 2 * math.pi), _VIVID * math.sqrt(uniform(generator))
    becomes = np.array([chroma * math.cos(hue), chroma * math.sin(hue)], np.float32)
    pixels[..., 1:] += region[..., None] * (becomes - was)
    return becomes


def _turned(colours: Floats, angle: float) -> Floats:
    cosine, sine = math.cos(angle), math.sin(angle)
    return colours @ np.array([[cosine, sine], [-sine, cosine]], np.float32)


class Region(NamedTuple):
    """A part of a picture for one hint: `where`, H×W, and the hint alone, 3×H/2×W/2."""

    where: Tensor
    hints: Tensor


class Look(NamedTuple):
    """A kept picture: `lab`, 3×S×S, ten hints for it, 3×S/2×S/2, and a region of it."""

    lab: Tensor
    hints: Tensor
    region: Region


def looks_of(examples: PictureExamples, numbers: tuple[int, ...], size: int, seed: int) -> list[Look]:
    """Return the middles of some pictures, always with the same hints: patches of 7 px, anywhere."""
    found = []
    for number in numbers:
        generator = torch.Generator().manual_seed(seed + number)
        lab = lab_from_rgb(centred(examples.pictures[number], size)[None])[0]
        places = torch.rand(_KEPT_HINTS, 2, generator=generator)
        found.append(Look(lab, patch_hints(lab, places), _largest_region(lab, generator)))
    return found


def patch_hints(lab: Tensor, places: Tensor, side: int = 7) -> Tensor:
    """Return hints of the mean colours around places, K×2 as shares of height and width: 3×H/2×W/2."""
    mean = F.avg_pool2d(lab[None, 1:], side, stride=1, padding=side // 2, count_include_pad=False)[0]
    height, width = lab.shape[1:]
    hints = lab.new_zeros(3, height // 2, width // 2)
    for row, column in places.tolist():
        y, x = int(row * height), int(column * width)
        hints[:2, y // 2, x // 2] = mean[:, y, x] / SCALE
        hints[2, y // 2, x // 2] = 1.0
    return hints


def _largest_region(lab: Tensor, generator: torch.Generator, tries: int = 12) -> Region:
    """Return the most colourful of some regions that are drawn, with one hint in its middle."""
    pixels: Floats = np.ascontiguousarray(lab.permute(1, 2, 0).numpy())
    smooth, best, most = _smoothed(pixels), np.ones(pixels.shape[:2], np.float32), 0.0
    for row, column in torch.rand(tries, 2, generator=generator).tolist():
        region = region_at(smooth, int(row * len(pixels)), int(column * pixels.shape[1]))
        if region.mean() < 2 * _SMALLEST_SHARE:
            continue
        colourful = float(np.hypot(*pixels[region > 0.5, 1:].mean(axis=0)) * math.sqrt(region.mean()))
        if colourful > most:
            best, most = region, colourful
    within = (best > 0.5).astype(np.uint8)
    inmost = cv2.distanceTransform(within, cv2.DIST_L2, 5)
    y, x = np.unravel_index(int(inmost.argmax()), inmost.shape)
    hints = np.zeros((3, pixels.shape[0] // 2, pixels.shape[1] // 2), np.float32)
    hints[:, y // 2, x // 2] = (*(pixels[within > 0, 1:].mean(axis=0) / SCALE), 1.0)
    return Region(torch.from_numpy(within.astype(np.float32)), torch.from_numpy(hints))
