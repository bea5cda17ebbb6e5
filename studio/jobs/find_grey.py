"""White balance from one spot of the photo that was grey in truth: a wall, a road, a card."""

from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.adjust_settings import AdjustSettings
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.icc import light_of_srgb
from studio.jobs.adjust import PROOF_PIXELS, framed, white_balance
from studio.jobs.files import OpenedPicture

__all__ = ["GreyTask", "balance_for", "find_grey"]

_REACH = 2
"""The spot is the mean of so many pixels to each side."""
_DARKEST, _BRIGHTEST = 0.004, 0.98
"""Linear light beyond which a channel tells nothing of a colour: noise, or burnt out."""


@dataclass(frozen=True, slots=True, eq=False)
class GreyTask:
    """A photo, and where in it, as it is framed, something should be grey: shares of width and height, 0–1."""

    photo: OpenedPicture
    across: float
    down: float


def find_grey(task: GreyTask, controls: Controls[AdjustSettings]) -> Job[tuple[int, int]]:
    """Return temperature and tint with which the spot is grey, or as near to it as the sliders go.

    Raises:
        StudioError: the spot is too dark, or burnt out, to tell its colour.

    """
    yield Progress("Looking at the colour")
    photo = task.photo.picture
    scale = min(1.0, sqrt(PROOF_PIXELS / (photo.width * photo.height)))
    small = task.photo.ground.fitted(*(max(1, round(side * scale)) for side in (photo.height, photo.width)))
    seen = framed(small, controls.settings, cv2.INTER_LINEAR)
    height, width = seen.shape[:2]
    x, y = (min(int(share * side), side - 1) for share, side in ((task.across, width), (task.down, height)))
    spot = seen[max(0, y - _REACH) : y + _REACH + 1, max(0, x - _REACH) : x + _REACH + 1, :3]
    light = light_of_srgb(np.arange(256) / 255)[spot].reshape(-1, 3).mean(axis=0)
    if light.min() < _DARKEST or light.max() > _BRIGHTEST:
        raise StudioError(
            "That spot is too dark, or too bright, to tell its colour.", "Click on something grey of middle brightness."
        )
    return balance_for(light)


def balance_for(light: NDArray[Any]) -> tuple[int, int]:
    """Return the temperature and tint, −100 to 100, that bring this linear sRGB colour nearest to grey.

    Newton's method on the two logarithms that are 0 for a grey: of red and of blue, each over green.
    """

    def miss(at: NDArray[Any]) -> NDArray[np.float64]:
        red, green, blue = np.maximum(white_balance(*at) @ light, 1e-6)
        return np.log([red / green, blue / green])

    at, units = np.zeros(2), np.eye(2)
    for _ in range(12):
        slopes = np.column_stack([(miss(at + one) - miss(at - one)) / 2 for one in units])
        at = np.clip(at - np.linalg.solve(slopes, miss(at)), -100.0, 100.0)
    near = [np.clip(np.round(at) + step, -100, 100) for step in product((-1, 0, 1), repeat=2)]
    temperature, tint = min(near, key=lambda one: float(np.abs(miss(one)).sum()))
    return int(temperature), int(tint)
