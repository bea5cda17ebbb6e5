"""Everything that learns in a run, as one thing: it takes steps, can be evaluated, saved, and restored."""

import math
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import nn

from studio.core.failures import StudioError
from studio.training.averaging import WeightAverage, estimate_statistics, has_batch_norm
from studio.training.data.loader import ExampleLoader
from studio.training.network_optimiser import NetworkOptimiser
from studio.training.processes import Processes
from studio.training.schedule import StepConfig
from studio.training.seeding import generator_state, restore_generators, seed_of
from studio.training.settings import TrainingSettings
from studio.training.step import StepReport, StepTaker
from studio.training.task import TrainingTask

__all__ = ["Standing", "TrainState"]

_STATISTICS_FROM = 256
"""So many examples give averaged weights their batch-norm statistics."""


@dataclass(slots=True)
class Standing:
    """Where the run stands.

    Attributes:
        step: optimiser steps done.
        validated: the step at which it was last validated; -1 never.
        sampled: the step of the last sample; -1 never.
        best: the best validation so far, None without any.
        best_step: when that was.
        stale: how many validations since brought nothing better.
        alarm: what the last validation found wrong, so that the run ends; "" nothing.

    """

    step: int = 0
    validated: int = -1
    sampled: int = -1
    best: float | None = None
    best_step: int = -1
    stale: int = 0
    alarm: str = ""

    def judge(self, value: float, wanted: Literal["min", "max"]) -> bool:
        """Take note of a validation at the present step; True when none was better. What is no number is never best."""
        better = self.best is None or (value < self.best if wanted == "min" else value > self.best)
        if better and not math.isnan(value):
            self.best, self.best_step, self.stale = value, self.step, 0
            return True
        self.stale += 1
        return False

    def forget_best(self) -> None:
        """What counts as good is another from here on: the next validation is the best so far."""
        self.best, self.best_step, self.stale = None, -1, 0


class TrainState:
    """A task's networks with their optimisers, the shown one's average, and how far they have come.

    Args:
        task: what is learnt.
        settings: of the run.
        processes: where, and with whom.
        last: the run's last step.

    """

    def __init__(self, task: TrainingTask, settings: TrainingSettings, processes: Processes, last: int) -> None:
        self.task = task
        self.standing = Standing()
        self._settings = settings
        self._processes = processes
        processes.share_weights(task.networks.values())
        self.optimisers = {name: NetworkOptimiser.of(task, name, settings, processes) for name in task.networks}
        buffers = [buffer for network in task.networks.values() for buffer in network.buffers()]
        self._statistics = [buffer for buffer in buffers if buffer.is_floating_point()]
        self._remembered = [buffer.clone() for buffer in self._statistics]
        self._average = self._new_average(round(settings.swa_start * last))
        self._taker = StepTaker(task, self.optimisers, processes, settings.seed)
        self._evaluated_at = -1
        self.train()

    def take(
        self, loader: ExampleLoader, config: StepConfig, *, rate: float, micro_batches: int
    ) -> Generator[None, None, StepReport]:
        """Take one step; see `StepTaker.take`."""
        self._remember_statistics()
        report = yield from self._taker.take(loader, config, rate=rate, micro_batches=micro_batches)
        if any(update.verdict not in ("step", "rest") for _, update in report.updates):
            self._restore_statistics()
        self.standing.step += 1
        learnt = any(name == self.task.shown and update.verdict != "rest" for name, update in report.updates)
        if self._average is not None and learnt:
            self._average.update(self.standing.step)
        return report

    def reset_guards(self) -> None:
        """Judge the next steps' gradients without comparing them with earlier ones: something has changed."""
        for optimiser in self.optimisers.values():
            optimiser.guard.reset()

    # -- to evaluate -------------------------------------------------------------------------------------------------

    def shown(self, config: StepConfig, at_once: int) -> Generator[None, None, nn.Module]:
        """Return the shown network, averaged where that is wanted, in eval mode; `train` must follow.

        Args:
            config: from which data, of which size, it has last learnt.
            at_once: how many pictures fit into memory.

        """
        if self._average is None:
            return self.task.networks[self.task.shown].eval()
        if self._evaluated_at == self.standing.step:
            return self._average.module
        module = self._average.look()
        if has_batch_norm(module):
            yield from estimate_statistics(module, self._passes(module, config, at_once))
        self._evaluated_at = self.standing.step
        return module

    def train(self) -> None:
        """Put every network in train mode again."""
        for network in self.task.networks.values():
            network.train()

    def _passes(self, module: nn.Module, config: StepConfig, at_once: int) -> Iterator[Generator[None, None, None]]:
        """Always the same examples, evenly chosen, in whole batches: a last, small one would count as much."""
        examples = (self.task.examples, *self.task.other_examples)[config.data_set]
        size, device = config.size, self._processes.device
        number = min(len(examples), _STATISTICS_FROM)
        chosen = [place * len(examples) // number for place in range(number)]
        at_once = min(max(2, at_once), number)  # batch norm knows no variance of one
        for first in range(0, number - at_once + 1, at_once):
            drawn = [
                examples.draw(index, torch.Generator().manual_seed(seed_of("statistics", index)), size)
                for index in chosen[first : first + at_once]
            ]
            batch = tuple(torch.stack(tensors).to(device) for tensors in zip(*drawn, strict=True))
            yield self.task.refresh_statistics(module, batch)

    # -- to save and restore -----------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return everything that decides how it goes on: tensors and plain values; the same on all processes."""
        self._processes.average_buffers(self.task.networks.values())
        return {
            "standing": asdict(self.standing),
            "networks": {name: dict(network.state_dict()) for name, network in self.task.networks.items()},
            "learners": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "average": self._average.state_dict() if self._average is not None else None,
            "chance": generator_state(self._processes.device),
            "task": self._processes.gather(self.task.state_dict()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was taken, though perhaps with another number of processes.

        Raises:
            StudioError: that was another network.

        """
        try:
            for name, network in self.task.networks.items():
                network.load_state_dict(state["networks"][name])
                self.optimisers[name].load_state_dict(state["learners"][name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise StudioError(
                "The checkpoint does not fit this task's networks.",
                "Begin a new run, or set the settings back to what they were.",
            ) from error
        if self._average is not None:
            self._average.load_state_dict(state["average"])
        tasks = state["task"]
        self.task.load_state_dict(tasks[self._processes.rank % len(tasks)])
        self.standing = Standing(**state["standing"])
        self._evaluated_at = -1
        self.train()
        restore_generators(state["chance"], self._processes.device)

    # -- inside ------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def _remember_statistics(self) -> None:
        """Keep what the networks' forward passes change by themselves: a step that is left out shall leave no trace."""
        if self._statistics:
            torch._foreach_copy_(self._remembered, self._statistics)

    @torch.no_grad()
    def _restore_statistics(self) -> None:
        """Undo it: one batch that is not finite would make running means NaN for good."""
        if self._statistics:
            torch._foreach_copy_(self._statistics, self._remembered)

    def _new_average(self, begins: int) -> WeightAverage | None:
        kind = self._settings.average
        if kind == "none":
            return None
        network = self.task.networks[self.task.shown]
        return WeightAverage(network, kind, decay=self._settings.ema_decay, begins=begins)
