"""What the schedule editor knows: the schedule, what is chosen, how far the training is, and how to undo."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.training.schedule import Phase, Ramp, Schedule, Timeline
from studio.training.schedule_presets import PRESETS
from studio.ui.panels.train.schedule_editor import edits
from studio.ui.panels.train.schedule_editor.columns import Column
from studio.ui.panels.train.schedule_editor.edits import Point

_BEGINNING = Schedule(phases=(Phase(duration=10, learning_rate=Ramp.level(1e-3)),))


class EditorState(QObject):
    """The editor without its widgets: plot, table and buttons show this and call it, and it tells them.

    Args:
        stack: where each edit, and each whole drag, becomes one step to undo.

    """

    changed = Signal()
    """The schedule, or what it is laid over, is another: many times during a drag."""
    schedule_changed = Signal(Schedule)
    """An edit is done: once for a drag, for an exact number, for undo. Not for `set_schedule`."""
    selected = Signal(int)
    position_changed = Signal()
    """Training is at another step: often."""
    locks_changed = Signal()
    """Other phases than before are over or begun: seldom."""
    refused = Signal(str)
    """An edit that cannot be; the sentence says why."""

    def __init__(self, stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._timeline = _BEGINNING.timeline(1, batch=1, size=256)
        self._selection = 0
        self._position: int | None = None
        self._before: Schedule | None = None
        self._subject = 0  # grows when another schedule is shown: edits of the old one no longer mean anything

    @property
    def timeline(self) -> Timeline:
        """The schedule laid over the data."""
        return self._timeline

    @property
    def schedule(self) -> Schedule:
        """The schedule as it is now."""
        return self._timeline.schedule

    @property
    def selection(self) -> int:
        """The phase that is chosen."""
        return self._selection

    @property
    def position(self) -> int | None:
        """The step that training has come to; None while it has not begun."""
        return self._position

    @property
    def past(self) -> int:
        """How many phases are over; they cannot change."""
        if self._position is None:
            return 0
        if self._position >= self._timeline.total_steps:
            return len(self.schedule.phases)
        return self._timeline.phase_at(self._position)

    def is_past(self, index: int) -> bool:
        """True for a phase that training has gone through."""
        return index < self.past

    def is_begun(self, index: int) -> bool:
        """True for a phase that training is in, or has gone through."""
        return self._position is not None and index <= self.past

    def can_change(self, index: int, column: Column) -> bool:
        """Tell whether a cell may be edited now."""
        return not self.is_past(index) and not (column.fixed_once_begun and self.is_begun(index))

    def set_schedule(
        self, schedule: Schedule, examples: int | Callable[[Phase], int], batch: int, size: int
    ) -> None:  # fmt: skip
        """Show a schedule over so many examples per epoch; another schedule ends the old one's undo history."""
        if schedule != self.schedule:
            self._subject += 1
        self._before = None
        counts = examples if callable(examples) else max(1, examples)
        self._show(schedule.timeline(counts, batch=max(1, batch), size=max(1, size)))

    def set_position(self, step: int | None) -> None:
        """Show where training is; None: not begun."""
        if step == self._position:
            return
        before = self._position is None, self.past
        self._position = step
        self.position_changed.emit()
        if before != (self._position is None, self.past):
            self.locks_changed.emit()

    def select(self, index: int) -> None:
        """Choose a phase."""
        index = min(max(index, 0), len(self.schedule.phases) - 1)
        if index != self._selection:
            self._selection = index
            self.selected.emit(index)

    # a gesture: many moves, one step to undo

    @property
    def in_hand(self) -> bool:
        """True while something is being dragged."""
        return self._before is not None

    def begin(self) -> None:
        """Take something in hand."""
        if self._before is None:
            self._before = self.schedule

    def end(self, words: str) -> None:
        """Let go of it: what has changed since `begin` is one step to undo."""
        before, self._before = self._before, None
        if before is not None and before != self.schedule:
            self._stack.push(_Edit(words, before, self.schedule, partial(self._restore, self._subject)))
            self.schedule_changed.emit(self.schedule)

    def cancel(self) -> None:
        """Let go of it and leave everything as it was."""
        before, self._before = self._before, None
        if before is not None:
            self._show(self._over(before))

    def move_border(self, index: int, step: float) -> None:
        """Move the end of a phase, within a gesture."""
        if not self.is_past(index):
            self.begin()  # another schedule may have been shown under a hand that holds on
            earliest = self._position + 1 if self._position is not None and index == self.past else 0
            self._move(lambda: edits.move_border(self._timeline, index, step, earliest=earliest))

    def move_point(self, point: Point, value: float, *, alone: bool = False) -> None:
        """Move an end of a ramp, within a gesture."""
        if not self.is_past(point.phase):
            self.begin()
            self._move(lambda: edits.move_point(self.schedule, point, value, alone=alone, first=self.past))

    # whole edits

    def write(self, index: int, column: Column, text: str) -> bool:
        """Put what was typed or chosen into a cell; returns whether it could be."""
        if not self.can_change(index, column):
            return self._refuse("This part of the training is over." if self.is_past(index) else "It has begun.")
        return self._edit(column.title, lambda: column.write(self._timeline, index, text))

    def add(self) -> None:
        """Add a phase behind the chosen one."""
        self._insert("Add Phase", edits.add_phase)

    def duplicate(self) -> None:
        """Repeat the chosen phase behind itself."""
        self._insert("Duplicate Phase", edits.duplicate_phase)

    def remove(self) -> None:
        """Remove the chosen phase."""
        if self.is_begun(self._selection):
            self._refuse("A phase that has begun cannot be removed.")
        else:
            self._edit("Remove Phase", lambda: edits.remove_phase(self.schedule, self._selection))

    @property
    def can_remove(self) -> bool:
        """True while the chosen phase may go."""
        return len(self.schedule.phases) > 1 and not self.is_begun(self._selection)

    @property
    def can_insert(self) -> bool:
        """True while something may follow the chosen phase."""
        return not self.is_past(self._selection)

    @property
    def can_replace(self) -> bool:
        """True while another preset may take the schedule's place."""
        return self._position is None

    def take_preset(self, name: str) -> None:
        """Begin anew with a preset that lasts as long and learns as fast as what is there."""
        if self.can_replace:
            self._edit(PRESETS[name].title, lambda: PRESETS[name].instead_of(self._timeline))

    def take_rate(self, rate: float) -> None:
        """Learn at `rate` where it learns fastest, and everywhere else in proportion."""
        self._edit("Learning Rate", lambda: edits.scale_rates(self.schedule, rate, first=self.past))

    def _insert(self, words: str, insert: Callable[[Schedule, int], Schedule]) -> None:
        if not self.can_insert:
            self._refuse("This part of the training is over.")
        elif self._edit(words, lambda: insert(self.schedule, self._selection)):
            self.select(self._selection + 1)

    def _edit(self, words: str, make: Callable[[], Schedule]) -> bool:
        self.begin()
        done = self._move(make)
        self.end(words)
        return done

    def _move(self, make: Callable[[], Schedule]) -> bool:
        try:
            schedule = make()
        except ValueError as error:
            return self._refuse(str(error))
        if schedule != self.schedule:
            self._show(self._over(schedule))
        return True

    def _restore(self, subject: int, schedule: Schedule) -> bool:
        """Undo or redo; returns whether such an edit still means anything."""
        if subject != self._subject:
            return False
        if schedule.phases[: self.past] != self.schedule.phases[: self.past]:
            self._refuse("That part of the training is over; it stays as it was.")
            return True
        self._show(self._over(schedule))
        self.schedule_changed.emit(schedule)
        return True

    def _refuse(self, words: str) -> bool:
        self.refused.emit(words)
        return False

    def _over(self, schedule: Schedule) -> Timeline:
        timeline = self._timeline
        return schedule.timeline(timeline.examples, batch=timeline.batch, size=timeline.size)

    def _show(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.changed.emit()
        self.select(self._selection)


class _Edit(QUndoCommand):
    def __init__(self, words: str, before: Schedule, after: Schedule, restore: Callable[[Schedule], bool]) -> None:
        super().__init__(words)
        self._before, self._after, self._restore = before, after, restore
        self._done = True  # the hand itself has already done it

    def redo(self) -> None:
        if not self._done and not self._restore(self._after):
            self.setObsolete(True)
        self._done = False

    def undo(self) -> None:
        if not self._restore(self._before):
            self.setObsolete(True)
