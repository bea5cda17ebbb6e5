"""Equilibration: what one look at the curvature says of how far each place and frequency of a picture should move.

A step down the gradient is short where the loss is steep and wastes evaluations where it is flat. For a style loss the
two lie far apart: in lightness the middle frequencies are some fifty times as stiff as the finest, in colour the low
ones a hundred times as stiff, and textured places many times as stiff as plain ones. The rows of the Hessian say by how
much, and their norms are seen by what a little noise v does to the gradient, |H v| (Dauphin et al. 2015, section 4;
Bekas et al. 2007). Averaged over bands of frequencies and over neighbourhoods, one such probe is enough.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.painting_init import fitted, size_of

__all__ = ["Equilibration", "probe"]

AXES = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))
"""Lightness and two differences of colour (Ohta et al. 1980): orthogonal, and nearly uncorrelated in pictures."""
BANDS = (0.02, 0.04, 0.07, 0.11, 0.16, 0.22, 0.28, 0.34, 0.40, 0.45, 0.50, 0.60)
"""Edges of the bands of frequencies, in cycles per pixel."""
NOISE = 0.01
"""Deviation of the probe, in pixel values."""
PLACES, PLACE = 32, 8
"""How many places are told apart along the longer side; none is narrower than so many pixels, or chance would speak."""
SOFTEST_BAND, SOFTEST_PLACE = 0.05, 0.1
"""What is softer than this share of the stiffest band, or of the mean place, moves no farther: noise would enter."""


def probe(like: Tensor) -> Tensor:
    """Return the noise, the same for each size, by which a 1×3×H×W picture is shaken."""
    noise = torch.randn(like.shape, generator=torch.Generator().manual_seed(0), dtype=like.dtype)
    return NOISE * noise.to(like.device)


@dataclass(frozen=True, slots=True, eq=False)
class Equilibration:
    """A symmetric, positive filter that stands for the inverse Hessian: √D·Cᵀ·F⁻¹·(k / h)·F·C·√D.

    C turns pixels into `AXES`, F is the Fourier transform, h the stiffness of each frequency, k takes out what has a
    period of two pixels (as `without_checkerboard`), D is the inverse stiffness of each place.

    Attributes:
        places: √D, 1×1×H×W.
        frequencies: k / h, 3×H×(W/2 + 1).
        axes: C, 3×3.

    """

    places: Tensor
    frequencies: Tensor
    axes: Tensor

    @classmethod
    def of(cls, noise: Tensor, change: Tensor) -> "Equilibration":
        """Learn from what `noise` (see `probe`) changed of the gradient, both 1×3×H×W."""
        axes = torch.tensor(AXES, dtype=noise.dtype, device=noise.device)
        axes = axes / axes.norm(dim=1, keepdim=True)
        height, width = size_of(noise)
        down = torch.fft.fftfreq(height, device=noise.device)[:, None]
        across = torch.fft.rfftfreq(width, device=noise.device)[None]
        return cls(_places(change), _frequencies(axes, noise, change, down, across), axes)

    def __call__(self, direction: Tensor) -> Tensor:
        """Filter 1×3×H×W."""
        spectrum = torch.fft.rfft2(_turned(self.axes, self.places * direction))
        filtered = torch.fft.irfft2(spectrum * self.frequencies, s=size_of(direction))
        return self.places * _turned(self.axes.T, filtered)


def _places(change: Tensor) -> Tensor:
    """Return how far each place may move, 1×1×H×W, by the root mean square of the change around it."""
    height, width = size_of(change)
    places = fitted(height, width, min(PLACES, max(1, max(height, width) // PLACE)))
    around = F.adaptive_avg_pool2d(change.square().sum(dim=1, keepdim=True), places)
    stiffness = around.sqrt()
    stiffness = stiffness / stiffness.mean().clamp_min(_TINY) + SOFTEST_PLACE
    return F.interpolate(stiffness, (height, width), mode="bilinear", align_corners=False).rsqrt()


def _frequencies(axes: Tensor, noise: Tensor, change: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Return how far each frequency may move, by the change per noise in its band; between bands it is interpolated."""
    frequency = (down.square() + across.square()).sqrt()  # H×(W/2 + 1)
    edges = torch.tensor(BANDS, dtype=frequency.dtype, device=frequency.device)
    band = torch.bucketize(frequency, edges).flatten()
    power = [torch.fft.rfft2(_turned(axes, x)).abs().square()[0].flatten(1) for x in (change, noise)]  # 3×H·(W/2 + 1)
    sums = [x.new_zeros(3, len(BANDS) + 1).index_add_(1, band, x) for x in power]  # → 3×bands
    stiffness = (sums[0] / sums[1].clamp_min(_TINY)).sqrt()
    stiffest = stiffness.max().clamp_min(_TINY)
    stiffness = torch.where(sums[1] > 0, stiffness, stiffest) + SOFTEST_BAND * stiffest  # a small picture lacks bands
    middles = torch.cat([edges.new_zeros(1), edges, edges.new_full((1,), 0.5**0.5)]).unfold(0, 2, 1).mean(dim=1)
    right = torch.bucketize(frequency, middles).clamp(1, len(BANDS))
    left = right - 1
    share = ((frequency - middles[left]) / (middles[right] - middles[left])).clamp(0.0, 1.0)
    without_period_of_two = (torch.cos(math.pi * down) * torch.cos(math.pi * across)).square()
    return without_period_of_two / torch.lerp(stiffness[:, left], stiffness[:, right], share)


def _turned(axes: Tensor, image: Tensor) -> Tensor:
    """Multiply the colour of every pixel of 1×3×H×W with a 3×3 matrix."""
    return torch.einsum("ij,njhw->nihw", axes, image)


_TINY = 1e-12
