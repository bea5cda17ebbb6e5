"""Lays a photo over what was made of it where a mask says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.events import DeepPicture, Picture
from studio.core.picture_task import HERE, MASK, PictureRequest
from studio.core.resizing import resize, to_16_bits

__all__ = ["PROTECTING", "Bare", "fitted_mask", "keep_photo", "where_photo_stays"]

PROTECTING = frozenset({MASK, HERE})
"""The roles of masks that say where the photo stays: nothing that is made depends on them."""

_BAND = 256


@dataclass(frozen=True, slots=True, eq=False)
class Bare:
    """A layer as it was made, before the photo was laid over it: other masks can be laid over it, and nothing computed.

    Args:
        layer: H×W×3.
        unmade: H×W, where nothing was made, because the photo stayed there altogether; None: nowhere.

    """

    layer: DeepPicture
    unmade: NDArray[np.bool_] | None = None

    def shown_by(self, stays: Sequence[NDArray[np.uint8]]) -> bool:
        """Return whether a place would be seen where nothing was made."""
        if self.unmade is None:
            return False
        return bool((self.unmade & ~_hidden(stays)).any()) if stays else bool(self.unmade.any())

    @classmethod
    def made_beside(cls, layer: DeepPicture, stays: Sequence[NDArray[np.uint8]], *, everywhere: bool) -> "Bare":
        """Return a copy of a layer over which the photo is about to be laid; the layer itself where that is nowhere.

        Args:
            layer: H×W×3.
            stays: H×W each, how much of the photo stays.
            everywhere: whether it was made also where that is all.

        """
        if not stays:
            return cls(layer)
        return cls(layer.copy(), None if everywhere else _hidden(stays))


def _hidden(stays: Sequence[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    return np.asarray(np.maximum.reduce(stays) == 255, np.bool_)


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
            if not mask[rows].any():
                continue
            share = mask[rows, :, None] * np.float32(1.0 / 255.0)
            difference = original[rows].astype(np.float32) - made[rows]
            made[rows] = np.rint(made[rows] + difference * share).astype(np.uint16)
