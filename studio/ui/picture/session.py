"""What happens to what a picture panel holds: the job in progress, other settings and pictures, and the way back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from studio.core.compositing import Backdrop
from studio.core.controls import Controls
from studio.core.cost import Cost
from studio.core.events import DeepPicture, Log, Metrics, Picture, Preview
from studio.core.masking import PROTECTING, Bare
from studio.core.picture_task import CONTENT, PAINTED, PictureResult, PictureTask
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.engine import Engine
from studio.jobs.files import OpenedPicture
from studio.jobs.recall import RecalledPicture
from studio.jobs.sessions import OpenedMask, OpenedSession
from studio.ui.picture.composed_picture import ComposedPicture
from studio.ui.picture.held_picture import SessionState
from studio.ui.picture.history import History, HistoryState, Made
from studio.ui.picture.live_job import LiveJob
from studio.ui.picture.protection import Protection
from studio.ui.picture.saved_state import snapshot_of
from studio.ui.picture.undo import PicturesChange, Snapshot, UndoMemory, name_of_change

__all__ = ["PictureSession", "SessionState"]

S = TypeVar("S", bound=Settings)

_RESTART_DELAY_MS = 500


class PictureSession(ComposedPicture[S]):
    """Joins what the artist does to the jobs of one picture task; knows no widget.

    A task that is `at_once` runs by itself: as soon as its pictures are there, and anew for every change, as fast as it
    can. Every other one is begun with `start`, steered while it runs, and gone on from when it is done.

    Args:
        task: what is done.
        engine: runs it.
        pictures: the engine that composes frames, so that sliders never wait behind a network.
        undo_stack: receives one step per gesture.

    """

    input_changed = Signal(str)
    """The pictures in this role are others."""
    photo_left = Signal(object)
    """Another photo comes, or none: everything as it was until now, a `Snapshot`."""
    settings_changed = Signal(object)
    brought_back = Signal()
    """The settings of now came with pictures: those of a file, of a session, or of an earlier step."""
    progressed = Signal(object)
    state_changed = Signal(object)
    finished = Signal(object, object)
    """A `PictureResult` worth keeping, and the pictures it was made from: by now the panel may show other ones."""
    failed = Signal(object)
    noticed = Signal(str, str)
    costs_changed = Signal()
    """What a size costs is known better than before."""

    def __init__(
        self, task: PictureTask, engine: Engine, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None = None
    ) -> None:
        super().__init__(task, pictures, undo_stack, parent)
        self._undo_memory = UndoMemory()
        self._held_back: tuple[PictureResult, tuple[OpenedPicture, ...]] | None = None
        self.job = LiveJob(task, engine, self)
        self._restoring = False
        self._settings_before = self.settings
        self.start_when_ready = False
        self.adapts = False
        """Whether settings are changing by themselves just now, to suit this computer."""
        self.protection = Protection(task, pictures, lambda: self.film.newest, self)
        self._has_made = False
        self._waiting: list[Callable[[], None]] = []
        self._restart = QTimer(self, singleShot=True, interval=_RESTART_DELAY_MS)
        self._connect()

    def _connect(self) -> None:
        self._restart.timeout.connect(self.start)
        self.film.noticed.connect(self.noticed)
        for compositor in (self.compositor, self.film.thumbnails):
            compositor.composed.connect(self._act)
            compositor.failed.connect(self.failed)
        self.compositor.failed.connect(self._act)
        job = self.job
        job.progressed.connect(self.progressed)
        job.measured.connect(self._take_metrics)
        job.previewed.connect(self._take_preview)
        job.made.connect(self._take_result)
        job.ended.connect(self._rest)
        job.finished.connect(self._keep_or_hold_back)
        self.masks.used_changed.connect(self._heed_masks)
        self.masks.failed.connect(self.failed)
        self.protection.laid.connect(self._take_laid)
        self.protection.uncovered.connect(self._restart.start)
        self.protection.failed.connect(self.failed)
        self.masks.changed.connect(lambda: self._let_go() if self.masks.active is None else None)
        job.logged.connect(self._show_log)
        job.failed.connect(self.failed)

    # -- what goes in ----------------------------------------------------------------------------------------------

    def put(
        self, role: str, *pictures: OpenedPicture, history: History | None = None, masks: Sequence[OpenedMask] = ()
    ) -> None:
        """Work from exactly these pictures in this role.

        Another photo starts over: what was reached is kept, and the new one is begun at once where the old one was.
        One step of undo brings everything back as it was. `history` holds the frames that were made of a photo before,
        `masks` what was painted over it.
        """
        starts_over = role == CONTENT
        if starts_over:
            self.masks.settle()
        before = self.snapshot()
        if starts_over:
            self.start_when_ready |= self.starts_by_itself or self.is_running or self.state is SessionState.FINISHED
            self.stop()
        self.inputs.put(role, pictures)
        if starts_over:
            self._forget(before)
            self._find_again(history)
            if before.inputs[CONTENT] or masks:
                self._change_masks(masks)
        self.settings_state.apply(self.settings_for(role))
        self._tell_input(role)
        if self.inputs[role] != before.inputs[role]:
            self._record(name_of_change(self.task.slot(role).title, before.inputs[role], self.inputs[role]), before)
        if not starts_over and (self.is_running or self.state is SessionState.FINISHED):
            self._restart.start()
        else:
            self._settle()

    def _tell_input(self, role: str) -> None:
        if role in PAINTED:
            self.masks.take_inputs(role, self.inputs[role])
        self.input_changed.emit(role)

    def _change_masks(self, found: Sequence[OpenedMask]) -> None:
        """Another photo has masks of its own, or none; those of the last one are offered."""
        self.masks.leave()
        self.masks.put(self.masks.restored(found, *self.photo_pixels))
        for slot in self.task.painted:
            pictures = tuple(one.picture for one in found if one.saved.role == slot.role and one.picture is not None)
            if self.inputs[slot.role] != pictures:
                self.inputs.put(slot.role, pictures)
                self.input_changed.emit(slot.role)

    def _heed_masks(self, role: str, pictures: tuple[OpenedPicture, ...]) -> None:
        """Go on with other masks; the strokes themselves are the steps of undo."""
        before, there = self.used_inputs, [one.picture.sha256 for one in self.inputs[role]]
        self.inputs.put(role, pictures)
        if there == [one.picture.sha256 for one in self.inputs[role]]:
            return
        self.input_changed.emit(role)
        if self.used_inputs == before or (role in PROTECTING and self._lays_photo_over()):
            return
        if self.is_running or self.state is SessionState.FINISHED:
            self._restart.start()
        else:
            self._settle()

    def _lays_photo_over(self) -> bool:
        """Let the photo stay in other places of what was made, or, at its end, of what is being made.

        False where it has to be made anew: nobody knows what lies below the masks.
        """
        if self._restart.isActive():
            return False
        if self.is_running:
            return not any(self.job.inputs.get(role) for role in PROTECTING)
        return self.protection.lay(self.film.newest, self.used_inputs)

    def _take_laid(self, made: Made, result: PictureResult) -> None:
        self.film.take(made)
        self._keep_or_hold_back(result, tuple(one for pictures in made.inputs.values() for one in pictures))
        self._act()

    def _keep_or_hold_back(self, result: PictureResult, inputs: tuple[OpenedPicture, ...]) -> None:
        """Keep a result; while one paints on a mask, only the last of the many that follow the strokes."""
        self._held_back = (result, inputs)
        if self.masks.active is None:
            self._let_go()

    def _let_go(self) -> None:
        held, self._held_back = self._held_back, None
        if held is not None:
            self.finished.emit(*held)

    def add(self, role: str, picture: OpenedPicture) -> None:
        """Work from one more picture in this role; with all places taken the newest replaces the last."""
        self.put(role, *self.inputs.with_added(role, picture))

    def remove(self, role: str, index: int) -> None:
        """Take one picture out of this role."""
        there = self.inputs[role]
        self.put(role, *there[:index], *there[index + 1 :])

    def settings_for(self, role: str) -> S:
        """Return the settings to go on with when the pictures in this role have just become others."""
        return self.settings

    # -- the way back ----------------------------------------------------------------------------------------------

    def _record(self, name: str, before: Snapshot) -> None:
        held = self._undo_memory.hold(before)
        self.undo_stack.push(PicturesChange(name, held, self._change_places, self._tell_forgotten))

    def _tell_forgotten(self) -> None:
        self.noticed.emit("That step is too far back: its pictures are not in memory any more.", "info")

    def _change_places(self, then: Snapshot) -> Snapshot:
        """Show an earlier state, or a later one, and return what was shown until now; a photo has its own strip."""
        now = self.snapshot()
        changed = [role for role in then.inputs if then.inputs[role] != now.inputs[role]]
        if CONTENT in changed:
            self.stop()
            self._forget(now)
            self.film.history = then.history
        self.job.cancel()
        self.job.forget()
        self._restart.stop()
        self.film.looking_at, self.start_when_ready = None, False
        self._set_state(SessionState.READY)
        self._show_state_of(then, changed)
        return now

    def _show_state_of(self, then: Snapshot, changed: Sequence[str]) -> None:
        for role in changed:
            self.inputs.put(role, then.inputs[role])
        self.masks.put(then.masks)
        for role in changed:
            self._tell_input(role)
        settings: Any = then.settings
        self._restoring = True  # what was made with these settings comes as well
        self.settings_state.apply(settings)
        self._restoring = False
        self.brought_back.emit()
        self.film.put(then.made, self.film.history)
        self._show()
        self._settle()
        self.masks.flush()
        unmade = self.starts_by_itself and self.pixels is None  # as when the photo came
        if (self.task.at_once or unmade) and self.is_complete:
            self.start()

    # -- settings --------------------------------------------------------------------------------------------------

    def _follow_settings(self, before: S, after: S) -> None:
        changed = frozenset(name for name in self._effects if getattr(before, name) != getattr(after, name))
        effects = frozenset(self._effects[name] for name in changed)
        self.settings_changed.emit(after)
        if self._restoring:
            return
        self._settings_before = before
        made_anew = "restart" in effects or ("steer" in effects and not self.is_running)
        if not (made_anew and self.settings_state.goes_back and self.come_back()):
            self.follow(changed, effects)
        if "instant" in effects:
            self._compose_draft() if self.settings_state.in_gesture and self._is_large else self._compose()

    def follow(self, changed: frozenset[str], effects: frozenset[str]) -> None:
        """Let the job follow what changed: the names of settings, and when they act (`settings.Effect`)."""
        if self.task.at_once:
            if not self.job.is_there and effects - {"instant"}:  # otherwise it is the next: see `_rest`
                self._start(again=self.layer is not None)
        elif self.is_running:
            self.job.steer(self.settings)
            if effects - {"instant"}:
                self.film.show_newest()  # what the hand moves is what one sees
            if "restart" in effects:
                self._restart.start()
        elif self.state is SessionState.FINISHED and "restart" in effects:
            self._restart.start()
        elif self.state is SessionState.FINISHED and "steer" in effects and self.film.shown_frame is not None:
            frame, before = self.film.shown_frame, replace(self.snapshot(), settings=self._settings_before)
            if self._go_on_from(frame):  # the finished picture follows the slider too
                self._record(f"Go On from {frame.name}", before)

    def come_back(self) -> bool:
        """Show again what was reached with the settings of now, in place of making it anew; False where nothing was.

        A job that runs goes on from there.
        """
        if self.starts_by_itself or not (self.is_running or self.state is SessionState.FINISHED):
            return False
        frame = self.history.last_with(self.settings, self.used_inputs, self._instant)
        if frame is None:
            return False
        self._restart.stop()
        if self.is_running:
            self._go_on_from(frame)
        else:
            self.film.go_back_to(frame)
            self._set_state(SessionState.READY)
            self._settle()
        return True

    # -- the job ---------------------------------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether nothing runs or is about to, and everything that was made is shown."""
        busy = self.is_composing or self.film.thumbnails.is_busy or self.protection.is_busy
        return not self.job.is_there and not self._restart.isActive() and not busy

    @property
    def is_waited_for(self) -> bool:
        """Whether something waits for the picture."""
        return bool(self._waiting)

    def when_made(self, act: Callable[[], None]) -> None:
        """Act on the picture as soon as it can be kept: it has a recipe, and is of the newest settings if `at_once`."""
        self._waiting.append(act)
        self._act()

    def when_kept(self, act: Callable[[], None]) -> None:
        """Act when nothing waits for the picture any more."""
        self._waiting.append(act) if self._waiting else act()

    def _act(self, *_: object, anyway: bool = False) -> None:
        if anyway or self.is_settled or (self.recipe is not None and not self.task.at_once):
            acts, self._waiting = self._waiting, []
            for act in acts:
                act()

    def start(self) -> None:
        """Begin from the beginning."""
        self._start()

    @property
    def can_go_on(self) -> bool:
        """Whether a job that was stopped can be brought to its end."""
        return self.is_stopped and self.task.previews and self.is_complete and not self.starts_by_itself

    def go_on(self) -> None:
        """Go on from what is shown, with the settings of now."""
        if self.can_go_on:
            self._start(self._reached)

    def finish_at(self, size: int) -> None:
        """Go on from what is shown up to another size; what is made in one pass is made again. One step of undo."""
        reached = self._reached
        self.change(size=size)
        self._start(reached)

    @property
    def _reached(self) -> Made | None:
        """What is shown, to go on from; None where nobody knows how it came to be."""
        return Made(self.layer, self.recipe) if self.layer is not None and self.recipe is not None else None

    def cost(self, size: int, *, goes_on: bool = False) -> Cost | None:
        """Return what a picture with this longer side costs here; None where nobody knows.

        Args:
            size: longer side, px.
            goes_on: whether what is shown is gone on from (`finish_at`).

        """
        return None

    def largest_size(self, seconds: float | None = None) -> int:
        """Return the longer side, px, that there is memory for, and time for where that is given."""
        raise NotImplementedError

    @property
    def size_to_be(self) -> tuple[int, int] | None:
        """Width and height that the job in progress works towards; None where there is none, or its frames say it."""
        return None

    def branch_from(self, number: int) -> None:
        """Go back to a frame of the history: its picture, its settings, its paintings, and on from there."""
        frame = self.history.find(number)
        if frame is None:
            return
        before = self.snapshot()
        self._restart.stop()
        self._set_state(SessionState.READY)
        settings: Any = frame.settings
        self.settings_state.apply(settings)
        self._go_on_from(frame)
        self._record(f"Go On from {frame.name}", before)

    def _go_on_from(self, frame: HistoryState) -> bool:
        """Paint on from a frame, with the settings of now and its pictures; True where those are others than now."""
        changed = [role for role, pictures in frame.inputs.items() if pictures != self.inputs[role]]
        for role in changed:
            self.inputs.put(role, frame.inputs[role])
            self._tell_input(role)
        self.film.go_back_to(frame)
        self._start(frame)
        return bool(changed)

    def pause(self) -> None:
        """Leave the picture as it is until `resume`."""
        if self.state is SessionState.RUNNING:
            self.job.pause()
            self._set_state(SessionState.PAUSED)

    def resume(self) -> None:
        """Go on with the paused job."""
        if self.state is SessionState.PAUSED:
            self.job.resume()
            self._set_state(SessionState.RUNNING)

    def stop(self) -> None:
        """End the job with what was reached, which is kept like a finished picture. Before the first frame: give up."""
        self._restart.stop()
        self._act(anyway=self.task.at_once)  # with what is there: nothing newer will come
        self.job.cancel() if self.history.newest is None else self.job.finish()

    def _start(self, branch: HistoryState | Made | None = None, *, again: bool = False) -> None:
        """Begin from the beginning, or on from a frame; `again`: what is there only follows the settings."""
        if not self.is_complete:
            self.stop() if self.is_running else self._settle()
            return
        if self.starts_by_itself:
            branch = None  # there is nothing to go on from: it is made in one pass
        self._restart.stop()
        # what goes on from the picture itself goes on from its frame, where it has one
        parent = self.history.last_of_take if isinstance(branch, Made) else branch
        self.history.begin(parent, follows=self.settings_state.gesture if again else None)
        self.film.show_newest()
        self.job.begin(self.used_inputs, self.settings, branch, keeps=not (again or self.task.at_once))
        if not (again and self.task.at_once):
            self._set_state(SessionState.RUNNING)

    def _take_metrics(self, metrics: Metrics) -> None:
        self.history.loss = metrics.values.get("loss")

    def _take_preview(self, preview: Preview) -> None:
        if not preview.draft:
            self.history.offer(preview)
        self._take_newest(preview.picture, preview.recipe)

    def _take_result(self, result: PictureResult) -> None:
        if self.task.previews:
            self.history.offer_last(result.layer, result.recipe)
        self._has_made = True
        self._take_newest(result.layer, result.recipe, result.bare)

    def _take_newest(self, layer: Picture | DeepPicture, recipe: Recipe | None, bare: Bare | None = None) -> None:
        self.film.take(Made(layer, recipe, self.job.inputs, bare=bare))
        if self.photo is not None:
            self.film.develop(Backdrop(self.photo.thumbnail), self.settings_to_compose)

    def _show_log(self, log: Log) -> None:
        self.noticed.emit(log.message, log.level)

    def _rest(self, controls: Controls[S]) -> None:
        """Nothing runs any more; a task that is made at once follows what changed meanwhile."""
        self._settle()
        has_made, self._has_made = self._has_made, False
        if has_made and self.protection.is_due(self.film.newest, self.used_inputs) and not self._lays_photo_over():
            self._restart.start()
        if self.task.at_once and controls.settings != self.settings and not controls.cancelled:
            self._start(again=self.layer is not None)
        self._act()

    # -- restoring -------------------------------------------------------------------------------------------------

    def recall(self, recalled: RecalledPicture, history: History | None = None) -> None:
        """Show a saved picture again with everything that made it: inputs, settings, and the layer itself.

        A file holds the composed picture. Where its compositing was neutral, that is the layer, and sliders go on
        from it; otherwise, and where something is missing that it was made from, it is shown as it is until it is made
        again. Without its photo it is the photo itself. One step of undo brings back what was there. `history` holds
        the frames that were made of the photo before.
        """
        self.masks.settle()
        before = self.snapshot()
        self.stop()
        for slot in self.task.inputs:
            self.inputs.put(slot.role, recalled.inputs.get(slot.role, ()))
        if not recalled.has_photo:
            self.inputs.put(CONTENT, (recalled.shown,))
        self._forget(before)
        self._find_again(history)
        self.masks.leave()
        for slot in self.task.inputs:
            self._tell_input(slot.role)
        self._set_state(SessionState.READY)
        settings: Any = recalled.settings
        self.settings_state.apply(settings)
        self.brought_back.emit()
        self._record(f"Open “{recalled.shown.picture.name}”", before)
        if recalled.remark:
            self.noticed.emit(recalled.remark, "warning")
        if recalled.has_photo:
            self.film.newest = Made(None, recalled.recipe, as_saved=recalled.shown)
            self._compose()
        if self.task.at_once:
            self.start_when_ready = True
        elif recalled.shows_layer and not recalled.missing:
            pixels = recalled.shown.picture.pixels
            self.film.newest = Made(pixels, recalled.recipe)
            self.note_shown()
            if self.task.previews:
                self.history.begin()
                self.film.add(pixels, recalled.shown.thumbnail, recalled.step, recalled.recipe, self.used_inputs)
        self._settle()

    def restore(self, opened: OpenedSession) -> None:
        """Show a session as it was left; of one that was interrupted the last picture that reached the disk."""
        self.masks.settle()
        before = self.snapshot()
        self.stop()
        self._forget(before)
        then = snapshot_of(opened)
        if self.task.has_photo:
            photo = opened.inputs[CONTENT][0].picture
            then = replace(then, masks=self.masks.restored(opened.masks, photo.width, photo.height))
        self.film.history, self.start_when_ready = then.history, False
        self._set_state(SessionState.READY)
        self._show_state_of(then, [slot.role for slot in self.task.inputs])
        self._record(f"Open Session “{opened.title}”", before)

    def _forget(self, left: Snapshot) -> None:
        """Let go of everything that was made of the photo that was there."""
        self._let_go()
        if left.inputs.get(CONTENT):
            self.photo_left.emit(left)
        self.job.forget()
        self._waiting.clear()
        self._compose_no_more()
        self.film.clear()

    def _find_again(self, history: History | None) -> None:
        """Show the strip of a photo that one comes back to."""
        if history is not None and history.frames:
            self.film.put(Made(), history)

    def _settle(self) -> None:
        """Find the state that the pictures at hand allow when nothing runs."""
        if self.layer is not None:
            self._set_state(SessionState.FINISHED)
        elif self.is_complete:
            self._set_state(SessionState.READY)
            if self.start_when_ready:
                self.start_when_ready = False
                self.start()
        else:
            self._set_state(SessionState.EMPTY)

    def _set_state(self, state: SessionState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)
