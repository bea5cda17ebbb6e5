"""How long a run that is being put together will take: as its first steps tell, or runs that are over; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass
from socket import gethostname
from statistics import median

from studio.core.eta import words_for_duration
from studio.core.settings import describe
from studio.training.run_folder import RunPlan
from studio.training.run_summary import RunSummary
from studio.training.settings import TrainingSettings
from studio.training.task_kind import TaskKind

__all__ = ["Rehearsed", "TimeEstimate", "costs_of", "estimate", "length_in_words"]

_RUNS = 5
"""So many of the last ones are asked: a computer gets other things to do, and other parts."""
_COSTS = frozenset({"Network", "This computer"})
"""Groups of settings that decide what a picture costs."""


_GB = 1e9
_ROOM = 0.9
"""The share of the free memory that a run may take: other programs and the window live on."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the first steps of a run cost here, on networks that were thrown away.

    Args:
        steps: how many were measured.
        step: what one of them took, s; a mean over places all along the schedule.
        check: what measuring took, s; 0 where there is nothing to measure on.
        sample: what a sample took, s.
        memory: the most bytes in use, beyond those that were before.
        room: bytes that were free for it; None where nobody knows.
        parts: into how many parts a step was divided to fit into memory.

    """

    steps: int
    step: float
    check: float
    sample: float
    memory: int
    room: int | None = None
    parts: int = 1

    def of(self, steps: int, settings: TrainingSettings) -> "TimeEstimate":
        """Return how long a run of so many steps takes, with its checks and samples, and what it tries beforehand."""
        check_every, sample_every = settings.looks(steps)
        looks = self.check * -(-steps // check_every) + self.sample * (1 + -(-steps // sample_every))
        values, each = settings.tries(steps)
        trials = values * (self.step * each + self.check)
        return TimeEstimate(self.step * steps + looks + trials, 0, alike=True, rehearsed=self)

    @property
    def memory_in_words(self) -> str:
        """How much memory it takes, and what to do where that is more than is free."""
        needs = f"about {self.memory / _GB:.1f} GB of memory"
        if self.room is not None and self.memory > _ROOM * self.room:
            return f"{needs}, and {self.room / _GB:.1f} GB are free: choose smaller pictures, or close other programs"
        return needs


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """About how long, s.

    Args:
        seconds: in all.
        runs: how many told; 0 where steps were measured instead.
        alike: whether they had the same network; otherwise it is a guess.
        rehearsed: what was measured.

    """

    seconds: float
    runs: int
    alike: bool
    rehearsed: Rehearsed | None = None


def estimate(
    work: float, kind: TaskKind, settings: TrainingSettings, runs: Sequence[RunSummary]
) -> TimeEstimate | None:
    """Judge by the last runs of this kind on this computer; by those with the same network, where there are any.

    Args:
        work: pixels to be learnt from in all: convolutions cost as many as they see.
        kind: of the training.
        settings: of the run.
        runs: the newest first.

    """
    found = [
        (run, pace) for run in runs
        if run.plan is not None and run.plan.task == kind.name and run.computer in ("", gethostname())
        and (pace := _pixels_per_second(run, kind))
    ]  # fmt: skip
    like = [(run, pace) for run, pace in found if _costs_the_same(run, kind, settings)]
    told = (like or found)[:_RUNS]
    if not told:
        return None
    return TimeEstimate(work / median(pace for _, pace in told), len(told), alike=bool(like))


def length_in_words(steps: int | None, estimate: TimeEstimate | None) -> str:
    """Say how long a run will take, as far as that is known, and what it needs."""
    if steps is None:
        return "How long it takes is known once the pictures are counted."
    if estimate is None:
        return f"{steps:,} steps. How long that takes shows after the first ones."
    duration = words_for_duration(estimate.seconds)
    if (found := estimate.rehearsed) is not None:
        measured = f"{found.steps} steps measured ({found.step:.2g} s each)"
        return f"{steps:,} steps would take about {duration} here and {found.memory_in_words}: {measured}."
    if not estimate.alike:
        return f"{steps:,} steps, perhaps {duration}, judged by a run with another network."
    runs = "your last run" if estimate.runs == 1 else f"your last {estimate.runs} runs"
    return f"{steps:,} steps, about {duration}, judged by {runs} like this."


def costs_of(plan: RunPlan, kind: TaskKind) -> tuple[object, ...]:
    """Return what decides the cost of a step, a check or a sample: where it is the same, so is that."""
    free = {info.name for info in describe(kind.settings) if info.group == "Length"} - {"size", "batch"}
    settings = {name: value for name, value in plan.settings.items() if name not in free | _LOOKS}
    phases = [(phase.size, phase.batch, phase.batches, phase.trains, phase.frozen, phase.data)
              for phase in plan.schedule.phases]  # fmt: skip
    return plan.task, settings, plan.data, plan.inputs, phases


_LOOKS = frozenset({"validate_every", "sample_every", "checkpoint_minutes", "learning_rate_factor"})
"""How often something is done, not what it costs."""


def _pixels_per_second(run: RunSummary, kind: TaskKind) -> float:
    """Return its pace; of one of version 0.1, which did not count them, its pictures' size times their number."""
    if run.pixels_per_second or run.plan is None:
        return run.pixels_per_second
    size: int = run.plan.settings.get("size", kind.settings().size)
    return run.images_per_second * size**2


def _costs_the_same(run: RunSummary, kind: TaskKind, settings: TrainingSettings) -> bool:
    names = [info.name for info in describe(kind.settings) if info.group in _COSTS and info.name not in _FREE]
    known = run.plan.settings if run.plan is not None else {}
    return all(known.get(name, getattr(kind.settings(), name)) == getattr(settings, name) for name in names)


_FREE = frozenset({"workers", "checkpoint_minutes"})
"""Of those groups, but hardly felt."""
