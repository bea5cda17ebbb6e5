"""Layer-wise adaptive rate scaling: SGD for very large batches, in which no layer can outrun its own weights."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

__all__ = ["LARS"]


class LARS(torch.optim.Optimizer):
    """SGD with momentum whose every weight tensor has a local rate (You, Gitman & Ginsburg 2017, algorithm 1).

    λ = η ‖w‖ / (‖g‖ + β ‖w‖);  v ← m v + γ λ (g + β w);  w ← w − v

    Norms' weights and biases, which are vectors, are left out: for them λ is 1 and β is 0. So is λ where w or g is 0.

    Args:
        params: weights, or groups of them.
        lr: the global rate γ.
        momentum: m, 0 ≤ m < 1.
        weight_decay: β ≥ 0.
        trust: η, by how much of its length a layer may move at a rate of 1.

    """

    def __init__(
        self, params: Iterable[Any], lr: float = 0.0, momentum: float = 0.9, weight_decay: float = 0.0,
        trust: float = 1e-3,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every weight that has a gradient."""
        assert closure is None, "the loop computes the loss"
        for group in self.param_groups:
            for weight in (one for one in group["params"] if one.grad is not None):
                update, local = weight.grad, torch.ones((), device=weight.device)
                if weight.ndim > 1:
                    decay, (size, slope) = group["weight_decay"], (weight.norm(), weight.grad.norm())
                    ratio = group["trust"] * size / (slope + decay * size)
                    local = torch.where((size > 0) & (slope > 0), ratio, local.to(ratio))
                    update = update + decay * weight
                state = self.state[weight]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(weight)
                velocity = state["momentum_buffer"]
                velocity.mul_(group["momentum"]).add_(update * (group["lr"] * local))
                weight.sub_(velocity)
