"""What a training task tells the loop: its networks, its examples, and what each network should learn from a batch.

Everything else (devices, precision, optimisers, schedules, averaging, checkpoints, resuming) is the loop's. So a task
reads like its paper: draw an example, compute the losses, show what it can.
"""

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeAlias

import torch
from torch import Tensor, nn

from studio.core.events import Picture
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.training.guards import Verdict
from studio.training.schedule import DATA

if TYPE_CHECKING:
    from studio.training.schedule import Schedule, StepConfig, Timeline

__all__ = [
    "Batch",
    "Examples",
    "ExportedModel",
    "LayerGroup",
    "NextBatch",
    "Objective",
    "Objectives",
    "OptimiserRule",
    "TaskContext",
    "TrainingTask",
    "Trial",
    "Trials",
    "Update",
]

Batch: TypeAlias = tuple[Tensor, ...]
"""What `Examples.draw` returns, stacked: each tensor N×…, on the device."""

LayerGroup: TypeAlias = tuple[str, Sequence[nn.Parameter]]
"""A name that a schedule can freeze, and the weights behind it; the groups of a network run from input to output."""


@dataclass(frozen=True, slots=True)
class TaskContext:
    """Where a task computes and keeps what it prepares.

    Args:
        device: that its networks and constants belong on.
        cache: a folder for decoded pictures and the like; made when needed, may be emptied at any time.
        seed: of the run. Whatever a task draws before the first step (weights, fixed samples) derives from it.
        run: its folder; None where there is none, as for a search for a learning rate.

    """

    device: torch.device
    cache: Path
    seed: int = 0
    run: Path | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """What one network should learn from a batch.

    Args:
        network: whose weights learn from it, and no other's: gradients reach only these.
        loss: scalar, a mean over the batch's examples.
        terms: detached scalars worth a curve, e.g. `{"content": …, "style": …}`; the loop adds "loss" itself. Every
            micro-batch has the same.
        step: whether the network's optimiser steps now. If not, gradients, loss and terms add up to those of its next
            objective in the same step, so that the passes of a sum need not all be in memory at once.

    """

    network: str
    loss: Tensor
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    step: bool = True


@dataclass(frozen=True, slots=True)
class Update:
    """What came of an objective: agreed numbers, the same for every micro-batch and process.

    Args:
        norm: length of the gradients before clipping; 0 where there was no step.
        verdict: whether the step was taken.
        loss: mean over the whole batch; of everything that was added up for this step.
        terms: likewise.

    """

    norm: float
    verdict: Verdict
    loss: float = math.nan
    terms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NextBatch:
    """Yielded by `objectives` to get the next of the step's `config.batches` batches."""


Objectives: TypeAlias = Generator[Objective | NextBatch | None, Any, None]
"""Hears an `Update` for every `Objective`, a `Batch` for every `NextBatch`, and None for every None."""


@dataclass(frozen=True, slots=True)
class OptimiserRule:
    """How one network's optimiser departs from what the schedule says for all.

    Args:
        rate: a factor of the learning rate (two time-scales: Heusel et al. 2017).
        betas: Adam's β₁ and β₂, or what tells them of every step. None is the schedule's momentum and Adam's own
            0.999; so is a β₁ of None. Other optimisers follow the schedule's momentum.
        layer_rates: whether the schedule's layer rates hold for it.
        contends: whether it learns against another network, as a critic does. Its gradients grow by leaps when the
            other has found something new, and of these it has to learn: far too long ones are shortened, not left out.

    """

    rate: float = 1.0
    betas: "tuple[float | None, float] | Callable[[StepConfig], tuple[float | None, float]] | None" = None
    layer_rates: bool = True
    contends: bool = False


@dataclass(frozen=True, slots=True)
class Trials:
    """Values of one setting that are tried before the first step, each on a copy, from the same first weights.

    Args:
        setting: its name.
        title: what a message calls it.
        values: in the order in which they are tried.
        steps: so many of the run's own first steps each of them learns.

    """

    setting: str
    title: str
    values: tuple[float, ...]
    steps: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one value.

    Args:
        value: that was tried.
        numbers: those of its steps, as curves have them; means over the last quarter.
        measured: what `validate` found at its end.
        diverged: whether its steps threw a network off; then there are no numbers.

    """

    value: float
    numbers: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)
    diverged: bool = False


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """What is written as `model.safetensors` and `model.md` when a run ends.

    Args:
        tensors: the weights by name.
        metadata: what is needed to build the network again, as safetensors keeps it.
        card: markdown for people: what it is, what it learnt from, how well it does.

    """

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    card: str


class Examples(Protocol):
    """All examples to learn from, by number; pickles, since worker processes draw them too."""

    @property
    def fingerprint(self) -> str | Mapping[str, str]:
        """Sha256 over what the examples are: changes when the data changes, not when the folder moves.

        Where they come from several data slots, one for each of them by name.
        """

    def __len__(self) -> int: ...

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return one example, without the batch's dimension.

        Args:
            index: which, below `len(self)`.
            generator: ALL randomness (crop, flip, noise …) comes from it: the same state gives the same example.
            size: side of the pictures in pixels; it may grow from phase to phase.

        """


class TrainingTask(ABC):
    """One thing that can be trained.

    The engine's thread is shared: a method that returns a generator yields between network passes, at least every
    100 ms. It must not hold a context (`torch.no_grad()`, autocast) open over a yield; the loop provides both.

    Attributes:
        networks: by name, on the device; each gets an optimiser of its own.
        shown: the name of the network that is averaged (EMA, SWA), sampled, validated and exported. Where several are,
            such as CycleGAN's two generators, they are one `nn.ModuleDict` in `networks`, with one optimiser.
        examples: what it learns from.
        other_examples: what it learns from in phases with data of their own: one for each of `schedule.data_sets[1:]`.
        best: which number of `validate` says "best", and whether small or large is good; None keeps no best.
        best_note: what the best checkpoint is called where it is pinned in the end; "" does not pin it.
        judged_by: settings that this number is measured with, such as the weights of a loss: where one is moved in
            mid-run, what was best before cannot be compared any more.
        said_of_data: what was said while the data was read, such as what was left out: the card says it as well.
        tried: what came of the values that were tried before the first step.

    """

    networks: Mapping[str, nn.Module]
    shown: str
    examples: Examples
    other_examples: Sequence[Examples] = ()
    best: tuple[str, Literal["min", "max"]] | None = None
    best_note: str = ""
    judged_by: frozenset[str] = frozenset()
    said_of_data: tuple[str, ...] = ()
    tried: tuple[Trial, ...] = ()

    @abstractmethod
    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Teach the networks one batch, or a micro-batch of it.

        A generator: yields None to take breath between passes, and an `Objective` whenever one is ready. Then the loop
        goes backward, adds up the micro-batches, averages over processes, clips, guards and steps that network's
        optimiser, and only then resumes it with an `Update`: what follows sees the changed weights. So a WGAN reads

            for number in range(config.batches):
                if number:
                    batch = yield NextBatch()
                update = yield Objective("critic", …)
                …  # clamp the critic's weights
            yield Objective("generator", …)

        Passes for a network that rests are spared by asking `config.trains("critic")`; an objective of one that rests
        is measured, and teaches nothing. Every micro-batch must yield the same sequence of networks. Memory that a
        later objective does not need should not stay in the generator's variables: all micro-batches of a step wait
        for each other, and share the task: what is decided by an `Update` and kept in the task is assigned, not
        counted up, as each of them assigns it.

        Randomness may come from torch's, numpy's and Python's own generators: the loop seeds them from the run's seed,
        the step, the process, the micro-batch and the objective, so that it depends on the place alone. What shall not
        depend on how a step is divided either, such as a latent vector, is drawn with the example.
        """

    def trials(self, steps: int) -> Trials | None:
        """Return what shall be tried before the first of `steps` steps; None where all is known."""
        return None

    def choose(self, tried: Sequence[Trial]) -> tuple[float, str]:
        """Return the value to learn with, and what to say of it, once all of `trials` have been tried.

        Raises:
            StudioError: none of them will do.

        """
        raise NotImplementedError

    @property
    def rate_note(self) -> str:
        """What there is to know of rates that are tried on this task, one network at a time; "" nothing."""
        return ""

    def copied(self) -> Self:
        """Return a copy that learns without leaving a trace in this one; examples are shared."""
        shared = (self.examples, *self.other_examples)
        return copy.deepcopy(self, {id(one): one for one in shared})

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure `shown` (in eval mode, without gradients) on examples it does not learn from; {} without any."""
        yield from ()
        return {}

    def alarm(self, values: Mapping[str, float]) -> str:
        """Return what is so wrong with what `validate` found that the run shall end, with its best; "" for nothing."""
        return ""

    def setback(self, values: Mapping[str, float]) -> str:
        """Return what is so wrong with what `validate` found that the run shall go back to its best, and on from there.

        It then learns at half the rate; "" for nothing.
        """
        return ""

    def remark(self, values: Mapping[str, float]) -> str:
        """Return what of the numbers that `validate` found deserves a word to the user now; "" for nothing."""
        return ""

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show what `shown` can on FIXED inputs, chosen when the task was opened: one picture, often a grid."""
        yield from ()
        return None

    def refresh_statistics(self, shown: nn.Module, batch: Batch) -> Generator[None, None, None]:
        """Pass one batch through `shown` as in training, so that averaged weights get batch-norm statistics.

        Called only for networks that have batch norm. The default fits networks that see the batch's first tensor; an
        `nn.ModuleDict` has no forward pass, and so no default.
        """
        shown(batch[0])
        yield

    def optimiser(self, network: str) -> OptimiserRule:
        """Return how the network's optimiser departs from the schedule: by default not at all."""
        return OptimiserRule()

    def timeline(self, schedule: "Schedule", *, batch: int, size: int) -> "Timeline":
        """Lay a schedule over the examples; batch and size are those of phases that say none.

        Raises:
            StudioError: a phase has data of its own, and this kind of training learns from the same throughout.

        """
        sets = (self.examples, *self.other_examples)
        if len(sets) < len(schedule.data_sets):
            raise StudioError(
                "This kind of training cannot learn from other data in one of its phases.",
                "Take the phase's own data out of the schedule.",
            )
        return schedule.timeline(
            lambda phase: len(sets[schedule.data_sets.index(phase.data)]), batch=batch, size=size
        )  # fmt: skip

    def fingerprint(self, schedule: "Schedule") -> str | Mapping[str, str]:
        """Return the fingerprint of what is learnt from, or several by the names of data slots and phases."""
        own = self.examples.fingerprint
        found = {DATA: own} if isinstance(own, str) else dict(own)
        for number, examples in enumerate(self.other_examples, 1):
            phase = next(i for i, one in enumerate(schedule.phases) if one.data == schedule.data_sets[number])
            print_ = examples.fingerprint
            by_slot = {"": print_} if isinstance(print_, str) else print_
            found |= {f"phase {phase + 1} {slot}".strip(): value for slot, value in by_slot.items()}
        return own if found == {DATA: own} else found

    def adopt(self, settings: Settings) -> None:  # noqa: B027 - most tasks have nothing to change in mid-run
        """Go on with `settings`, of which those with `effect="steer"` may have changed in mid-run (loss weights)."""

    def layer_groups(self, network: str) -> Sequence[LayerGroup]:
        """Return the network's groups from input to output, each weight in exactly one: by default its children."""
        return groups_by_child(self.networks[network])

    def state_dict(self) -> dict[str, Any]:
        """Return whatever else decides how it goes on (image pools …): tensors and plain values only."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: B027 - most tasks have no state
        """Go on where `state_dict()` was taken; its tensors come on the CPU, whatever device they were on."""

    @abstractmethod
    def export(self, shown: nn.Module) -> ExportedModel:
        """Return what is kept of the run: the shown network (averaged, in eval mode), ready to be used."""


def groups_by_child(network: nn.Module) -> list[LayerGroup]:
    """One group per direct child with weights, in order; weights that `network` holds itself come first, as "own"."""
    taken: set[int] = set()

    def untaken(parameters: Iterator[nn.Parameter]) -> list[nn.Parameter]:
        fresh = [parameter for parameter in parameters if id(parameter) not in taken]
        taken.update(id(parameter) for parameter in fresh)
        return fresh

    groups = [("own", untaken(network.parameters(recurse=False)))]
    groups += [(name, untaken(child.parameters())) for name, child in network.named_children()]
    return [(name, parameters) for name, parameters in groups if parameters]
