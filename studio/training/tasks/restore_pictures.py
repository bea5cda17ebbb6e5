"""What a restorer learns from: parts of good photos, and what became of them."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.degradations import DegradationRecipe, degrade
from models.mending import mending
from studio.training.data.augment import uniform
from studio.training.data.pictures import PictureExamples
from studio.training.data.sampler import seed_of

__all__ = ["Damage", "DamagedPictures", "Square", "enlarged_to", "part_of", "reduced", "whole_squares"]

Pixels: TypeAlias = NDArray[np.uint8]

_MARGIN = 2
"""Pixels of the small picture around a part, so that its border is reduced from what lies beyond, too."""
_FROM_AFAR = 0.5
"""How often, and at most how much smaller, a photo is seen: that takes away its grain and the blocks of its JPEG."""


_CLOSEST = 0.5
"""The smallest part of a photo's shorter side that is seen where whole photos are."""
_NONE, _NONE_ENLARGED = 0.1, 0.4
"""How often a photo that is to be mended has nothing: one that is enlarged has to lose nothing by being told so."""
_STRENGTHS = (0.1, 0.25, 0.5, 1.0)
_TRIES = 20
"""So often a damage is drawn for a picture that something is measured on, until there is one.

Chance may leave it whole, which has no finite PSNR and would outweigh all others.
"""


class Square(NamedTuple):
    """What is given, 1×3×S/s×S/s, what is wanted, 1×3×S×S, both 0–1, and the strength to mend it with."""

    given: Tensor
    wanted: Tensor
    strength: float


@dataclass(frozen=True, slots=True)
class Damage:
    """What happens to a photo before a restorer gets it.

    Args:
        scale: how many times smaller it becomes, unless the recipe makes it so.
        recipe: what else happens; None nothing.
        graded: noise and JPEG of all strengths instead (`models.mending`), which the restorer is told.

    """

    scale: int = 1
    recipe: DegradationRecipe | None = None
    graded: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing happens but that it becomes smaller."""
        return self.recipe is None and not self.graded

    def draw_strength(self, generator: torch.Generator) -> float:
        """Draw how strong it is, 0–1: more often weak; 1 where strengths are not told apart."""
        if not self.graded:
            return 1.0
        none = _NONE if self.scale == 1 else _NONE_ENLARGED
        return 0.0 if uniform(generator) < none else uniform(generator) ** 1.5

    def of(self, picture: Tensor, seed: int, strength: float) -> Tensor:
        """3×H×W uint8 → 3×H/s×W/s uint8."""
        recipe = self._mending(strength) if self.graded else self.recipe
        size = picture.shape[1] // self.scale, picture.shape[2] // self.scale
        if recipe is None or recipe.scale != self.scale:
            picture = reduced(picture, self.scale)
        if recipe is None or (self.graded and not strength):
            return picture
        damaged = degrade(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()), recipe, seed).picture
        made = torch.from_numpy(damaged).permute(2, 0, 1)
        return made if made.shape[1:] == size else _resized(made, *size)

    def _mending(self, strength: float) -> DegradationRecipe:
        """Return noise and JPEG; pictures that are small come from the web, and have JPEG more often than noise."""
        return mending(strength, noise=0.4, jpeg=0.8) if self.scale > 1 else mending(strength)


@dataclass(frozen=True, slots=True)
class DamagedPictures(PictureExamples):
    """Parts of photos, pixel by pixel, damaged as a restorer shall learn to mend.

    Args:
        damage: what is done to them.
        from_afar: whether some photos are reduced first.
        turned: whether they are turned by quarters and mirrored.
        whole: whether views of a whole photo, reduced, are shown instead of parts.

    """

    damage: Damage = Damage()
    from_afar: bool = True
    turned: bool = True
    whole: bool = False

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return what is given, 3×S/s×S/s, what is wanted, 3×S×S (both 0–1), the strength to mend it with, and where.

        That is 7 numbers: see `PaintedWeights.of`.
        """
        scale = self.damage.scale
        size -= size % scale
        margin = _MARGIN * scale if self.damage.is_clean and scale > 1 else 0
        number = self.chosen[index]
        cut, (top, left, taken) = self._part(self.pictures[number], size + 2 * margin, generator)
        turns = mirrored = 0
        if self.turned:
            turns = int(torch.randint(4, (), generator=generator))
            mirrored = int(uniform(generator) < 0.5)
            cut = torch.rot90(cut, turns, (1, 2))
            cut = cut.flip(2) if mirrored else cut
        height, width = self.pictures.size_of(number)
        within = margin / (size + 2 * margin) * taken
        side = taken - 2 * within
        where = (top + within) / height, (left + within) / width, side / height, side / width
        strength = self.damage.draw_strength(generator)
        seed = 0 if self.damage.is_clean else int(torch.randint(2**62, (), generator=generator))
        given = self.damage.of(cut, seed, strength)
        if margin:
            cut, given = cut[:, margin:-margin, margin:-margin], given[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
        place = torch.tensor([number, *where, turns, mirrored], dtype=torch.float32)
        return _as_floats(given), _as_floats(cut), torch.tensor(strength), place

    def _part(
        self, pixels: Pixels, side: int, generator: torch.Generator
    ) -> tuple[Tensor, tuple[int, int, int]]:  # fmt: skip
        """Cut a square of `side` pixels out of a photo, which may be reduced first: 3×side×side, uint8.

        Also returns its top, left and side in the photo.
        """
        if not self.whole:
            return part_of(pixels, side, generator, from_afar=self.from_afar)
        return _cut(pixels, side, round(min(pixels.shape[:2]) * uniform(generator, _CLOSEST, 1.0)), generator)


def part_of(
    pixels: Pixels, side: int, generator: torch.Generator, *, from_afar: bool
) -> tuple[Tensor, tuple[int, int, int]]:
    """Cut a random square of `side` pixels out of a picture, 3×side×side, uint8; also its top, left and side there.

    `from_afar` reduces half of the pictures first, by up to a half; what is smaller than that is enlarged.
    """
    factor = uniform(generator, _FROM_AFAR, 1.0) if from_afar and uniform(generator) < _FROM_AFAR else 1.0
    return _cut(pixels, side, min(round(side / factor), *pixels.shape[:2]), generator)


def _cut(
    pixels: Pixels, side: int, taken: int, generator: torch.Generator
) -> tuple[Tensor, tuple[int, int, int]]:  # fmt: skip
    top, left = (int(torch.randint(length - taken + 1, (), generator=generator)) for length in pixels.shape[:2])
    cut = torch.from_numpy(np.array(pixels[top : top + taken, left : left + taken])).permute(2, 0, 1)
    return (cut if taken == side else _resized(cut, side)), (top, left, taken)


def reduced(picture: Tensor, scale: int) -> Tensor:
    """3×H×W uint8 → 3×H/s×W/s uint8: bicubic with antialiasing (a = −½), as MATLAB's `imresize` and Pillow reduce."""
    return picture if scale == 1 else _resized(picture, picture.shape[1] // scale, picture.shape[2] // scale)


def enlarged_to(wanted: Tensor, given: Tensor) -> Tensor:
    """Return what is given, N×3×H/s×W/s, at the size of what is wanted: bicubic, what an enlarger has to surpass."""
    size = wanted.shape[2:]
    return given if given.shape[2:] == size else F.interpolate(given, size, mode="bicubic", antialias=True)


def whole_squares(examples: DamagedPictures, numbers: tuple[int, ...], size: int, seed: int) -> list[Square]:
    """Return what is given and what is wanted of the middles of some pictures, always the same, and with what strength.

    Strengths come in turn, from weak to strong.
    """
    found, damage = [], examples.damage
    for place, number in enumerate(numbers):
        pixels = examples.pictures[number]
        side = min(size, *pixels.shape[:2])
        side -= side % damage.scale
        taken = min(pixels.shape[:2]) if examples.whole else side
        top, left = ((length - taken) // 2 for length in pixels.shape[:2])
        wanted = torch.from_numpy(np.array(pixels[top : top + taken, left : left + taken])).permute(2, 0, 1)
        wanted = wanted if taken == side else _resized(wanted, side)
        strength = _STRENGTHS[place % len(_STRENGTHS)] if damage.graded else 1.0
        for attempt in range(_TRIES):
            given = damage.of(wanted, seed_of("damage", seed, place, attempt), strength)
            if not (damage.graded and torch.equal(given, wanted[:3])):
                break
        found.append(Square(_as_floats(given)[None], _as_floats(wanted[:3])[None], strength))
    return found


def _resized(picture: Tensor, height: int, width: int | None = None) -> Tensor:
    size = (height, width or height)
    return F.interpolate(picture.contiguous()[None], size, mode="bicubic", antialias=True)[0]


def _as_floats(picture: Tensor) -> Tensor:
    return picture.to(torch.float32).div_(255.0).contiguous()
