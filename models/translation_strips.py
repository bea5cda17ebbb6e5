"""Translating a photo of any size in one piece, strip by strip: without seams, and with the whole picture's statistics.

Tiles would each be normalised by themselves (instance norm), and so change colours from tile to tile. As with fast
styles (`models.fast_style_strips`) every *layer* goes over the picture in strips instead. A strip is convolved with so
much of what lies around it that what its own borders spoil can be cut off; at the picture's borders the layer pads as
it always does. Means and deviations are gathered meanwhile, and when a layer is done, its map is normalised with those
of all of it. So the result is that of one pass, up to rounding.

Only two layers' maps are in memory at a time; those that are very large with 16 bits a number.
"""

from collections.abc import Iterator
from math import ceil

import torch
from torch import Tensor, nn

from models.cyclegan import Layer, Translator, Walk
from models.fast_style import padded
from models.fast_style_strips import WORK_PER_STRIP, Moments, Strips

__all__ = ["translate_in_strips"]

LARGE = 2**28
"""So many numbers of a map are kept with 16 bits: with 32 they would take a gigabyte."""
_ON_A_CARD = 64
"""A graphics card takes so many times as much at once."""
_FEWEST_ROWS = 16
"""So that there is always enough to mirror."""


@torch.no_grad()
def translate_in_strips(network: Translator, photo: Tensor, *, large: int = LARGE) -> Strips:
    """Translate one photo of any size.

    Args:
        network: in eval mode, on the photo's device.
        photo: 1×3×H×W, sRGB, 0–1.
        large: maps of more numbers are kept with 16 bits.

    Returns:
        1×3×H×W, 0–1: what `network(photo)` returns, up to rounding.

    """
    height, width = photo.shape[2:]
    whole = padded(photo, network.multiple) * 2 - 1
    counting, tiny = _Counting(), whole.new_zeros((1, 3, network.multiple, network.multiple))
    for _ in network.walk(tiny, counting.through):
        pass
    work = _Working(counting.work * whole.numel() // tiny.numel(), large)
    made = yield from network.walk(whole, work.through)
    return ((made[:, :, :height, :width] + 1) / 2).contiguous()


class _Counting:
    """Goes the same way without computing, to know how long it is."""

    def __init__(self) -> None:
        self.work = 0

    def through(self, layer: Layer, x: Tensor, beside: Tensor | None) -> Walk:
        yield from ()
        height, width = _size_of(layer, x)
        self.work += layer.work * height * width
        return x.new_zeros((1, layer.channels, height, width))


class _Working:
    """Computes a network's layers in strips."""

    def __init__(self, total: int, large: int) -> None:
        self._done, self._total, self._large = 0, max(1, total), large

    def through(self, layer: Layer, x: Tensor, beside: Tensor | None) -> Walk:
        height, width = _size_of(layer, x)
        shape = (1, layer.channels, height, width)
        is_large = layer.channels * height * width > self._large
        kept = torch.float16 if is_large and layer.channels > 3 else torch.float32  # a picture keeps all it has
        out = torch.empty(shape, dtype=kept, device=x.device)
        gathers = isinstance(layer.norm, nn.InstanceNorm2d)
        moments = Moments()
        for top, bottom in _strips(layer, out):
            strip = _convolved(layer, x, beside, top, bottom)
            if gathers:
                moments.add(strip)
            else:
                strip = layer.finished(strip)
            out[:, :, top:bottom] = strip
            self._done += layer.work * (bottom - top) * width
            yield min(1.0, self._done / self._total)
        if gathers:
            scale = (moments.squares / moments.count + layer.norm.eps).rsqrt()  # type: ignore[union-attr]
            shift = -scale * moments.mean
            scale, shift = (value.to(x.device, torch.float32).view(1, -1, 1, 1) for value in (scale, shift))
            if (modulation := layer.modulation()) is not None:
                scale, shift = scale * modulation[0], shift * modulation[0] + modulation[1]
            for top, bottom in _strips(layer, out):
                strip = torch.addcmul(shift, out[:, :, top:bottom].float(), scale)
                out[:, :, top:bottom] = strip if layer.rectify is None else layer.rectify(strip)
                yield min(1.0, self._done / self._total)
        return out


def _convolved(layer: Layer, x: Tensor, beside: Tensor | None, top: int, bottom: int) -> Tensor:
    """Rows `top` to `bottom` of what the layer's convolutions make of all of `x`, and of what lies `beside` it."""
    first = max(0, (top * layer.stride // layer.grow - layer.reach) // layer.stride * layer.stride)
    last = ceil(bottom * layer.stride / layer.grow) + layer.reach
    last = min(x.shape[2], ceil(last / layer.stride) * layer.stride)
    part = x[:, :, first:last].float()
    if beside is not None:
        part = torch.cat([part, beside[:, :, first:last].float()], dim=1)
    made: Tensor = layer.convolve(part)
    above = first * layer.grow // layer.stride
    return made[:, :, top - above : bottom - above]


def _size_of(layer: Layer, x: Tensor) -> tuple[int, int]:
    height, width = (side * layer.grow // layer.stride for side in x.shape[2:])
    return height, width


def _strips(layer: Layer, out: Tensor) -> Iterator[tuple[int, int]]:
    """Cut the rows of `out` into strips of about equal and bearable work."""
    height, width = out.shape[2:]
    bearable = WORK_PER_STRIP * (1 if out.device.type == "cpu" else _ON_A_CARD)
    count = max(1, min(round(layer.work * height * width / bearable + 0.5), height // _FEWEST_ROWS))
    for number in range(count):
        yield height * number // count, height * (number + 1) // count
