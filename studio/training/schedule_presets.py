"""Schedules that have proved themselves, each drawn from a few numbers: `one_cycle(duration=20, rate=0.01)`."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal

from studio.core.settings import Settings, inherited, setting
from studio.training.schedule import Decay, Optimiser, Phase, Ramp, Schedule, Timeline, Unit

OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "lars": "LARS"}
"""What people call them."""

_LONGEST = 1_000_000.0


def _duration(default: float) -> Any:
    return setting(
        default, label="Length", help="How long it learns in all.", term="duration in epochs or steps",
        low=0.1, high=_LONGEST, step=1.0)  # fmt: skip


def _pct_start(default: float) -> Any:
    return setting(
        default, label="Rises for", help="Which part of it goes up; the rest goes down.", term="pct_start",
        low=0.01, high=0.99, step=0.05)  # fmt: skip


class Numbers(Settings):
    """What a preset is asked, for a form and for flags; `phases` draws it.

    `lengths` names the numbers that make it longer, each with its share of the whole.
    """

    lengths: ClassVar[dict[str, float]] = {"duration": 1.0}

    rate: float = setting(
        1e-2, label="Learning rate", help="How fast it learns at its fastest.", term="learning rate η",
        low=1e-7, high=10.0, step=1e-4, scale="log")  # fmt: skip
    momentum: float = setting(
        0.9, label="Momentum", help="How much of the last steps' direction is kept.", term="momentum; β₁ of Adam",
        low=0.0, high=0.999, step=0.01)  # fmt: skip
    optimiser: Optimiser = setting(
        "sgd", label="Optimiser", help="The rule that turns gradients into steps.", term="optimiser",
        choices=OPTIMISERS)  # fmt: skip
    unit: Unit = setting(
        "epochs", label="Counted in", help="An epoch shows every picture once; a step shows one batch.",
        term="unit of the duration", choices={"epochs": "epochs", "steps": "steps"})  # fmt: skip

    def phases(self) -> Iterator[Phase]:
        """Draw it."""
        raise NotImplementedError

    def phase(self, name: str, duration: float, rate: Ramp, momentum: Ramp | None = None) -> Phase:
        """Return a phase under these numbers' optimiser and unit; the momentum stays, unless another is given."""
        return Phase(name=name, duration=duration, unit=self.unit, optimiser=self.optimiser, learning_rate=rate,
                     momentum=momentum or Ramp.level(self.momentum))  # fmt: skip


class Constant(Numbers):
    """One phase in which nothing changes."""

    duration: float = _duration(20.0)
    rate: float = inherited(Numbers, "rate", 1e-3)
    optimiser: Optimiser = inherited(Numbers, "optimiser", "adam")

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        yield self.phase("Steady", self.duration, Ramp.level(self.rate))


class StepDecay(Numbers):
    """drops + 1 phases of the same length, each learning at `factor` times the rate before (He et al. 2016)."""

    duration: float = _duration(30.0)
    drops: int = setting(
        2, label="Drops", help="How often it slows down.", term="number of decays", low=1, high=20)  # fmt: skip
    factor: float = setting(
        0.1, label="Drop to", help="How much of the learning rate is left after a drop.", term="decay factor γ",
        low=0.001, high=1.0, step=0.05)  # fmt: skip

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        for i, length in enumerate(_in_shares(self.duration, self.unit, [1.0] * (self.drops + 1))):
            name = "Coarse" if i == 0 else f"Finer {i}" if self.drops > 1 else "Finer"
            yield self.phase(name, length, Ramp.level(self.rate * self.factor**i))


class OneCycle(Numbers):
    """The 1cycle policy (Smith 2018, "A disciplined approach to neural network hyper-parameters").

    Two halves, low · rate → rate → low · rate, of which the first is the share `pct_start`, while the momentum goes the
    other way; then a tail, the share `tail` of the whole, in which the rate sinks on to low · rate · tail_factor and
    the momentum rests.
    """

    duration: float = _duration(20.0)
    low: float = setting(
        0.1, label="Begins at", help="The beginning and the end of the cycle, as a share of its top.",
        term="initial rate ÷ maximal rate", low=0.0001, high=1.0, step=0.01, scale="log")  # fmt: skip
    pct_start: float = _pct_start(0.5)
    tail: float = setting(
        0.1, label="Settling", help="The last share of the training, in which it settles.",
        term="share of the annihilation phase", low=0.01, high=0.9, step=0.01)  # fmt: skip
    tail_factor: float = setting(
        0.01, label="Settles to", help="How far the rate still sinks while it settles.",
        term="final rate ÷ initial rate", low=0.0, high=1.0, step=0.01)  # fmt: skip
    momentum: float = inherited(Numbers, "momentum", 0.95)
    momentum_low: float = inherited(
        Numbers, "momentum", 0.85, label="Momentum at the top", help="Less momentum while it learns fast.")  # fmt: skip
    shape: Literal["linear", "cosine"] = setting(
        "linear", label="Shape", help="Straight lines, or soft curves.", term="annealing function",
        choices={"linear": "straight", "cosine": "soft"})  # fmt: skip

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        cycle, least, shape = 1.0 - self.tail, self.rate * self.low, self.shape
        shares = [cycle * self.pct_start, cycle * (1.0 - self.pct_start), self.tail]
        up, down, end = _in_shares(self.duration, self.unit, shares)
        high, low = self.momentum, self.momentum_low
        yield self.phase("Warm up", up, _ramp(least, self.rate, shape), _ramp(high, low, shape))
        yield self.phase("Cool down", down, _ramp(self.rate, least, shape), _ramp(low, high, shape))
        yield self.phase("Settle", end, _ramp(least, least * self.tail_factor, shape))


class FitOneCycle(Numbers):
    """One cycle as fastai's `fit_one_cycle` draws it: two cosines of unequal length.

    rate / div → rate over the share `pct_start`, then rate → rate / div_final; the momentum goes the other way.
    """

    duration: float = _duration(20.0)
    pct_start: float = _pct_start(0.3)
    div: float = setting(
        25.0, label="Begins at a part of", help="By how much slower it begins than it learns at the top.",
        term="div, div_factor", low=1.0, high=1e6, step=1.0, scale="log")  # fmt: skip
    div_final: float = setting(
        1e5, label="Ends at a part of", help="By how much slower it ends than it learns at the top.",
        term="div_final", low=1.0, high=1e9, step=1.0, scale="log")  # fmt: skip
    momentum: float = inherited(Numbers, "momentum", 0.95)
    momentum_low: float = inherited(
        Numbers, "momentum", 0.85, label="Momentum at the top", help="Less momentum while it learns fast.")  # fmt: skip

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        up, down = _in_shares(self.duration, self.unit, [self.pct_start, 1.0 - self.pct_start])
        rate, high, low = self.rate, self.momentum, self.momentum_low
        yield self.phase("Warm up", up, _ramp(rate / self.div, rate, "cosine"), _ramp(high, low, "cosine"))
        yield self.phase("Cool down", down, _ramp(rate, rate / self.div_final, "cosine"), _ramp(low, high, "cosine"))


class Sgdr(Numbers):
    """Warm restarts: η = floor + (rate − floor)(1 + cos(π T_cur / T_i)) / 2 (Loshchilov & Hutter 2017, eq. 5).

    The first cycle lasts `cycle_len`, each further one `cycle_mult` times as long as the one before. With `lead_in`
    the first twentieth of the first cycle learns at a hundredth of the rate, as fast.ai's lessons do, and the cosine
    goes on from there as if it had been obeyed.
    """

    lengths: ClassVar[dict[str, float]] = {"cycle_len": 1 / 15}  # 1 + 2 + 4 + 8

    cycles: int = setting(4, label="Cycles", help="How often it starts afresh.", term="number of cycles",
        low=1, high=50)  # fmt: skip
    cycle_len: float = setting(
        1.0, label="First cycle", help="How long the first cycle lasts.", term="T₀, cycle_len", low=0.01,
        high=_LONGEST, step=0.5)  # fmt: skip
    cycle_mult: float = setting(
        2.0, label="Growth", help="How much longer each cycle lasts than the one before.", term="T_mult, cycle_mult",
        low=1.0, high=10.0, step=0.5)  # fmt: skip
    floor: float = setting(
        0.0, label="Sinks to", help="The learning rate at the end of each cycle.", term="η_min", low=0.0, high=10.0,
        step=1e-4)  # fmt: skip
    lead_in: bool = setting(
        False, label="Begins carefully", help="Learns a hundred times as slowly for the first moments.",
        term="lead-in: cycle_len / 20 at a hundredth of the rate")  # fmt: skip

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        wave = _ramp(self.rate, self.floor, "cosine")
        for i in range(self.cycles):
            length, cosine = self.cycle_len * self.cycle_mult**i, wave
            if i == 0 and self.lead_in:
                led = _whole(length / 20, self.unit)
                yield self.phase("Lead-in", led, Ramp.level(self.rate / 100))
                length = max(length, 2 * led)
                cosine = wave.model_copy(update={"skip": led / length if wave.decay == "cosine" else 0.0})
                length -= led
            yield self.phase(f"Cycle {i + 1}", _whole(length, self.unit), cosine)


class LinearDecay(Numbers):
    """`n` at the same rate, then `n_decay` on a straight line to 0 (Zhu et al. 2017, CycleGAN, section 4)."""

    lengths: ClassVar[dict[str, float]] = {"n": 0.5, "n_decay": 0.5}

    n: float = setting(
        100.0, label="Steady", help="How long it learns at full speed.", term="n, n_epochs", low=0.1,
        high=_LONGEST, step=1.0)  # fmt: skip
    n_decay: float = setting(
        100.0, label="Fading", help="How long it takes to slow down to nothing.", term="n_decay, n_epochs_decay",
        low=0.1, high=_LONGEST, step=1.0)  # fmt: skip
    rate: float = inherited(Numbers, "rate", 2e-4)
    momentum: float = inherited(Numbers, "momentum", 0.5)
    optimiser: Optimiser = inherited(Numbers, "optimiser", "adam")

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        yield self.phase("Steady", _whole(self.n, self.unit), Ramp.level(self.rate))
        yield self.phase("Fade out", _whole(self.n_decay, self.unit), _ramp(self.rate, 0.0, "linear"))


class FlatCosine(Numbers):
    """The share `flat` at the same rate, then a cosine to 0 (fastai's `fit_flat_cos`)."""

    duration: float = _duration(20.0)
    rate: float = inherited(Numbers, "rate", 1e-3)
    flat: float = setting(
        0.75, label="Steady share", help="How much of the training stays at full speed.", term="pct_start", low=0.01,
        high=0.99, step=0.05)  # fmt: skip
    optimiser: Optimiser = inherited(Numbers, "optimiser", "adamw")

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        steady, fading = _in_shares(self.duration, self.unit, [self.flat, 1.0 - self.flat])
        yield self.phase("Steady", steady, Ramp.level(self.rate))
        yield self.phase("Fade out", fading, _ramp(self.rate, 0.0, "cosine"))


class Poly(Numbers):
    """rate · (1 − t)^power, the "poly" policy of segmentation networks (Chen et al. 2017, DeepLab, section 4.1)."""

    duration: float = _duration(20.0)
    power: float = setting(
        0.9, label="Power", help="1 falls on a straight line; more falls early, less falls late.",
        term="exponent p", low=0.1, high=10.0, step=0.1)  # fmt: skip

    def phases(self) -> Iterator[Phase]:  # noqa: D102
        yield self.phase(
            "Fade out", self.duration, Ramp(start=self.rate, end=0.0, decay="polynomial", power=self.power)
        )


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


@dataclass(frozen=True, slots=True)
class Preset:
    """A schedule to begin with; called with some of its numbers it draws itself: `one_cycle(rate=0.02)`.

    Args:
        numbers: what can be set about it.
        title: what it is called.
        help: one line in an artist's words.

    """

    numbers: type[Numbers]
    title: str
    help: str

    def __call__(self, **numbers: Any) -> Schedule:
        """Return the schedule for these numbers, by default the usual ones.

        Raises:
            ValueError: a number is out of its range, or there is none of that name.

        """
        return Schedule(phases=tuple(self.numbers(**numbers).phases()))

    def instead_of(self, timeline: Timeline) -> Schedule:
        """Return it as long, and at its fastest as fast, as another schedule is, under the same optimiser."""
        phases = timeline.schedule.phases
        fastest = timeline.schedule.fastest
        in_steps = all(phase.unit == "steps" for phase in phases)
        length = timeline.total_steps if in_steps else max(0.1, round(timeline.total_epochs, 1))
        given: dict[str, Any] = {
            name: max(0.01, round(length * share, 2)) for name, share in self.numbers.lengths.items()
        }
        given |= {"unit": "steps" if in_steps else "epochs", "optimiser": phases[0].optimiser}
        # unchecked: what a hand has drawn may lie outside of what a form offers
        numbers = self.numbers.model_construct(**given | ({"rate": fastest} if fastest > 0 else {}))
        kept = {"weight_decay": phases[0].weight_decay}
        return Schedule(phases=tuple(phase.model_copy(update=kept) for phase in numbers.phases()))


constant = Preset(Constant, "Steady", "The same pace from the first to the last step.")
step_decay = Preset(StepDecay, "Steps down", "Full pace first, then slower and finer, one step at a time.")
one_cycle = Preset(OneCycle, "One cycle", "Warms up, races, cools down: the quickest way to a good result.")
fit_one_cycle = Preset(FitOneCycle, "One soft cycle", "Warms up quickly, then cools down softly to nearly nothing.")
sgdr = Preset(Sgdr, "Warm restarts", "Slows down and starts afresh, each round longer than the one before.")
linear_decay = Preset(
    LinearDecay, "Steady, then fading", "Full pace for half of the time, then evenly down to nothing."
)
flat_cosine = Preset(FlatCosine, "Steady, soft landing", "Full pace for most of the time, then gently down to nothing.")
poly = Preset(Poly, "Fading", "Slower with every step, a little faster towards the end.")

PRESETS: dict[str, Preset] = {
    "constant": constant, "step_decay": step_decay, "one_cycle": one_cycle, "fit_one_cycle": fit_one_cycle,
    "sgdr": sgdr, "linear_decay": linear_decay, "flat_cosine": flat_cosine, "poly": poly,
}  # fmt: skip
"""The presets by the name that files and flags use."""


def warmed_cosine(steps: int, rate: float, warm_up: int, end: float | None = None, **changes: Any) -> Schedule:
    """Return a rate that rises for a while, then falls as a cosine.

    Args:
        steps: in all.
        rate: at its highest.
        warm_up: steps that it rises for, from a twentieth; a tenth of all at most.
        end: what it falls to; None is a hundredth.
        changes: what else holds for both phases, as `Phase` has it.

    """
    warm_up = min(warm_up, max(1, steps // 10))
    rising = Ramp(start=rate / 20, end=rate, decay="linear")
    falling = Ramp(start=rate, end=rate / 100 if end is None else end, decay="cosine")
    return Schedule(
        phases=(
            Phase(name="Warm up", duration=warm_up, unit="steps", learning_rate=rising, **changes),
            Phase(name="Learn", duration=max(1, steps - warm_up), unit="steps", learning_rate=falling, **changes),
        )
    )
