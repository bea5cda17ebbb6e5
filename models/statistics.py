"""What is measured of a painting: the statistics of its features, and how far a picture is from them.

Every distance is divided by the energy of its target, so that it means the same at each layer, size and network:
0 is reached, 1 is as far as an empty picture.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

Statistic: TypeAlias = Literal["gram", "gram_diagonal", "mean_std"]

_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is to be reached, and its energy, known beforehand: a sum of squares for statistics, a mean for features."""

    value: Tensor
    energy: float


def statistic_target(value: Tensor) -> Target:
    """Make a measured statistic a target."""
    return Target(value, float(value.square().sum()) + _TINY)


def feature_target(features: Tensor) -> Target:
    """Make features themselves a target."""
    return Target(features, float(features.square().mean()) + _TINY)


def gram_matrix(features: Tensor) -> Tensor:
    """G = F·Fᵀ / N over the N places of 1×C×H×W features: C×C (Gatys et al. 2016, eq. 3, as a mean)."""
    flat = features.flatten(2)[0]  # 1×C×H×W → C×N
    return flat @ flat.T / flat.shape[1]  # C×N · N×C → C×C


def gram_diagonal(features: Tensor) -> Tensor:
    """The diagonal of the Gram matrix, each channel's mean square: C."""
    return features.square().mean(dim=(0, 2, 3))  # 1×C×H×W → C


def mean_std(features: Tensor) -> Tensor:
    """Each channel's mean and standard deviation: 2×C (Huang & Belongie 2017, eq. 8)."""
    variance, mean = torch.var_mean(features, dim=(0, 2, 3), correction=0)  # 1×C×H×W → C and C
    return torch.stack([mean, (variance + _TINY).sqrt()])  # → 2×C


def measure(features: Tensor, statistic: Statistic) -> Tensor:
    """Return the `statistic` of 1×C×H×W features: C×C, C or 2×C."""
    return {"gram": gram_matrix, "gram_diagonal": gram_diagonal, "mean_std": mean_std}[statistic](features)


def distance(measured: Tensor, target: Target) -> Tensor:
    """‖G - A‖² / ‖A‖², a relative squared error (Gatys et al. 2016, eq. 4, normalised)."""
    return (measured - target.value).square().sum() / target.energy


def style_distance(features: Tensor, target: Target, statistic: Statistic) -> tuple[Tensor, Tensor, Tensor]:
    """Measure the style of `features` on their way to the next layer.

    Returns:
        the features, to go on with; their distance from the target; and what was measured of them (detached).

    """
    if statistic == "gram":
        passed, loss, gram = _GramDistance.apply(features, target.value, target.energy)  # type: ignore[no-untyped-call]
        return passed, loss, gram
    measured = measure(features, statistic)
    return features, distance(measured, target), measured.detach()


class _GramDistance(torch.autograd.Function):
    """`distance(gram_matrix(F), A)` with its gradient 4·(G - A)·F / (N·‖A‖²) written out (eq. 6, normalised).

    The difference is symmetric, so one matrix product suffices where autograd would make two; and because the features
    pass through, that product is added onto what comes back from the deeper layers.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, target: Tensor, energy: float) -> tuple[Tensor, Tensor, Tensor]:
        gram = gram_matrix(features)  # 1×C×H×W → C×C
        difference = gram - target
        ctx.save_for_backward(features, difference)
        ctx.energy = energy
        ctx.mark_non_differentiable(gram)
        ctx.set_materialize_grads(False)
        flat = difference.flatten()  # C×C → C²
        passed = features[
            :
        ]  # with its strides, which `view_as` loses: torch would no longer see that channels lie last
        return passed, torch.dot(flat, flat) / energy, gram

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, None, None]:
        deeper, of_loss, _ = gradients
        if of_loss is None:
            return deeper, None, None
        features, difference = ctx.saved_tensors
        flat = features.flatten(2)[0]  # 1×C×H×W → C×N
        scaled = difference * (of_loss * (4.0 / (flat.shape[1] * ctx.energy)))  # C×C
        if deeper is None:
            gradient, keep = torch.empty_like(features), 0.0
        else:  # the next layer made it for nobody else, so it can be added to in place
            gradient, keep = deeper.contiguous(memory_format=_memory_format(features)), 1.0
        if features.is_contiguous():
            gradient.flatten(2)[0].addmm_(scaled, flat, beta=keep)  # C×N += C×C · C×N
        else:
            gradient.flatten(2)[0].T.addmm_(flat.T, scaled, beta=keep)  # N×C += N×C · C×C
        return gradient, None, None


def _memory_format(features: Tensor) -> torch.memory_format:
    """How features lie in memory; their gradient is wanted the same way."""
    return torch.contiguous_format if features.is_contiguous() else torch.channels_last
