"""One optimiser step: the micro-batches of its batch × the objectives of its task, in lockstep, with breaths between.

For every objective k in turn, each micro-batch's k-th loss goes backward with its share of the batch; the sum is the
gradient of the whole batch's mean. Then that network steps, and only then the micro-batches go on to objective k + 1.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

import torch
from torch import Tensor

from studio.training.data.loader import ExampleLoader
from studio.training.network_optimiser import NetworkOptimiser
from studio.training.processes import Processes
from studio.training.schedule import StepConfig
from studio.training.seeding import seed_everything, seed_of
from studio.training.task import Batch, NextBatch, Objective, Objectives, TrainingTask, Update

__all__ = ["StepReport", "StepTaker", "split"]


@dataclass(slots=True)
class StepReport:
    """What a step came to: each network's updates, in order."""

    updates: list[tuple[str, Update]] = field(default_factory=list)

    @property
    def diverged(self) -> str | None:
        """The network that keeps being thrown off, if one does."""
        return next((name for name, update in self.updates if update.verdict == "diverged"), None)

    def numbers(self, *, several: bool) -> dict[str, float]:
        """Return everything measured, to be drawn as curves: "loss", the terms, and "gradient_norm".

        Of a network that learnt several times each number is the mean over the updates that have it, and the norm the
        last one's. With `several` networks they are called "critic.loss" and so on.
        """
        found: dict[str, list[float]] = {}
        for network, update in self.updates:
            prefix = f"{network}." if several else ""
            for name, value in {"loss": update.loss, **update.terms}.items():
                found.setdefault(prefix + name, []).append(value)
            found[f"{prefix}gradient_norm"] = [update.norm]
        return {name: sum(values) / len(values) for name, values in found.items()}


class StepTaker:
    """Takes steps of one task with the optimisers of its networks.

    Args:
        task: what is learnt.
        optimisers: one for each network, by name.
        processes: where, and with whom.
        seed: of the run.

    """

    def __init__(
        self, task: TrainingTask, optimisers: Mapping[str, NetworkOptimiser], processes: Processes, seed: int
    ) -> None:
        self._task = task
        self._optimisers = optimisers
        self._processes = processes
        self._seed = seed

    def take(
        self, loader: ExampleLoader, config: StepConfig, *, rate: float, micro_batches: int
    ) -> Generator[None, None, StepReport]:
        """Learn from this process's share of a step's batches; yields between passes.

        Args:
            loader: draws them.
            config: what holds at this step.
            rate: the learning rate.
            micro_batches: into how many a batch is divided, so that it fits into memory.

        """
        for optimiser in self._optimisers.values():
            optimiser.prepare(config, rate)
        batches = _Batches(loader, config, micro_batches)
        pieces = yield from batches.get(0)
        size = sum(len(piece[0]) for piece in pieces)
        micros = [
            _MicroBatch(index, len(piece[0]) / size, self._task.objectives(self._on_device(piece), config))
            for index, piece in enumerate(pieces)
        ]
        report, added = StepReport(), dict[str, Update]()
        update: Update | None = None
        for number in count():
            sums, asked = dict[str, Tensor](), set[tuple[str, bool] | None]()
            for micro in micros:
                place = ("step", self._seed, config.step, self._processes.rank, micro.index, number)
                seed_everything(seed_of(*place), self._processes.device)
                objective = yield from self._next_objective(micro, update, batches)
                asked.add((objective.network, objective.step) if objective is not None else None)
                if objective is not None:
                    self._optimisers[objective.network].backward(objective.loss, micro.share)
                    self._add(sums, objective, micro.share)
                    del objective  # and with it the graph
                    yield
            if len(asked) != 1:
                raise RuntimeError(f"The micro-batches of one step must follow the same objectives, not {asked}.")
            if (one := asked.pop()) is None:
                break
            network, steps = one
            values = torch.stack(list(sums.values())).tolist()  # before the step, whose end nobody need wait for
            terms = self._processes.mean(dict(zip(sums, values, strict=True)))
            update = _sum(added.pop(network, None), Update(0.0, "added", terms.pop("loss"), terms))
            if steps:
                taken = self._optimisers[network].step()
                update = replace(update, norm=taken.norm, verdict=taken.verdict)
                report.updates.append((network, update))
            else:
                added[network] = update
        if added:
            raise RuntimeError(f"Gradients of {', '.join(added)} were added up, but no step was taken with them.")
        return report

    def _next_objective(
        self, micro: "_MicroBatch", update: Update | None, batches: "_Batches"
    ) -> Generator[None, None, Objective | None]:
        """Run a micro-batch up to its next objective, in the chosen number format; None when it has no more."""
        answer: Update | Batch | None = update
        while True:
            with self._processes.autocast():  # not over a yield: other jobs share the thread
                try:
                    said = micro.objectives.send(answer)
                except StopIteration:
                    return None
            if isinstance(said, Objective):
                return said
            answer = None
            if isinstance(said, NextBatch):
                pieces = yield from batches.get(micro.batches)
                answer = self._on_device(pieces[micro.index])
                micro.batches += 1
            else:
                yield

    def _add(self, sums: dict[str, Tensor], objective: Objective, share: float) -> None:
        """Add what a micro-batch measured, which is `share` (0–1) of the batch, to its means; still on the device."""
        for name, value in {"loss": objective.loss, **objective.terms}.items():
            part = value.detach().to(self._processes.device, torch.float32) * share
            sums[name] = sums[name] + part if name in sums else part

    def _on_device(self, piece: Batch) -> Batch:
        return tuple(tensor.to(self._processes.device) for tensor in piece)


@dataclass(slots=True)
class _MicroBatch:
    """One micro-batch: which one, its share (0–1) of the batch, its objectives, and how many batches they have had."""

    index: int
    share: float
    objectives: Objectives
    batches: int = 1


class _Batches:
    """The batches of one step, each drawn when the first micro-batch asks for it."""

    def __init__(self, loader: ExampleLoader, config: StepConfig, micro_batches: int) -> None:
        self._loader, self._config, self._micro_batches = loader, config, micro_batches
        self._drawn: list[list[Batch]] = []

    def get(self, number: int) -> Generator[None, None, list[Batch]]:
        """Return batch `number` of the step, in micro-batches of N×… each, on the CPU."""
        config = self._config
        if number == config.batches:
            raise RuntimeError(f"A step of this phase draws {config.batches} batches; its task asked for one more.")
        if number == len(self._drawn):
            first = config.draws + number * config.batch
            batch = yield from self._loader.fetching(first, config.batch, config.size, config.data_set)
            self._drawn.append(split(batch, self._micro_batches))
        return self._drawn[number]


def _sum(one: Update | None, other: Update) -> Update:
    """Return what two objectives that learn together came to: losses and terms are summands."""
    if one is None:
        return other
    names = {**one.terms, **other.terms}
    terms = {name: one.terms.get(name, 0.0) + other.terms.get(name, 0.0) for name in names}
    return replace(other, loss=one.loss + other.loss, terms=terms)


def split(batch: Batch, number: int) -> list[Batch]:
    """Divide a batch into `number` micro-batches of nearly equal size, or as many as it has examples."""
    pieces = min(number, len(batch[0]))
    return list(zip(*(tensor.tensor_split(pieces) for tensor in batch), strict=True))
