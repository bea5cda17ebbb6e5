"""Colours for a photo of any size: found on a small version, brought back along the photo's own edges.

The eye sees colour coarsely and lightness finely. So the network works on a few hundred pixels a side, and the photo's
own lightness stays as it is, pixel by pixel. In between, colours are enlarged by joint bilateral upsampling (Kopf et
al. 2007), twofold at a time: each pixel takes them from those of its neighbours that are as light as it is, and an edge
of lightness stays one of colour.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.cielab import chroma_within_gamut, lab_from_rgb, lightness_of, rgb_from_lab
from models.colour_bins import BIN_SIDE, bin_centres
from models.colouriser import MULTIPLE, SCALE, Colouring, Colouriser

__all__ = [
    "Suggestion", "colour_in_bands", "has_colours", "hints_on", "looked_at", "suggestions", "working_size",
]  # fmt: skip

Pixels: TypeAlias = NDArray[Any]

_SMALLEST = 128
"""Smaller photos are enlarged to this longer side before they are looked at."""
_LIKE = 8.0
"""How far apart in L neighbours may be and still share a colour: σ of the bilateral filter."""
_NEAR = 0.4
"""σ of its distance, in pixels of what is enlarged. Both measured: .3 dB nearer to photos than bilinear."""
_LEAST = 1e-4
"""What a neighbour counts that is nothing like it: where all are, the nearest decide."""
_BAND_PIXELS = 65_536
_APART = 1.6 * BIN_SIDE
"""Suggestions are at least so far apart in a and b."""


_TONES, _TONED = 10, 4.0
"""Steps of lightness whose common colour is a tone; chroma beyond it up to which nine tenths of a toned print lie.

Of 50 photos in colour the least had 4.05; as greys all had below .2, as sepias below 1.3, and 45 of 50 of the recipe
“old photo”, with its stains, below 4."""


class Looked(NamedTuple):
    """What the network saw of a photo, and made of it: `lightness`, 1×1×H×W, small; `colouring` of that size."""

    lightness: Tensor
    colouring: Colouring


class Suggestion(NamedTuple):
    """A colour that a place may have, red, green and blue 0–255, and how likely it is, 0–1."""

    colour: tuple[int, int, int]
    chance: float


def working_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Return height and width, multiples of `MULTIPLE`, on which a photo is worked on: about `side` px at most."""
    share = min(side, max(_SMALLEST, height, width)) / max(height, width)
    small = (max(2, round(length * share / MULTIPLE)) * MULTIPLE for length in (height, width))
    rows, columns = small
    return rows, columns


def hints_on(hints: NDArray[np.uint8], height: int, width: int) -> Tensor:
    """Return hints as `Colouriser` takes them, 1×3×H×W: the mean of all that lie in a cell, however small they are.

    Args:
        hints: RGBA of any size; what is not fully transparent is a hint.
        height: of the grid.
        width: of the grid.

    """
    rows, columns = np.nonzero(hints[..., 3])
    weights = hints[rows, columns, 3].astype(np.float64)
    colours = torch.from_numpy(hints[rows, columns, :3].astype(np.float32) / np.float32(255)).T[
        None, :, None
    ]  # 1×3×1×K
    ab = lab_from_rgb(colours)[0, 1:, 0].double().numpy() / SCALE
    cells = (rows * height // hints.shape[0]) * width + columns * width // hints.shape[1]
    total = np.bincount(cells, weights, height * width)
    there = total > 0
    sums = [np.bincount(cells, weights * one, height * width) / np.where(there, total, 1.0) for one in ab]
    grid = np.stack([*sums, there.astype(np.float64)]).astype(np.float32)
    return torch.from_numpy(grid.reshape(1, 3, height, width))


def has_colours(photo: Pixels) -> bool:
    """Tell whether a photo has colours of its own: more than one tone for each lightness, as sepia or an old print has.

    Args:
        photo: H×W×3|4, uint8 or uint16.

    """
    height, width = working_size(photo.shape[0], photo.shape[1], _SMALLEST)
    lab = lab_from_rgb(_floats(cv2.resize(_visible(photo), (width, height), interpolation=_way(photo, height, width))))
    lightness, ab = lab[0, 0].flatten(), lab[0, 1:].flatten(1)
    step = (lightness * (_TONES / 100.0)).long().clamp(0, _TONES - 1)
    for there in (step == tone for tone in range(_TONES)):
        if there.any():
            ab[:, there] -= ab[:, there].median(dim=1, keepdim=True).values
    return float(ab.norm(dim=0).quantile(0.9)) > _TONED


@torch.no_grad()
def looked_at(network: Colouriser, photo: Pixels, hints: NDArray[np.uint8] | None, side: int) -> Looked:
    """Have the network look at a photo.

    Args:
        network: in eval mode.
        photo: H×W×3|4, uint8 or uint16.
        hints: RGBA, for `hints_on`; None or transparent: it guesses alone.
        side: longer side that it works on, px.

    """
    height, width = working_size(photo.shape[0], photo.shape[1], side)
    small = cv2.resize(_visible(photo), (width, height), interpolation=_way(photo, height, width))
    lightness = lightness_of(_floats(small))
    grid = torch.zeros(1, 3, height // 2, width // 2)
    if hints is not None:
        grid = hints_on(hints, height // 2, width // 2)
    device = network.guess.weight.device
    made: Colouring = network(lightness.to(device), grid.to(device))
    return Looked(lightness, Colouring(made.ab.float().cpu() * SCALE, made.bins.float().cpu()))


@torch.no_grad()
def colour_in_bands(photo: Pixels, looked: Looked, made: NDArray[np.uint16]) -> Iterator[float]:
    """Give a photo its colours, band by band; yields the share that is done, 0–1.

    Args:
        photo: H×W×3|4, uint8 or uint16; its lightness is kept.
        looked: what the network made of it.
        made: H×W×3, to be filled.

    """
    height, width = photo.shape[:2]
    ab, guide = looked.colouring.ab[0], F.avg_pool2d(looked.lightness, 2)[0, 0]
    while 2 * ab.shape[1] < height or 2 * ab.shape[2] < width:
        finer = min(height, 2 * ab.shape[1]), min(width, 2 * ab.shape[2])
        resized = cv2.resize(_visible(photo), finer[::-1], interpolation=_way(photo, *finer))
        lightness = lightness_of(_floats(resized))[0, 0]
        ab, guide = _upsampled(ab, guide, lightness, slice(0, finer[0]), finer[0]), lightness
        yield 0.0
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        band = slice(top, min(height, top + rows))
        lightness = lightness_of(_floats(photo[band]))
        colours = _upsampled(ab, guide, lightness[0, 0], band, height)
        rgb = rgb_from_lab(chroma_within_gamut(torch.cat([lightness, colours[None]], dim=1)))[0]
        deep = rgb.clamp_(0.0, 1.0).mul_(65535.0).round_().permute(1, 2, 0).to(torch.int32).numpy()
        made[band] = deep.astype(np.uint16)
        yield band.stop / height


def suggestions(looked: Looked, across: float, down: float, most: int = 8) -> tuple[Suggestion, ...]:
    """Return the colours that a place may have, the likeliest first, as light as it is.

    Args:
        looked: what the network made of the photo.
        across: of the place, share of the width, 0–1.
        down: share of the height.
        most: so many at most.

    """
    logits, lightness = looked.colouring.bins[0], looked.lightness[0, 0]
    chances = torch.softmax(_at(logits, across, down), dim=0)
    centres, light = bin_centres(), _at(lightness[None], across, down)
    found: list[Suggestion] = []
    while len(found) < most and float(chances.max()) > 0.005:
        middle = centres[int(chances.argmax())]
        near = (centres - middle).norm(dim=1) < _APART
        ab = (centres[near] * chances[near, None]).sum(dim=0) / chances[near].sum()
        rgb = rgb_from_lab(chroma_within_gamut(torch.cat([light, ab])[None, :, None, None]))[0, :, 0, 0]
        red, green, blue = (round(value) for value in rgb.clamp(0.0, 1.0).mul(255).tolist())
        found.append(Suggestion((red, green, blue), float(chances[near].sum())))
        chances = torch.where(near, 0.0, chances)
    return tuple(sorted(found, key=lambda one: -one.chance))


def _at(maps: Tensor, across: float, down: float) -> Tensor:
    """Return what maps, C×H×W, say of a place: C."""
    _, height, width = maps.shape
    return maps[:, min(int(down * height), height - 1), min(int(across * width), width - 1)]


def _upsampled(ab: Tensor, guide: Tensor, lightness: Tensor, rows: slice, height: int) -> Tensor:
    """Enlarge colours, 2×h×w, of a picture whose lightness is `guide`, h×w.

    Args:
        ab: a and b.
        guide: L.
        lightness: of the enlarged picture, or of some of its rows: R×W.
        rows: which ones.
        height: of the enlarged picture.

    Returns:
        2×R×W.

    """
    down, near_down = _neighbours(torch.arange(rows.start, rows.stop), height, ab.shape[1])  # both 3×R
    across, near_across = _neighbours(torch.arange(lightness.shape[1]), lightness.shape[1], ab.shape[2])  # 3×W
    low = torch.cat([guide[None], ab])
    sums = lightness.new_zeros(3, *lightness.shape)
    for down_one, near_one in zip(down, near_down, strict=True):
        lines = low.index_select(1, down_one)  # 3×R×w
        for across_one, near_other in zip(across, near_across, strict=True):
            there = lines.index_select(2, across_one)  # 3×R×W
            weight = torch.exp((lightness - there[0]).square_().mul_(-0.5 / _LIKE**2)).add_(_LEAST)
            weight *= near_one[:, None] * near_other
            there[0] = 1.0
            sums.addcmul_(weight.expand_as(there), there)
    return sums[1:] / sums[0]


def _neighbours(places: Tensor, length: int, coarse: int) -> tuple[Tensor, Tensor]:
    """Return the three nearest of `coarse` cells for places on a line of `length`, and how near each is: both 3×P."""
    at = (places + 0.5) * (coarse / length) - 0.5
    cells = at.round().long() + torch.tensor([[-1], [0], [1]])
    return cells.clamp(0, coarse - 1), torch.exp(-0.5 * ((at - cells) / _NEAR).square())


def _visible(photo: Pixels) -> Pixels:
    """Return the colours of a photo, H×W×3; what is transparent is white, so that no hidden colours are looked at."""
    colours = np.ascontiguousarray(photo[..., :3])
    if photo.shape[2] == 4:
        colours[photo[..., 3] == 0] = np.iinfo(photo.dtype).max
    return colours


def _way(photo: Pixels, height: int, width: int) -> int:
    return cv2.INTER_AREA if height * width < photo.shape[0] * photo.shape[1] else cv2.INTER_LINEAR


def _floats(pixels: Pixels) -> Tensor:
    """H×W×3|4 → 1×3×H×W, 0–1."""
    scale = np.float32(1.0 / np.iinfo(pixels.dtype).max)
    return torch.from_numpy(np.multiply(pixels[..., :3], scale, dtype=np.float32)).permute(2, 0, 1)[None].contiguous()
