"""The shown network as an average of its weights over many steps: calmer than any single one, and mostly better."""

import copy
from collections.abc import Generator, Iterable, Mapping
from typing import Any, Literal, TypeAlias

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["AverageKind", "WeightAverage", "ema_decay_at", "estimate_statistics", "has_batch_norm"]

AverageKind: TypeAlias = Literal["none", "ema", "swa"]


def ema_decay_at(step: int, decay: float) -> float:
    """Return the decay of an exponential average after `step` updates: min(decay, (1 + step) / (10 + step)).

    It begins short, or the first random weights would be remembered for long (as TensorFlow's does).
    """
    return min(decay, (1 + step) / (10 + step))


class WeightAverage:
    """A copy of a network that holds the average of its weights.

    - ema: θ̄ ← d·θ̄ + (1 − d)·θ after every step, with d from `ema_decay_at`.
    - swa: the plain mean of θ over the steps from `begins` on (Izmailov et al. 2018, eq. 1); before, θ itself.

    Buffers are no weights: running statistics are copied when the average is looked at, and estimated anew where they
    belong to batch norm, since those of θ do not fit θ̄ (ibid., section 3.2).

    Args:
        network: the one that learns.
        kind: which average.
        decay: of the exponential one.
        begins: the step from which on the plain mean is taken.

    """

    def __init__(
        self, network: nn.Module, kind: Literal["ema", "swa"], *, decay: float = 0.999, begins: int = 0
    ) -> None:
        self._network = network
        self._kind = kind
        self._decay = decay
        self._begins = begins
        self._count = 0
        self.module = copy.deepcopy(network).requires_grad_(False).eval()
        self._weights = [weight.detach() for weight in network.parameters()]
        self._averages = [weight.detach() for weight in self.module.parameters()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights as they are after `step` steps."""
        if self._kind == "ema":
            share = 1 - ema_decay_at(self._count, self._decay)
        elif step < self._begins:
            self._count = 0  # of a run that was extended the mean is taken anew, over its new end
            return
        else:
            share = 1 / (self._count + 1)
        self._count += 1
        torch._foreach_lerp_(self._averages, self._weights, share)

    @torch.no_grad()
    def look(self) -> nn.Module:
        """Return the averaged network in eval mode, with the learning one's buffers; batch norm may need new ones."""
        for average, buffer in zip(self.module.buffers(), self._network.buffers(), strict=True):
            average.copy_(buffer)
        if self._kind == "swa" and self._count == 0:
            torch._foreach_copy_(self._averages, self._weights)
        return self.module.eval()

    def state_dict(self) -> dict[str, Any]:
        """Return averages and how many steps are in them."""
        return {"kind": self._kind, "count": self._count, "weights": list(self._averages)}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any] | None) -> None:
        """Go on where `state_dict()` was taken; after another kind of average, or none, begin at the weights now."""
        if state is None or state["kind"] != self._kind:
            state = {"count": 0}
        self._count = int(state["count"])
        saved = state["weights"] if self._count else self._weights
        for average, weight in zip(self._averages, saved, strict=True):
            average.copy_(weight)


def has_batch_norm(network: nn.Module) -> bool:
    """Whether the network normalises by statistics that it keeps."""
    return bool(_batch_norms(network))


def estimate_statistics(
    network: nn.Module, passes: Iterable[Generator[None, None, None]]
) -> Generator[None, None, None]:
    """Give the network's batch norm the mean and variance over `passes`, then return it to eval mode.

    Args:
        network: whose weights stay as they are.
        passes: each passes one batch through it; they are run without gradients.

    """
    norms = _batch_norms(network)
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    try:
        network.eval()
        for norm in norms:
            norm.train()  # only these: dropout and the like stay as they are when the network is used
        for one in passes:
            while True:
                with torch.no_grad():
                    if next(one, _OVER) is _OVER:
                        break
                yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        network.eval()


_OVER = object()


def _batch_norms(network: nn.Module) -> list[_BatchNorm]:
    return [module for module in network.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
