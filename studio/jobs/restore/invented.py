"""What a restored photo says that its photo does not: made as small again as that was, and compared."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.core.compositing import compose
from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.frames import Frame, prepare_frame
from studio.core.resizing import to_8_bits
from studio.core.settings import Settings

__all__ = ["Invented", "InventedTask", "as_heat", "difference", "invented"]

_LEAST, _MOST = 2.0, 24.0
"""Differences, in levels of 255, that begin to be shown, and that are shown in full."""


@dataclass(frozen=True, slots=True, eq=False)
class InventedTask:
    """A photo, and what was made of it."""

    photo: Picture
    layer: Picture | DeepPicture


@dataclass(frozen=True, slots=True, eq=False)
class Invented:
    """Where result and photo differ.

    Args:
        frame: of the photo's size: clear where they agree, from yellow to red where they do not.
        mean: absolute difference in levels of 255, over all pixels and colours.
        share: how much of the picture differs visibly, 0–1.
        reduced: whether the result was made smaller to be compared.

    """

    frame: Frame
    mean: float
    share: float
    reduced: bool


def invented(task: InventedTask, controls: Controls[Settings]) -> Job[Invented]:
    """Compare the result, as it is composed now, with its photo."""
    yield Progress("Comparing with the photo")
    made = to_8_bits(compose(task.photo, task.layer, controls.settings))
    yield Progress("Comparing with the photo")
    levels = difference(task.photo, made)
    heat = as_heat(levels)
    reduced = made.shape[0] > task.photo.shape[0]
    return Invented(prepare_frame(heat), float(levels.mean()), float((levels > _LEAST).mean()), reduced)


def difference(photo: Picture, made: Picture) -> NDArray[np.float32]:
    """Return by how many levels of 255 a result, made as small again as its photo, differs from it: H×W.

    It is reduced as the enlargers' examples were: bicubic with antialiasing, a = −½.
    """
    height, width = photo.shape[:2]
    plain = Image.fromarray(np.ascontiguousarray(made[..., :3]))
    if plain.size != (width, height):
        plain = plain.resize((width, height), Image.Resampling.BICUBIC)
    apart = cv2.absdiff(np.ascontiguousarray(photo[..., :3]), np.asarray(plain))
    return np.asarray(apart.mean(axis=2), np.float32)


def as_heat(levels: NDArray[np.float32]) -> Picture:
    """Differences in levels of 255, H×W → RGBA: yellow, then red, and the less to be seen the less there is."""
    heat = np.clip((levels - _LEAST) / (_MOST - _LEAST), 0.0, 1.0)
    colours = np.empty((*heat.shape, 4), np.uint8)
    colours[..., 0] = 255
    colours[..., 1] = np.rint(230.0 * (1.0 - heat))
    colours[..., 2] = 30
    colours[..., 3] = np.rint(220.0 * np.sqrt(heat))
    return colours
