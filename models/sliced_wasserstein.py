"""How differently two pictures' features are spread: the sliced Wasserstein distance (Heitz et al. 2021, equation 4).

What a network sees in a picture, C numbers at each of H·W places, is a cloud of points, whatever place they are of. Two
clouds are compared along random directions v of unit length; along one, the best way to move one cloud onto the other
is to move the n-th in order to the n-th in order:

    L_SW(f, g) = E_v[ ‖sort(fᵀv) − sort(gᵀv)‖² / (H·W) ]

It is 0 where, and only where, the clouds are alike. A Gram matrix hears of their second moments alone.
"""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

__all__ = ["sliced_wasserstein"]


def sliced_wasserstein(one: Tensor, other: Tensor, directions: int = 32) -> Tensor:
    """Return L_SW of features N×C×H×W and N×C×h×w, as a mean over pictures (scalar); directions by torch's generator.

    Where places are not equally many, those of `other` are taken at even steps of its order.
    """
    slices = F.normalize(torch.randn(directions, one.shape[1], device=one.device, dtype=one.dtype), dim=1)
    first, second = (torch.matmul(slices, seen.flatten(2)).sort(dim=2).values for seen in (one, other))  # N×D×HW
    if first.shape[2] != second.shape[2]:
        count = first.shape[2]
        at = (torch.arange(count, device=one.device) * 2 + 1) * second.shape[2] // (2 * count)
        second = second[:, :, at]
    return (first - second).square().mean()
