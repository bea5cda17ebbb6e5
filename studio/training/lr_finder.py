"""The learning-rate range test: how the loss behaves as the rate grows, on copies, so that a run stays as it is.

Smith 2015, section 3.3. Where a task has several networks each is swept on its own, while the others rest at their
present weights.
"""

import copy
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from studio.core.failures import is_out_of_memory
from studio.training.data.loader import ExampleLoader
from studio.training.network_optimiser import NetworkOptimiser, Update
from studio.training.processes import Processes
from studio.training.rate_curve import LossWatch, RateCurve, RateSweep
from studio.training.schedule import StepConfig
from studio.training.seeding import generator_state, restore_generators, undisturbed
from studio.training.settings import TrainingSettings
from studio.training.step import StepTaker
from studio.training.task import TrainingTask

__all__ = ["RateTried", "find_rates"]


@dataclass(frozen=True, slots=True)
class RateTried:
    """One step of a sweep: `step` of `steps`, and what it measured."""

    network: str
    step: int
    steps: int
    rate: float
    loss: float
    smoothed: float


def find_rates(
    task: TrainingTask,
    config: StepConfig,
    settings: TrainingSettings,
    processes: Processes,
    sweep: RateSweep,
    *,
    optimisers: Mapping[str, Mapping[str, Any]] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[RateTried | None, None, tuple[RateCurve, ...]]:
    """Sweep the learning rate of every network of `task`; yields what each step found, and None to take breath.

    Networks, optimisers and the task's own state are copied first and every generator of random numbers is put back
    afterwards: whatever happens in here, the task goes on as if it had never been asked.

    Args:
        task: as it stands; its examples are shared, not copied.
        config: which optimiser, momentum, batch, size and resting layers, and from which draw on.
        settings: of the run.
        processes: where; this process alone.
        sweep: which rates.
        optimisers: states of the run's own learners by network, for a run that goes on; None begins with fresh ones.
        stop: asked before every step: True ends it with what is known.

    Raises:
        StudioError: an example could not be prepared.

    """
    before = generator_state(processes.device)
    try:
        with ExampleLoader(task.examples, settings.seed) as loader:
            bench = _Bench(task, config, settings, processes, sweep, optimisers or {}, loader, stop)
            return (yield from undisturbed(bench.all_networks(), processes.device))
    finally:
        restore_generators(before, processes.device)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What the sweeps of all networks share; the arguments are those of `find_rates`."""

    task: TrainingTask
    config: StepConfig
    settings: TrainingSettings
    processes: Processes
    sweep: RateSweep
    states: Mapping[str, Mapping[str, Any]]
    loader: ExampleLoader
    stop: Callable[[], bool]

    def all_networks(self) -> Generator[RateTried | None, None, tuple[RateCurve, ...]]:
        """Sweep one network after the other."""
        curves, parts = [], self.settings.accumulate
        for network in self.task.networks:
            while not self.stop():
                try:
                    curves.append((yield from self._trial(network, parts)))
                    break
                except Exception as error:
                    if not is_out_of_memory(error) or parts >= self.config.batch:
                        raise
                parts = min(2 * parts, self.config.batch)  # outside of the except block, which holds on to tensors
        return tuple(curve for curve in curves if len(curve.rates))

    def _trial(self, network: str, parts: int) -> Generator[RateTried | None, None, RateCurve]:
        """Let one network of a copy learn, at one rate after the other, until its loss diverges."""
        task = copy.deepcopy(self.task, {id(self.task.examples): self.task.examples})
        for module in task.networks.values():
            module.train()
        optimiser = self._new_optimiser(task, network)
        resting = {name: _Resting(name) for name in task.networks}
        taker = StepTaker(task, {**resting, network: optimiser}, self.processes, self.settings.seed)
        watch, rates, diverged = LossWatch(self.sweep), self.sweep.rates(), False
        for number, rate in enumerate(rates if optimiser.group_names() else ()):
            here = replace(
                self.config, step=self.config.step + number, draws=self.config.draws + number * self.config.batch
            )
            batch = yield from self.loader.fetching(here.draws, here.batch, here.size)
            optimiser.guard.forget()  # gradients may grow as they will: it is the loss that decides
            report = yield from taker.take(batch, here, rate=rate, parts=parts)
            loss = report.terms.get("loss" if len(task.networks) == 1 else f"{network}.loss")
            if loss is None:  # it does not learn at this moment of the schedule
                break
            diverged = watch.add(float(loss))
            if len(watch.losses) > number:
                yield RateTried(network, number + 1, len(rates), rate, watch.losses[-1], watch.smoothed[-1])
            if diverged or self.stop():
                break
        tried = np.array(rates[: len(watch.losses)])
        losses, smoothed = np.array(watch.losses), np.array(watch.smoothed)
        return RateCurve(network, tried, losses, smoothed, diverged, self.sweep.spacing)

    def _new_optimiser(self, task: TrainingTask, network: str) -> NetworkOptimiser:
        optimiser = NetworkOptimiser(
            network, task.layer_groups(network), lambda parameters: None,
            clip_norm=self.settings.clip_norm, half=self.processes.precision == "fp16",
        )  # fmt: skip
        if network in self.states:
            optimiser.load_state_dict(copy.deepcopy(dict(self.states[network])))
        return optimiser


class _Resting(NetworkOptimiser):
    """Stands where a network's learner would, and lets it rest."""

    def __init__(self, name: str) -> None:
        super().__init__(name, [], lambda parameters: None)

    def prepare(self, config: StepConfig, rate: float) -> None:
        """Follow nothing."""

    def backward(self, loss: Tensor, share: float) -> None:
        """Keep no gradient."""

    def step(self) -> Update:
        """Stay."""
        return Update(0.0, "step")
