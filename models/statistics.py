"""What is measured of a painting: the statistics of its features, and how far a picture is from them.

Every distance is divided by the energy of its target, so that it means the same at each layer, size and network:
0 is reached, 1 is as far as an empty picture.
"""

from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

Statistic: TypeAlias = Literal["gram", "gram_diagonal", "mean_std"]

_TINY = 1e-12


def gram_matrix(features: Tensor) -> Tensor:
    """G = F·Fᵀ / N over the N places of 1×C×H×W features: C×C (Gatys et al. 2016, eq. 3, as a mean)."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def gram_diagonal(features: Tensor) -> Tensor:
    """The diagonal of the Gram matrix, each channel's mean square: C."""
    return features.square().mean(dim=(0, 2, 3))


def mean_std(features: Tensor) -> Tensor:
    """Each channel's mean and standard deviation: 2×C (Huang & Belongie 2017, eq. 8)."""
    variance, mean = torch.var_mean(features, dim=(0, 2, 3), correction=0)
    return torch.stack([mean, (variance + _TINY).sqrt()])


def measure(features: Tensor, statistic: Statistic) -> Tensor:
    """Return the `statistic` of 1×C×H×W features."""
    return {"gram": gram_matrix, "gram_diagonal": gram_diagonal, "mean_std": mean_std}[statistic](features)


def distance(measured: Tensor, target: Tensor) -> Tensor:
    """‖measured - target‖² / ‖target‖²."""
    return (measured - target).square().sum() / (target.square().sum() + _TINY)


def style_distance(features: Tensor, target: Tensor, statistic: Statistic) -> tuple[Tensor, Tensor]:
    """Return the distance of `features` from `target`, and what was measured of them (detached)."""
    if statistic == "gram":
        loss, measured = _GramDistance.apply(features, target)  # type: ignore[no-untyped-call]
        return loss, measured
    measured = measure(features, statistic)
    return distance(measured, target), measured.detach()


class _GramDistance(torch.autograd.Function):
    """`distance(gram_matrix(F), A)` with its gradient 4·(G - A)·F / (N·‖A‖²) written out.

    The difference is symmetric, so one matrix product suffices where autograd would make two.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        gram = gram_matrix(features)
        difference = gram - target
        energy = target.square().sum() + _TINY
        ctx.save_for_backward(features, difference, energy)
        ctx.mark_non_differentiable(gram)
        return difference.square().sum() / energy, gram

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        features, difference, energy = ctx.saved_tensors
        flat = features.flatten(2)[0]
        factor = gradients[0] * 4.0 / (flat.shape[1] * energy)
        return ((factor * difference) @ flat).view_as(features), None
