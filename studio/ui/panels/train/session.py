"""The state of the Train panel: the run in sight, the one it is compared with, what can be done. Knows no widget."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.core.failures import Failure
from studio.engine import Engine
from studio.jobs.runs import RunSnapshot
from studio.training import kinds as every_kind
from studio.training.run_folder import RunPlan, RunState
from studio.training.run_summary import RunSummary
from studio.training.schedule import Schedule
from studio.training.task_kind import TaskKind
from studio.ui.panels.train.new_run.rehearsal import Rehearsal
from studio.ui.panels.train.new_run.session import NewRun
from studio.ui.panels.train.run.watch import RunWatch
from studio.ui.panels.train.runs.manager import RunManager
from studio.ui.preferences import Preferences


class RunAction(StrEnum):
    """What can be done with a run."""

    PAUSE = "pause"
    RESUME = "resume"
    TAKE_OVER = "take over"
    KEEP = "keep"
    EXTEND = "extend"
    SAVE = "save"
    STEER = "steer"
    USE = "use"


class TrainSession(QObject):
    """Joins a new run, the list of runs, and the one that is looked at.

    Args:
        studio: the engine that trains.
        reader: the engine that reads run folders and examines data.
        runs: the folder of new runs.
        preferences: what is remembered of runs.
        undo_stack: receives the steps of the settings of a new run.
        kinds: what can be trained; by default all there is.

    """

    shown_changed = Signal(object)
    """The path of the run in sight, or None: a new one is being put together."""
    compared_changed = Signal(object)
    """The path of the run whose curves are shown beside, or None."""
    failed = Signal(object)

    def __init__(
        self,
        studio: Engine,
        reader: Engine,
        runs: Path,
        preferences: Preferences,
        undo_stack: QUndoStack,
        parent: QObject | None = None,
        *,
        kinds: Sequence[TaskKind] = (),
    ) -> None:
        super().__init__(parent)
        self.kinds = tuple(kinds) or every_kind.KINDS
        self.manager = RunManager(studio, reader, runs, preferences, self)
        self.new_run = NewRun([kind for kind in self.kinds if kind.in_window], reader, undo_stack, self)
        self.rehearsal = Rehearsal(studio, self)
        self.watch = RunWatch(reader, "train.watch", self)
        self.comparison = RunWatch(reader, "train.compare", self)
        self._arrived = False
        self._connect()

    def _connect(self) -> None:
        self.manager.failed.connect(self.failed)
        self.manager.place_changed.connect(self._look_at_change)
        self.manager.listed.connect(self._show_at_work)
        self.watch.snapshot_taken.connect(self._compare_with_list)
        self.watch.failed.connect(self._lose)
        self.comparison.failed.connect(self._lose_comparison)

    # -- what is in sight ------------------------------------------------------------------------------------------

    @property
    def shown(self) -> Path | None:
        """The run in sight; None while a new one is put together."""
        return self.watch.path

    def set_visible(self, visible: bool) -> None:
        """Follow the runs closely, or let them be because nobody looks."""
        self.watch.set_active(visible)
        self.comparison.set_active(visible)
        self.manager.set_active(visible)

    def show(self, path: Path | None) -> None:
        """Bring a run into sight; None: the new one."""
        if path != self.shown:
            self.compare(None)
            self.watch.watch(path)
            self.shown_changed.emit(path)

    def _show_at_work(self, runs: tuple[RunSummary, ...]) -> None:
        """Open at a run that went on in the background, unless the artist is already at something else."""
        if not self._arrived:
            self._arrived = True
            at_work = next((run.path for run in runs if run.state == "running"), None)
            untouched = not (any(self.new_run.data.values()) or self.new_run.inputs)
            if at_work is not None and self.shown is None and untouched:
                self.show(at_work)

    def compare(self, path: Path | None) -> None:
        """Show the curves of another run beside those of the one in sight, or no longer."""
        if path != self.comparison.path:
            self.comparison.watch(path if path != self.shown else None)
            self.compared_changed.emit(self.comparison.path)

    def toggle_comparison(self, path: Path) -> None:
        """Compare with a run, or end the comparison with it."""
        self.compare(None if path == self.comparison.path else path)

    def _look_at_change(self, path: Path) -> None:
        if path == self.shown:
            self.watch.look_now()

    def _compare_with_list(self, snapshot: RunSnapshot) -> None:
        known = self.manager.summary(snapshot.path)
        if known is None or known.state != snapshot.state:
            self.manager.refresh()

    def _lose(self, failure: Failure) -> None:
        self.shown_changed.emit(None)
        self.failed.emit(failure)

    def _lose_comparison(self, failure: Failure) -> None:
        self.compared_changed.emit(None)
        self.failed.emit(failure)

    # -- what can be done ------------------------------------------------------------------------------------------

    def kind_of(self, plan: RunPlan | None) -> TaskKind | None:
        """Return the kind of training of a run; None where it is not known here, as of a newer Atelier."""
        return next((kind for kind in self.kinds if plan is not None and kind.name == plan.task), None)

    def repeat(self, plan: RunPlan) -> None:
        """Put a run together that is like another, to change something about it."""
        if self.kind_of(plan) is not None:
            self.new_run.take_plan(plan)
            self.show(None)

    def start(self) -> None:
        """Begin the run that was put together, unless something is missing."""
        if not self.new_run.missing and (path := self.manager.create(self.new_run.plan())) is not None:
            self.show(path)

    def open(self, path: Path) -> None:
        """Take a run's folder into the list and bring it into sight."""
        if (run := self.manager.open(path)) is not None:
            self.show(run)

    def actions(self, snapshot: RunSnapshot | None) -> frozenset[RunAction]:
        """Return what can be done with the run in sight."""
        if snapshot is None:
            return frozenset()
        place = self.manager.place(snapshot.path)
        found = {RunAction.USE} if snapshot.has_model and snapshot.state != "running" else set()
        if place == "waiting":
            return frozenset(found | {RunAction.PAUSE})
        if place == "here" or snapshot.state == "running":
            found |= {RunAction.PAUSE, RunAction.KEEP, RunAction.SAVE, RunAction.STEER}
            if place != "here":
                found.add(RunAction.TAKE_OVER)
        elif snapshot.state in _CAN_GO_ON:
            found.add(RunAction.RESUME)
            if snapshot.state != "stopped" and snapshot.history.step:
                found.add(RunAction.KEEP)
        elif snapshot.state == "finished":
            found.add(RunAction.EXTEND)
        return frozenset(found)

    def redraw_shown(self, schedule: Schedule) -> None:
        """Let the run in sight, which rests, go on by another schedule; when it is resumed, it says so and asks."""
        if (snapshot := self.watch.snapshot) is not None and RunAction.RESUME in self.actions(snapshot):
            self.manager.change_plan(snapshot.path, snapshot.plan.model_copy(update={"schedule": schedule}))
            self.watch.look_now()

    def repeat_shown(self) -> None:
        """Put a run together that is like the one in sight."""
        if (snapshot := self.watch.snapshot) is not None:
            self.repeat(snapshot.plan)

    def delete(self, path: Path) -> None:
        """Put a run with all its files into the wastebasket."""
        if self.manager.place(path) == "nowhere":
            for watch in (self.watch, self.comparison):
                if watch.path == path:
                    self.show(None)
            self.manager.delete(path)

    def forget_shown(self) -> None:
        """Leave the run in sight out of the list."""
        if (path := self.shown) is not None:
            self.show(None)
            self.manager.forget(path)

    def toggle_pause(self) -> None:
        """Pause the run in sight, or go on with it here."""
        if (snapshot := self.watch.snapshot) is None:
            return
        actions = self.actions(snapshot)
        if RunAction.PAUSE in actions:
            self.manager.pause(snapshot.path)
        elif RunAction.RESUME in actions:
            self.manager.start(snapshot.path)

    def extend(self, steps: int) -> None:
        """Let the run in sight, which is finished, learn for so many steps more."""
        if (snapshot := self.watch.snapshot) is not None and RunAction.EXTEND in self.actions(snapshot):
            self.manager.start(snapshot.path, extend=steps)

    def stop_and_keep(self) -> None:
        """End the run in sight with the network as it is; one that rests is opened for that alone."""
        if (snapshot := self.watch.snapshot) is None or RunAction.KEEP not in (actions := self.actions(snapshot)):
            return
        if RunAction.RESUME in actions:
            self.manager.start(snapshot.path, keep=True)
        else:
            self.manager.stop_and_keep(snapshot.path)


_CAN_GO_ON: frozenset[RunState] = frozenset({"new", "paused", "interrupted", "stopped", "failed"})
