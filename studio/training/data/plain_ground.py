"""Views with flat areas, made of photos: products on paper, drawings and logos, of which folders of photos hold few.

Everything is drawn from the generator, and only whole numbers are added up: the same state, the same view, bit by bit.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.training.data.augment import uniform

__all__ = ["on_plain_ground"]

_WHITE_PAPER = 0.5
_POINTS = 12
_SHAPES = 4


def on_plain_ground(view: Tensor, generator: torch.Generator) -> Tensor:
    """Return a product on plain ground, a pencil drawing, or a logo: each a third of the time.

    Args:
        view: 3×S×S, 0–1, of a photo.
        generator: decides which, and everything in it.

    Returns:
        3×S×S, 0–1.

    """
    pixels = np.ascontiguousarray((view * 255).round().to(torch.uint8).permute(1, 2, 0).numpy())  # S×S×3
    made = (_product, _drawing, _logo)[int(torch.randint(3, (), generator=generator))](pixels, generator)
    return torch.from_numpy(np.ascontiguousarray(made)).permute(2, 0, 1).to(torch.float32).div(255).contiguous()


def _ground(generator: torch.Generator) -> NDArray[np.uint8]:
    """Draw the colour of a ground: white paper half of the time, else any grey, black and coloured ones among them."""
    if uniform(generator) < _WHITE_PAPER:
        return np.full(3, 255 - int(torch.randint(6, (), generator=generator)), np.uint8)
    grey = uniform(generator, -0.2, 1.2)  # beyond both ends, so that pure black and white come often
    tint = [uniform(generator, -0.15, 0.15) if uniform(generator) < 1.0 / 3.0 else 0.0 for _ in range(3)]
    return np.array([round(255 * min(1.0, max(0.0, grey + one))) for one in tint], np.uint8)


def _product(pixels: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.uint8]:
    """Cut a thing out of the photo, and lay it on a ground."""
    page = np.empty_like(pixels)
    page[:] = _ground(generator)
    mask = _outline(len(pixels), generator)
    return np.where(mask[..., None] > 0, pixels, page)


def _drawing(pixels: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.uint8]:
    """Draw the photo's edges with a pencil on paper, or with chalk on slate: dodge it by its own blurred negative."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    blurred = cv2.blur(255 - grey, (5, 5))
    drawn = cv2.divide(grey, np.maximum(255 - blurred, 1), scale=255)
    drawn = np.where(drawn > 235, 255, drawn).astype(np.uint8)  # paper is plain
    if uniform(generator) < 0.25:
        drawn = 255 - drawn
    return np.repeat(drawn[..., None], 3, axis=2)


def _logo(pixels: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.uint8]:
    """Fill a few outlines with colours of the photo."""
    page = np.empty_like(pixels)
    page[:] = _ground(generator)
    for _ in range(1 + int(torch.randint(_SHAPES, (), generator=generator))):
        row, column = (int(torch.randint(len(pixels), (), generator=generator)) for _ in range(2))
        page[_outline(len(pixels), generator) > 0] = pixels[row, column]
    return page


def _outline(side: int, generator: torch.Generator) -> NDArray[np.uint8]:
    """Draw a box, an ellipse or a blob that covers 4 to 50 % of a square: S×S, 255 inside."""
    mask = np.zeros((side, side), np.uint8)
    middle = tuple(round(side * uniform(generator, 0.25, 0.75)) for _ in range(2))
    across, down = (max(2, round(side * uniform(generator, 0.1, 0.4))) for _ in range(2))
    kind = int(torch.randint(3, (), generator=generator))
    if kind == 0:
        cv2.rectangle(mask, (middle[0] - across, middle[1] - down), (middle[0] + across, middle[1] + down), 255, -1)
    elif kind == 1:
        cv2.ellipse(mask, middle, (across, down), uniform(generator, 0.0, 180.0), 0.0, 360.0, 255, -1)
    else:
        angles = np.arange(_POINTS) * (2 * np.pi / _POINTS)
        reach = np.array([uniform(generator, 0.5, 1.2) for _ in range(_POINTS)])
        points = np.stack([np.cos(angles) * reach * across, np.sin(angles) * reach * down], axis=1) + middle
        cv2.fillPoly(mask, [points.round().astype(np.int32)], 255)
    return mask
