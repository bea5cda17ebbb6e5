"""The learning-rate range test: how the loss behaves as the rate grows, on copies, so that a run stays as it is.

Smith 2015, section 3.3. Where a task has several networks each is swept on its own, while the others rest at their
present weights. What a sweep suggests is then tried: a rate may be the best to fall with and still not be one to learn
with.
"""

import copy
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from studio.core.failures import is_out_of_memory
from studio.training.data.loader import ExampleLoader
from studio.training.network_optimiser import NetworkOptimiser
from studio.training.processes import Processes
from studio.training.rate_curve import LossWatch, RateCurve, RateSweep, RateTrial
from studio.training.schedule import Ramp, StepConfig
from studio.training.seeding import generator_state, restore_generators, undisturbed
from studio.training.settings import TrainingSettings
from studio.training.step import StepTaker
from studio.training.task import TrainingTask

__all__ = ["TRIAL_MEASURED", "RateTried", "find_rates", "try_rates"]

T = TypeVar("T")

_TRIAL_WARM_UP = 0.2
"""So much of a trial goes up to its rate, the rest comes down again as a cosine."""
TRIAL_MEASURED = 0.25
"""So much at the end of any trial is measured."""


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
    return (yield from _on_bench(
        task, config, settings, processes, lambda bench: bench.all_networks(sweep), optimisers, stop
    ))  # fmt: skip


def try_rates(
    task: TrainingTask,
    config: StepConfig,
    settings: TrainingSettings,
    processes: Processes,
    rates: Sequence[float],
    *,
    optimisers: Mapping[str, Mapping[str, Any]] | None = None,
    stop: Callable[[], bool] = lambda: False,
    steps: int = 40,
) -> Generator[RateTried | None, None, tuple[RateTrial, ...]]:
    """Let a copy of the shown network learn for a while at each of `rates`, from the same examples and weights.

    Each trial warms up, and comes down to nothing, as a whole training would: what is compared is how far it came, and
    not how fast it fell while it was still fast. The other arguments are those of `find_rates`; ended early, it returns
    nothing, since half a comparison is none.
    """
    return (yield from _on_bench(
        task, config, settings, processes, lambda bench: bench.all_trials(rates, steps), optimisers, stop
    ))  # fmt: skip


def _on_bench(
    task: TrainingTask, config: StepConfig, settings: TrainingSettings, processes: Processes,
    work: "Callable[[_Bench], Generator[RateTried | None, None, T]]",
    optimisers: Mapping[str, Mapping[str, Any]] | None, stop: Callable[[], bool],
) -> Generator[RateTried | None, None, T]:  # fmt: skip
    before = generator_state(processes.device)
    try:
        with ExampleLoader(task.examples, settings.seed, others=task.other_examples) as loader:
            bench = _Bench(task, config, settings, processes, optimisers or {}, loader, stop)
            return (yield from undisturbed(work(bench), processes.device))
    finally:
        restore_generators(before, processes.device)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What sweeps and trials share; the arguments are those of `find_rates`."""

    task: TrainingTask
    config: StepConfig
    settings: TrainingSettings
    processes: Processes
    states: Mapping[str, Mapping[str, Any]]
    loader: ExampleLoader
    stop: Callable[[], bool]

    def all_networks(self, sweep: RateSweep) -> Generator[RateTried | None, None, tuple[RateCurve, ...]]:
        """Sweep one network after the other."""
        curves: tuple[RateCurve, ...] = ()
        for network in self.task.networks:
            if not self.stop():
                curves = (*curves, (yield from self._fitting(partial(self._sweep, network, sweep))))
        return tuple(curve for curve in curves if len(curve.rates))

    def all_trials(
        self, rates: Sequence[float], steps: int
    ) -> Generator[RateTried | None, None, tuple[RateTrial, ...]]:
        """Try one rate after the other."""
        trials: list[RateTrial] = []
        for rate in rates:
            trials.append((yield from self._fitting(partial(self._trial, rate, steps))))
            if self.stop():
                return ()
        return tuple(trials)

    def _fitting(
        self, work: Callable[[int], Generator[RateTried | None, None, T]]
    ) -> Generator[RateTried | None, None, T]:
        """Do it with as many micro-batches as the memory asks for."""
        micro_batches = self.settings.accumulate
        while True:
            try:
                return (yield from work(micro_batches))
            except Exception as error:
                if not is_out_of_memory(error) or micro_batches >= self.config.batch:
                    raise
            # outside of the except block, which holds on to tensors
            micro_batches = min(2 * micro_batches, self.config.batch)

    def _copy(self, network: str) -> tuple[StepTaker, NetworkOptimiser]:
        """Return what takes steps of a copy, and the optimiser of the network that learns."""
        task = self.task.copied()
        for module in task.networks.values():
            module.train()
        optimisers = {name: NetworkOptimiser.of(task, name, self.settings, self.processes) for name in task.networks}
        optimiser = optimisers[network]
        if network in self.states:
            optimiser.load_state_dict(copy.deepcopy(dict(self.states[network])))
        return StepTaker(task, optimisers, self.processes, self.settings.seed), optimiser

    def _step(
        self, taker: StepTaker, optimiser: NetworkOptimiser, network: str, number: int, rate: float, micro_batches: int
    ) -> Generator[None, None, float | None]:
        """Take step `number` at `rate`; returns its loss, None where the network does not learn at this moment."""
        draws = self.config.draws + number * self.config.batch * self.config.batches
        here = replace(self.config, trained=(network,), step=self.config.step + number, draws=draws)
        optimiser.guard.reset()  # gradients may grow as they will: it is the loss that decides
        report = yield from taker.take(self.loader, here, rate=rate, micro_batches=micro_batches)
        return report.numbers(several=True).get(f"{network}.loss")

    def _trial(self, rate: float, steps: int, micro_batches: int) -> Generator[RateTried | None, None, RateTrial]:
        """Let a copy learn for `steps` steps, up to `rate` and down again."""
        network = self.task.shown
        taker, optimiser = self._copy(network)
        losses: list[float] = []
        warm = max(1, round(_TRIAL_WARM_UP * steps))
        down = Ramp(start=rate, end=0.0, decay="cosine")
        for number in range(steps):
            now = rate * (number + 1) / warm if number < warm else down.at((number - warm) / (steps - warm))
            loss = yield from self._step(taker, optimiser, network, number, now, micro_batches)
            losses.append(loss if loss is not None and math.isfinite(loss) else math.inf)
            yield RateTried(network, number + 1, steps, rate, losses[-1], losses[-1])
            if losses[-1] == math.inf or self.stop():
                break
        last = losses[-max(1, round(TRIAL_MEASURED * steps)) :]
        return RateTrial(rate, len(losses), sum(last) / len(last))

    def _sweep(
        self, network: str, sweep: RateSweep, micro_batches: int
    ) -> Generator[RateTried | None, None, RateCurve]:
        """Let one network of a copy learn, at one rate after the other, until its loss diverges."""
        taker, optimiser = self._copy(network)
        watch, rates, diverged = LossWatch(sweep), sweep.rates(), False
        for number, rate in enumerate(rates if optimiser.group_names() and self.config.trains(network) else ()):
            loss = yield from self._step(taker, optimiser, network, number, rate, micro_batches)
            if loss is None:
                break
            diverged = watch.add(loss)
            if len(watch.losses) > number:
                yield RateTried(network, number + 1, len(rates), rate, watch.losses[-1], watch.smoothed[-1])
            if diverged or self.stop():
                break
        tried = np.array(rates[: len(watch.losses)])
        losses, smoothed = np.array(watch.losses), np.array(watch.smoothed)
        return RateCurve(network, tried, losses, smoothed, diverged, sweep.spacing)
