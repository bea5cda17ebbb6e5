"""How one network learns: gradients added up over a step's micro-batches, averaged, clipped, judged, and stepped."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.utils import get_total_norm

from studio.core.failures import StudioError
from studio.training.guards import GradientGuard, LossScale
from studio.training.lars import LARS
from studio.training.processes import Processes
from studio.training.schedule import Optimiser, Phase, StepConfig, layer_factors
from studio.training.settings import TrainingSettings
from studio.training.task import LayerGroup, OptimiserRule, TrainingTask, Update

__all__ = ["NetworkOptimiser", "check_names", "make_optimiser"]

_LEAST_MOMENTUM = 1e-30
"""As good as none. RMSprop that takes its first step quite without cannot be given any later (torch 2: KeyError)."""


_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm)
"""Normalisation layers: batch, instance, layer and group norm."""


class NetworkOptimiser:
    """Trains one network by the rules of the present phase.

    Args:
        name: the network's name in its task.
        groups: its weights from input to output; those that need no gradient from the start are left alone.
        average: replaces gradients by their mean over all processes.
        rule: how it departs from the schedule; None not at all.
        norms: those of its weights that a phase with `train_norms` never freezes.
        clip_norm: gradients longer than this are shortened to it; 0 leaves them.
        half: fp16, whose loss is scaled.

    """

    def __init__(
        self,
        name: str,
        groups: Sequence[LayerGroup],
        average: Callable[[Sequence[nn.Parameter]], None],
        *,
        rule: OptimiserRule | None = None,
        norms: Iterable[nn.Parameter] = (),
        clip_norm: float = 0.0,
        half: bool = False,
    ) -> None:
        learning = ((group, [p for p in parameters if p.requires_grad]) for group, parameters in groups)
        self._groups = [(group, parameters) for group, parameters in learning if parameters]
        self._names = [group for group, _ in groups]
        self.name = name
        self._average = average
        self._rule = rule or OptimiserRule()
        self.guard = GradientGuard(shortens=self._rule.contends)
        self._norms = {id(parameter) for parameter in norms}
        self._clip_norm = clip_norm
        self._scale = LossScale() if half else None
        self._kind: Optimiser | None = None
        self._optimiser: torch.optim.Optimizer | None = None
        self._phase = self._step = -1
        self._trainable: list[nn.Parameter] | None = None

    @classmethod
    def of(cls, task: TrainingTask, name: str, settings: TrainingSettings, processes: Processes) -> Self:
        """Return the optimiser of one of a task's networks."""
        layers = (layer for layer in task.networks[name].modules() if isinstance(layer, _NORMS))
        return cls(
            name, task.layer_groups(name), processes.average_gradients,
            rule=task.optimiser(name), norms=(weight for layer in layers for weight in layer.parameters()),
            clip_norm=settings.clip_norm, half=processes.precision == "fp16",
        )  # fmt: skip

    def group_names(self) -> set[str]:
        """Return how a schedule may call the groups: "body", or "network.body"."""
        return {name for group in self._names for name in (group, f"{self.name}.{group}")}

    def prepare(self, config: StepConfig, rate: float) -> None:
        """Follow the schedule: before every step.

        Args:
            config: what holds now.
            rate: the learning rate of the last layers; `config`'s, as it was steered.

        """
        self._step = config.step
        if config.phase != self._phase:
            self.guard.reset()
            self._phase, self._trainable = config.phase, None
        if self._trainable is None:
            self._trainable = self._enter(config)
        if not self._trainable:
            return
        factors = layer_factors(config.layer_rates if self._rule.layer_rates else None, len(self._groups))
        betas = self._rule.betas
        beta1, beta2 = (betas(config) if callable(betas) else betas) or (None, 0.999)
        for table in self._torch_optimiser.param_groups:
            table["lr"] = rate * self._rule.rate * factors[table["group"]]
            table["weight_decay"] = config.weight_decay if table["decays"] or config.decay_norms else 0.0
            if "betas" in table:
                table["betas"] = (config.momentum if beta1 is None else beta1, beta2)
            else:
                table["momentum"] = max(config.momentum, _LEAST_MOMENTUM if self._kind == "rmsprop" else 0.0)

    def backward(self, loss: Tensor, share: float) -> None:
        """Add the gradients of one micro-batch, `share` (0–1) of the step's examples; no other network's."""
        if not self._trainable:
            return
        factor = share * (self._scale.scale if self._scale else 1.0)
        torch.autograd.backward(loss if factor == 1.0 else loss * factor, inputs=self._trainable)

    def step(self) -> Update:
        """Average over processes, measure, judge, clip and step; the gradients are gone afterwards."""
        if not self._trainable:
            return Update(0.0, "rest")
        self._average(self._trainable)
        gradients = [parameter.grad for parameter in self._trainable if parameter.grad is not None]
        scale = self._scale.scale if self._scale else 1.0
        norm = float(get_total_norm(gradients)) / scale  # the one number a step waits for
        longest = min(self._clip_norm or math.inf, self.guard.limit)  # of one that is left out it does not matter
        update = self._judged(norm)
        if update.verdict == "step":
            shortening = min(1.0, longest / norm) if norm else 1.0
            if shortening != scale:
                torch._foreach_mul_(gradients, shortening / scale)
            self._torch_optimiser.step()
        self._torch_optimiser.zero_grad(set_to_none=True)
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
        self._phase, self._trainable = state["phase"], None
        if self._kind is not None:
            self._optimiser = make_optimiser(self._kind, self._groups)
            self._optimiser.load_state_dict(self._in_todays_groups(state["optimiser"]))
        self.guard.load_state_dict(state["guard"])
        if self._scale is not None and state["scale"] is not None:
            self._scale.load_state_dict(state["scale"])

    @property
    def _torch_optimiser(self) -> torch.optim.Optimizer:
        assert self._optimiser is not None, "prepare() comes first"
        return self._optimiser

    def _judged(self, norm: float) -> Update:
        if self._scale is not None and self._scale.overflowed(norm):
            return Update(norm, "overflow")
        return Update(norm, self.guard.judge(norm, self._step))

    def _enter(self, config: StepConfig) -> list[nn.Parameter]:
        """Get ready for a phase: what learns in it, and its optimiser (the old one, where it is of that kind)."""
        trainable: list[nn.Parameter] = []
        for group, parameters in self._groups:
            frozen = not {self.name, group, f"{self.name}.{group}"}.isdisjoint(config.frozen)
            for parameter in parameters:
                learns = not frozen or (config.train_norms and id(parameter) in self._norms)
                parameter.requires_grad_(learns and config.trains(self.name))
            trainable += [parameter for parameter in parameters if parameter.requires_grad]
        if trainable and config.optimiser != self._kind:
            self._optimiser = make_optimiser(config.optimiser, self._groups)
            self._kind = config.optimiser
        if trainable and self._kind == "sgd":
            _begin_momenta(self._torch_optimiser)
        return trainable

    def _in_todays_groups(self, saved: Mapping[str, Any]) -> dict[str, Any]:
        """Return an optimiser's state as it was saved; version 0.1 kept all of a layer group's weights together.

        Raises:
            ValueError: they are not those of this network.

        """
        if "decays" in saved["param_groups"][0]:
            return dict(saved)
        if [len(table["params"]) for table in saved["param_groups"]] != [len(group) for _, group in self._groups]:
            raise ValueError("The layer groups are not those of the checkpoint.")
        tables = self._torch_optimiser.param_groups
        before = [id(parameter) for _, group in self._groups for parameter in group]
        places = [before.index(id(parameter)) for table in tables for parameter in table["params"]]
        state = {now: saved["state"][place] for now, place in enumerate(places) if place in saved["state"]}
        return {"state": state, "param_groups": self._torch_optimiser.state_dict()["param_groups"]}


def make_optimiser(kind: Optimiser, groups: Sequence[LayerGroup]) -> torch.optim.Optimizer:
    """Return a fresh optimiser; `prepare` sets its rates.

    Each layer group makes two parameter groups: its matrices and kernels, which weight decay always takes in, and its
    vectors, which are biases and the scales and shifts of normalisation (as timm tells them apart).
    """
    tables = [
        {"params": some, "name": name, "group": number, "decays": decays}
        for number, (name, parameters) in enumerate(groups)
        for decays in (True, False)
        if (some := [parameter for parameter in parameters if (parameter.ndim > 1) is decays])
    ]
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


def check_names(phase: Phase, optimisers: Sequence[NetworkOptimiser]) -> None:
    """See to it that a phase names only networks and layer groups that exist.

    Raises:
        StudioError: there is none of that name.

    """
    networks = {optimiser.name for optimiser in optimisers}
    groups = set().union(*(optimiser.group_names() for optimiser in optimisers))
    for name in phase.trains:
        if name not in networks:
            raise StudioError(
                f"The schedule lets “{name}” learn, but there is no such network.",
                f"Choose among {', '.join(sorted(networks))}.",
            )
    for name in phase.frozen:
        if name not in groups | networks:
            raise StudioError(
                f"The schedule lets “{name}” rest, but there are no such layers.",
                f"Choose among {', '.join(sorted(name for name in groups if '.' not in name))}.",
            )
