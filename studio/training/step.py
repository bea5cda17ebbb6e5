"""One optimiser step: the parts of its batch × the objectives of its task, in lockstep, with breaths in between.

For every objective k in turn, each part's k-th loss goes backward with the part's share of the batch; the sum is the
gradient of the whole batch's mean. Then that network steps, and only then the parts go on to objective k + 1.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import torch
from torch import Tensor

from studio.training.network_optimiser import NetworkOptimiser, Update
from studio.training.processes import Processes
from studio.training.schedule import StepConfig
from studio.training.seeding import seed_everything, seed_of
from studio.training.task import Batch, Objective, TrainingTask

__all__ = ["StepReport", "StepTaker", "split"]


@dataclass(slots=True)
class StepReport:
    """What a step measured: terms as scalars still on the device, means over the step; each network's lessons.

    `norms` are the last gradients' before clipping, as "gradient_norm"; with several networks as
    "critic.gradient_norm", like the terms.
    """

    terms: dict[str, Tensor] = field(default_factory=dict)
    norms: dict[str, float] = field(default_factory=dict)
    updates: list[tuple[str, Update]] = field(default_factory=list)

    @property
    def diverged(self) -> str | None:
        """The network that keeps being thrown off, if one does."""
        return next((name for name, update in self.updates if update.verdict == "diverged"), None)


class StepTaker:
    """Takes steps of one task with its learners.

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

    def take(self, batch: Batch, config: StepConfig, *, rate: float, parts: int) -> Generator[None, None, StepReport]:
        """Learn from this process's share of a step's batch; yields between passes.

        Args:
            batch: N×… each, on the CPU.
            config: what holds at this step.
            rate: the learning rate.
            parts: into how many the batch is divided, so that it fits into memory.

        """
        for optimiser in self._optimisers.values():
            optimiser.prepare(config, rate)
        pieces = split(batch, parts)
        shares = [len(piece[0]) / len(batch[0]) for piece in pieces]
        updates = [self._task.objectives(self._on_device(piece), config) for piece in pieces]
        report, seen = StepReport(), dict[str, float]()
        for number in count():
            networks: list[str | None] = []
            for part, (objectives, share) in enumerate(zip(updates, shares, strict=True)):
                place = ("step", self._seed, config.step, self._processes.rank, part, number)
                seed_everything(seed_of(*place), self._processes.device)
                objective = yield from self._next_objective(objectives)
                networks.append(objective.network if objective is not None else None)
                if objective is not None:
                    self._optimisers[objective.network].backward(objective.loss, share)
                    self._note(report, seen, objective, share)
                    del objective  # and with it the graph
                    yield
            network = _the_only(networks)
            if network is None:
                break
            update = self._optimisers[network].step()
            report.updates.append((network, update))
            report.norms[self._name(network, "gradient_norm")] = update.norm
        for name, times in seen.items():
            if times != 1.0:  # the network learnt several times, with this term in so many of them
                report.terms[name] = report.terms[name] / times
        return report

    def _next_objective(self, objectives: Iterator[Objective | None]) -> Generator[None, None, Objective | None]:
        """Run one part up to its next objective, in the chosen number format; None when it has no more."""
        while True:
            with self._processes.autocast():  # not over a yield: other jobs share the thread
                objective = next(objectives, _OVER)
            if isinstance(objective, Objective):
                return objective
            if objective is _OVER:
                return None
            yield

    def _on_device(self, piece: Batch) -> Batch:
        return tuple(tensor.to(self._processes.device) for tensor in piece)

    def _name(self, network: str, term: str) -> str:
        return term if len(self._optimisers) == 1 else f"{network}.{term}"

    def _note(self, report: StepReport, seen: dict[str, float], objective: Objective, share: float) -> None:
        """Add up an objective's terms, weighted by its part's share of the batch, and those weights."""
        for term, value in {"loss": objective.loss, **objective.terms}.items():
            name = self._name(objective.network, term)
            part = value.detach().to(self._processes.device, torch.float32) * share
            report.terms[name] = report.terms[name] + part if name in report.terms else part
            seen[name] = seen.get(name, 0.0) + share


_OVER = object()


def split(batch: Batch, parts: int) -> list[Batch]:
    """Divide a batch into `parts` pieces of nearly equal size, or as many as it has examples."""
    number = min(parts, len(batch[0]))
    return list(zip(*(tensor.tensor_split(number) for tensor in batch), strict=True))


def _the_only(networks: list[str | None]) -> str | None:
    if len(set(networks)) != 1:
        raise RuntimeError(f"The parts of one step must follow the same objectives, not {networks}.")
    return networks[0]
