"""Holes by chance, to learn and to be measured on: scratches, strokes of a brush, squares."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Hole", "any_hole", "scratch_holes", "square_holes", "stroke_holes"]

Hole = NDArray[np.uint8]
"""H×W: 255 where the picture is gone, 0 elsewhere."""
_BENDS = 3


def scratch_holes(height: int, width: int, share: float, random: np.random.Generator) -> Hole:
    """Return thin straight lines, 1 to 3 px wide, until a share of the picture is gone."""
    hole = np.zeros((height, width), np.uint8)
    while hole.mean() < 255 * share:
        ends = random.random((2, 2)) * (width, height)
        _line(hole, ends[0], ends[1], int(random.integers(1, 4)))
    return hole


def stroke_holes(
    height: int, width: int, share: float, random: np.random.Generator, *, thickness: tuple[int, int] = (12, 25)
) -> Hole:
    """Return bent strokes of a brush, `thickness` px wide, until a share of the picture is gone."""
    hole = np.zeros((height, width), np.uint8)
    while hole.mean() < 255 * share:
        thick = int(random.integers(thickness[0], thickness[1] + 1))
        point, way = random.random(2) * (width, height), 2.0 * np.pi * random.random()
        for _ in range(int(random.integers(1, _BENDS + 1))):
            way += 0.8 * random.standard_normal()
            reach = random.uniform(0.8, 2.2) * thick
            there = point + reach * np.array([np.cos(way), np.sin(way)])
            _line(hole, point, there, thick)
            point = there
    return hole


def square_holes(height: int, width: int, count: int, side: int, random: np.random.Generator) -> Hole:
    """Return squares that do not touch one another or the border, as far as there is room."""
    hole = np.zeros((height, width), np.uint8)
    near = np.zeros_like(hole)
    for _ in range(200):
        if not count:
            break
        top, left = (int(random.integers(1, max(2, length - side))) for length in (height, width))
        if not near[top : top + side, left : left + side].any():
            hole[top : top + side, left : left + side] = 255
            near[max(0, top - 4) : top + side + 4, max(0, left - 4) : left + side + 4] = 255
            count -= 1
    return hole


def any_hole(side: int, seed: int) -> Hole:
    """Return one kind of hole by chance in a square: mostly thin or stroked, as people ask for.

    More of it is gone than is asked for: only what is gone teaches.
    """
    random = np.random.default_rng(seed)
    kind = random.random()
    if kind < 0.35:
        return scratch_holes(side, side, random.uniform(0.04, 0.16), random)
    if kind < 0.75:
        thick = int(random.integers(4, max(6, min(25, side // 5))))
        return stroke_holes(side, side, random.uniform(0.08, 0.26), random, thickness=(thick, thick + 4))
    across = int(random.integers(side // 8, max(side // 8 + 1, side // 2)))
    return square_holes(side, side, int(random.integers(1, 4)), across, random)


def _line(hole: Hole, begin: NDArray[np.float64], end: NDArray[np.float64], thick: int) -> None:
    cv2.line(hole, (int(begin[0]), int(begin[1])), (int(end[0]), int(end[1])), 255, thick)
