"""Painting a large photo with a fast style: strip by strip, without seams, in the time of one plain pass.

Tiles that each run the whole network need an overlap of its field of view, some fifty pixels a side, and their own
instance norms would make each tile a picture of its own. Here every *layer* goes over the picture in strips instead,
each with only its own kernel's border, and gathers the mean and the deviation of what it makes; the next layer
normalises what it reads with those of the whole picture. So the result is that of a pass over all of it at once, up to
rounding, at any size; nothing is computed twice; and between two strips the job can be stopped.

Two layers' outputs are in memory at a time: about 100 bytes a pixel at half width.
"""

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.fast_style import FastStyleNetwork, Layer, Residual, mirrored, padded, softened

__all__ = ["Moments", "Strips", "laid_over", "paint_in_strips"]

Strips = Generator[float, None, Tensor]
"""Yields the share of the work that is done, 0–1, after every strip; returns the painting."""

WORK_PER_STRIP = 3e8
"""Multiplications in one strip: some 15 ms of one core, in whose cache it stays."""

_ON_A_CARD = 64
"""A graphics card takes so many times as much at once: it waits longer for each strip's moments than it computes."""

_FEWEST_ROWS = 16
"""So that a strip always has enough rows to mirror."""


@dataclass(slots=True, eq=False)
class Moments:
    """Mean and sum of squared deviations of each channel, gathered part by part (Chan, Golub & LeVeque 1983, eq. 2)."""

    count: int = 0
    mean: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    squares: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))

    def add(self, part: Tensor, *, welford: bool = False) -> None:
        """Take in N×C×H×W more; `welford` does it as version 0.1 did."""
        count = part.shape[2] * part.shape[3]
        if welford:
            variance, mean = (x.cpu().double() for x in torch.var_mean(part, dim=(0, 2, 3), correction=0))
            squares = variance * count
        else:  # two plain passes: on a processor six times as fast as torch's `var_mean`
            part = part.float()
            means = part.mean(dim=(0, 2, 3), keepdim=True)
            squares = (part - means).square_().sum(dim=(0, 2, 3)).cpu().double()
            mean = means.flatten().cpu().double()
        both = self.count + count
        away = mean - self.mean
        self.mean = self.mean + away * (count / both)
        self.squares = self.squares + squares + away.square() * (self.count * count / both)
        self.count = both


@dataclass(frozen=True, slots=True, eq=False)
class _Map:
    """A layer's output, 1×C×H×W, as it left the convolution; normalised and rectified where it is read."""

    raw: Tensor
    scale: Tensor | None = None
    shift: Tensor | None = None
    rectify: bool = False
    beside: Tensor | None = None
    """More channels, that are read as they are."""

    def rows(self, top: int, bottom: int) -> Tensor:
        x = self.raw[:, :, top:bottom]
        if self.scale is not None and self.shift is not None:
            x = torch.addcmul(self.shift, x, self.scale)
            x = torch.relu_(x) if self.rectify else x
        return x if self.beside is None else torch.cat([x, self.beside[:, :, top:bottom].to(x.dtype)], dim=1)


@torch.no_grad()
def paint_in_strips(network: FastStyleNetwork, photo: Tensor, strength: float, *, welford: bool = False) -> Strips:
    """Paint one photo of any size.

    Args:
        network: in eval mode, on the photo's device. Its convolutions may be in half precision and channels last: what
            they make is kept in that format, and normalised in full precision.
        photo: 1×3×H×W, sRGB, 0–1.
        strength: 0–1.
        welford: gather the moments as version 0.1 did, bit by bit.

    Returns:
        1×3×H×W, 0–1: what is painted; `laid_over` the photo it is what `network(photo, strength)` returns, up to
        rounding.

    """
    height, width = photo.shape[2:]
    whole = padded(photo)
    at = torch.tensor([strength], dtype=photo.dtype, device=photo.device)
    done, total = 0.0, _work(network, *whole.shape[2:])
    x = _Map(whole)
    for stage in network.stages:
        before = x = replace(x, beside=whole) if stage is network.decoder[-1] and network.keeps_ground else x
        for layer in (stage.first, stage.second) if isinstance(stage, Residual) else (stage,):
            assert isinstance(layer, Layer)
            out, moments = _empty_for(layer, x.raw, photo.dtype), Moments()
            for top, bottom in _strips(layer, out):
                strip = _convolved(layer, x, top, bottom)
                if layer.norm is not None:
                    moments.add(strip, welford=welford)
                else:
                    strip = torch.sigmoid_(strip.to(photo.dtype))
                    if network.ground is not None:
                        strip = network.ground(strip, _around(whole, top, bottom, network.ground.border))
                out[:, :, top:bottom] = strip
                done += layer.conv.weight.numel() * (bottom - top) * out.shape[3]
                yield min(1.0, done / total)
            x = _normalised(layer, out, moments, at)
        if isinstance(stage, Residual):
            x = _Map(before.rows(0, before.raw.shape[2]).add(x.rows(0, x.raw.shape[2])))
    return x.raw[:, :, :height, :width].contiguous()


def laid_over(photo: Tensor, painted: Tensor, strength: float) -> Tensor:
    """Lay what was painted over its photo, as far as the strength goes; in another strength, a good guess at that."""
    return torch.lerp(photo, painted, strength)


def _normalised(layer: Layer, raw: Tensor, moments: Moments, strength: Tensor) -> _Map:
    """(γ·(x - μ)/σ + β) as one multiplication and one addition, to be done when the map is read."""
    if layer.norm is None:
        return _Map(raw)
    scale, shift = (value.cpu().double().flatten() for value in layer.norm.affine(strength))
    factor = scale / (moments.squares / moments.count + layer.norm.epsilon).sqrt()
    offset = shift - factor * moments.mean
    factor, offset = (value.to(strength).view(1, -1, 1, 1) for value in (factor, offset))
    return _Map(raw, factor, offset, layer.rectify)


def _convolved(layer: Layer, source: _Map, top: int, bottom: int) -> Tensor:
    """Rows `top` to `bottom` of what the layer's convolution makes of all of `source`."""
    height = source.raw.shape[2] * layer.grow
    border = layer.border + layer.soft
    first, last = top * layer.stride - border, (bottom - 1) * layer.stride + border + 1
    above, below = max(0, -first), max(0, last - height)
    first, last = first + above, last - below
    low, high = first // layer.grow, -(-last // layer.grow)
    if layer.grow > 1:
        x = _softened_rows(source, low, high) if layer.soft else source.rows(low, high)
        x = F.interpolate(x.to(layer.conv.weight.dtype), scale_factor=layer.grow, mode="nearest")
        x = x[:, :, first % layer.grow :][:, :, : last - first]
    else:
        x = source.rows(low, high).to(layer.conv.weight.dtype)
    x = F.pad(x, (border, border, above, below), mode="reflect")
    out: Tensor = layer.conv(softened(x) if layer.soft else x)
    return out


def _around(photo: Tensor, top: int, bottom: int, border: int) -> Tensor:
    """Rows `top` to `bottom` of all of `photo`, with what is around them."""
    first, last = max(0, top - border), min(photo.shape[2], bottom + border)
    return mirrored(photo[:, :, first:last], border, first - top + border, bottom + border - last)


def _softened_rows(source: _Map, top: int, bottom: int) -> Tensor:
    """Rows `top` to `bottom` of all of `source`, softened."""
    first, last = max(0, top - 1), min(source.raw.shape[2], bottom + 1)
    return softened(F.pad(source.rows(first, last), (1, 1, first - top + 1, bottom + 1 - last), mode="reflect"))


def _empty_for(layer: Layer, source: Tensor, dtype: torch.dtype) -> Tensor:
    """Return room for what the layer makes of `source`, as its convolution writes it; the last layer's is a picture."""
    height, width = (side * layer.grow // layer.stride for side in source.shape[2:])
    weight = layer.conv.weight
    in_last = weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()
    return torch.empty(
        (1, layer.conv.out_channels, height, width),
        dtype=dtype if layer.norm is None else weight.dtype,
        device=source.device,
        memory_format=torch.channels_last if in_last else torch.contiguous_format,
    )


def _strips(layer: Layer, out: Tensor) -> list[tuple[int, int]]:
    """Cut the rows of `out` into strips of about equal and bearable work."""
    height, width = out.shape[2:]
    work = layer.conv.weight.numel() * height * width
    bearable = WORK_PER_STRIP * (1 if out.device.type == "cpu" else _ON_A_CARD)
    count = max(1, min(round(work / bearable + 0.5), height // _FEWEST_ROWS))
    edges = [height * number // count for number in range(count + 1)]
    return list(pairwise(edges))


def _work(network: FastStyleNetwork, height: int, width: int) -> float:
    """Multiplications that the whole picture takes."""
    total = 0.0
    for layer in network.modules():  # they are defined in the order in which they run
        if isinstance(layer, Layer):
            height, width = (side * layer.grow // layer.stride for side in (height, width))
            total += layer.conv.weight.numel() * height * width
    return total
