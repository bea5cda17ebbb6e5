"""The training job: begins a run or goes on with it, whatever its folder holds."""

import json
import time
from collections.abc import Generator
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from studio.core.atomic import sweep
from studio.core.controls import Controls
from studio.core.events import Job, Log, Progress
from studio.core.failures import Failure, explain
from studio.core.user_folders import UserFolders
from studio.training.checkpoints import CheckpointClock, Checkpoints
from studio.training.data.loader import ExampleLoader, suitable_workers
from studio.training.extension import extended
from studio.training.kinds import kind_named, settings_of
from studio.training.loop import Equipment, TrainingLoop
from studio.training.micro_batches import MicroBatchMemo
from studio.training.processes import Processes
from studio.training.run_folder import BEAT_S, RunChangedError, RunFolder, RunPlan, TrainedRun, TrainRequest
from studio.training.run_log import RunLog
from studio.training.seeding import seed_everything, seed_of, undisturbed
from studio.training.settings import TrainingSettings
from studio.training.task import TaskContext, TrainingTask
from studio.training.task_kind import TaskKind

__all__ = ["train"]

PREPARING = "Preparing…"


def train(
    request: TrainRequest,
    controls: Controls[Any],
    *,
    kind: TaskKind | None = None,
    processes: Processes | None = None,
    clock: CheckpointClock | None = None,
) -> Job[TrainedRun]:
    """Train the run in `request.folder` until it ends, or until it is asked to pause.

    Orders come through the folder (`RunCommands`). `controls.finish()`, as of SIGINT and SIGTERM, and closing the
    generator pause it: the step in progress is brought to its end and a checkpoint written.

    Args:
        request: which run.
        controls: only `finishing` is heeded.
        kind: of the training; None looks the plan's up.
        processes: that train together; None is this one alone.
        clock: when to save; None goes by the settings.

    Raises:
        StudioError: it cannot begin, or cannot go on; the run's log says why, too.

    """
    run = RunFolder(request.folder)
    plan = run.read_plan()
    kind = kind or kind_named(plan.task)
    settings = settings_of(plan, kind)
    yield Progress(PREPARING)
    with ExitStack() as open_things:
        if processes is None:
            processes = open_things.enter_context(Processes(precision=settings.precision))
        log = None
        if processes.rank == 0:
            open_things.enter_context(run.held())
            run.commands.clear()  # whatever was asked of an earlier process
            sweep(run.path)
            sweep(run.samples, alone=True)  # the window writes into the run's own folder, but not here
            log = open_things.enter_context(RunLog(run.events_file))
        session = TrainingJob(run, plan, kind, settings, processes, log, request)
        clock = clock or CheckpointClock(settings.checkpoint_minutes * 60)
        return (yield from session.work(controls, clock))


class TrainingJob:
    """One process's work on a run, from opening its data to the last word in its log."""

    def __init__(
        self, run: RunFolder, plan: RunPlan, kind: TaskKind, settings: TrainingSettings, processes: Processes,
        log: RunLog | None, request: TrainRequest,
    ) -> None:  # fmt: skip
        self._run = run
        self._plan = plan
        self._kind = kind
        self._settings = settings
        self._processes = processes
        self._log = log
        self._request = request
        self._told = _told_before(run.events_file) if log is not None else frozenset()
        self._loop: TrainingLoop | None = None

    def work(self, controls: Controls[Any], clock: CheckpointClock) -> Job[TrainedRun]:
        """Open, train, and write down how it ended."""
        self._write("state", state="running")
        job = self._open_and_train(controls, clock)
        try:
            trained = yield from undisturbed(job, self._processes.device)
        except GeneratorExit:
            self._write("state", state="paused")
            raise
        except RunChangedError as error:
            self._write("state", state="paused", message=error.cause)  # nothing is broken: somebody has to decide
            self._processes.leave_word(explain(error))
            raise
        except BaseException as error:
            self._tell_failure(explain(error))
            raise
        self._write("state", state=trained.state)
        return trained

    def _open_and_train(self, controls: Controls[Any], clock: CheckpointClock) -> Job[TrainedRun]:
        processes = self._processes
        cache = UserFolders.standard().cache / "training"
        seed = self._settings.seed
        seed_everything(seed_of("open", seed), processes.device)
        task = yield from self._opened(TaskContext(processes.device, cache, seed, self._run.path), controls)
        if task is None:
            return TrainedRun(self._run.path, "paused", self._reached())
        if self._request.extend:
            self._extend(task, self._request.extend)
        settings = self._settings
        workers = settings.workers
        if workers < 0:  # those of a computer share its processors
            workers = -(-suitable_workers(processes.device.type) // processes.here)
        loader = ExampleLoader(
            task.examples, settings.seed, world=processes.world, rank=processes.rank, workers=workers,
            others=task.other_examples,
        )  # fmt: skip
        memo = MicroBatchMemo(cache / "parts.json")
        with loader:
            kit = Equipment(self._run, self._plan, settings, processes, loader, self._log, memo, clock)
            self._loop = TrainingLoop(task, kit)
            accept, keep = self._request.accept_changes, self._request.keep
            return (yield from self._loop.run(controls, accept_changes=accept, keep=keep))

    def _extend(self, task: TrainingTask, steps: int) -> None:
        """Plan for more; the plan is on the disk before anything is learnt by it."""
        settings, reached = self._settings, self._reached()
        timeline = task.timeline(self._plan.schedule, batch=settings.batch, size=settings.size)
        self._plan = extended(self._plan, timeline, reached, steps)
        self._settings = settings_of(self._plan, self._kind)
        self._processes.barrier()  # nobody reads it in the making
        if self._processes.rank == 0:
            self._run.write_plan(self._plan)
        self._write("extended", steps=steps, total=reached + steps)

    def _opened(self, place: TaskContext, controls: Controls[Any]) -> Job[TrainingTask | None]:
        """Let the task read its data; on several processes of a computer, one prepares what the others then find.

        Large data takes a while: None where somebody would rather pause meanwhile. Several processes can only pause
        together, once all have their task.
        """
        module, function = self._kind.opener.split(":")
        with self._processes.first_here():
            opening: Generator[Any, None, TrainingTask] = getattr(import_module(module), function)(self._plan, place)
            beaten, said = 0.0, list[str]()
            while True:
                try:
                    event = next(opening)
                except StopIteration as end:
                    task: TrainingTask = end.value
                    task.said_of_data = tuple(dict.fromkeys(said))
                    return task
                if isinstance(event, Log):
                    said.append(event.message)
                if self._processes.world == 1 and (controls.finishing or self._run.commands.given("pause")):
                    opening.close()
                    return None
                if isinstance(event, Log) and event.message not in self._told:
                    self._write("log", message=event.message, level=event.level)
                if self._processes.rank == 0 and time.monotonic() - beaten > BEAT_S:
                    beaten = time.monotonic()
                    self._run.beat()
                yield event

    def _reached(self) -> int:
        """How far the run was when it was last worked on."""
        kept = Checkpoints(self._run.checkpoints).all()
        return max((one.step for one in kept if not one.abandoned), default=0)

    def _tell_failure(self, failure: Failure) -> None:
        self._processes.leave_word(failure)  # first of all: the others wait
        self._write("state", state="failed", cause=failure.cause, remedy=failure.remedy)

    def _write(self, kind: str, **facts: Any) -> None:
        if self._log is not None:
            step = (self._loop.step if self._loop is not None else 0) or self._reached()
            with suppress(OSError):  # a full disk is told where it stops something
                self._log.write(kind, step, **facts)


def _told_before(events: Path) -> frozenset[str]:
    """Return every sentence in a run's log: what is said of its data need not stand there once for each sitting."""
    with suppress(OSError), events.open("rb") as file:
        lines = (json.loads(line) for line in file if b'"type": "log"' in line and line.endswith(b"\n"))
        return frozenset(str(line.get("message")) for line in lines)
    return frozenset()
