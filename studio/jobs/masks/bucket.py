"""Fills an area of a drawing with paint: up to the lines around it, and a little below their soft edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.controls import Controls
from studio.core.drawing import laid_over
from studio.core.events import Job, Progress

__all__ = ["BucketTask", "fill_area"]

_BELOW_LINES = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class BucketTask:
    """Where to pour paint.

    Args:
        layer: what is filled, H×W×4.
        drawing: all layers that are seen, `layer` among them, from below.
        across: where, as a share of the width.
        down: of the height.
        colour: red, green, blue; None takes the paint of that area away.
        tolerance: how different a colour may be to count as the same, in levels of 255.

    """

    layer: NDArray[np.uint8]
    drawing: Sequence[NDArray[np.uint8]]
    across: float
    down: float
    colour: tuple[int, int, int] | None
    tolerance: int


def fill_area(task: BucketTask, controls: Controls[Any]) -> Job[NDArray[np.uint8]]:
    """Return the layer with the area filled that looks like the spot and is connected with it."""
    yield Progress("Filling")
    height, width = task.layer.shape[:2]
    seen = laid_over(np.full((height, width, 3), 255, np.uint8), task.drawing)
    spot = min(int(task.across * width), width - 1), min(int(task.down * height), height - 1)
    found = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    cv2.floodFill(seen, found, spot, 0, (task.tolerance,) * 3, (task.tolerance,) * 3, flags)
    inside = found[1:-1, 1:-1] > 0
    yield Progress("Filling")
    filled = task.layer.copy()
    if task.colour is None:
        filled[inside, 3] = 0
        return filled
    paint = np.array([*task.colour, 255], np.uint8)
    rim = (cv2.dilate(inside.astype(np.uint8), _BELOW_LINES) > 0) & ~inside
    filled[rim] = _below(filled[rim], paint)
    filled[inside] = paint
    return filled


def _below(lines: NDArray[np.uint8], paint: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay paint below what is there, N×4."""
    alpha = lines[:, 3:].astype(np.float32) / 255
    mixed = np.full((len(lines), 4), 255, np.uint8)
    mixed[:, :3] = np.rint(lines[:, :3] * alpha + paint[:3] * (1 - alpha))
    return mixed
