"""One network and how it learns: gradients added up over a step's parts, averaged, clipped, judged, and stepped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from studio.core.failures import StudioError
from studio.training.guards import GradientGuard, LossScale, Verdict
from studio.training.lars import LARS
from studio.training.schedule import Optimiser, StepConfig, layer_factors

if TYPE_CHECKING:
    from studio.training.task import LayerGroup

__all__ = ["NetworkOptimiser", "Update", "make_optimiser"]

_LEAST_MOMENTUM = 1e-30
"""As good as none. RMSprop that takes its first step quite without cannot be given any later (torch 2: KeyError)."""


@dataclass(frozen=True, slots=True)
class Update:
    """What came of one step: the gradients' norm before clipping, and whether the step was taken."""

    norm: float
    verdict: Verdict


class NetworkOptimiser:
    """Trains one network by the rules of the present moment.

    Args:
        name: the network's name in its task.
        groups: its weights from input to output; those that need no gradient from the start are left alone.
        average: replaces gradients by their mean over all processes.
        clip_norm: gradients longer than this are shortened to it; 0 leaves them.
        half: fp16, whose loss is scaled.

    """

    def __init__(
        self,
        name: str,
        groups: Sequence["LayerGroup"],
        average: Callable[[Sequence[nn.Parameter]], None],
        *,
        clip_norm: float = 0.0,
        half: bool = False,
    ) -> None:
        learning = ((group, [p for p in parameters if p.requires_grad]) for group, parameters in groups)
        self._groups = [(group, parameters) for group, parameters in learning if parameters]
        self._names = [group for group, _ in groups]
        self.name = name
        self.guard = GradientGuard()
        self._average = average
        self._clip_norm = clip_norm
        self._scale = LossScale() if half else None
        self._kind: Optimiser | None = None
        self._optimiser: torch.optim.Optimizer | None = None
        self._phase = -1
        self._awake: list[nn.Parameter] | None = None

    def group_names(self) -> set[str]:
        """Return how a schedule may call the groups: "body", or "network.body"."""
        return {name for group in self._names for name in (group, f"{self.name}.{group}")}

    def prepare(self, config: StepConfig, rate: float) -> None:
        """Follow the schedule: before every step.

        Args:
            config: what holds now.
            rate: the learning rate of the last layers; `config`'s, as it was steered.

        """
        if config.phase != self._phase:
            self.guard.forget()
            self._phase, self._awake = config.phase, None
        if self._awake is None:
            self._awake = self._wake(config)
        factors = layer_factors(config.layer_rates, len(self._groups))
        for group, factor in zip(self._steering.param_groups, factors, strict=True):
            group["lr"] = rate * factor
            group["weight_decay"] = config.weight_decay
            if "betas" in group:
                group["betas"] = (config.momentum, group["betas"][1])
            elif self._kind == "rmsprop":
                group["momentum"] = max(config.momentum, _LEAST_MOMENTUM)
            else:
                group["momentum"] = config.momentum

    def backward(self, loss: Tensor, share: float) -> None:
        """Add the gradients of one part of the step, which is `share` (0–1) of its examples; no other network's."""
        if not self._awake:
            return
        factor = share * (self._scale.scale if self._scale else 1.0)
        torch.autograd.backward(loss if factor == 1.0 else loss * factor, inputs=self._awake)

    def step(self) -> Update:
        """Average over processes, measure, judge, clip and step; the gradients are gone afterwards."""
        awake = self._awake or []
        self._average(awake)
        gradients = [parameter.grad for parameter in awake if parameter.grad is not None]
        scale = self._scale.scale if self._scale else 1.0
        norm = float(get_total_norm(gradients)) / scale  # the one number a step waits for
        update = self._judged(norm)
        if update.verdict == "step":
            shortening = min(1.0, self._clip_norm / norm) if self._clip_norm and norm else 1.0
            if shortening != scale:
                torch._foreach_mul_(gradients, shortening / scale)
            self._steering.step()
        self._steering.zero_grad(set_to_none=True)
        return update

    def drop_gradients(self) -> None:
        """Forget a step that broke off in the middle."""
        for _, parameters in self._groups:
            for parameter in parameters:
                parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Return optimiser, guard and loss scale."""
        return {
            "kind": self._kind,
            "phase": self._phase,
            "optimiser": self._optimiser.state_dict() if self._optimiser is not None else None,
            "guard": self.guard.state_dict(),
            "scale": self._scale.state_dict() if self._scale is not None else None,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken.

        Raises:
            ValueError: that was another network.

        """
        self.drop_gradients()
        self._kind, self._optimiser = state["kind"], None
        self._phase, self._awake = state["phase"], None
        if self._kind is not None:
            self._optimiser = make_optimiser(self._kind, self._groups)
            self._optimiser.load_state_dict(state["optimiser"])
        self.guard.load_state_dict(state["guard"])
        if self._scale is not None and state["scale"] is not None:
            self._scale.load_state_dict(state["scale"])

    @property
    def _steering(self) -> torch.optim.Optimizer:
        assert self._optimiser is not None, "prepare() comes first"
        return self._optimiser

    def _judged(self, norm: float) -> Update:
        if self._scale is not None and self._scale.overflowed(norm):
            return Update(norm, "overflow")
        return Update(norm, self.guard.judge(norm))

    def _wake(self, config: StepConfig) -> list[nn.Parameter]:
        """Get ready for a phase: its optimiser (the old one, where it is of that kind), its resting layers."""
        if config.optimiser != self._kind:
            self._optimiser = make_optimiser(config.optimiser, self._groups)
            self._kind = config.optimiser
        if self._kind == "sgd":
            _begin_momenta(self._steering)
        awake: list[nn.Parameter] = []
        for group, parameters in self._groups:
            rests = group in config.frozen or f"{self.name}.{group}" in config.frozen
            for parameter in parameters:
                parameter.requires_grad_(not rests)
            awake += [] if rests else parameters
        return awake


def make_optimiser(kind: Optimiser, groups: Sequence["LayerGroup"]) -> torch.optim.Optimizer:
    """Return a fresh optimiser with one parameter group for each layer group; `prepare` sets its rates."""
    tables = [{"params": list(parameters), "name": name} for name, parameters in groups]
    # one pass over all numbers: on the processor a third of what Adam costs otherwise
    fused = all(parameter.device.type in {"cpu", "cuda"} for _, parameters in groups for parameter in parameters)
    match kind:
        case "adam":
            return torch.optim.Adam(tables, lr=0.0, fused=fused)
        case "adamw":
            return torch.optim.AdamW(tables, lr=0.0, fused=fused)
        case "sgd":
            return torch.optim.SGD(tables, lr=0.0, fused=fused)
        case "rmsprop":
            return torch.optim.RMSprop(tables, lr=0.0)
        case "lars":
            return LARS(tables)


def _begin_momenta(sgd: torch.optim.Optimizer) -> None:
    """Let every weight's momentum begin at 0, which is what its first step makes of none.

    Fused SGD (torch 2: TypeError) takes no group of which some weights have learnt before and others not.
    """
    for group in sgd.param_groups:
        for weight in group["params"]:
            if sgd.state[weight].get("momentum_buffer") is None:
                sgd.state[weight]["momentum_buffer"] = torch.zeros_like(weight)


def check_names(frozen: Sequence[str], optimisers: Sequence[NetworkOptimiser]) -> None:
    """See to it that a schedule freezes only layer groups that exist.

    Raises:
        StudioError: there is no such group.

    """
    known = set().union(*(optimiser.group_names() for optimiser in optimisers))
    for name in frozen:
        if name not in known:
            raise StudioError(
                f"The schedule lets “{name}” rest, but there are no such layers.",
                f"Choose among {', '.join(sorted(name for name in known if '.' not in name))}.",
            )
