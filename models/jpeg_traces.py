"""With which quality a picture was once saved as JPEG, read from its pixels: its file need not be one any more."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.luma import REC_601

__all__ = ["UNTOUCHED", "jpeg_quality"]

UNTOUCHED = 100
"""The quality of a picture without traces."""

_SIDE = 8
_LUMA = np.array([REC_601], np.float32)
_TABLE = {
    (0, 1): 11, (1, 0): 12, (2, 0): 14, (1, 1): 12, (0, 2): 10, (0, 3): 16, (1, 2): 14, (2, 1): 13, (3, 0): 14,
    (2, 2): 16, (1, 3): 19, (3, 1): 17,
}  # fmt: skip
"""Of the standard's luma table (ITU-T T.81, K.1) what photos have most of: rows and columns of a block's DCT, steps."""
_STEPS = np.arange(3, 121, dtype=np.float32)
_ON_STEPS = 0.6
"""A step has left traces where coefficients lie so near its multiples: the mean cosine of their phases, 1 on them."""
_FEWEST, _ENOUGH = 24, 4096
"""Coefficients that were not rounded to zero, to say anything by; blocks to look at."""


def jpeg_quality(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> int:
    """Return the quality, 1–100, that would have left as coarse a picture, `UNTOUCHED` where nothing is found.

    A JPEG's coefficients are multiples of the steps of its table, and stay near them in what is decoded (Fan &
    de Queiroz 2003). The largest step that fits is looked for in each, whatever the table; the quality is that of the
    standard's table that is as coarse, as libjpeg scales it. Steps below 3 drown in rounding. Whoever changed the size
    afterwards has blurred the traces away.

    Args:
        picture: H×W×3 or more channels.

    """
    luma = _luma_around_middle(picture)
    if luma is None:
        return UNTOUCHED
    coefficients = _coefficients(luma)
    scales = [
        step / standard
        for (row, column), standard in _TABLE.items()
        if (step := _step_of(coefficients[:, row, column])) is not None
    ]
    if len(scales) < len(_TABLE) / 3:
        return UNTOUCHED
    scale = float(np.median(scales))
    return max(1, min(UNTOUCHED, round(100 - 50 * scale if scale <= 1 else 50 / scale)))


def _luma_around_middle(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32] | None:
    """Return some thousand whole blocks, H×W of 0–255; None where there are next to none."""
    side = _SIDE * int(_ENOUGH**0.5) + _SIDE
    top, left = (max(0, (length - side) // 2) for length in picture.shape[:2])
    part = np.ascontiguousarray(picture[top : top + side, left : left + side, :3])
    if min(part.shape[:2]) < 3 * _SIDE:
        return None
    scale = np.float32(255.0 / np.iinfo(picture.dtype).max)
    luma = np.asarray(cv2.transform(part.astype(np.float32), _LUMA), np.float32) * scale
    down, right = _first_block(luma), _first_block(luma.T)
    height, width = ((length - first) // _SIDE * _SIDE for length, first in zip(luma.shape, (down, right), strict=True))
    return luma[down : down + height, right : right + width]


def _first_block(luma: NDArray[np.float32]) -> int:
    """Return in which row the first whole block begins: where rows break off more sharply than they run."""
    breaks = np.abs(luma[:-3] - 3 * luma[1:-2] + 3 * luma[2:-1] - luma[3:]).mean(axis=1)  # between rows 1 and 2 of four
    return int(np.argmax([breaks[first::_SIDE].mean() for first in range(_SIDE)]) + 2) % _SIDE


def _coefficients(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """H×W → N×8×8: the DCT of every block, as JPEG has it."""
    place = np.arange(_SIDE)
    basis = np.cos(np.pi * place[:, None] * (2 * place + 1) / (2 * _SIDE)) * (2 / _SIDE) ** 0.5
    basis[0] *= 0.5**0.5
    basis = basis.astype(np.float32)
    height, width = luma.shape
    blocks = luma.reshape(height // _SIDE, _SIDE, width // _SIDE, _SIDE).transpose(0, 2, 1, 3).reshape(-1, _SIDE, _SIDE)
    made: NDArray[np.float32] = basis @ blocks @ basis.T
    return made


def _step_of(coefficients: NDArray[np.float32]) -> float | None:
    """Return the largest step of whose multiples these are; None where they are of none."""
    sizes = np.abs(coefficients)
    for step in _STEPS[::-1]:
        kept = sizes[sizes > step / 2]
        if len(kept) >= _FEWEST and np.cos(kept * np.float32(2 * np.pi / step)).mean() > _ON_STEPS:
            return float(step)
    return None
