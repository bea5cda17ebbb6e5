"""How long a run that is being put together will take, as runs that are over have taught; free of torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from socket import gethostname
from statistics import median

from studio.core.settings import describe
from studio.training.run_summary import RunSummary
from studio.training.settings import TrainingSettings
from studio.training.task_kind import TaskKind

__all__ = ["TimeEstimate", "estimate"]

_RUNS = 5
"""So many of the last ones are asked: a computer gets other things to do, and other parts."""
_COSTS = frozenset({"Network", "This computer"})
"""Groups of settings that decide what a picture costs."""


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """About how long, s.

    Args:
        seconds: in all.
        runs: how many told.
        alike: whether they had the same network; otherwise it is a guess.

    """

    seconds: float
    runs: int
    alike: bool


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
