"""Fills an area of a drawing with paint: up to the lines around it, and below their soft edges."""

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

_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class BucketTask:
    """Where to pour paint.

    Args:
        layer: what is filled, H×W×4.
        drawing: all layers that are seen, `layer` among them, from below.
        place: of `layer` among them.
        across: where, as a share of the width.
        down: of the height.
        colour: red, green, blue; None takes the paint of that area away.
        tolerance: how different a colour may be to count as the same, in levels of 255.

    """

    layer: NDArray[np.uint8]
    drawing: Sequence[NDArray[np.uint8]]
    place: int
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
    rim = _edges_around(inside, _apart(seen, spot))
    lower = laid_over(np.full((height, width, 3), 255, np.uint8), task.drawing[: task.place])
    filled[rim] = _below(filled[rim], paint, _free(_apart(lower, spot)[rim], task.tolerance))
    filled[inside] = paint
    return filled


def _apart(picture: NDArray[np.uint8], spot: tuple[int, int]) -> NDArray[np.uint8]:
    """Return by how many levels each place differs from a spot (x, y), in the channel that differs most: H×W."""
    across, down = spot
    colour = picture[down, across].astype(np.int16)
    return np.asarray(np.abs(picture.astype(np.int16) - colour).max(axis=2), np.uint8)


def _edges_around(inside: NDArray[np.bool_], apart: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the soft edges around an area: outwards from it as long as a line becomes stronger, never across it."""
    reached = inside.copy()
    while True:
        # what lies outside is no lower than anything, so that only neighbours within count
        lowest = cv2.erode(np.where(reached, apart, 255), _AROUND, borderType=cv2.BORDER_CONSTANT, borderValue=255)
        found = (cv2.dilate(reached.astype(np.uint8), _AROUND) > 0) & ~reached & (apart > lowest)
        if not found.any():
            return reached & ~inside
        reached |= found


def _free(lower: NDArray[np.uint8], tolerance: int) -> NDArray[np.float32]:
    """Return how much paint may cover what lies in layers below, N, 0–1: all of the ground there, nothing of a line."""
    most = float(lower.max(initial=0))
    if most <= tolerance:
        return np.ones(len(lower), np.float32)
    return np.asarray(1 - lower.astype(np.float32) / most, np.float32)


def _below(lines: NDArray[np.uint8], paint: NDArray[np.uint8], opacity: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay paint, as opaque as told (N, 0–1), below what is there: N×4."""
    over = lines[:, 3].astype(np.float32) / 255
    under = (1 - over) * opacity
    alpha = over + under
    mixed = np.empty((len(lines), 4), np.uint8)
    colours = lines[:, :3] * over[:, None] + paint[:3] * under[:, None]
    mixed[:, :3] = np.rint(colours / np.maximum(alpha, 1 / 255)[:, None])
    mixed[:, 3] = np.rint(255 * alpha)
    return mixed
