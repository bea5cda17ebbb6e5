"""What every picture panel holds: what goes in, the settings, the job in progress, what is shown, and the way back."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar
from weakref import ref

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from studio.core.controls import Controls
from studio.core.cost import Cost
from studio.core.events import DeepPicture, Log, Picture, Preview
from studio.core.frames import Frame
from studio.core.images import LoadedPicture
from studio.core.picture_task import CONTENT, PictureRequest, PictureResult, PictureTask
from studio.core.recipes import Recipe
from studio.core.resizing import to_8_bits
from studio.core.settings import Settings, describe
from studio.engine import Engine, JobHandle
from studio.jobs.export import ComposeTask
from studio.jobs.files import OpenedPicture
from studio.jobs.recall import RecalledPicture
from studio.ui.picture.compositor import Compositor
from studio.ui.picture.history import History, HistoryState, Reached
from studio.ui.picture.inputs import InputPictures, Inputs
from studio.ui.picture.settings_state import SettingsState

__all__ = ["PictureSession", "SessionState"]

S = TypeVar("S", bound=Settings)

_RESTART_DELAY_MS = 500


class SessionState(StrEnum):
    """What the panel can offer: inputs are missing, ready to begin, at work, paused, or done and steerable."""

    EMPTY = "empty"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class PictureSession(QObject, Generic[S]):
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
    settings_changed = Signal(object)
    frame_composed = Signal(object)
    history_changed = Signal(object)
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
        super().__init__(parent)
        self.task, self._engine = task, engine
        self._effects = {info.name: info.effect for info in describe(task.settings)}
        self.inputs = Inputs(task.inputs)
        first: Any = task.settings()
        self.settings_state: SettingsState[S] = SettingsState(first, undo_stack, self._follow_settings, self.fit)
        self.compositor = Compositor(pictures, f"{task.name}.compose", self)
        self.history = History()
        self.state = SessionState.EMPTY
        self.layer: Picture | DeepPicture | None = None
        self.recipe: Recipe | None = None
        self.start_when_ready = False
        self.started_with: S = first
        """The settings that the job in progress, or the last one, began with."""
        self._waiting: list[Callable[[], None]] = []
        self._handle: JobHandle | None = None
        self._restart = QTimer(self, singleShot=True, interval=_RESTART_DELAY_MS)
        self._restart.timeout.connect(self.start)
        self.compositor.composed.connect(self._show_composed)
        self.compositor.failed.connect(self.failed)
        self.compositor.failed.connect(self._act)

    # -- what goes in ----------------------------------------------------------------------------------------------

    @property
    def photo(self) -> OpenedPicture | None:
        """The picture that the result is laid over."""
        return self.inputs.photo

    @property
    def used_inputs(self) -> InputPictures:
        """What the task is made from with the settings of now."""
        return self.inputs.all

    @property
    def pictures(self) -> tuple[LoadedPicture, ...]:
        """The same, in one row, the photo first."""
        return tuple(opened.picture for pictures in self.used_inputs.values() for opened in pictures)

    @property
    def is_complete(self) -> bool:
        """Whether everything is there that the task needs with the settings of now."""
        return not self.inputs.missing

    @property
    def starts_by_itself(self) -> bool:
        """Whether nobody needs to ask for the result, because it takes only a moment."""
        return self.task.at_once

    def put(self, role: str, *pictures: OpenedPicture) -> None:
        """Work from exactly these pictures in this role.

        Another photo starts over: what was reached is kept, and the new one is begun at once where the old one was.
        """
        starts_over = role == CONTENT
        if starts_over:
            self.start_when_ready |= self.starts_by_itself or self.is_running or self.state is SessionState.FINISHED
            self.stop()
        self.inputs.put(role, pictures)
        if starts_over:
            self._forget()
        self.settings_state.apply(self.settings)  # what fitted other pictures may not fit these
        self.input_changed.emit(role)
        if not starts_over:
            self._clear_history()  # its frames were made of other pictures: going on from one could not be replayed
        if not starts_over and (self.is_running or self.state is SessionState.FINISHED):
            self._restart.start()
        else:
            self._settle()

    def add(self, role: str, picture: OpenedPicture) -> None:
        """Work from one more picture in this role; with all places taken the newest replaces the last."""
        self.put(role, *self.inputs.with_added(role, picture))

    def remove(self, role: str, index: int) -> None:
        """Take one picture out of this role."""
        there = self.inputs[role]
        self.put(role, *there[:index], *there[index + 1 :])

    # -- settings --------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> S:
        """The newest settings."""
        return self.settings_state.current

    @property
    def settings_of_picture(self) -> S:
        """The settings that belong to the picture as it is shown, for a file that shall bring it back.

        Those of now may be others already: all but the instant ones are the layer's own.
        """
        if self.recipe is None:
            return self.settings
        instant = {name: getattr(self.settings, name) for name, acts in self._effects.items() if acts == "instant"}
        made: Any = self.task.settings.model_validate({**self.recipe.settings, **instant})
        return made  # type: ignore[no-any-return]

    @property
    def settings_to_compose(self) -> S:
        """The settings with which the layer is laid over its photo."""
        return self.settings

    def set_settings(self, settings: S, name: str = "") -> None:
        """Take over `settings`; outside a gesture the change is an undo step of its own, by its `name`."""
        self.settings_state.set(settings, name)

    def change(self, **values: object) -> None:
        """Set some of the settings by name."""
        self.set_settings(self.settings.model_copy(update=values))

    def fit(self, settings: S) -> S:
        """Return the settings as they fit the pictures at hand."""
        return settings

    def _follow_settings(self, before: S, after: S) -> None:
        changed = frozenset(name for name in self._effects if getattr(before, name) != getattr(after, name))
        effects = frozenset(self._effects[name] for name in changed)
        self.settings_changed.emit(after)
        self.follow(changed, effects)
        if "instant" in effects:
            self._compose()

    def follow(self, changed: frozenset[str], effects: frozenset[str]) -> None:
        """Let the job follow what changed: the names of settings, and when they act (`settings.Effect`)."""
        if self.task.at_once:
            if self._handle is None and effects - {"instant"}:  # otherwise it is the next: see `_rest`
                self._start(again=self.layer is not None)
        elif self.is_running:
            assert self._handle is not None
            self._handle.controls.replace(self.settings)
            if "restart" in effects:
                self._restart.start()
        elif self.state is SessionState.FINISHED and "restart" in effects:
            self._restart.start()
        elif self.state is SessionState.FINISHED and "steer" in effects and self.history.frames:
            self._start(self.history.frames[-1])  # the finished picture follows the slider too

    # -- the job ---------------------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether a job is under way, paused or not, that the artist can steer and end."""
        return self.state in (SessionState.RUNNING, SessionState.PAUSED)

    @property
    def is_settled(self) -> bool:
        """Whether nothing runs or is about to, and everything that was made is shown."""
        return self._handle is None and not self._restart.isActive() and not self.compositor.is_busy

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

    def _act(self, _: object = None, *, anyway: bool = False) -> None:
        if anyway or self.is_settled or (self.recipe is not None and not self.task.at_once):
            acts, self._waiting = self._waiting, []
            for act in acts:
                act()

    def start(self) -> None:
        """Begin from the beginning."""
        self._start()

    @property
    def is_stopped(self) -> bool:
        """Whether what is shown was stopped before it was done."""
        return not self.is_running and self.layer is not None and self.recipe is not None and self.recipe.is_stopped

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
    def _reached(self) -> Reached | None:
        """What is shown, to go on from; None where nobody knows how it came to be."""
        if self.layer is None or self.recipe is None:
            return None
        return Reached(to_8_bits(self.layer), self.recipe)

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
        """Go back to a frame of the history: its picture, its settings, and on from there."""
        frame = self.history.find(number)
        if frame is None:
            return
        self._restart.stop()
        self._set_state(SessionState.READY)
        settings: Any = frame.settings
        self.set_settings(settings)
        self._take_layer(frame.layer, frame.recipe)
        self._compose()
        self._start(frame)
        self.history.branches_next = True

    def pause(self) -> None:
        """Leave the picture as it is until `resume`."""
        if self._handle is not None and self.state is SessionState.RUNNING:
            self._handle.pause()
            self._set_state(SessionState.PAUSED)

    def resume(self) -> None:
        """Go on with the paused job."""
        if self._handle is not None and self.state is SessionState.PAUSED:
            self._handle.resume()
            self._set_state(SessionState.RUNNING)

    def stop(self) -> None:
        """End the job with what was reached, which is kept like a finished picture. Before the first frame: give up."""
        self._restart.stop()
        self._act(anyway=self.task.at_once)  # with what is there: nothing newer will come
        if self._handle is not None:
            self._handle.cancel() if self.history.newest is None else self._handle.finish()

    def _start(self, branch: HistoryState | Reached | None = None, *, again: bool = False) -> None:
        """Begin from the beginning, or on from a frame; `again`: what is there only follows the settings."""
        if not self.is_complete:
            self.stop() if self.is_running else self._settle()
            return
        if self.starts_by_itself:
            branch = None  # there is nothing to go on from: it is made in one pass
        self._restart.stop()
        self.history.begin()
        if branch is None and not again:
            self.history.branches_next = bool(self.history.frames)  # what was reached before stays on the film strip
        if self._handle is not None and not self._handle.controls.finishing:
            self._handle.cancel()  # unless it is done already and its result on the way, which must not be lost
        used = self.used_inputs
        request = PictureRequest(
            {role: tuple(one.picture for one in pictures) for role, pictures in used.items()},
            branch=None if branch is None else branch.layer,
            history=None if branch is None else branch.recipe,
        )
        self.started_with = self.settings
        name, controls = self.task.name, Controls(self.settings)
        self._handle = self._engine.live(name, name, request, controls, after_running=True)
        self._listen(self._handle, None if again or self.task.at_once else used)
        if not again or not self.task.at_once:
            self._set_state(SessionState.RUNNING)

    def _listen(self, handle: JobHandle, used: InputPictures | None) -> None:
        """Show what a job says while it is the newest; its result is kept even when it is not, if it is to be kept."""
        this = ref(handle)  # a slot that held its own sender would keep it, and the pictures, for ever

        def if_newest(act: Callable[..., object]) -> Callable[..., None]:
            def tell(*said: object) -> None:
                if this() is self._handle:
                    act(*said)

            return tell

        handle.progressed.connect(if_newest(self.progressed.emit))
        handle.frame_ready.connect(if_newest(self._take_preview))
        handle.logged.connect(self._show_log)
        handle.finished.connect(if_newest(self._show_result))
        handle.failed.connect(if_newest(lambda _failure: self._rest()))
        handle.cancelled.connect(if_newest(self._rest))
        handle.failed.connect(self.failed)
        if used is not None:
            handle.finished.connect(partial(self._tell_finished, used))

    def _take_preview(self, preview: Preview) -> None:
        self._take_layer(preview.picture, preview.recipe)
        if not preview.draft:
            self.history.offer(preview)
        self._compose()

    def _show_result(self, result: PictureResult) -> None:
        self._take_layer(result.layer, result.recipe)
        if self.task.previews:
            self.history.offer_last(result.layer, result.recipe)
        self._compose()
        self._rest()

    def _tell_finished(self, used: InputPictures, result: PictureResult) -> None:
        self.finished.emit(result, tuple(picture for pictures in used.values() for picture in pictures))

    def _show_log(self, log: Log) -> None:
        self.noticed.emit(log.message, log.level)

    def _rest(self) -> None:
        """Nothing runs any more; a task that is made at once follows what changed meanwhile."""
        assert self._handle is not None
        controls, self._handle = self._handle.controls, None
        self._settle()
        if self.task.at_once and controls.settings != self.settings and not controls.cancelled:
            self._start(again=self.layer is not None)
        self._act()

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        """Lay the newest layer over the photo."""
        if self.photo is not None and self.layer is not None:
            task = ComposeTask(self.photo.ground, self.layer)
            self.compositor.compose(task, self.settings_to_compose, self.history.waiting)

    def _take_layer(self, layer: Picture | DeepPicture, recipe: Recipe | None) -> None:
        self.layer, self.recipe = layer, recipe

    def _show_composed(self, frame: Frame, preview: Preview | None) -> None:
        self.frame_composed.emit(frame)
        if preview is not None and preview is self.history.waiting:
            assert preview.recipe is not None
            settings = self.task.settings.model_validate(preview.recipe.settings)  # those of now may be others
            self._remember(preview.picture, thumbnail_of(frame), preview.step, settings, preview.recipe)
        self._act()

    def _remember(self, layer: Picture, thumbnail: Picture, step: int, settings: Settings, recipe: Recipe) -> None:
        self.history.add(layer, thumbnail, step, settings, recipe)
        self.history_changed.emit(self.history)

    # -- restoring -------------------------------------------------------------------------------------------------

    def recall(self, recalled: RecalledPicture) -> None:
        """Show a saved picture again with everything that made it: inputs, settings, and the layer itself.

        A file holds the composed picture. Where its compositing was neutral, that is the layer, and sliders go on
        from it; otherwise, and where something is missing that it was made from, it is shown as it is until it is made
        again. Without its photo it is the photo itself.
        """
        self.stop()
        for slot in self.task.inputs:
            self.inputs.put(slot.role, recalled.inputs.get(slot.role, ()))
        if not recalled.has_photo:
            self.inputs.put(CONTENT, (recalled.shown,))
        self._forget()
        for slot in self.task.inputs:
            self.input_changed.emit(slot.role)
        self._set_state(SessionState.READY)
        settings: Any = recalled.settings
        self.set_settings(settings)
        if recalled.remark:
            self.noticed.emit(recalled.remark, "warning")
        if recalled.has_photo:
            self.recipe = recalled.recipe
            self.frame_composed.emit(recalled.shown.frame)
        if self.task.at_once:
            self.start_when_ready = True
        elif recalled.shows_layer and not recalled.missing:
            pixels = recalled.shown.picture.pixels
            self._take_layer(pixels, recalled.recipe)
            if self.task.previews:
                self._remember(pixels, recalled.shown.thumbnail, recalled.step, settings, recalled.recipe)
        self._settle()

    def _forget(self) -> None:
        self._handle = None
        self.layer = self.recipe = None
        self._waiting.clear()
        self.history.begin()
        self.compositor.forget()
        self._clear_history()

    def _clear_history(self) -> None:
        self.history.clear()
        self.history_changed.emit(self.history)

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


def thumbnail_of(frame: Frame) -> Picture:
    """Return the smallest of the frame's sizes as an RGB picture; a copy of at most 256 × 256 pixels."""
    return np.ascontiguousarray(frame.levels[-1][..., 2::-1])
