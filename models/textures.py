"""Chance with a shape: cloudy noise, wandering lines, ragged edges; what dirt, paper and damage are made of."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from models.degradation_steps import Chance, Plane

__all__ = ["blurred", "clouds", "drawn_lines", "smoothstep", "wandering"]

Line = NDArray[np.float64]
"""N×2 points (x, y) in pixels."""

_SUBPIXEL = 4
"""Bits after the point in OpenCV's coordinates."""


def blurred(plane: Plane, sigma: float) -> Plane:
    """Blur H×W (or ×3) by a Gaussian of this standard deviation in pixels."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def smoothstep(values: Plane, low: float, high: float) -> Plane:
    """0 below `low`, 1 above `high`, without a corner in between."""
    share = values - np.float32(low)
    share *= np.float32(1.0 / (high - low))
    np.clip(share, 0.0, 1.0, out=share)
    smooth = np.float32(3.0) - np.float32(2.0) * share
    smooth *= share
    smooth *= share
    return np.asarray(smooth, np.float32)


def clouds(height: int, width: int, cell: float, chance: Chance, octaves: int = 4, roughness: float = 0.5) -> Plane:
    """Return H×W noise of mean 0 and spread of about 1: lattices of random numbers, each half as coarse as the last.

    Each sum so far is enlarged twofold before the next is added, so that only the last is of full size.

    Args:
        height: of the result.
        width: of the result.
        cell: size of the largest shapes in pixels.
        chance: draws the lattices.
        octaves: how many lattices; none is finer than a pixel.
        roughness: how strong each is, as a share of the coarser one before it.

    """
    octaves = min(octaves, 1 + max(0, math.floor(math.log2(max(1.0, cell)))))
    finest = max(1.0, cell / 2 ** (octaves - 1))
    total = chance.normal(math.ceil(height / max(1.0, cell)) + 2, math.ceil(width / max(1.0, cell)) + 2)
    weight, power = 1.0, 1.0
    for _ in range(octaves - 1):
        total = _enlarged(total, 2 * total.shape[0], 2 * total.shape[1])
        weight *= roughness
        power += weight * weight
        total += np.float32(weight) * chance.normal(*total.shape)
    rows, columns = round(total.shape[0] * finest), round(total.shape[1] * finest)
    if finest > 1.0:
        total = _enlarged(total, rows, columns)
    top, left = (
        int(share * (room + 1))
        for share, room in zip(chance.random.random(2), (rows - height, columns - width), strict=True)
    )
    # interpolation leaves about half of the variance
    return total[top : top + height, left : left + width] * np.float32(1.0 / math.sqrt(0.55 * power))


def _enlarged(lattice: Plane, rows: int, columns: int) -> Plane:
    return np.asarray(cv2.resize(lattice, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def wandering(
    start: tuple[float, float], end: tuple[float, float], wildness: float, chance: Chance, spacing: float = 1.5
) -> Line:
    """Return a line from start to end that strays as cracks do: midpoints are moved aside, again and again.

    Args:
        start: x and y.
        end: x and y.
        wildness: how far a midpoint strays, as a share of its stretch's length.
        chance: draws.
        spacing: about how far apart points are, in pixels.

    """
    points = np.array([start, end], np.float64)
    length = float(np.hypot(*(points[1] - points[0])))
    for _ in range(min(9, max(0, math.ceil(math.log2(max(1.0, length / spacing)))))):
        step = np.diff(points, axis=0)
        aside = np.stack([-step[:, 1], step[:, 0]], axis=1) * wildness
        middles = (points[:-1] + points[1:]) / 2 + aside * chance.random.standard_normal((len(step), 1))
        merged = np.empty((len(points) + len(middles), 2))
        merged[0::2], merged[1::2] = points, middles
        points = merged
    return points


def drawn_lines(height: int, width: int, strokes: list[tuple[Line, NDArray[np.float64]]]) -> Plane:
    """Draw lines whose width changes along them, antialiased: H×W, 0–1.

    Args:
        height: of the result.
        width: of the result.
        strokes: each line with its N widths in pixels; what is thinner than a pixel is paler.

    """
    sheet = np.zeros((height, width), np.uint8)
    for line, widths in strokes:
        fixed = np.rint(np.clip(line, -8 * max(width, height), 8 * max(width, height)) * 2**_SUBPIXEL).astype(np.int32)
        middles = (widths[:-1] + widths[1:]) / 2
        for begin, end, thickness in zip(fixed[:-1], fixed[1:], middles, strict=True):
            ink = round(255 * min(1.0, thickness))
            if ink > 0:
                whole = max(1, round(thickness))
                cv2.line(sheet, begin.tolist(), end.tolist(), ink, whole, cv2.LINE_AA, _SUBPIXEL)
    return sheet.astype(np.float32) * np.float32(1 / 255)
