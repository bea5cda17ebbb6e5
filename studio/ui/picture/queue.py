"""The queue of a picture panel: many photos, made something of one after the other with the look of the moment.

It stands in the queue lane of the engine that owns the device, so that painting by hand goes first; and it is written
down, so that it is still there after a crash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.controls import Controls
from studio.core.events import Progress
from studio.core.failures import Failure
from studio.core.library import Library
from studio.core.picture_task import PictureTask
from studio.engine import Engine, JobHandle, JobState
from studio.jobs.batch import (
    BatchItem,
    BatchLook,
    GatherTask,
    ItemMade,
    ItemTask,
    Outcome,
    Report,
    State,
    gather,
    make_item,
)
from studio.jobs.batch_file import (
    Batch,
    BeginTask,
    begin_batch,
    find_batches,
    forget_batch,
    look_again,
    note_outcome,
)  # fmt: skip

__all__ = ["PictureQueue", "QueuedPhoto"]

_TURN_MS = 1000
"""After this long it is worth saying that a photo waits for its turn."""


@dataclass(slots=True, eq=False)
class QueuedPhoto:
    """A photo in the queue; `share` is how much of it is done while it is at work, 0–1."""

    batch: "_QueuedBatch"
    number: int
    item: BatchItem
    state: State = field(default_factory=State)
    share: float = 0.0


@dataclass(slots=True, eq=False)
class _QueuedBatch:
    batch: Batch
    look: BatchLook | None = None


class PictureQueue(QObject):
    """Photos wait here with the look they were queued with; one is at work at a time.

    Args:
        task: what is done.
        studio: the engine that works on them.
        pictures: the engine that finds photos and keeps the queue's file.
        library: where results go unless a folder is chosen.

    """

    changed = Signal()
    """Other photos are in the queue, or it stands otherwise."""
    photo_changed = Signal(int)
    """The photo in this row stands otherwise."""
    made = Signal()
    """There is one more result in the library."""
    ended = Signal(object)
    """Nothing is left to be done: the `Report`."""
    failed = Signal(object)

    def __init__(
        self, task: PictureTask, studio: Engine, pictures: Engine, library: Library, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.task, self._studio, self._pictures, self._library = task, studio, pictures, library
        self.photos: list[QueuedPhoto] = []
        self.proposed: tuple[BatchItem, ...] = ()
        self.is_paused = False
        self.is_interrupted = False
        """Whether the queue is of an earlier day, and waits for a word."""
        self._at_work: tuple[QueuedPhoto, JobHandle] | None = None
        self._opening = False
        self._turn = QTimer(self, singleShot=True, interval=_TURN_MS)
        self._turn.timeout.connect(self.changed)
        self._numbers = count()

    # -- photos in -------------------------------------------------------------------------------------------------

    def propose(self, sources: Sequence[Path], leave_out: Sequence[Path] = ()) -> None:
        """Find the photos that are meant; they are queued when somebody says where the results go."""
        handle = self._ask("gather", gather, GatherTask(tuple(sources), tuple(leave_out)))
        handle.finished.connect(self._take_proposal)

    def _take_proposal(self, items: tuple[BatchItem, ...]) -> None:
        known = {item.photo for item in self.proposed}
        self.proposed = (*self.proposed, *(item for item in items if item.photo not in known))
        self.changed.emit()

    def drop_proposal(self) -> None:
        """Queue none of them."""
        self.proposed = ()
        self.changed.emit()

    def begin(self, look: BatchLook, folder: Path | None, suffix: str, *, ai_mark: bool) -> None:
        """Queue the proposed photos with this look.

        Args:
            look: settings and pictures of the moment.
            folder: where the results go; None is the library.
            suffix: of their files in a folder: ".png".
            ai_mark: say in the files that they were made with AI.

        """
        task = BeginTask(self.proposed, look, self._library, folder, suffix, ai_mark)
        self.proposed = ()
        self._ask("begin", begin_batch, task).finished.connect(lambda begun: self._take_batch(*begun))
        self.changed.emit()

    def look_for_interrupted(self) -> None:
        """Find queues that were broken off; they wait until they are gone on with."""
        handle = self._ask("find", find_batches, (self._library, self.task))
        handle.finished.connect(self._take_interrupted)

    def _take_interrupted(self, batches: tuple[Batch, ...]) -> None:
        for batch in batches:
            self._add(_QueuedBatch(batch))
        if batches and self._at_work is None:
            self.is_interrupted = True
        self.changed.emit()

    def _take_batch(self, batch: Batch, look: BatchLook) -> None:
        self._add(_QueuedBatch(batch, look))
        self.changed.emit()
        self._go_on()

    def _add(self, queued: _QueuedBatch) -> None:
        over = queued.batch.outcomes
        for number, item in enumerate(queued.batch.items):
            state = State(over[number], item.output) if number in over else State()
            self.photos.append(QueuedPhoto(queued, number, item, state))

    # -- what is going on ------------------------------------------------------------------------------------------

    @property
    def report(self) -> Report:
        """What became of them so far."""
        return Report.of(((photo.item, photo.state) for photo in self.photos), self.task.done)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return all(photo.state.outcome.is_over for photo in self.photos)

    @property
    def is_running(self) -> bool:
        """Whether a photo is at work, or about to be."""
        return not (self.is_over or self.is_paused or self.is_interrupted)

    @property
    def waits_for_turn(self) -> bool:
        """Whether something else, such as a training, is at work in the engine's queue."""
        waits = self._at_work is not None and self._at_work[1].state is JobState.WAITING
        return waits and not self._turn.isActive()

    @property
    def share(self) -> float:
        """How much of everything is done, 0–1."""
        done = sum(1.0 if photo.state.outcome.is_over else photo.share for photo in self.photos)
        return done / len(self.photos) if self.photos else 0.0

    def resume(self) -> None:
        """Go on after a pause, or with a queue of an earlier day."""
        self.is_paused = self.is_interrupted = False
        if self._at_work is not None:
            self._at_work[1].resume()
        self.changed.emit()
        self._go_on()

    def pause(self) -> None:
        """Rest; the photo at work stays where it is."""
        self.is_paused = True
        if self._at_work is not None:
            self._at_work[1].pause()
        self.changed.emit()

    def cancel(self, rows: Sequence[int]) -> None:
        """Leave these photos out, as far as they are not done; what is half made of one is dropped."""
        noted: dict[_QueuedBatch, dict[int, Outcome]] = {}
        for row in rows:
            photo = self.photos[row]
            if photo.state.outcome is Outcome.RUNNING and self._at_work is not None:
                self._at_work[1].cancel()
            elif photo.state.outcome is Outcome.WAITING:
                self._set_state(photo, State(Outcome.CANCELLED))
                noted.setdefault(photo.batch, {})[photo.number] = Outcome.CANCELLED
        for queued, outcomes in noted.items():
            self._note(queued.batch, outcomes)
        self.changed.emit()
        self._tell_end()

    def cancel_all(self) -> None:
        """Leave out everything that is not done."""
        self.is_interrupted = False
        if self.is_paused:
            self.resume()  # a job that is paused cannot end
        self.cancel([row for row, photo in enumerate(self.photos) if not photo.state.outcome.is_over])

    def try_again(self) -> None:
        """Queue what failed once more."""
        for photo in self.photos:
            if photo.state.outcome is Outcome.FAILED:
                self._set_state(photo, State())
        self.resume()

    def clear(self) -> None:
        """Put the list away; only when nothing is left to be done."""
        if self.is_over:
            for batch in {photo.batch.batch for photo in self.photos}:
                self._ask("forget", forget_batch, batch)
            self.photos.clear()
            self.changed.emit()

    def let_go(self) -> None:
        """The window closes: the queue stays as it is, to be gone on with the next time."""
        if self._at_work is not None:
            self._at_work[1].drop()
        for lock in {photo.batch.batch.lock for photo in self.photos}:
            lock.release(force=True)

    # -- one after the other ---------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        waiting = (photo for photo in self.photos if photo.state.outcome is Outcome.WAITING)
        photo = next(waiting, None)
        if photo is None or self._at_work is not None or self._opening or not self.is_running:
            return
        queued = photo.batch
        if queued.look is None:
            self._opening = True
            handle = self._ask("look", look_again, (self._library, queued.batch))
            handle.finished.connect(partial(self._take_look, queued))
            handle.failed.connect(partial(self._give_up, queued))
            return
        task = ItemTask(photo.item, queued.look, self._library, queued.batch.ai_mark)
        handle = self._studio.queue(f"{self.task.name}.queue", make_item, task, Controls(queued.batch.settings))
        self._at_work = (photo, handle)
        self._turn.start()
        handle.started.connect(partial(self._set_state, photo, State(Outcome.RUNNING)))
        handle.progressed.connect(partial(self._show_progress, photo))
        handle.finished.connect(partial(self._take_result, photo))
        handle.failed.connect(partial(self._take_failure, photo))
        handle.cancelled.connect(partial(self._end, photo, State(Outcome.CANCELLED)))

    def _take_look(self, queued: _QueuedBatch, look: BatchLook) -> None:
        self._opening = False
        queued.look = look
        self._go_on()

    def _give_up(self, queued: _QueuedBatch, failure: Failure) -> None:
        """Without its paintings nothing of a batch can be made."""
        self._opening = False
        for photo in self.photos:
            if photo.batch is queued and photo.state.outcome is Outcome.WAITING:
                self._set_state(photo, State(Outcome.FAILED, cause=failure.cause, remedy=failure.remedy))
        self._go_on()
        self._tell_end()

    def _show_progress(self, photo: QueuedPhoto, progress: Progress) -> None:
        counted = progress.done / progress.total if progress.total else photo.share
        photo.share = min(1.0, counted if progress.share is None else progress.share)
        self.photo_changed.emit(self.photos.index(photo))

    def _take_result(self, photo: QueuedPhoto, made: ItemMade) -> None:
        outcome = Outcome.SKIPPED if made.skipped else Outcome.MADE
        if photo.item.output is None and not made.skipped:
            self.made.emit()
        self._end(photo, State(outcome, made.path))

    def _take_failure(self, photo: QueuedPhoto, failure: Failure) -> None:
        self._end(photo, State(Outcome.FAILED, cause=failure.cause, remedy=failure.remedy))

    def _end(self, photo: QueuedPhoto, state: State) -> None:
        self._at_work = None
        self._set_state(photo, state)
        if state.outcome is not Outcome.FAILED:
            self._note(photo.batch.batch, {photo.number: state.outcome})
        self.changed.emit()
        self._go_on()
        self._tell_end()

    def _set_state(self, photo: QueuedPhoto, state: State) -> None:
        photo.state, photo.share = state, 0.0
        self.photo_changed.emit(self.photos.index(photo))

    def _tell_end(self) -> None:
        if self.photos and self.is_over:
            self.ended.emit(self.report)

    def _note(self, batch: Batch, outcomes: Mapping[int, Outcome]) -> None:
        self._ask("note", note_outcome, (batch, outcomes)).finish()

    def _ask(self, name: str, job: Any, task: Any) -> JobHandle:
        handle = self._pictures.queue(f"{self.task.name}.queue-{name}-{next(self._numbers)}", job, task)
        if name != "look":  # what fails there is told of every photo
            handle.failed.connect(self.failed)
        return handle
