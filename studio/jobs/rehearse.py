"""Measuring what a run would cost as a job: opens its task, takes a few steps, and says what they took."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError, is_out_of_memory
from studio.core.user_folders import UserFolders
from studio.training.kinds import kind_named, settings_of
from studio.training.processes import Processes
from studio.training.rehearsal import MemoryWatch, rehearse
from studio.training.run_folder import RunPlan
from studio.training.seeding import generator_state, restore_generators, seed_everything, seed_of, undisturbed
from studio.training.settings import TrainingSettings
from studio.training.task import TaskContext, TrainingTask
from studio.training.task_kind import TaskKind
from studio.training.time_estimate import Rehearsed, TimeEstimate

__all__ = ["Foretold", "rehearse_run"]


@dataclass(frozen=True, slots=True)
class Foretold:
    """How many steps a run takes, how long that is, and what was measured."""

    steps: int
    estimate: TimeEstimate
    rehearsed: Rehearsed


def rehearse_run(plan: RunPlan, controls: Controls[Any], *, kind: TaskKind | None = None) -> Job[Foretold]:
    """Measure a few steps of the run that is planned; nothing is kept of it.

    Args:
        plan: of the run.
        controls: not heeded: the job is short, and may be closed.
        kind: of the training; None looks the plan's up.

    Raises:
        StudioError: the task cannot be opened, or does not fit into the memory.

    """
    kind = kind or kind_named(plan.task)
    settings = settings_of(plan, kind)
    yield Progress("Preparing…")
    with Processes(precision=settings.precision) as processes:
        before = generator_state(processes.device)
        try:
            return (yield from undisturbed(_work(plan, kind, settings, processes), processes.device))
        finally:
            restore_generators(before, processes.device)


def _work(plan: RunPlan, kind: TaskKind, settings: TrainingSettings, processes: Processes) -> Job[Foretold]:
    seed_everything(seed_of("open", settings.seed), processes.device)
    memory = MemoryWatch(processes.device)
    module, function = kind.opener.split(":")
    place = TaskContext(processes.device, UserFolders.standard().cache / "training", settings.seed)
    task: TrainingTask = yield from getattr(import_module(module), function)(plan, place)
    timeline = task.timeline(plan.schedule, batch=settings.batch, size=settings.size)
    last = min(timeline.total_steps, settings.steps or timeline.total_steps)
    steps = rehearse(task, timeline, last, settings, processes, memory)
    try:
        while True:
            yield Progress(next(steps))
    except StopIteration as end:
        found: Rehearsed = end.value
        return Foretold(last, found.of(last, settings), found)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise StudioError(
            f"Not even one picture of {settings.size} px at a time fits into the memory.",
            "Choose a smaller picture size, a smaller network, or half precision.",
        ) from error
