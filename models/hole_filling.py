"""Fills the holes of a picture of any size, hole by hole; what is no hole stays as it is, bit for bit.

The thinnest holes are filled by a network at full size, part by part: it looks from rim to rim. Of a thicker one it
only says what should be where, on a part reduced to `LARGEST_SIDE`; then pixels are copied from around it
at full size (`models/patch_filling.py`), what they lack of the network's colours is added smoothly, at the rim they are
brought to what is there, as Pérez et al. 2003 do ("Poisson image editing"), and across strokes the network's guess
shows through. So a large hole in a large picture is as sharp as its surroundings.
"""

from collections.abc import Callable, Generator, Iterator
from math import ceil
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.inpainter import LARGEST_SIDE, membrane
from models.patch_filling import Floats, copied, fill_from_around
from models.restoration_tiles import Deep, Tile, tiles_of

__all__ = ["Filler", "fill_holes", "thick_part"]

Filler: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""N×3×H×W, 0–1, and N×1×H×W, 1 in the holes → N×3×H×W: an `Inpainter`, or `membrane` where there is none."""
Bools: TypeAlias = NDArray[np.bool_]

THIN = 2
"""Half the width of a hole, px, up to which the network alone fills it. In wider ones what is copied looks more like
the photo: with 5 here, scratches drawn 3 px wide were soft (LPIPS 30 % more).
"""
_SIDE, _AROUND = 256, 64
"""Of a part of a picture with thin holes, px, and what is around it."""
_PER_WIDTH, _LEAST_SIDE, _LEAST_AROUND = 4.0, 320, 96
"""Side of a part of a thick hole, as a multiple of how thick it is, and at least, px; what is around it, at least."""
_THREAD_WIDTH, _THREAD_SIDE, _THREAD_AROUND = 12.0, 128, 40
"""Width up to which a hole is a thread, px: a scratch, a hair. What is near by is enough to copy from, so its parts,
and what is around them, are so much smaller.
"""
_SPECK = 32
"""Longer side, px, up to which a hole is filled together with others in the same square of `_THREAD_SIDE` px."""
_GUIDED, _SOUGHT, _STROKE = 0.45, 0.3, 12.0
"""How much the guide counts against what is copied, in the end and while it is sought, in holes of half this width,
px, where it counts most. What is copied lies as often beside the truth as on it. In a thread both rims say where it is
from, across a stroke the guide that sees both rims is the better guess, inside a wide hole it knows colours alone.
"""
_COLOURS = 0.1
"""Standard deviation of what counts as colour rather than texture, as a share of half the hole's width: the further the
rims, the less of what the guide says is true.
"""


def fill_holes(
    picture: NDArray[Any], hole: NDArray[np.uint8], filler: Filler, seed: int = 0
) -> Generator[tuple[Tile, float, Deep], None, Deep]:
    """Fill the holes of a picture.

    Args:
        picture: H×W×3|4, uint8 or uint16; a fourth channel is left alone.
        hole: H×W, 0–255: how much of what is filled in covers the picture there; what is not 0 is not looked at.
        filler: on the device that computes.
        seed: chooses among what could be there, in thick holes.

    Yields:
        The part that was filled, the share that is done, 0–1, and the picture so far.

    Returns:
        H×W×3.

    """
    made = _deep(picture)
    gone = hole > 0
    height, width = gone.shape
    thick = thick_part(gone)
    total, done = max(1, int(gone.sum())), 0
    for tile in tiles_of(height, width, _SIDE, 1):
        thin = gone[tile.cut] & ~thick[tile.cut]
        if thin.any():
            seen = tile.grown(_AROUND, height, width)
            filled = _guess(_floats(made[seen.cut]), gone[seen.cut], filler)
            _lay(made, tile, filled[tile.within(seen).cut], thin, hole)
            done += int(thin.sum())
            yield tile, done / total, made
    left = thick.copy()
    for tile, around in _parts(thick):
        now = left[tile.cut]
        if now.any():
            seen = tile.grown(around, height, width)
            filled = yield from _filled(
                _floats(made[seen.cut]), left[seen.cut], thick[seen.cut], filler, seed, tile, done / total, made
            )
            _lay(made, tile, filled[tile.within(seen).cut], now.copy(), hole)
            done += int(now.sum())
            left[tile.cut] = False
            yield tile, done / total, made
    return made


def thick_part(gone: Bools) -> Bools:
    """Return which pixels of holes (H×W) belong to a part of them that is more than 2 · `THIN` px wide."""
    inside = gone.astype(np.uint8)
    core = (cv2.distanceTransform(inside, cv2.DIST_L2, 5) > THIN).astype(np.uint8)
    if not core.any():
        return np.zeros_like(gone)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * THIN + 5, 2 * THIN + 5))
    return (cv2.dilate(core, disc) > 0) & gone


def _parts(thick: Bools) -> Iterator[tuple[Tile, int]]:
    """Return the parts of a picture in which thick holes are filled, and how much is around each: wide holes first.

    A hole that is long beside its width is filled piece by piece, each of which goes on from the last; specks that lie
    near one another are filled at once, or thousands of them would take thousands of looks.
    """
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(thick.astype(np.uint8), connectivity=8)
    half = cv2.distanceTransform(np.pad(thick, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    threads: list[tuple[Tile, int]] = []
    specks: dict[tuple[int, int], list[Tile]] = {}
    for number in range(1, count):
        left, top, width, height = (int(value) for value in boxes[number][:4])
        box = Tile(top, left, top + height, left + width)
        if max(width, height) <= _SPECK:
            square = (top + height // 2) // _THREAD_SIDE, (left + width // 2) // _THREAD_SIDE
            specks.setdefault(square, []).append(box)
            continue
        own = np.where(labels[box.cut] == number, half[box.cut], np.float32(0.0))
        wide = 2.0 * float(own.max())
        around = max(_LEAST_AROUND, min(round(3.0 * wide), max(2 * _LEAST_AROUND, round(wide))))
        for piece in tiles_of(height, width, max(_LEAST_SIDE, round(_PER_WIDTH * wide)), 1):
            here = own[piece.cut]
            if 2.0 * own[piece.grown(_LEAST_AROUND, height, width).cut].max() > _THREAD_WIDTH:
                if here.any():
                    yield piece.moved(top, left), around
                continue
            threads += [
                (part.moved(top + piece.top, left + piece.left), _THREAD_AROUND)
                for part in tiles_of(piece.bottom - piece.top, piece.right - piece.left, _THREAD_SIDE, 1)
                if here[part.cut].any()
            ]
    yield from threads
    for near in specks.values():
        ends = np.array([(each.top, each.left, each.bottom, each.right) for each in near])
        part = Tile(*(int(end) for end in (*ends[:, :2].min(axis=0), *ends[:, 2:].max(axis=0))))
        yield part, _THREAD_AROUND if 2.0 * half[part.cut].max() <= _THREAD_WIDTH else _LEAST_AROUND


def _strokeness(thick: Bools) -> Floats:
    """Return how much a hole (H×W) is a stroke around each of its pixels, 0–1: neither a thread nor a wide one.

    A piece that was filled just now is no rim: where the next one begins, nothing is known.
    """
    most = 2.75 * _STROKE  # what is wider is no stroke, however wide
    half = np.minimum(cv2.distanceTransform(thick.astype(np.uint8), cv2.DIST_L2, 5), np.float32(most))
    for _ in range(ceil(float(half.max()) / 2.0)):  # a rim has its middle's width, and no other hole's
        half = np.where(thick, cv2.dilate(half, np.ones((5, 5), np.uint8)), np.float32(0.0))
    share = np.square(half / np.float32(_STROKE))
    return np.asarray(share * np.exp(1.0 - share), np.float32)


def _filled(
    pixels: Floats, gone: Bools, thick: Bools, filler: Filler, seed: int, tile: Tile, before: float, made: Deep
) -> Generator[tuple[Tile, float, Deep], None, Floats]:
    """Fill a part with thick holes, of which some may be filled: H×W×3, 0–1; everything that is gone is filled."""
    guide = _guess(pixels, gone, filler)
    # one that was reduced further knows colours alone
    stroke = _strokeness(thick) if 2 * guide.shape[0] >= gone.shape[0] else None
    searching = fill_from_around(pixels, gone, guide, seed, None if stroke is None else _SOUGHT * stroke)
    while True:
        try:
            next(searching)
        except StopIteration as end:
            field = end.value
            break
        yield tile, before, made  # a breath
    height, width = gone.shape
    smooth = guide if guide.shape[:2] == gone.shape else np.asarray(cv2.resize(guide, (width, height)), np.float32)
    if field is None:
        return np.where(gone[..., None], smooth, pixels).astype(np.float32)
    filled = pixels.copy()
    filled[gone] = copied(pixels, gone, field)
    filled = _joined(filled, pixels, gone, field)
    filled[gone] += _lacking(filled, smooth, gone)[gone]
    if stroke is not None:
        filled[gone] += (_GUIDED * stroke[gone])[:, None] * (smooth[gone] - filled[gone])
    return filled


def _lacking(filled: Floats, smooth: Floats, gone: Bools) -> Floats:
    """Return what the copied pixels lack of the guide's colours, H×W×3: their difference without its texture."""
    height, width = gone.shape
    apart = np.where(gone[..., None], smooth - filled, np.float32(0.0))
    share = min(1.0, LARGEST_SIDE / max(height, width))
    small = cv2.resize(
        apart, (max(1, round(width * share)), max(1, round(height * share))), interpolation=cv2.INTER_AREA
    )
    half = cv2.distanceTransform(gone.astype(np.uint8), cv2.DIST_L2, 5).max()
    sigma = max(2.0, _COLOURS * share * min(float(half), max(height, width) / 2))
    blurred = cv2.GaussianBlur(small, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _joined(filled: Floats, pixels: Floats, gone: Bools, field: NDArray[np.int32]) -> Floats:
    """Bring what was copied to what is there at the rim: the difference is stretched over the hole as a membrane."""
    height, width = gone.shape
    rim = (cv2.dilate(gone.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~gone
    y, x = np.nonzero(rim)
    from_y, from_x = np.clip(y + field[0, y, x], 0, height - 1), np.clip(x + field[1, y, x], 0, width - 1)
    apart = np.zeros_like(pixels)
    apart[y, x] = pixels[y, x] - pixels[from_y, from_x]
    box = cv2.boundingRect((gone | rim).astype(np.uint8))
    cut = slice(box[1], box[1] + box[3]), slice(box[0], box[0] + box[2])
    stretched = membrane(_tensor(apart[cut]), torch.from_numpy(~rim[cut])[None, None].float())
    change = stretched[0].permute(1, 2, 0).numpy()
    filled[cut][gone[cut]] += change[gone[cut]]
    return filled


def _guess(pixels: Floats, gone: Bools, filler: Filler) -> Floats:
    """Fill a part at no more than `LARGEST_SIDE`: h×w×3, 0–1."""
    height, width = gone.shape
    share = LARGEST_SIDE / max(height, width)
    known = (~gone).astype(np.float32)
    if share < 1.0:
        size = max(1, round(width * share)), max(1, round(height * share))
        there = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        reduced = cv2.resize(pixels * known[..., None], size, interpolation=cv2.INTER_AREA)
        pixels = np.asarray(reduced, np.float32)
        pixels /= np.maximum(there, 1e-6)[..., None]
        known = (there > 0.5).astype(np.float32)
    with torch.inference_mode():
        made = filler(_tensor(pixels), torch.from_numpy(known <= 0)[None, None].float())
    return np.ascontiguousarray(made[0].float().clamp(0.0, 1.0).permute(1, 2, 0).cpu().numpy())


def _lay(made: Deep, tile: Tile, filled: Floats, where: Bools, hole: NDArray[np.uint8]) -> None:
    """Cover the picture by what was filled in, as far as the hole says."""
    there = made[tile.cut]
    before = there[where].astype(np.float32)
    after = filled[where].clip(0.0, 1.0) * np.float32(65535.0)
    share = hole[tile.cut][where][:, None].astype(np.float32) / np.float32(255.0)
    there[where] = np.rint(before + (after - before) * share).astype(np.uint16)


def _deep(picture: NDArray[Any]) -> Deep:
    """H×W×3|4, uint8 or uint16 → H×W×3, uint16, a copy."""
    colours = picture[..., :3]
    return colours.astype(np.uint16) * np.uint16(257) if colours.dtype == np.uint8 else np.array(colours, np.uint16)


def _floats(pixels: Deep) -> Floats:
    return pixels.astype(np.float32) * np.float32(1.0 / 65535.0)


def _tensor(pixels: Floats) -> Tensor:
    """H×W×3 → 1×3×H×W."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
