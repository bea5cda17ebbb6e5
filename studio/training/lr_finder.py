"""The learning-rate range test: how the loss behaves as the rate grows, on copies, so that a run stays as it is.

Smith 2015, section 3.3. Where a task has several networks each is swept on its own, while the others rest at their
present weights.
"""

import copy
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.core.failures import is_out_of_memory
from studio.training.data.loader import ExampleLoader
from studio.training.network_optimiser import NetworkOptimiser
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
        optimisers: states of the run's own optimisers by network, for a run that goes on; None begins with fresh ones.
        stop: asked before every step: True ends it with what is known.

    Raises:
        StudioError: an example could not be prepared.

    """
    before = generator_state(processes.device)
    try:
        with ExampleLoader(task.examples, settings.seed, others=task.other_examples) as loader:
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
        curves, micro_batches = [], self.settings.accumulate
        for network in self.task.networks:
            while not self.stop():
                try:
                    curves.append((yield from self._trial(network, micro_batches)))
                    break
                except Exception as error:
                    if not is_out_of_memory(error) or micro_batches >= self.config.batch:
                        raise
                # outside of the except block, which holds on to tensors
                micro_batches = min(2 * micro_batches, self.config.batch)
        return tuple(curve for curve in curves if len(curve.rates))

    def _trial(self, network: str, micro_batches: int) -> Generator[RateTried | None, None, RateCurve]:
        """Let one network of a copy learn, at one rate after the other, until its loss diverges."""
        shared = (self.task.examples, self.task.other_examples)
        task = copy.deepcopy(self.task, {id(one): one for one in shared})
        for module in task.networks.values():
            module.train()
        optimisers = {name: NetworkOptimiser.of(task, name, self.settings, self.processes) for name in task.networks}
        optimiser, alone = optimisers[network], replace(self.config, trained=(network,))
        if network in self.states:
            optimiser.load_state_dict(copy.deepcopy(dict(self.states[network])))
        taker = StepTaker(task, optimisers, self.processes, self.settings.seed)
        watch, rates, diverged = LossWatch(self.sweep), self.sweep.rates(), False
        for number, rate in enumerate(rates if optimiser.group_names() and self.config.trains(network) else ()):
            draws = self.config.draws + number * self.config.batch * self.config.batches
            here = replace(alone, step=self.config.step + number, draws=draws)
            optimiser.guard.reset()  # gradients may grow as they will: it is the loss that decides
            report = yield from taker.take(self.loader, here, rate=rate, micro_batches=micro_batches)
            loss = report.numbers(several=True).get(f"{network}.loss")
            if loss is None:  # it does not learn at this moment of the schedule
                break
            diverged = watch.add(loss)
            if len(watch.losses) > number:
                yield RateTried(network, number + 1, len(rates), rate, watch.losses[-1], watch.smoothed[-1])
            if diverged or self.stop():
                break
        tried = np.array(rates[: len(watch.losses)])
        losses, smoothed = np.array(watch.losses), np.array(watch.smoothed)
        return RateCurve(network, tried, losses, smoothed, diverged, self.sweep.spacing)
