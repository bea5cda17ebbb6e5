"""Other sizes and depths of a picture, without halos around transparency."""

from collections.abc import Callable
from typing import Any, TypeVar

import cv2
import numpy as np

from studio.core.events import DeepPicture, Picture

P = TypeVar("P", bound=Picture | DeepPicture)


def resize(pixels: P, width: int, height: int) -> P:
    """Return `pixels` at exactly `width` × `height`: averaged over areas when smaller, bicubic when larger."""
    if (pixels.shape[1], pixels.shape[0]) == (width, height):
        return pixels
    shrinks = width * height <= pixels.shape[0] * pixels.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return through_alpha(pixels, lambda values: cv2.resize(values, (width, height), interpolation=method))


def through_alpha(pixels: P, mix: Callable[[Any], Any]) -> P:
    """Return what `mix`, which makes pixels of their neighbours, makes of a picture.

    Colours are weighed by their alpha, so that what is invisible does not bleed into what is seen.
    """
    if pixels.shape[2] == 3:
        return mix(pixels)  # type: ignore[no-any-return]
    full = float(np.iinfo(pixels.dtype).max)
    values = pixels.astype(np.float32)
    values[..., :3] *= values[..., 3:] / full
    mixed = mix(values)
    alpha = mixed[..., 3:].clip(0.0, full)
    mixed[..., :3] *= full / np.maximum(alpha, 1.0)
    return (mixed.clip(0.0, full) + 0.5).astype(pixels.dtype)  # type: ignore[no-any-return]


def fit_within(pixels: P, longer_side: int, *, enlarge: bool = False) -> P:
    """Return `pixels`, in proportion, with a longer side of at most `longer_side` (with `enlarge`: exactly)."""
    height, width = pixels.shape[:2]
    scale = longer_side / max(width, height)
    if scale >= 1.0 and not enlarge:
        return pixels
    return resize(pixels, max(1, round(width * scale)), max(1, round(height * scale)))


def thumbnail(pixels: Picture | DeepPicture, longer_side: int = 256) -> Picture:
    """Return a small 8-bit version for lists and strips; a copy, so that it does not keep the large one in memory."""
    return to_8_bits(fit_within(pixels, longer_side)).copy()


def to_8_bits(pixels: Picture | DeepPicture) -> Picture:
    """Round 0–65535 to 0–255; 8-bit pictures are returned as they are."""
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, np.uint8)
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=1.0 / 257.0))


def to_16_bits(pixels: Picture | DeepPicture) -> DeepPicture:
    """Spread 0–255 over 0–65535 (× 257); 16-bit pictures are returned as they are."""
    if pixels.dtype == np.uint16:
        return np.asarray(pixels, np.uint16)
    return pixels.astype(np.uint16) * np.uint16(257)
