"""Lays a photo over what was made of it where a mask says so."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.events import DeepPicture, Picture
from studio.core.picture_task import HERE, MASK, PictureRequest
from studio.core.resizing import resize, to_16_bits

__all__ = ["fitted_mask", "keep_photo", "where_photo_stays"]

_BAND = 256


def where_photo_stays(request: PictureRequest, width: int, height: int) -> tuple[NDArray[np.uint8], ...]:
    """Return masks of this size, H×W, 0–255: how much of the photo stays: what is protected, what is not “here”."""
    masks = [mask.pixels for mask in request.all(MASK)] + [~mask.pixels for mask in request.all(HERE)]
    return tuple(fitted_mask(mask, width, height) for mask in masks)


def fitted_mask(mask: Picture, width: int, height: int) -> NDArray[np.uint8]:
    """Return how light a picture is, in this size: H×W, 0–255."""
    grey = cv2.cvtColor(np.ascontiguousarray(mask[..., :3]), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def keep_photo(made: DeepPicture, photo: Picture | DeepPicture, stays: Sequence[NDArray[np.uint8]]) -> None:
    """Lay the photo over what was made of it; in place, in bands of rows, and one mask after the other.

    Args:
        made: H×W×3.
        photo: of any size, H×W×3 or 4.
        stays: H×W, how much of the photo stays.

    """
    height, width = made.shape[:2]
    original = resize(to_16_bits(photo[..., :3]), width, height)
    for mask in stays:
        for top in range(0, height, _BAND):
            rows = slice(top, top + _BAND)
            share = mask[rows, :, None] * np.float32(1.0 / 255.0)
            difference = original[rows].astype(np.float32) - made[rows]
            made[rows] = np.rint(made[rows] + difference * share).astype(np.uint16)
