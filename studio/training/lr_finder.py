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

from studio.training.chance import chance_state, restore_chance, undisturbed
from studio.training.data.loader import ExampleLoader
from studio.training.learner import Learner, Learnt
from studio.training.processes import Processes
from studio.training.rate_curve import LossWatch, RateCurve, RateSweep
from studio.training.schedule import Moment
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
    moment: Moment,
    settings: TrainingSettings,
    processes: Processes,
    sweep: RateSweep,
    *,
    learners: Mapping[str, Mapping[str, Any]] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[RateTried | None, None, tuple[RateCurve, ...]]:
    """Sweep the learning rate of every network of `task`; yields what each step found, and None to take breath.

    Networks, optimisers and the task's own state are copied first and every generator of random numbers is put back
    afterwards: whatever happens in here, the task goes on as if it had never been asked.

    Args:
        task: as it stands; its examples are shared, not copied.
        moment: which optimiser, momentum, batch, size and resting layers, and from which draw on.
        settings: of the run.
        processes: where; this process alone.
        sweep: which rates.
        learners: states of the run's own learners by network, for a run that goes on; None begins with fresh ones.
        stop: asked before every step: True ends it with what is known.

    Raises:
        StudioError: an example could not be prepared.

    """
    before = chance_state(processes.device)
    try:
        work = _all_networks(task, moment, settings, processes, sweep, learners or {}, stop)
        return (yield from undisturbed(work, processes.device))
    finally:
        restore_chance(before, processes.device)


def _all_networks(
    task: TrainingTask,
    moment: Moment,
    settings: TrainingSettings,
    processes: Processes,
    sweep: RateSweep,
    states: Mapping[str, Mapping[str, Any]],
    stop: Callable[[], bool],
) -> Generator[RateTried | None, None, tuple[RateCurve, ...]]:
    curves = []
    with ExampleLoader(task.examples, settings.seed) as loader:
        for network in task.networks:
            if not stop():
                trial = _Trial(task, network, settings, processes, states.get(network))
                curves.append((yield from trial.sweep(sweep, moment, loader, settings.accumulate, stop)))
    return tuple(curve for curve in curves if len(curve.rates))


class _Trial:
    """A copy of a task of which one network learns."""

    def __init__(
        self,
        task: TrainingTask,
        network: str,
        settings: TrainingSettings,
        processes: Processes,
        state: Mapping[str, Any] | None,
    ) -> None:
        self._network = network
        self._task = copy.deepcopy(task, {id(task.examples): task.examples})
        for module in self._task.networks.values():
            module.train()
        self._learner = self._new_learner(settings, processes, state)
        learners: dict[str, Learner] = {name: _Resting(name) for name in self._task.networks}
        learners[network] = self._learner
        self._taker = StepTaker(self._task, learners, processes, settings.seed)

    def _new_learner(
        self, settings: TrainingSettings, processes: Processes, state: Mapping[str, Any] | None
    ) -> Learner:
        learner = Learner(
            self._network, self._task.layer_groups(self._network), lambda parameters: None,
            clip_norm=settings.clip_norm, half=processes.precision == "fp16",
        )  # fmt: skip
        if state is not None:
            learner.load_state_dict(copy.deepcopy(dict(state)))
        return learner

    def sweep(
        self, sweep: RateSweep, moment: Moment, loader: ExampleLoader, parts: int, stop: Callable[[], bool]
    ) -> Generator[RateTried | None, None, RateCurve]:
        """Take one step with each rate, until the loss diverges."""
        watch, rates, diverged = LossWatch(sweep), sweep.rates(), False
        for number, rate in enumerate(rates):
            here = replace(moment, step=moment.step + number, draws=moment.draws + number * moment.batch)
            batch = yield from loader.fetching(here.draws, here.batch, here.size)
            self._learner.guard.forget()  # gradients may grow as they will: it is the loss that decides
            report = yield from self._taker.take(batch, here, rate=rate, parts=parts)
            diverged = watch.add(self._loss(report.terms))
            if len(watch.losses) > number:
                yield RateTried(self._network, number + 1, len(rates), rate, watch.losses[-1], watch.smoothed[-1])
            if diverged or stop():
                break
        tried = np.array(rates[: len(watch.losses)])
        return RateCurve(self._network, tried, np.array(watch.losses), np.array(watch.smoothed), diverged)

    def _loss(self, terms: Mapping[str, Tensor]) -> float:
        name = "loss" if len(self._task.networks) == 1 else f"{self._network}.loss"
        return float(terms[name])


class _Resting(Learner):
    """Stands where a network's learner would, and lets it rest."""

    def __init__(self, name: str) -> None:
        super().__init__(name, [], lambda parameters: None)

    def prepare(self, moment: Moment, rate: float) -> None:
        """Follow nothing."""

    def backward(self, loss: Tensor, share: float) -> None:
        """Keep no gradient."""

    def step(self) -> Learnt:
        """Stay."""
        return Learnt(0.0, "step")
