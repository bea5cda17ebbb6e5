"""Brings a mask that was found small to the edges of its photo."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.events import Picture
from studio.core.resizing import fit_within

__all__ = ["fitted_to_edges"]

_COARSE_SIDE = 640
"""Longer side, px, at which the filter's coefficients are found."""
_RADIUS, _EPSILON = 6, 1e-4


def fitted_to_edges(found: NDArray[np.float32], photo: Picture, width: int, height: int) -> NDArray[np.uint8]:
    """Return a mask of this size, 0–255, whose edges are those of the photo, by a fast guided filter.

    After He & Sun 2015: mask ≈ a · luma + b in every small window; a and b are found in a small version, and used at
    full size.

    Args:
        found: h×w, 0–1, whatever its size.
        photo: H×W×3 or 4.
        width: of the mask, px.
        height: of the mask, px.

    """
    luma, small = (
        cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
        for picture in (photo, fit_within(photo, _COARSE_SIDE))
    )
    guide = small.astype(np.float32) / 255
    mask = cv2.resize(found, (guide.shape[1], guide.shape[0]), interpolation=cv2.INTER_LINEAR)

    def mean(values: Any) -> Any:
        return cv2.blur(values, (2 * _RADIUS + 1, 2 * _RADIUS + 1))

    mean_guide, mean_mask = mean(guide), mean(mask)
    variance = mean(guide * guide) - mean_guide * mean_guide
    covariance = mean(guide * mask) - mean_guide * mean_mask
    slope = covariance / (variance + _EPSILON)
    offset = mean(mean_mask - slope * mean_guide)
    slope = mean(slope)
    size = width, height
    fine = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    fine *= cv2.resize(slope, size, interpolation=cv2.INTER_LINEAR) / np.float32(255)
    fine += cv2.resize(offset, size, interpolation=cv2.INTER_LINEAR)
    sharper = (fine - 0.5) * 2.0 + 0.5  # the windows' means are soft
    return np.asarray(np.clip(np.rint(sharper * 255), 0, 255), np.uint8)
