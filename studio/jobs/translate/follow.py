"""How far a pair has come that is still learning, while somebody works with it: its newest checkpoint is asked for."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.jobs.unfinished import newest_step
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder

__all__ = ["FollowTask", "follow_run"]


@dataclass(frozen=True, slots=True)
class FollowTask:
    """A run, and how old, in seconds, its newest checkpoint may become before another one is ordered."""

    folder: Path
    patience: float = 45.0


def follow_run(task: FollowTask, controls: Controls[Any]) -> Job[int]:
    """Return the step that a run has reached; 0 where it is finished, or has reached none.

    A run that is worked on saves its checkpoints as rarely as suits it: somebody who draws with it wants them sooner.
    """
    yield Progress("Looking how far it is")
    run, step = RunFolder(task.folder), newest_step(task.folder)
    beat = run.heartbeat()
    if not run.model_file.exists() and beat is not None and beat.alive and not run.commands.given("checkpoint"):
        newest = run.checkpoints / f"step-{step:08d}.json"
        if time.time() - _written(newest) > task.patience:
            run.commands.post(RunCommand("checkpoint"))
    return step


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
