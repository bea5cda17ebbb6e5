"""Looking at runs, away from the window's thread: a log may hold a million lines, or lie on a slow shared disk."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.training.run_folder import Heartbeat, RunFolder, RunPlan, RunState, runs_in
from studio.training.run_log import RunHistory
from studio.training.run_summary import RunSummary, summarise

_PIECE = 1 << 18
"""Bytes that are read in one go: about 5 ms of work."""


@dataclass(frozen=True, slots=True)
class ListRunsTask:
    """Which runs to list: those directly in `folders`, and each of `runs`."""

    folders: Sequence[Path]
    runs: Sequence[Path] = ()


def list_runs(task: ListRunsTask, controls: Controls[Any]) -> Job[tuple[RunSummary, ...]]:
    """Glance at every run, the newest first; a folder that is gone is left out."""
    paths = dict.fromkeys([*(run.path for run in runs_in(task.folders)), *task.runs])
    found: list[RunSummary] = []
    for path in paths:
        yield Progress("Looking for runs", len(found), len(paths))
        if path.is_dir():
            found.append(summarise(path))
    return tuple(sorted(found, key=lambda run: run.plan.created if run.plan else "", reverse=True))


class RunReader:
    """What has been read of one run so far. Only the job `look_at_run` touches it, one look at a time.

    Args:
        path: the run's folder.

    """

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder(path)
        self.history = RunHistory(self.folder.events_file)
        self._plan: RunPlan | None = None
        self._plan_of = 0
        self.seen: RunState | None = None

    @property
    def plan_read(self) -> RunPlan:
        """What is wanted of the run, as it was read last."""
        if self._plan is None:
            self._plan = self.folder.read_plan()
        return self._plan

    def read_plan(self) -> bool:
        """Read the plan if it was written since; return whether it was.

        Raises:
            StudioError: there is none, or it cannot be understood.

        """
        written = 0
        with suppress(OSError):
            written = self.folder.plan_file.stat().st_mtime_ns
        if self._plan is not None and written == self._plan_of:
            return False
        self._plan, self._plan_of = self.folder.read_plan(), written
        return True

    @property
    def behind(self) -> int:
        """How many bytes are still to be read."""
        with suppress(OSError):
            return max(0, self.folder.events_file.stat().st_size - self.history.position)
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class RunSnapshot:
    """A run at one moment; nothing in it changes any more. `fresh`: there is more to see than at the look before."""

    path: Path
    plan: RunPlan
    history: RunHistory
    state: RunState
    worker: Heartbeat | None
    has_model: bool
    fresh: bool


def look_at_run(reader: RunReader, controls: Controls[Any]) -> Job[RunSnapshot]:
    """Read what was written since the last look.

    Raises:
        StudioError: there is no run in that folder.

    """
    fresh, size = reader.read_plan(), reader.behind
    while reader.history.poll(_PIECE):
        fresh = True
        if (left := reader.behind) > 0:
            yield Progress("Reading what happened so far", max(0, size - left), size, in_words=True)
    state = reader.folder.state(reader.history.logged_state)
    fresh, reader.seen = fresh or state != reader.seen, state
    return RunSnapshot(
        path=reader.folder.path,
        plan=reader.plan_read,
        history=reader.history.snapshot(),
        state=state,
        worker=reader.folder.heartbeat(),
        has_model=reader.folder.model_file.is_file(),
        fresh=fresh,
    )
