"""Every run the window knows: which there are, who works on each, and the ways to steer them. Knows no widget."""

from studio.core.file_names import is_there
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeAlias

from PySide6.QtCore import QFile, QObject, QProcess, QStandardPaths, QTimer, Signal

from studio.core.events import Log, Progress
from studio.core.failures import Failure, StudioError, explain
from studio.core.own_program import own_command
from studio.engine import Engine, JobHandle, JobState
from studio.jobs.runs import ListRunsTask, list_runs
from studio.training.run_commands import RunCommand, RunCommandKind
from studio.training.run_folder import RunChangedError, RunFolder, RunPlan, TrainedRun, TrainRequest
from studio.training.run_summary import RunSummary
from studio.ui.preferences import Preferences

_BUSY_MS, _CALM_MS = 1500, 5000
"""Between two looks at the list: while any of its runs works, and while one may be begun elsewhere."""

_LIST = "train.list"
_SHARE = QStandardPaths.StandardLocation.GenericDataLocation

Whereabouts: TypeAlias = Literal["here", "waiting", "elsewhere", "nowhere"]
"""Who works on a run: this window, this window soon (another run comes first), another process, nobody."""


class RunManager(QObject):
    """Starts, finds and steers runs. Where one is trained makes no difference: orders go through its folder.

    Args:
        studio: the engine that owns the device; runs stand in its queue, beside whatever is painted.
        reader: the engine that reads run folders.
        folder: where new runs are put.
        preferences: remember runs that were opened from elsewhere.

    """

    listed = Signal(object)
    """Every `RunSummary`, the newest first."""
    created = Signal(object)
    """The path of a new run."""
    place_changed = Signal(object)
    """Whoever works on the run at this path is another now."""
    progressed = Signal(object, object)
    """Path and `Progress` of a run that is trained here."""
    ended = Signal(object)
    """A `RunSummary`: a run that worked, wherever, is finished, was kept, or failed."""
    changes_found = Signal(object, object)
    """Path and `Failure`: its data or settings are others than before; `start(…, accept_changes=True)` goes on."""
    failed = Signal(object)
    noticed = Signal(str, str)
    rested = Signal()
    """No run is trained here any more."""

    def __init__(
        self, studio: Engine, reader: Engine, folder: Path, preferences: Preferences, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._studio, self._reader, self.folder, self._preferences = studio, reader, folder, preferences
        self.runs: tuple[RunSummary, ...] = ()
        self._here: dict[Path, JobHandle] = {}
        self._at_work: set[Path] = set()
        self._told: set[Path] = set()
        self._wanted_here: set[Path] = set()
        self._wanted_detached: set[Path] = set()
        self._listing: JobHandle | None = None
        self._list_again = False
        self._watched = False
        self._clock = QTimer(self, singleShot=True)
        self._connect()

    def _connect(self) -> None:
        self._clock.timeout.connect(self.refresh)

    # -- which there are -------------------------------------------------------------------------------------------

    def set_active(self, watched: bool) -> None:
        """Keep looking even while nothing runs, for somebody looks at the list; or only while something does."""
        self._watched = watched
        if watched:
            self.refresh()

    def refresh(self) -> None:
        """Look at every run again; while one works, or somebody looks, this repeats itself."""
        if self._listing is not None:
            self._list_again = True
            return
        self._clock.stop()
        task = ListRunsTask((self.folder,), self._preferences.opened_runs)
        self._listing = handle = self._reader.live(_LIST, list_runs, task)
        handle.finished.connect(self._take_list)
        handle.failed.connect(self._fail_list)

    def summary(self, path: Path) -> RunSummary | None:
        """Return what is known of one run."""
        return next((run for run in self.runs if run.path == path), None)

    def place(self, path: Path) -> Whereabouts:
        """Return who works on a run."""
        if (handle := self._here.get(path)) is not None:
            return "waiting" if handle.state is JobState.WAITING else "here"
        run = self.summary(path)
        return "elsewhere" if run is not None and run.state == "running" else "nowhere"

    @property
    def here(self) -> tuple[Path, ...]:
        """The runs that this window trains, or will as soon as their turn comes."""
        return tuple(self._here)

    @property
    def stands_back(self) -> bool:
        """Whether a run that is trained here is slow just now, because something is being painted."""
        return self._studio.has_live_work

    def open(self, path: Path) -> Path | None:
        """Take the run in `path` into the list, wherever it lies; a file in a run's folder stands for it."""
        run = next((folder for folder in (path, *path.parents[:2]) if is_there(folder / "run.json")), None)
        if run is None:
            self.failed.emit(Failure(f"{path} is not a run's folder.", "Choose a folder that holds a run.json.", ""))
            return None
        run = run.absolute()
        if run.parent != self.folder:
            self._preferences.remember_run(run)
        self.refresh()
        return run

    def forget(self, path: Path) -> None:
        """Leave a run that lies elsewhere out of the list; its folder stays as it is."""
        self._preferences.forget_run(path)
        self.refresh()

    def delete(self, path: Path) -> None:
        """Put a run's folder into the wastebasket; where there is none, say so and leave it."""
        with suppress(OSError):  # Qt makes the wastebasket of a new account, but not the folder it lies in
            Path(QStandardPaths.writableLocation(_SHARE)).mkdir(parents=True, exist_ok=True)
        if QFile(str(path)).moveToTrash():
            self.forget(path)
        else:
            self.failed.emit(
                Failure("There is no wastebasket for that disk.", f"Delete the folder yourself: {path}", "")
            )

    def _take_list(self, runs: tuple[RunSummary, ...]) -> None:
        before = {run.path: run.state for run in self.runs}
        self.runs, self._listing = runs, None
        self.listed.emit(runs)
        for run in runs:
            if before.get(run.path, run.state) != run.state:
                self.place_changed.emit(run.path)
            self._tell_end(run)
            self._move_on(run)
        if self._list_again:
            self._list_again = False
            self.refresh()
        elif self._here or self._wanted_here or any(run.state == "running" for run in runs):
            self._clock.start(_BUSY_MS)
        elif self._watched:
            self._clock.start(_CALM_MS)

    def _tell_end(self, run: RunSummary) -> None:
        """Tell of a run's end, once; not of one that had ended before it was seen at work."""
        if run.state == "running" or run.path in self._here:
            self._at_work.add(run.path)
        elif run.path in self._at_work:
            self._at_work.discard(run.path)
            if run.state in ("finished", "stopped", "failed"):
                self.ended.emit(run)

    def _fail_list(self, failure: Failure) -> None:
        self._listing = None
        self.failed.emit(failure)

    # -- beginning and going on ------------------------------------------------------------------------------------

    def create(self, plan: RunPlan) -> Path | None:
        """Make the folder of a new run and begin it."""
        path, number = _free_folder(self.folder, plan.title or plan.task)
        if plan.title and number > 1:  # two runs of one name could not be told apart
            plan = plan.model_copy(update={"title": f"{plan.title} {number}"})
        try:
            RunFolder.create(path, plan)
        except (StudioError, OSError) as error:
            self.failed.emit(explain(error))
            return None
        self.created.emit(path)
        self.start(path)
        return path

    def start(self, path: Path, *, accept_changes: bool = False, extend: int = 0, keep: bool = False) -> None:
        """Begin a run here, or go on with it; it waits for its turn behind other runs.

        Args:
            path: of the run.
            accept_changes: data or settings that differ from the checkpoint's are wanted.
            extend: so many steps more than it has taken.
            keep: end it where it stands, and keep its network.

        """
        if path in self._here:
            return
        self._wanted_here.discard(path)
        request = TrainRequest(path, accept_changes, extend, keep)
        handle = self._studio.queue(f"train.{path}", "train", request)
        self._here[path] = handle
        self._at_work.add(path)
        self._told.discard(path)
        handle.started.connect(partial(self._tell_place, path))
        handle.progressed.connect(partial(self._tell_progress, path))
        handle.logged.connect(partial(self._tell_log, path))
        handle.finished.connect(partial(self._end, path))
        handle.failed.connect(partial(self._fail, path))
        handle.cancelled.connect(partial(self._leave, path))
        self._tell_place(path)
        self.refresh()

    def go_on_detached(self, path: Path) -> None:
        """Go on with a run in a process that outlives the window; if it is trained here it is paused first."""
        if path in self._here:
            self._wanted_detached.add(path)
            self.pause(path)
        else:
            self._detach(path)

    def take_over(self, path: Path) -> None:
        """Bring a run that another process trains into this window: it pauses there, and goes on here."""
        self._wanted_here.add(path)
        self._order(path, "pause")
        self.refresh()

    def _move_on(self, run: RunSummary) -> None:
        """Take over what has paused by now; give up waiting for what has ended."""
        if run.path in self._wanted_here and run.state != "running" and run.worker is None:
            self._wanted_here.discard(run.path)
            if run.state == "paused":
                self.start(run.path)

    def _detach(self, path: Path) -> None:
        try:
            train_detached(path)
        except StudioError as error:
            self.failed.emit(explain(error))
        self.refresh()

    # -- steering --------------------------------------------------------------------------------------------------

    def pause(self, path: Path) -> None:
        """Save a run after the step in progress and let it rest; one that still waits for its turn is let go."""
        handle = self._here.get(path)
        if handle is None:
            self._order(path, "pause")
        elif handle.state is JobState.WAITING:
            handle.cancel()
        else:
            handle.finish()

    def pause_all_here(self) -> None:
        """Save and rest everything that this window trains; `rested` follows."""
        for path in self.here:
            self.pause(path)

    def stop_and_keep(self, path: Path) -> None:
        """End a run at work, with the network as it is now."""
        self._order(path, "finish")

    def save_now(self, path: Path) -> None:
        """Write a checkpoint now."""
        self._order(path, "checkpoint")

    def pin(self, path: Path, note: str) -> None:
        """Write a checkpoint now that is never thrown away."""
        self._order(path, "pin", {"note": note} if note else {})

    def steer(self, path: Path, values: Mapping[str, Any]) -> None:
        """Change settings of a run in its course; a resting one has them when it goes on."""
        self._order(path, "settings", values)

    def change_plan(self, path: Path, plan: RunPlan) -> None:
        """Write down what is wanted of a run that rests."""
        try:
            RunFolder(path).write_plan(plan)
        except (StudioError, OSError) as error:
            self.failed.emit(explain(error))

    def move_data(self, path: Path, slot: str, folder: Path, phase: int | None = None) -> None:
        """Write down that what a run that rests learns from in `slot` lies in `folder` now; or only in a phase."""
        try:
            plan = RunFolder(path).read_plan()
        except StudioError as error:
            self.failed.emit(explain(error))
            return
        here = {slot: (str(folder),)}
        changed = {"data": {**plan.data, **here}} if phase is None else {"schedule": plan.schedule.with_data(phase, here)}
        self.change_plan(path, plan.model_copy(update=changed))

    def write_notes(self, path: Path, notes: str) -> None:
        """Keep what the artist noted about a run, beside it."""
        try:
            RunFolder(path).notes_file.write_text(notes, encoding="utf-8")
        except OSError as error:
            self.failed.emit(explain(error))

    def read_notes(self, path: Path) -> str:
        """Return the notes about a run, "" without any."""
        try:
            return RunFolder(path).notes_file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def _order(self, path: Path, kind: RunCommandKind, values: Mapping[str, Any] | None = None) -> None:
        try:
            RunFolder(path).commands.post(RunCommand(kind, dict(values or {})))
        except OSError as error:
            self.failed.emit(explain(error))

    # -- what becomes of those here --------------------------------------------------------------------------------

    def _tell_place(self, path: Path) -> None:
        self.place_changed.emit(path)

    def _tell_progress(self, path: Path, progress: Progress) -> None:
        self.progressed.emit(path, progress)

    def _tell_log(self, path: Path, log: Log) -> None:
        if log.level == "warning":  # all of them stand in the run's own list
            self.noticed.emit(log.message, log.level)

    def _end(self, path: Path, result: TrainedRun) -> None:
        self._leave(path)
        if path in self._wanted_detached and result.state == "paused":
            self._detach(path)
        self._wanted_detached.discard(path)

    def _fail(self, path: Path, failure: Failure) -> None:
        self._wanted_detached.discard(path)
        self._leave(path)
        if failure.kind == RunChangedError.__name__:
            self.changes_found.emit(path, failure)
        else:
            self._told.add(path)
            self.failed.emit(failure)

    def has_told(self, path: Path) -> bool:
        """Whether `failed` has said why this run failed, here; of another process's only its end is seen."""
        return path in self._told

    def _leave(self, path: Path) -> None:
        self._here.pop(path, None)
        self._tell_place(path)
        self.refresh()
        if not self._here:
            self.rested.emit()


def _free_folder(folder: Path, title: str) -> tuple[Path, int]:
    """Return a new folder's path that says what the run is, and the number behind its name; 1 is not written."""
    name = "".join(letter if letter.isalnum() or letter in " -_." else " " for letter in title)
    name = " ".join(name.split()).strip(". ")[:60] or "run"
    paths = (folder / (name if number == 1 else f"{name} {number}") for number in count(1))
    return next((path, number) for number, path in enumerate(paths, 1) if not path.exists())


def train_detached(run: Path) -> None:
    """Go on with `run` in a process that outlives this one: the same command as on the command line.

    What it says goes into RUN/process.log. The run must not be trained by anybody else at this time.

    Raises:
        StudioError: the system would not start it.

    """
    process = QProcess()
    program, *arguments = own_command("train", "--resume", str(run.resolve()))
    process.setProgram(program)
    process.setArguments(arguments)
    process.setWorkingDirectory(str(run.resolve()))  # not the one that the window was started from
    for set_file in (process.setStandardOutputFile, process.setStandardErrorFile):
        set_file(str(run / "process.log"), QProcess.OpenModeFlag.Append)
    if not process.startDetached():
        raise StudioError(
            f"The run could not go on without the window ({process.errorString()}).",
            f"Resume it here, or run: atelier train --resume “{run}”",
        )
