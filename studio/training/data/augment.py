"""A picture as it is shown this time: cut out, turned and coloured by chance, by torchvision's transforms (v2).

What happens is drawn from the given generator and nothing else: the same state, the same example, bit by bit. So no
operation here adds up a picture's values in floating point, whose order would depend on the number of threads.
"""

import math
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.vision_operators import declare_vision_operators
from studio.training.data.variation import Variation

declare_vision_operators()

from torchvision.transforms import InterpolationMode  # noqa: E402
from torchvision.transforms.v2 import functional as V  # noqa: E402, N812

__all__ = ["augmented", "centred", "random_box", "recoloured", "resized_cut", "uniform"]

Pixels: TypeAlias = NDArray[np.uint8]
Box: TypeAlias = tuple[int, int, int, int]
"""Top, left, height, width."""

_TRIES = 10
_GREY = (0.2989, 0.587, 0.114)
"""Torchvision's weights of red, green and blue (ITU-R BT.601)."""


def augmented(pixels: Pixels, size: int, variation: Variation, generator: torch.Generator) -> Tensor:
    """Return a random view of a picture.

    Args:
        pixels: H×W×3, may be a view into a memory map: only the rows of the crop are read.
        size: side of the result.
        variation: what may happen.
        generator: decides what does.

    Returns:
        3×size×size, 0–1.

    """
    box = random_box(pixels.shape[0], pixels.shape[1], variation, generator)
    picture = resized_cut(pixels, box, size)
    if variation.mirror and uniform(generator) < 0.5:
        picture = V.horizontal_flip(picture)
    image = _as_floats(picture)
    image = _moved(image, variation, generator)
    image = recoloured(image, variation, generator)
    if variation.erase and uniform(generator) < variation.erase:
        image = _erased(image, generator)
    return image.contiguous()


def centred(pixels: Pixels, size: int, share: float = 1.0) -> Tensor:
    """Return the largest square in the middle of a picture, 3×size×size, 0–1: how pictures are shown to be judged.

    Of at most a `share` of the picture's area, so that what is learnt near by is judged near by.
    """
    height, width = pixels.shape[:2]
    side = max(1, min(height, width, round(math.sqrt(height * width * share))))
    cut = resized_cut(pixels, ((height - side) // 2, (width - side) // 2, side, side), size)
    return _as_floats(cut)


def random_box(height: int, width: int, variation: Variation, generator: torch.Generator) -> Box:
    """Draw a part of a picture (Szegedy et al. 2015, section 6): its area and the logarithm of its ratio are uniform.

    Where ten tries do not fit into the picture, it is the largest part in the middle whose ratio is allowed.
    """
    stretch = math.log(variation.crop_stretch)
    smallest, largest = variation.crop_smallest, max(variation.crop_smallest, variation.crop_largest)
    for _ in range(_TRIES):
        area = height * width * uniform(generator, smallest, largest)
        ratio = math.exp(uniform(generator, -stretch, stretch))
        cut_width, cut_height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < cut_width <= width and 0 < cut_height <= height:
            top, left = _integer(height - cut_height + 1, generator), _integer(width - cut_width + 1, generator)
            return top, left, cut_height, cut_width
    cut_width = min(width, max(1, round(height * variation.crop_stretch)))
    cut_height = min(height, max(1, round(width * variation.crop_stretch)))
    return (height - cut_height) // 2, (width - cut_width) // 2, cut_height, cut_width


def resized_cut(pixels: Pixels, box: Box, size: int) -> Tensor:
    """Cut `box` out of H×W×3 pixels and resize it to 3×size×size, uint8, averaging where it shrinks."""
    top, left, height, width = box
    cut = np.array(pixels[top : top + height, left : left + width])  # the only rows that are read, and writable
    resized: Tensor = V.resize(torch.from_numpy(cut).permute(2, 0, 1), [size, size], antialias=True)
    return resized


def _as_floats(picture: Tensor) -> Tensor:
    image: Tensor = V.to_dtype(picture, torch.float32, scale=True)
    return image.contiguous()


def recoloured(image: Tensor, variation: Variation, generator: torch.Generator) -> Tensor:
    """Change brightness, contrast, saturation and hue of 3×H×W, 0–1, each by a random factor, in this order."""
    if variation.brightness:
        image = V.adjust_brightness(image, _factor(variation.brightness, generator))
    if variation.contrast:
        image = _contrasted(image, _factor(variation.contrast, generator))
    if variation.saturation:
        image = V.adjust_saturation(image, _factor(variation.saturation, generator))
    if variation.hue:
        image = V.adjust_hue(image, uniform(generator, -variation.hue, variation.hue))
    return image


def _contrasted(image: Tensor, factor: float) -> Tensor:
    """Move all values away from the mean grey, as `adjust_contrast` does, whose own mean depends on the threads."""
    sums = (image * 255).round().to(torch.int64).sum((1, 2)).tolist()  # whole numbers add up the same in any order
    mean: float = sum(weight * total for weight, total in zip(_GREY, sums, strict=True)) / (255 * image[0].numel())
    return (mean + (image - mean) * factor).clamp(0.0, 1.0)


def _moved(image: Tensor, variation: Variation, generator: torch.Generator) -> Tensor:
    """Turn, shift, zoom and slant; what comes in from outside is the picture's own reflection."""
    if not (variation.turn or variation.shift or variation.zoom or variation.slant):
        return image
    size = image.shape[-1]
    turn = uniform(generator, -variation.turn, variation.turn)
    slant = uniform(generator, -variation.slant, variation.slant)
    across, down = (size * uniform(generator, -variation.shift, variation.shift) for _ in range(2))
    zoom = math.exp(uniform(generator, -1.0, 1.0) * math.log1p(variation.zoom))
    wide_as = (abs(math.cos(math.radians(turn))) + abs(math.sin(math.radians(turn)))) * (
        1.0 + abs(math.tan(math.radians(slant)))
    )
    reach = wide_as * (size / 2 + max(abs(across), abs(down))) / zoom  # how far from the middle pixels come from
    margin = min(size - 1, max(0, math.ceil(reach - size / 2) + 1))
    wide = V.pad(image, [margin] * 4, padding_mode="reflect")
    moved: Tensor = V.affine(wide, turn, [across, down], zoom, [slant, 0.0], interpolation=InterpolationMode.BILINEAR)
    return moved[:, margin : margin + size, margin : margin + size]


def _erased(image: Tensor, generator: torch.Generator) -> Tensor:
    """Cover a patch of 2 to 33 % of the picture with noise (Zhong et al. 2020, algorithm 1)."""
    height, width = image.shape[-2:]
    for _ in range(_TRIES):
        area = height * width * uniform(generator, 0.02, 0.33)
        ratio = math.exp(uniform(generator, math.log(0.3), math.log(1 / 0.3)))
        patch_height, patch_width = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < patch_height < height and 0 < patch_width < width:
            top, left = _integer(height - patch_height, generator), _integer(width - patch_width, generator)
            noise = torch.rand(image.shape[0], patch_height, patch_width, generator=generator)
            image[:, top : top + patch_height, left : left + patch_width] = noise
            return image
    return image


def uniform(generator: torch.Generator, low: float = 0.0, high: float = 1.0) -> float:
    """Draw one number."""
    return low + (high - low) * float(torch.rand((), generator=generator))


def _factor(amount: float, generator: torch.Generator) -> float:
    return uniform(generator, 1.0 - amount, 1.0 + amount)


def _integer(bound: int, generator: torch.Generator) -> int:
    return int(torch.randint(bound, (), generator=generator))
