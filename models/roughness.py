"""Plain ground: what is plain in a photo is painted no rougher than the plain ground of the painting.

Gram matrices and octaves ask for marks, not where they stand. A painting has its own share of empty paper or sky, and
lettering or foam on the flank of an animal is not its manner. So places of the photo are ranked by how far the tones
stray around them, and each may be as rough as the place of that rank in the painting.
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.painting_init import gaussian_blur, luma

__all__ = ["ground_distance", "ranks_of", "roughnesses"]

PATCH, WITHIN = 4, 1.5
"""Tones are seen in patches of so many pixels; deviation of the neighbourhood in which they stray, in patches."""
QUANTILES = 33
ROOM = 1.25
"""A place may be rougher than the painting's by this factor: ranks are no more exact than that."""
_NOISE = 0.01
"""Places of a photo that stray less, of 1, are all equally plain."""
_TINY = 1e-6


def roughnesses(painting: Tensor) -> Tensor:
    """Return quantiles of how far the tones of a painting, 1×3×h×w, stray around its places: `QUANTILES`, rising."""
    return torch.quantile(_roughness(painting).flatten(), torch.linspace(0.0, 1.0, QUANTILES).to(painting))


def ranks_of(photo: Tensor) -> Tensor:
    """Return the share of places at most as rough as each, 1×1×⌈H/4⌉×⌈W/4⌉, 0–1; equally rough ones rank alike."""
    rough = _roughness(photo).clamp_min(_NOISE)
    ranked = rough.flatten().sort().values
    return torch.searchsorted(ranked, rough.flatten(), right=True).view_as(rough).to(rough) / rough.numel()


def ground_distance(image: Tensor, ranks: Tensor, allowed: Tensor) -> Tensor:
    """Return the mean square of what places are too rough, where the painting's own roughness is 1: a scalar.

    Args:
        image: 1×3×H×W.
        ranks: of the photo's places, from `ranks_of`.
        allowed: the painting's `roughnesses`.

    """
    place = ranks * (len(allowed) - 1)
    left = place.floor().clamp_max(len(allowed) - 2)
    lower, upper = (ROOM * allowed[left.long() + right] for right in (0, 1))
    excess = (_roughness(image) - torch.lerp(lower, upper, place - left)).clamp_min(0.0)
    return excess.square().mean() / (allowed.square().mean() + _TINY)


def _roughness(image: Tensor) -> Tensor:
    """Deviation of the luma of 1×3×H×W around each place, 1×1×⌈H/4⌉×⌈W/4⌉."""
    tones = luma(image)
    tones = tones - tones.mean()  # so that squares keep their digits
    mean, square = (gaussian_blur(_patches(plane), WITHIN) for plane in (tones, tones.square()))
    return ((square - mean.square()).clamp_min(0.0) + _TINY).sqrt()


def _patches(plane: Tensor) -> Tensor:
    return F.avg_pool2d(plane, PATCH, ceil_mode=True, count_include_pad=False)
