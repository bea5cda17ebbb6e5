"""Schedules that have proved themselves, each a function of a few numbers that returns one."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from studio.core.settings import Settings, setting
from studio.training.schedule import Decay, Optimiser, Phase, Ramp, Schedule, Timeline, Unit

_OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}


def constant(
    duration: float = 20.0, rate: float = 1e-3, momentum: float = 0.9, optimiser: Optimiser = "adam",
    unit: Unit = "epochs",
) -> Schedule:  # fmt: skip
    """Return one phase in which nothing changes."""
    return Schedule(phases=(_phase("Steady", duration, unit, optimiser, Ramp.level(rate), Ramp.level(momentum)),))


def step_decay(
    duration: float = 30.0, rate: float = 1e-2, drops: int = 2, factor: float = 0.1, momentum: float = 0.9,
    optimiser: Optimiser = "sgd", unit: Unit = "epochs",
) -> Schedule:  # fmt: skip
    """Return drops + 1 phases of the same length, each learning at `factor` times the rate before (He et al. 2016)."""
    lengths = _in_shares(duration, unit, [1.0] * (drops + 1))
    names = ["Coarse", *(f"Finer {i}" if drops > 1 else "Finer" for i in range(1, drops + 1))]
    return Schedule(
        phases=tuple(
            _phase(name, length, unit, optimiser, Ramp.level(rate * factor**i), Ramp.level(momentum))
            for i, (name, length) in enumerate(zip(names, lengths, strict=True))
        )
    )


def one_cycle(
    duration: float = 20.0, rate: float = 1e-2, low: float = 0.1, tail: float = 0.1, tail_factor: float = 0.01,
    momentum: float = 0.95, momentum_low: float = 0.85, shape: Literal["linear", "cosine"] = "linear",
    optimiser: Optimiser = "sgd", unit: Unit = "epochs",
) -> Schedule:  # fmt: skip
    """Return the 1cycle policy (Smith 2018, "A disciplined approach to neural network hyper-parameters").

    Two equal halves, low · rate → rate → low · rate, while the momentum goes the other way; then a tail, the share
    `tail` of the whole, in which the rate sinks on to low · rate · tail_factor and the momentum rests.
    """
    halves = (1.0 - tail) / 2
    up, down, end = _in_shares(duration, unit, [halves, halves, tail])
    least = rate * low
    phases = (
        _phase("Warm up", up, unit, optimiser, _ramp(least, rate, shape), _ramp(momentum, momentum_low, shape)),
        _phase("Cool down", down, unit, optimiser, _ramp(rate, least, shape), _ramp(momentum_low, momentum, shape)),
        _phase("Settle", end, unit, optimiser, _ramp(least, least * tail_factor, shape), Ramp.level(momentum)),
    )
    return Schedule(phases=phases)


def sgdr(
    cycles: int = 4, cycle_len: float = 1.0, cycle_mult: float = 2.0, rate: float = 1e-2, floor: float = 0.0,
    momentum: float = 0.9, optimiser: Optimiser = "sgd", unit: Unit = "epochs",
) -> Schedule:  # fmt: skip
    """Return warm restarts: η = floor + (rate − floor)(1 + cos(π T_cur / T_i)) / 2 (Loshchilov & Hutter 2017, eq. 5).

    The first cycle lasts `cycle_len`, each further one `cycle_mult` times as long as the one before.
    """
    wave = _ramp(rate, floor, "cosine")
    lengths = (cycle_len * cycle_mult**i for i in range(cycles))
    return Schedule(
        phases=tuple(
            _phase(f"Cycle {i}", _whole(length, unit), unit, optimiser, wave, Ramp.level(momentum))
            for i, length in enumerate(lengths, 1)
        )
    )


def linear_decay(
    n: float = 100.0, n_decay: float = 100.0, rate: float = 2e-4, momentum: float = 0.5,
    optimiser: Optimiser = "adam", unit: Unit = "epochs",
) -> Schedule:  # fmt: skip
    """Return `n` at the same rate, then `n_decay` on a straight line to 0 (Zhu et al. 2017, CycleGAN, section 4)."""
    beta1 = Ramp.level(momentum)
    phases = (
        _phase("Steady", _whole(n, unit), unit, optimiser, Ramp.level(rate), beta1),
        _phase("Fade out", _whole(n_decay, unit), unit, optimiser, _ramp(rate, 0.0, "linear"), beta1),
    )
    return Schedule(phases=phases)


def flat_cosine(
    duration: float = 20.0, rate: float = 1e-3, flat: float = 0.75, momentum: float = 0.9,
    optimiser: Optimiser = "adamw", unit: Unit = "epochs",
) -> Schedule:  # fmt: skip
    """Return the share `flat` at the same rate, then a cosine to 0 (fastai's `fit_flat_cos`)."""
    steady, fading = _in_shares(duration, unit, [flat, 1.0 - flat])
    level = Ramp.level(momentum)
    phases = (
        _phase("Steady", steady, unit, optimiser, Ramp.level(rate), level),
        _phase("Fade out", fading, unit, optimiser, _ramp(rate, 0.0, "cosine"), level),
    )
    return Schedule(phases=phases)


def _phase(name: str, duration: float, unit: Unit, optimiser: Optimiser, rate: Ramp, momentum: Ramp) -> Phase:
    return Phase(
        name=name, duration=duration, unit=unit, optimiser=optimiser, learning_rate=rate, momentum=momentum
    )  # fmt: skip


def _ramp(start: float, end: float, decay: Decay) -> Ramp:
    return Ramp(start=start, end=end, decay=decay) if start != end else Ramp.level(start)


def _whole(duration: float, unit: Unit) -> float:
    return round(duration, 6) if unit == "epochs" else float(max(1, round(duration)))


def _in_shares(duration: float, unit: Unit, shares: list[float]) -> list[float]:
    """Divide a duration into round numbers, whole ones where it counts steps, in such a way that the sum is kept."""
    if unit == "epochs":
        least = duration * min(shares) / sum(shares)
        digits = 2 if least >= 0.1 else 6  # 6.67 epochs are easier to read than 6.666667
        borders = [round(duration * sum(shares[:i]) / sum(shares), digits) for i in range(len(shares) + 1)]
        return [round(after - before, digits) for before, after in pairwise(borders)]
    borders = [float(round(duration * sum(shares[:i]) / sum(shares))) for i in range(len(shares) + 1)]
    return [max(1.0, after - before) for before, after in pairwise(borders)]


def _duration(default: float) -> Any:
    return setting(
        default, label="Length", help="How long it learns in all.", term="duration in epochs or steps",
        low=0.1, high=1_000_000.0, step=1.0)  # fmt: skip


def _rate(default: float, words: str = "How fast it learns.") -> Any:
    return setting(
        default, label="Learning rate", help=words, term="learning rate η", low=1e-7, high=10.0, step=1e-4,
        scale="log")  # fmt: skip


def _momentum(default: float) -> Any:
    return setting(
        default, label="Momentum", help="How much of the last steps' direction is kept.",
        term="momentum; β₁ of Adam", low=0.0, high=0.999, step=0.01)  # fmt: skip


def _optimiser(default: Optimiser) -> Any:
    return setting(
        default, label="Optimiser", help="The rule that turns gradients into steps.", term="optimiser",
        choices=_OPTIMISERS)  # fmt: skip


def _unit() -> Any:
    return setting(
        "epochs", label="Counted in", help="An epoch shows every picture once; a step shows one batch.",
        term="unit of the duration", choices={"epochs": "epochs", "steps": "steps"})  # fmt: skip


class ConstantNumbers(Settings):
    """What `constant` is asked."""

    duration: float = _duration(20.0)
    rate: float = _rate(1e-3)
    momentum: float = _momentum(0.9)
    optimiser: Optimiser = _optimiser("adam")
    unit: Unit = _unit()


class StepDecayNumbers(Settings):
    """What `step_decay` is asked."""

    duration: float = _duration(30.0)
    rate: float = _rate(1e-2, "How fast it learns at first.")
    drops: int = setting(
        2, label="Drops", help="How often it slows down.", term="number of decays", low=1, high=20)  # fmt: skip
    factor: float = setting(
        0.1, label="Drop to", help="How much of the learning rate is left after a drop.", term="decay factor γ",
        low=0.001, high=1.0, step=0.05)  # fmt: skip
    momentum: float = _momentum(0.9)
    optimiser: Optimiser = _optimiser("sgd")
    unit: Unit = _unit()


class OneCycleNumbers(Settings):
    """What `one_cycle` is asked."""

    duration: float = _duration(20.0)
    rate: float = _rate(1e-2, "How fast it learns at the top of the cycle.")
    low: float = setting(
        0.1, label="Begins at", help="The beginning and the end of the cycle, as a share of its top.",
        term="initial rate ÷ maximal rate", low=0.0001, high=1.0, step=0.01, scale="log")  # fmt: skip
    tail: float = setting(
        0.1, label="Settling", help="The last share of the training, in which it settles.",
        term="share of the annihilation phase", low=0.01, high=0.9, step=0.01)  # fmt: skip
    tail_factor: float = setting(
        0.01, label="Settles to", help="How far the rate still sinks while it settles.",
        term="final rate ÷ initial rate", low=0.0, high=1.0, step=0.01)  # fmt: skip
    momentum: float = _momentum(0.95)
    momentum_low: float = setting(
        0.85, label="Momentum at the top", help="Less momentum while it learns fast.",
        term="lowest momentum; β₁ of Adam", low=0.0, high=0.999, step=0.01)  # fmt: skip
    shape: Literal["linear", "cosine"] = setting(
        "linear", label="Shape", help="Straight lines, or soft curves.", term="annealing function",
        choices={"linear": "straight", "cosine": "soft"})  # fmt: skip
    optimiser: Optimiser = _optimiser("sgd")
    unit: Unit = _unit()


class SgdrNumbers(Settings):
    """What `sgdr` is asked."""

    cycles: int = setting(4, label="Cycles", help="How often it starts afresh.", term="number of cycles",
        low=1, high=50)  # fmt: skip
    cycle_len: float = setting(
        1.0, label="First cycle", help="How long the first cycle lasts.", term="T₀, cycle_len", low=0.1,
        high=1_000_000.0, step=0.5)  # fmt: skip
    cycle_mult: float = setting(
        2.0, label="Growth", help="How much longer each cycle lasts than the one before.", term="T_mult, cycle_mult",
        low=1.0, high=10.0, step=0.5)  # fmt: skip
    rate: float = _rate(1e-2, "How fast it learns at the start of each cycle.")
    floor: float = setting(
        0.0, label="Sinks to", help="The learning rate at the end of each cycle.", term="η_min", low=0.0, high=10.0,
        step=1e-4)  # fmt: skip
    momentum: float = _momentum(0.9)
    optimiser: Optimiser = _optimiser("sgd")
    unit: Unit = _unit()


class LinearDecayNumbers(Settings):
    """What `linear_decay` is asked."""

    n: float = setting(
        100.0, label="Steady", help="How long it learns at full speed.", term="n, n_epochs", low=0.1,
        high=1_000_000.0, step=1.0)  # fmt: skip
    n_decay: float = setting(
        100.0, label="Fading", help="How long it takes to slow down to nothing.", term="n_decay, n_epochs_decay",
        low=0.1, high=1_000_000.0, step=1.0)  # fmt: skip
    rate: float = _rate(2e-4, "How fast it learns at first.")
    momentum: float = _momentum(0.5)
    optimiser: Optimiser = _optimiser("adam")
    unit: Unit = _unit()


class FlatCosineNumbers(Settings):
    """What `flat_cosine` is asked."""

    duration: float = _duration(20.0)
    rate: float = _rate(1e-3, "How fast it learns at first.")
    flat: float = setting(
        0.75, label="Steady share", help="How much of the training stays at full speed.", term="pct_start", low=0.01,
        high=0.99, step=0.05)  # fmt: skip
    momentum: float = _momentum(0.9)
    optimiser: Optimiser = _optimiser("adamw")
    unit: Unit = _unit()


@dataclass(frozen=True, slots=True)
class Preset:
    """A schedule to begin with.

    Args:
        title: what it is called.
        help: one line in an artist's words.
        make: the function that draws it; its parameters are the fields of `numbers`.
        numbers: what can be set about it, for a form.
        lengths: the parameters that make it last so long, from the length; `duration` where none are named.

    """

    title: str
    help: str
    make: Callable[..., Schedule]
    numbers: type[Settings]
    lengths: Callable[[float], dict[str, float]] = lambda duration: {"duration": duration}

    def schedule(self, numbers: Settings | None = None) -> Schedule:
        """Return the schedule for these numbers, by default the usual ones."""
        return self.make(**dict(numbers or self.numbers()))

    def instead_of(self, timeline: Timeline) -> Schedule:
        """Return it as long, and at its fastest as fast, as another schedule is, under the same optimiser."""
        phases = timeline.schedule.phases
        fastest = max(max(phase.learning_rate.start, phase.learning_rate.end) for phase in phases)
        in_steps = all(phase.unit == "steps" for phase in phases)
        epochs = max(0.1, round(timeline.total_draws / timeline.examples, 1))
        given: dict[str, Any] = self.lengths(timeline.total_steps if in_steps else epochs)
        given |= {"unit": "steps" if in_steps else "epochs", "optimiser": phases[0].optimiser}
        made = self.make(**given | ({"rate": fastest} if fastest > 0 else {}))
        weight_decay = phases[0].weight_decay
        return Schedule(phases=tuple(p.model_copy(update={"weight_decay": weight_decay}) for p in made.phases))


PRESETS: dict[str, Preset] = {
    "constant": Preset("Steady", "The same pace from the first to the last step.", constant, ConstantNumbers),
    "step_decay": Preset(
        "Steps down", "Full pace first, then slower and finer, one step at a time.", step_decay, StepDecayNumbers),
    "one_cycle": Preset(
        "One cycle", "Warms up, races, cools down: the quickest way to a good result.", one_cycle, OneCycleNumbers),
    "sgdr": Preset(
        "Warm restarts", "Slows down and starts afresh, each round longer than the one before.", sgdr, SgdrNumbers,
        lengths=lambda duration: {"cycle_len": max(0.01, round(duration / 15, 2))}),  # 1 + 2 + 4 + 8
    "linear_decay": Preset(
        "Steady, then fading", "Full pace for half of the time, then evenly down to nothing.", linear_decay,
        LinearDecayNumbers, lengths=lambda duration: {"n": duration / 2, "n_decay": duration / 2}),
    "flat_cosine": Preset(
        "Steady, soft landing", "Full pace for most of the time, then gently down to nothing.", flat_cosine,
        FlatCosineNumbers),
}  # fmt: skip
"""The presets by the name that files and flags use."""
