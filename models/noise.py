"""How noisy a photo is, and noise as strong as that."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.luma import REC_601

__all__ = ["WORST_SIGMA", "add_grain", "noise_sigma"]

WORST_SIGMA = 40.0 / 255.0
"""Standard deviation of noise that strength 1 of an enhancer stands for; pictures lie in 0–1."""

_BLOCK = 32
_FLATTEST = 0.25
"""The quantile of blocks that are taken for flat."""
_LUMA = np.array([REC_601], np.float32)
_ROWS = 256
_ENOUGH = 3_000_000


def noise_sigma(picture: NDArray[np.uint8] | NDArray[np.uint16], *, channelwise: bool = False) -> float:
    """Return the standard deviation of a picture's noise, where 1 is white: of luma, or the mean of its three channels.

    It is the median of the finest diagonal wavelet coefficients divided by 0.6745 (Donoho & Johnstone 1994, section 4),
    of blocks, and of these the quartile that is flattest, where it is noise alone. Of a large picture stripes are
    enough: there are thousands of blocks in them. Noise of one strength in each channel has two thirds of it in luma.
    """
    stripes = _stripes(picture)
    planes = cv2.split(stripes) if channelwise else [cv2.transform(stripes, _LUMA)]
    white = np.float32(np.iinfo(picture.dtype).max)
    return float(np.mean([_sigma_of(plane.astype(np.float32) / white) for plane in planes]))


def _sigma_of(plane: NDArray[np.float32]) -> float:
    height, width = (side - side % 2 for side in plane.shape[:2])
    if min(height, width) < 2 * _BLOCK:
        return 0.0
    even, odd = plane[0:height:2, :width], plane[1:height:2, :width]
    diagonal = np.abs(even[:, 0::2] - even[:, 1::2] - odd[:, 0::2] + odd[:, 1::2]) / 2
    rows, columns = diagonal.shape[0] // _BLOCK, diagonal.shape[1] // _BLOCK
    blocks = diagonal[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    medians = np.median(blocks.transpose(0, 2, 1, 3).reshape(rows * columns, -1), axis=1)
    return float(np.quantile(medians, _FLATTEST) / 0.6745)


def _stripes(picture: NDArray[Any]) -> NDArray[Any]:
    """Return rows of blocks that are as far apart as leaves at most about `_ENOUGH` pixels, all of a small picture."""
    height, width = picture.shape[:2]
    apart = -(-height * width // _ENOUGH)
    stripes = [picture[top : top + 2 * _BLOCK, :, :3] for top in range(0, height, 2 * _BLOCK * apart)]
    return np.concatenate(stripes) if apart > 1 else np.ascontiguousarray(picture[..., :3])


def add_grain(picture: NDArray[np.uint16], sigma: float, seed: int, scale: int = 1) -> None:
    """Add grain to H×W×3, in place: the same in all three colours, normal, of a standard deviation where 1 is white.

    Args:
        picture: changed.
        sigma: of what is added.
        seed: decides the grain.
        scale: how many times as wide a grain is.

    """
    height, width = picture.shape[:2]
    small = -(-height // scale), -(-width // scale)
    grains = np.random.Generator(np.random.Philox(seed)).standard_normal(small, np.float32)
    if scale > 1:
        grains = np.asarray(cv2.resize(grains, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    for top in range(0, height, _ROWS):
        rows = slice(top, top + _ROWS)
        grainy = picture[rows].astype(np.float32) + grains[rows, :, None] * np.float32(65535 * sigma)
        picture[rows] = np.clip(np.rint(grainy), 0, 65535).astype(np.uint16)
