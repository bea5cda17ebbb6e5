"""How a training goes, written down before it begins: phases, each with its rates from … to.

A `Schedule` is what a person draws and a file holds: durations in epochs or steps. Laid over a number of examples it
becomes a `Timeline`, which knows of every single step what holds there (a `StepConfig`). Nothing here imports torch:
the window draws the same objects that the loop obeys.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Decay: TypeAlias = Literal["none", "linear", "cosine", "exponential", "polynomial"]
Unit: TypeAlias = Literal["epochs", "steps"]
Optimiser: TypeAlias = Literal["adam", "adamw", "sgd", "rmsprop", "lars"]
Curve: TypeAlias = NDArray[np.float64]

DATA = "data"
"""What a task that learns from one thing calls it."""

DataPaths: TypeAlias = Annotated[
    Mapping[str, tuple[str, ...]],
    BeforeValidator(lambda given: {DATA: given} if isinstance(given, list | tuple) else given),
]
"""Folders, picture files and lists by data slot; a list alone is meant for the only one."""

OwnData: TypeAlias = Annotated[
    DataPaths, AfterValidator(lambda said: {slot: paths for slot, paths in said.items() if paths})
]
"""Those of a phase: a slot without any is as if it were not named."""

DEFAULT_MOMENTUM: Mapping[str, float] = {"adam": 0.9, "adamw": 0.9, "sgd": 0.9, "rmsprop": 0.0, "lars": 0.9}
"""Of a phase that says none (files that were written by the studio always say it)."""

_FOR_EVER = 1e12
"""Steps of a phase at most: a file may ask for more than numbers can count."""


class _Drawn(BaseModel):
    """Base of what a schedule is made of: immutable, comparable, strict, finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Ramp(_Drawn):
    """A value on its way from `start` to `end`; `end` may be left out where nothing changes.

    With t from 0 to 1:

    - none: start
    - linear: start + (end − start) · t
    - cosine: end + (start − end) · (1 + cos πt) / 2            (Loshchilov & Hutter 2017, eq. 5)
    - exponential: start · (end / start)ᵗ, a straight line on a logarithmic axis
    - polynomial: end + (start − end) · (1 − t)ᵖ, with p = `power`

    With `skip` s the first part of the way is left out: t runs from s to 1.
    """

    start: float
    end: float
    decay: Decay = "none"
    power: Annotated[float, Field(gt=0)] = 2.0
    skip: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _end_where_it_starts(cls, given: Any) -> Any:
        if isinstance(given, dict) and "end" not in given and given.get("decay", "none") == "none" and "start" in given:
            return {**given, "end": given["start"]}
        return given

    @model_validator(mode="after")
    def _has_a_way_to_its_end(self) -> "Ramp":
        if self.decay == "none" and self.start != self.end:
            message = f"From {self.start:g} to {self.end:g} it needs a decay, such as linear or cosine; none stays."
            raise ValueError(message)
        if self.decay == "exponential" and not (self.start > 0 and self.end > 0):
            raise ValueError("An exponential decay can neither begin nor end at 0; choose linear or cosine instead.")
        return self

    @classmethod
    def level(cls, value: float) -> "Ramp":
        """Return a ramp that stays at `value`."""
        return cls(start=value, end=value)

    def at(self, t: float) -> float:
        """Return the value where the share `t` (0–1) of the way is over."""
        return float(self.along(np.float64(t)))

    def along(self, t: Curve | np.float64) -> Curve:
        """Return the values at all shares `t` (0–1), in the shape of `t`."""
        start, end = self.start, self.end
        t = self.skip + (1 - self.skip) * t
        match self.decay:
            case "none":
                return np.full_like(t, start)
            case "linear":
                return np.asarray(start + (end - start) * t)
            case "cosine":
                return np.asarray(end + (start - end) * (1 + np.cos(np.pi * t)) / 2)
            case "exponential":
                return np.asarray(start * (end / start) ** t)
            case "polynomial":
                return np.asarray(end + (start - end) * (1 - t) ** self.power)


class Phase(_Drawn):
    """A stretch of the training in which one set of rules holds.

    Args:
        name: what the artist calls it; "" is shown as its number.
        duration: how long, in `unit`; at least one step comes of it.
        unit: "epochs" (all examples seen once) or "steps" of the optimiser.
        optimiser: which one; a new phase with another optimiser begins with a fresh one.
        learning_rate: from … to, ≥ 0.
        momentum: from … to, 0 ≤ m < 1; Adam's β₁; where it is left out, what suits the optimiser.
        weight_decay: ≥ 0; decoupled in AdamW, L2 in the others.
        decay_norms: whether it takes in normalisation layers and biases, too (fastai's `wd_bn_bias`).
        size: side of the pictures in px; None leaves it to the run's settings.
        batch: examples per optimiser step, over all processes; None leaves it to the run's settings.
        data: what is learnt from in this phase instead of the run's data, by slot; {} the run's.
        batches: how many batches a step draws, each of fresh examples: those of a critic that learns five times while
            the generator learns once (Arjovsky et al. 2017, n_critic).
        trains: the networks that learn in this phase; () all.
        frozen: what rests nevertheless: layer groups, "body", or "network.body" where there are several networks; or a
            whole network by its name.
        train_norms: whether the normalisation layers of what is frozen go on learning (fastai's `train_bn`).
        layer_rates: factors of the learning rate for the first and the last layer group, geometric between them
            (Howard & Ruder 2018, "discriminative fine-tuning"); None is 1 for all.

    """

    name: str = ""
    duration: Annotated[float, Field(gt=0)]
    unit: Unit = "epochs"
    optimiser: Optimiser = "adam"
    learning_rate: Ramp
    momentum: Ramp = Field(default_factory=lambda said: Ramp.level(DEFAULT_MOMENTUM[said["optimiser"]]))
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    decay_norms: bool = True
    size: Annotated[int, Field(ge=1)] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None
    data: OwnData = Field(default_factory=dict)
    batches: Annotated[int, Field(ge=1)] = 1
    trains: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    train_norms: bool = False
    layer_rates: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Phase":
        rate, momentum = self.learning_rate, self.momentum
        if min(rate.start, rate.end) < 0:
            raise ValueError("A learning rate cannot be below 0.")
        if not all(0 <= value < 1 for value in (momentum.start, momentum.end)):
            raise ValueError("Momentum lies between 0 and just below 1, such as 0.9.")
        if self.unit == "steps" and self.duration != int(self.duration):
            raise ValueError(f"A phase lasts a whole number of steps, not {self.duration:g}.")
        if self.layer_rates is not None and min(self.layer_rates) <= 0:
            raise ValueError("Layer rates are factors above 0; freeze a layer to let it rest.")
        return self

    def steps(self, examples: int, batch: int) -> int:
        """Return how many steps it takes; a begun step counts as one.

        Args:
            examples: how many make an epoch.
            batch: the run's batch, for a phase that has none of its own.

        """
        if self.unit == "steps":
            return int(min(self.duration, _FOR_EVER))
        exact = min(self.duration * examples / self.draws(batch), _FOR_EVER)
        return max(1, math.ceil(exact - 1e-9 * exact))  # 0.1 epochs of 30 are 3 examples, not 3.0000000000000004

    def draws(self, batch: int) -> int:
        """Return how many examples one of its steps draws, where `batch` is the run's."""
        return (self.batch or batch) * self.batches


class Schedule(_Drawn):
    """The phases of a training, one after the other."""

    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]

    @property
    def data_sets(self) -> tuple[Mapping[str, tuple[str, ...]], ...]:
        """Return each phase's own data once, in order; first of all {}, the run's."""
        found: list[Mapping[str, tuple[str, ...]]] = [{}]
        for phase in self.phases:
            if phase.data not in found:
                found.append(phase.data)
        return tuple(found)

    @property
    def fastest(self) -> float:
        """The highest learning rate of all."""
        return max(max(phase.learning_rate.start, phase.learning_rate.end) for phase in self.phases)

    def with_data(self, index: int, data: Mapping[str, tuple[str, ...]]) -> "Schedule":
        """Return the schedule with other data in a phase; slots without any learn from the run's again."""
        merged = {**self.phases[index].data, **data}
        phase = self.phases[index].model_copy(update={"data": {slot: paths for slot, paths in merged.items() if paths}})
        return Schedule(phases=(*self.phases[:index], phase, *self.phases[index + 1 :]))

    def timeline(self, examples: "int | Callable[[Phase], int]", *, batch: int, size: int) -> "Timeline":
        """Lay the schedule over data.

        Args:
            examples: how many make an epoch, ≥ 1; or that of each phase, where they have data of their own.
            batch: examples per optimiser step where a phase does not say, over all processes and accumulation.
            size: side of the pictures in px where a phase does not say.

        """
        return Timeline(self, examples, batch=batch, size=size)


@dataclass(frozen=True, slots=True)
class StepConfig:
    """What holds at one step.

    `progress` is how much of its phase is over before the step (0 ≤ progress < 1), `draws` how many examples were drawn
    before it since the beginning from the data that it learns from, which is number `data_set` of the schedule's, and
    `epoch` how many epochs of any data are over.
    """

    step: int
    total_steps: int
    phase: int
    phase_name: str
    progress: float
    draws: int
    epoch: float
    optimiser: Optimiser
    learning_rate: float
    momentum: float
    weight_decay: float
    size: int
    batch: int
    frozen: tuple[str, ...] = ()
    layer_rates: tuple[float, float] | None = None
    data_set: int = 0
    batches: int = 1
    trained: tuple[str, ...] = ()
    train_norms: bool = False
    decay_norms: bool = True

    def trains(self, network: str) -> bool:
        """Whether a network learns at this step. A task spares the passes of one that does not."""
        return network in (self.trained or (network,)) and (self.train_norms or network not in self.frozen)


@dataclass(frozen=True)
class Timeline:
    """A schedule laid over a data set: every step from 0 to `total_steps` − 1 lies in exactly one phase.

    Step i of a phase's n stands at t = i / n of its ramps: the end of one phase is the beginning of the next, so that a
    curve drawn without a gap is obeyed without a jump (and SGDR's T_cur / T_i is met exactly).
    """

    schedule: Schedule
    examples: int | Callable[[Phase], int]
    batch: int = field(kw_only=True)
    size: int = field(kw_only=True)

    def __post_init__(self) -> None:
        if min(self.counts) < 1:
            raise ValueError("There are no examples to train on.")
        if self.batch < 1 or self.size < 1:
            raise ValueError(f"Batch and size are at least 1, not {self.batch} and {self.size}.")

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many examples make an epoch of each phase."""
        examples = self.examples
        return tuple(examples(phase) if callable(examples) else examples for phase in self.schedule.phases)

    def steps_of(self, index: int) -> int:
        """Return how many steps a phase takes."""
        return self.schedule.phases[index].steps(self.counts[index], self.batch)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(accumulate((self.steps_of(index) for index in range(len(self.counts))), initial=0))

    @cached_property
    def _draws(self) -> tuple[tuple[int, ...], ...]:
        """How many examples of each data set were drawn when a phase begins; last, when all is over."""
        drawn = [0] * len(self.schedule.data_sets)
        rows = [tuple(drawn)]
        for index, phase in enumerate(self.schedule.phases):
            drawn[self.data_sets[index]] += self.steps_of(index) * phase.draws(self.batch)
            rows.append(tuple(drawn))
        return tuple(rows)

    @cached_property
    def data_sets(self) -> tuple[int, ...]:
        """Which of the schedule's data sets each phase learns from."""
        return tuple(self.schedule.data_sets.index(phase.data) for phase in self.schedule.phases)

    def _epochs(self, drawn: Sequence[int]) -> float:
        """Return how many epochs so many draws of each data set are."""
        counts = dict(zip(self.data_sets, self.counts, strict=True))
        return sum(drawn[number] / count for number, count in counts.items())

    @property
    def total_steps(self) -> int:
        """How many steps the whole training takes."""
        return self._starts[-1]

    @property
    def total_draws(self) -> int:
        """How many examples are drawn in all."""
        return sum(self._draws[-1])

    @property
    def total_epochs(self) -> float:
        """How many epochs it takes in all."""
        return self._epochs(self._draws[-1])

    def phase_start(self, index: int) -> int:
        """Return the first step of a phase; of one past the last, where the training ends."""
        return self._starts[index]

    def phase_at(self, step: int) -> int:
        """Return the number of the phase that `step` lies in.

        Raises:
            IndexError: no step of this training has that number.

        """
        if not 0 <= step < self.total_steps:
            raise IndexError(f"Step {step} is outside of this training's {self.total_steps} steps.")
        return bisect_right(self._starts, step) - 1

    def at(self, step: int) -> StepConfig:
        """Return what holds at `step`, 0 ≤ step < total_steps.

        Raises:
            IndexError: no step of this training has that number.

        """
        index = self.phase_at(step)
        phase = self.schedule.phases[index]
        first, after = self._starts[index], self._starts[index + 1]
        progress = (step - first) / (after - first)
        drawn, data_set = list(self._draws[index]), self.data_sets[index]
        drawn[data_set] += (step - first) * phase.draws(self.batch)
        return StepConfig(
            step=step,
            total_steps=self.total_steps,
            phase=index,
            phase_name=phase.name,
            progress=progress,
            draws=drawn[data_set],
            epoch=self._epochs(drawn),
            optimiser=phase.optimiser,
            learning_rate=phase.learning_rate.at(progress),
            momentum=phase.momentum.at(progress),
            weight_decay=phase.weight_decay,
            size=phase.size or self.size,
            batch=phase.batch or self.batch,
            frozen=phase.frozen,
            layer_rates=phase.layer_rates,
            data_set=data_set,
            batches=phase.batches,
            trained=phase.trains,
            train_norms=phase.train_norms,
            decay_norms=phase.decay_norms,
        )

    def work(self, steps: int) -> int:
        """Return how many pixels are learnt from in the first `steps` steps."""
        return sum(
            max(0, min(steps, after) - first) * phase.draws(self.batch) * (phase.size or self.size) ** 2
            for phase, (first, after) in zip(self.schedule.phases, pairwise(self._starts), strict=True)
        )

    def curve(self, points: int = 500) -> tuple[Curve, Curve, Curve]:
        """Return (steps, rates, momenta) to draw: about `points` of each, equally many, in order.

        Every phase gives its first and its last point, at the same step as its neighbour's, so that a jump between two
        phases is drawn as one.
        """
        steps, rates, momenta = [], [], []
        for index, phase in enumerate(self.schedule.phases):
            first, after = self._starts[index], self._starts[index + 1]
            share = (after - first) / self.total_steps
            t = np.linspace(0.0, 1.0, max(2, round(points * share)))
            steps.append(first + t * (after - first))
            rates.append(phase.learning_rate.along(t))
            momenta.append(phase.momentum.along(t))
        return np.concatenate(steps), np.concatenate(rates), np.concatenate(momenta)


def counted(schedule: Schedule, counts: Sequence[int]) -> Callable[[Phase], int]:
    """Return what says how many examples make an epoch of any phase, from the `counts` of a schedule's phases.

    So a schedule that is being redrawn keeps what is known of its phases' data; other data counts as the first's.
    """
    known = [(phase.data, count) for phase, count in zip(schedule.phases, counts, strict=True)]
    return lambda phase: next((count for data, count in known if data == phase.data), counts[0])


def layer_factors(layer_rates: tuple[float, float] | None, groups: int) -> tuple[float, ...]:
    """Return the factor of the learning rate of each of `groups` layer groups, from the first to the last.

    They form a geometric series, f_i = a · (b / a)^(i / (groups − 1)); a single group takes the last one's.
    """
    if layer_rates is None:
        return (1.0,) * groups
    first, last = layer_rates
    if groups == 1:
        return (last,)
    return tuple(first * (last / first) ** (i / (groups - 1)) for i in range(groups))
