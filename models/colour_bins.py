"""A coarse grid over the colours that there are, so that a network can say how likely each of them is.

Zhang et al. 2016 ("Colorful Image Colorization", section 2) divide the plane of a and b into squares of 10. Coarser
ones suffice for a palette of suggestions, and learn from fewer photos.
"""

from functools import cache

import torch
from torch import Tensor

from models.cielab import rgb_from_lab

__all__ = ["BIN_SIDE", "bin_centres", "rarity", "soft_bins"]

BIN_SIDE = 16.0
_EXTENT = 6
"""So many squares on each side of grey."""
_LIGHTNESSES = range(5, 100, 5)
_NEAR = 4
_SIGMA = BIN_SIDE / 2


@cache
def bin_centres() -> Tensor:
    """Return a and b of every square that holds a colour which sRGB has in some lightness: Q×2."""
    steps = torch.arange(-_EXTENT, _EXTENT + 1) * BIN_SIDE
    ab = torch.cartesian_prod(steps, steps)  # 169×2
    lightness = torch.tensor(_LIGHTNESSES, dtype=torch.float32)
    lab = torch.cat(
        [lightness.repeat_interleave(len(ab))[:, None], ab.repeat(len(lightness), 1)], dim=1
    )  # fmt: skip
    rgb = rgb_from_lab(lab.T[None, :, None])[0, :, 0]  # 3×P
    within = ((rgb > -0.02) & (rgb < 1.02)).all(dim=0).view(len(lightness), -1).any(dim=0)
    return ab[within]


def soft_bins(ab: Tensor) -> tuple[Tensor, Tensor]:
    """Return which bins are nearest to each colour, and its share of each by a Gaussian: both N×4×H×W.

    Soft encoding, Zhang et al. 2016, section 2.1, σ half a square.
    """
    centres = bin_centres().to(ab)
    flat = ab.transpose(0, 1).reshape(2, -1).T  # P×2
    distances, nearest = torch.cdist(flat, centres).topk(_NEAR, dim=1, largest=False)
    share = torch.softmax(-distances.square() / (2 * _SIGMA**2), dim=1)
    size = ab.shape[0], *ab.shape[2:], _NEAR
    return nearest.view(size).movedim(-1, 1), share.view(size).movedim(-1, 1)


def rarity(counts: Tensor, mix: float) -> Tensor:
    """Return how much an error counts in each bin, Q, so that grey does not win by its number; 1 on average.

    Class rebalancing, Zhang et al. 2016, eq. 4: 1 ÷ ((1 − λ) p + λ/Q).

    Args:
        counts: Q, of pixels in each bin.
        mix: λ; 1 counts all alike.

    """
    chances = counts / counts.sum()
    weights = 1.0 / ((1.0 - mix) * chances + mix / len(counts))
    return weights / (chances * weights).sum()
