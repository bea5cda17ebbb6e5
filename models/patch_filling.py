"""Fills a hole with what lies around it: every pixel is copied from where the neighbourhood is alike.

From coarse to fine, as Wexler et al. 2007 ("Space-Time Completion of Video"): every patch that touches the hole looks
for the patch outside that is most like it; then the pixels of the hole become what those patches say; and again. At the
coarsest size, where a picture has no texture yet, patches are compared with a guide (what a network makes of the hole),
and every patch outside is tried. From size to size it is only asked whether neighbours or somewhere nearby know better
(Barnes et al. 2009, "PatchMatch"), all pixels at once. So what is kept of a size is where each pixel comes from: at
full size the picture's own pixels are copied, and nothing is blurred, however large it is.

Patches are compared by their lowest cosine coefficients, ten of luma and three of each colour difference, which hold
nearly all of their energy.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "copied", "descriptors", "fill_from_around"]

Floats: TypeAlias = NDArray[np.float32]
"""H×W×C."""
Field: TypeAlias = NDArray[np.int32]
"""2×H×W: how many pixels down and to the right of a pixel lies the one that it is copied from."""

RADIUS = 3
"""Of a patch: 7×7 pixels."""
_COARSEST, _THINNEST = 72, 2.0
"""Longer side of the coarsest size, px; and half the width of a hole that is worth a coarser one."""
_MOST_TARGETS = 24_000
"""So many pixels of a hole are compared; at finer sizes than that allows the field is only enlarged."""
_ROUNDS, _LATER_ROUNDS = 5, 2
_AT_ONCE = 8_000_000
"""Comparisons whose results are held at once."""
_WOBBLE = 0.35
"""How much an other seed makes parts of the surroundings seem further away than they are, of their mean distance."""
_VOTERS = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))


@dataclass(slots=True)
class _Size:
    """The picture at one size: its pixels (H×W×3), what is gone, and which pixels may be copied from."""

    pixels: Floats
    hole: NDArray[np.bool_]
    sources: NDArray[np.bool_]
    targets: NDArray[np.bool_]


def fill_from_around(
    picture: Floats, hole: NDArray[np.bool_], guide: Floats, seed: int = 0, guided: Floats | None = None
) -> Generator[float, None, Field | None]:
    """Find where each pixel of a hole is copied from.

    Args:
        picture: H×W×3, 0–1, a hole and what is around it; what it holds in the hole is not heeded.
        hole: H×W.
        guide: h×w×3, 0–1, of any size: the whole part with the hole filled, at least roughly.
        seed: 0 takes what fits best; others prefer other places.
        guided: H×W, 0–1: how much of the guide a pixel keeps while patches are compared once more, at each size; None
            is nothing anywhere.

    Yields:
        The share that is done, 0–1.

    Returns:
        Where from, for `copied`; None where nearly nothing is left to copy from.

    """
    sizes = _pyramid(picture, hole)
    if sizes is None:
        return None
    random: Any = np.random.Generator(np.random.SFC64(seed))
    coarse = sizes[0]
    coarse.pixels[coarse.hole] = _resized(guide, coarse)[coarse.hole]
    field = _searched(coarse, _preference(coarse, seed, random))
    for number, size in enumerate(sizes):
        if number:
            field = _enlarged(field, size, random)
        if not number or int(size.targets.sum()) <= _MOST_TARGETS:
            share = np.float32(0.0) if guided is None else _resized(guided, size)[size.hole][:, None]
            there = _resized(guide, size)[size.hole]
            for _ in range(_LATER_ROUNDS if number else _ROUNDS):
                found = copied(size.pixels, size.hole, field)
                size.pixels[size.hole] = found + share * (there - found)
                field = _improved(size, field, random)
        if number + 1 < len(sizes):
            size.pixels[size.hole] = copied(size.pixels, size.hole, field)
        yield (number + 1) / len(sizes)
    return field


def copied(pixels: NDArray[Any], hole: NDArray[np.bool_], field: Field) -> Floats:
    """Return what becomes of the hole's pixels, N×C: the mean of what a pixel and its neighbours would be copied from.

    Neighbours that belong together, as nearly all do, name the same place, so that nothing is blurred.

    Args:
        pixels: H×W×C.
        hole: H×W, N of whose pixels are gone.
        field: of `fill_from_around`.

    """
    height, width = hole.shape
    y, x = np.nonzero(hole)
    total = np.zeros((len(y), pixels.shape[2]), np.float32)
    weights = np.zeros((len(y), 1), np.float32)
    for down, right in _VOTERS:
        near_y, near_x = np.clip(y + down, 0, height - 1), np.clip(x + right, 0, width - 1)
        from_y = y + field[0, near_y, near_x]
        from_x = x + field[1, near_y, near_x]
        inside = (from_y >= 0) & (from_y < height) & (from_x >= 0) & (from_x < width)
        from_y, from_x = np.clip(from_y, 0, height - 1), np.clip(from_x, 0, width - 1)
        weight = (inside & ~hole[from_y, from_x]).astype(np.float32)[:, None] * (4.0 if down == right == 0 else 1.0)
        total += weight * pixels[from_y, from_x]
        weights += weight
    return np.asarray(total / np.maximum(weights, 1e-6), np.float32)


def descriptors(pixels: Floats) -> Floats:
    """H×W×3 → H×W×16: the lowest cosine coefficients of the 7×7 patch around each pixel, orthonormal."""
    luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    red, blue = pixels[..., 0] - luma, pixels[..., 2] - luma
    places = np.arange(2 * RADIUS + 1)
    basis = [np.cos(np.pi * (places + 0.5) * order / len(places)).astype(np.float32) for order in range(4)]
    basis = [wave / np.float32(np.linalg.norm(wave)) for wave in basis]
    planes = [
        cv2.sepFilter2D(plane, cv2.CV_32F, basis[across], basis[down], borderType=cv2.BORDER_REFLECT_101)
        for plane, orders in ((luma, 4), (red, 2), (blue, 2))
        for down in range(orders)
        for across in range(orders - down)
    ]
    return np.asarray(cv2.merge(planes), np.float32)


def _pyramid(picture: Floats, hole: NDArray[np.bool_]) -> list[_Size] | None:
    """Return the picture at all sizes, the coarsest first; None where there is none with enough to copy from."""
    side = 2 * RADIUS + 1
    square, near = np.ones((side, side), np.uint8), np.ones((2 * RADIUS - 1, 2 * RADIUS - 1), np.uint8)
    sizes: list[_Size] = []
    pixels, gone = picture.astype(np.float32), hole
    while True:
        known = cv2.erode((~gone).astype(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
        targets = cv2.dilate(gone.astype(np.uint8), near) > 0
        if known.sum() < side * side:
            break
        sizes.append(_Size(pixels, gone, known > 0, targets))
        height, width = gone.shape
        if max(height, width) <= _COARSEST or min(height, width) < 4 * side:
            break
        smaller = (width + 1) // 2, (height + 1) // 2
        share = cv2.resize((~gone).astype(np.float32), smaller, interpolation=cv2.INTER_AREA)
        colours = cv2.resize(pixels * ~gone[..., None], smaller, interpolation=cv2.INTER_AREA)
        gone = share < 0.5
        if not gone.any() or cv2.distanceTransform(gone.astype(np.uint8), cv2.DIST_L2, 3).max() < _THINNEST:
            break
        pixels = np.asarray(colours / np.maximum(share, 1e-6)[..., None], np.float32)
    return sizes[::-1] or None


def _resized(plane: Floats, size: _Size) -> Floats:
    height, width = size.hole.shape
    if plane.shape[:2] == (height, width):
        return plane
    smaller = cv2.INTER_AREA if height < plane.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=smaller), np.float32)


def _preference(size: _Size, seed: int, random: Any) -> NDArray[np.float32]:
    """Return how much worse each place seems than it is, H×W: nothing for seed 0, clouds of chance for all others."""
    height, width = size.hole.shape
    if not seed:
        return np.zeros((height, width), np.float32)
    clouds = random.standard_normal((5, 5)).astype(np.float32)
    return np.asarray(cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _searched(size: _Size, preference: NDArray[np.float32]) -> Field:
    """Try every source for every target: both are few at the coarsest size, which of threads may be the only one."""
    found = descriptors(size.pixels)
    from_y, from_x = np.nonzero(size.sources)
    y, x = np.nonzero(size.targets)
    theirs = found[from_y, from_x]
    lengths = np.square(theirs).sum(axis=1)
    wobble = _WOBBLE * preference[from_y, from_x] * np.float32(np.median(lengths - 2 * theirs @ theirs.mean(0)
                                                                        + np.square(theirs.mean(0)).sum()))  # fmt: skip
    best = np.empty(len(y), np.intp)
    block = max(16, _AT_ONCE // len(theirs))
    for begin in range(0, len(y), block):
        own = found[y[begin : begin + block], x[begin : begin + block]]
        best[begin : begin + block] = (lengths + wobble - 2.0 * own @ theirs.T).argmin(axis=1)
    field = np.zeros((2, *size.hole.shape), np.int32)
    field[0, y, x], field[1, y, x] = from_y[best] - y, from_x[best] - x
    return field


def _enlarged(field: Field, size: _Size, random: Any) -> Field:
    """Return the field of the next finer size, which may be twice as large or one pixel less."""
    height, width = size.hole.shape
    doubled = 2 * field.repeat(2, axis=1).repeat(2, axis=2)
    fine: Field = np.ascontiguousarray(doubled[:, :height, :width])
    y, x = np.nonzero(size.targets)
    from_y = np.clip(y + fine[0, y, x], 0, height - 1)
    from_x = np.clip(x + fine[1, y, x], 0, width - 1)
    lost = np.flatnonzero(~size.sources[from_y, from_x])
    if len(lost):  # a target that was none before, or too near to the border now: anywhere, until a neighbour knows
        all_y, all_x = np.nonzero(size.sources)
        anywhere = random.integers(len(all_y), size=len(lost))
        from_y[lost], from_x[lost] = all_y[anywhere], all_x[anywhere]
    fine[0, y, x], fine[1, y, x] = from_y - y, from_x - x
    return fine


def _improved(size: _Size, field: Field, random: Any) -> Field:
    """Let every target ask its neighbours, and look around where it is copied from."""
    height, width = size.hole.shape
    found = descriptors(size.pixels)
    y, x = np.nonzero(size.targets)
    own = found[y, x]
    from_y, from_x = y + field[0, y, x], x + field[1, y, x]
    least = np.square(found[from_y, from_x] - own).sum(axis=1)
    field = field.copy()

    def ask(other_y: NDArray[Any], other_x: NDArray[Any]) -> None:
        nonlocal from_y, from_x, least
        fits = (other_y >= 0) & (other_y < height) & (other_x >= 0) & (other_x < width)
        fits[fits] = size.sources[other_y[fits], other_x[fits]]
        places = np.flatnonzero(fits)
        distance = np.square(found[other_y[places], other_x[places]] - own[places]).sum(axis=1)
        better = distance < least[places]
        places = places[better]
        from_y[places], from_x[places] = other_y[places], other_x[places]
        least[places] = distance[better]

    for step in (4, 2, 1):
        for down, right in ((0, -step), (0, step), (-step, 0), (step, 0)):
            near_y, near_x = np.clip(y + down, 0, height - 1), np.clip(x + right, 0, width - 1)
            asked = size.targets[near_y, near_x]
            near_y, near_x = np.where(asked, near_y, y), np.where(asked, near_x, x)
            ask(y + field[0, near_y, near_x], x + field[1, near_y, near_x])
            field[0, y, x], field[1, y, x] = from_y - y, from_x - x
    reach = max(height, width) // 2
    while reach >= 1:
        shifts = random.integers(-reach, reach + 1, (2, len(y)))
        ask(from_y + shifts[0], from_x + shifts[1])
        reach //= 3
    field[0, y, x], field[1, y, x] = from_y - y, from_x - x
    return field
