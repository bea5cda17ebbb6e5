"""What a restorer is held to: pixels alone, or also what the picture looks like."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.fidelity import ssim

__all__ = ["PixelLoss", "charbonnier", "coarse", "grid"]

_EPSILON = 1e-3
_PATCHES = 4, 16
"""Sides, px, of the patches that `coarse` compares the means of."""
_TEETH = 4
"""So many places a side, a period apart, tell what repeats from what is there once."""


def charbonnier(made: Tensor, wanted: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Return the mean of √(difference² + ε²), ε = 0.001: an L1 without a corner (Charbonnier et al. 1994)."""
    return (weight * ((made - wanted).square() + _EPSILON**2).sqrt()).mean()


def coarse(made: Tensor, wanted: Tensor) -> Tensor:
    """Return by how much the colours of patches of N×C×H×W differ: the mean absolute difference of their means.

    Coloured noise leaves blotches, of which a pixel loss sees next to nothing: at each pixel they are small beside the
    texture that is missing, and in a smooth sky they are all that one sees. Patches of 4 and of 16 px count half
    each; pictures of fewer than 16 px a side have none of the latter, and at least 4 px are needed.
    """
    difference = made - wanted
    sides = (side for side in _PATCHES if side <= min(difference.shape[2:]))
    return torch.stack([F.avg_pool2d(difference, side).abs().mean() for side in sides]).sum() / len(_PATCHES)


def grid(made: Tensor, wanted: Tensor, period: int) -> Tensor:
    """Return by how much N×C×H×W differ in what repeats: the mean absolute difference through a comb.

    At each place differences are averaged with those whole periods to its right and below. Errors that stand alone
    cancel, and what a network puts on every few pixels stays. Nothing else punishes it: to a pixel loss it is small
    beside other errors, and features that are sampled at every few pixels take it for texture.

    Args:
        made: by a network.
        wanted: the same shape.
        period: px; divisors of it are found as well.

    """
    difference = (made - wanted).flatten(0, 1).unsqueeze(1)  # NC×1×H×W
    teeth = min(_TEETH, 1 + (min(made.shape[2:]) - 1) // period)
    comb = difference.new_full((1, 1, teeth, teeth), teeth**-2)
    return F.conv2d(difference, comb, dilation=period).abs().mean()


@dataclass(frozen=True, slots=True)
class PixelLoss:
    """A sum of what compares pixels.

    Args:
        charbonnier: weight of `charbonnier`.
        mse: weight of the mean squared error.
        ssim: weight of 1 − SSIM.
        coarse: weight of `coarse`.
        grid: weight of `grid`.
        period: its, px.

    """

    charbonnier: float = 1.0
    mse: float = 0.0
    ssim: float = 0.0
    coarse: float = 0.0
    grid: float = 0.0
    period: int = 8

    def __call__(self, made: Tensor, wanted: Tensor, weight: Tensor | float = 1.0) -> Mapping[str, Tensor]:
        """Both N×3×H×W → each term's share of the loss; they add up to it.

        `weight`, N×1×H×W, is how much an error counts at each place; not for what knows windows: all but the first two.
        """
        made, terms = made.float(), dict[str, Tensor]()
        if self.charbonnier:
            terms["charbonnier"] = self.charbonnier * charbonnier(made, wanted, weight)
        if self.mse:
            terms["mse"] = self.mse * (weight * (made - wanted).square()).mean()
        if self.ssim:
            terms["ssim"] = self.ssim * (1 - ssim(made, wanted)).mean()
        if self.coarse:
            terms["coarse"] = self.coarse * coarse(made, wanted)
        if self.grid:
            terms["grid"] = self.grid * grid(made, wanted, self.period)
        return terms
