"""The state of the Style panel: photo, paintings, settings, the running painting and its film. Views bind to it."""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from studio.core.controls import Controls
from studio.core.events import DeepPicture, Log, Picture, Preview, Progress
from studio.core.failures import Failure
from studio.core.frames import Frame
from studio.core.picture_task import CONTENT, PictureRequest, PictureResult
from studio.core.recipes import Recipe
from studio.core.resizing import to_8_bits
from studio.core.settings import describe
from studio.core.style_settings import StyleSettings
from studio.engine import Engine, JobHandle
from studio.jobs.export import ComposeTask
from studio.jobs.files import OpenedPicture
from studio.jobs.recall import RecalledPicture
from studio.ui.panels.style.strength_preview import StrengthPreview
from studio.ui.picture.history import History, HistoryState
from studio.ui.picture.settings_history import SettingsHistory

PAINTING_LIMIT = 4
_RESTART_DELAY_MS = 500
Inputs: TypeAlias = tuple[OpenedPicture, ...]
"""What a painting was made from: the photo, then the paintings."""

_FOLLOW_DELAY_MS = 60
"""How long Strength rests before a fast style paints anew: meanwhile the last painting is faded."""

_EFFECTS = {info.name: info.effect for info in describe(StyleSettings)}


class SessionState(StrEnum):
    """What the panel can offer: inputs are missing, ready to paint, painting, paused, or done and steerable."""

    EMPTY = "empty"
    READY = "ready"
    PAINTING = "painting"
    PAUSED = "paused"
    FINISHED = "finished"


class StyleSession(QObject):
    """Joins what the artist does to the jobs that paint; knows no widget.

    Args:
        studio: the engine that owns the device.
        pictures: the engine that composes frames, so that Strength never waits behind a network.
        undo_stack: receives one step per gesture.

    """

    photo_changed = Signal(object)
    paintings_changed = Signal(object)
    settings_changed = Signal(object)
    frame_composed = Signal(object)
    film_changed = Signal(object)
    progressed = Signal(object)
    state_changed = Signal(object)
    painting_finished = Signal(object, object)
    """A `PictureResult`, and the `Inputs` it was made from: by now the panel may show other ones."""
    failed = Signal(object)
    noticed = Signal(str, str)

    _JOB = "style"
    _COMPOSE = "style.compose"

    def __init__(self, studio: Engine, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio, self._pictures = studio, pictures
        self.history: SettingsHistory[StyleSettings] = SettingsHistory(undo_stack, self._apply_settings)
        self.settings = StyleSettings()
        self.photo: OpenedPicture | None = None
        self.paintings: tuple[OpenedPicture, ...] = ()
        self.film = History()
        self.state = SessionState.EMPTY
        self.painting: Picture | DeepPicture | None = None
        self.recipe: Recipe | None = None
        self.start_when_ready = False
        self._handle: JobHandle | None = None
        self._stopping: JobHandle | None = None
        self._run = 0
        self._last_preview: Preview | None = None
        self._branched = False
        self._compose_busy = False
        self._compose_again = False
        self._composition = 0
        self._film_waits: Preview | None = None
        self._film_composing: Preview | None = None
        self._strength_preview = StrengthPreview()
        self._restart = QTimer(self, singleShot=True, interval=_RESTART_DELAY_MS)
        self._follow = QTimer(self, singleShot=True, interval=_FOLLOW_DELAY_MS)
        self._connect()

    def _connect(self) -> None:
        self._restart.timeout.connect(self.paint)
        self._follow.timeout.connect(self._paint_in_new_strength)

    # -- what comes in ---------------------------------------------------------------------------------------------

    def set_photo(self, photo: OpenedPicture) -> None:
        """Start over with another photo; what was painted is kept, and the new photo is painted at once if one was."""
        at_once = self.settings.method == "instant"
        self.start_when_ready |= at_once or self._is_running or self.state is SessionState.FINISHED
        self.stop()
        self.photo = photo
        self._forget_painting()
        self.photo_changed.emit(photo)
        self._settle()

    def add_painting(self, painting: OpenedPicture) -> None:
        """Add one painting to the mix; with all places taken the newest replaces the last."""
        self._set_paintings((*self.paintings[: PAINTING_LIMIT - 1], painting))

    def set_paintings(self, *paintings: OpenedPicture) -> None:
        """Paint in the manner of these paintings instead."""
        self._set_paintings(paintings[:PAINTING_LIMIT])

    def remove_painting(self, index: int) -> None:
        """Take one painting out of the mix."""
        self._set_paintings(self.paintings[:index] + self.paintings[index + 1 :])

    def _set_paintings(self, paintings: tuple[OpenedPicture, ...]) -> None:
        self.paintings = paintings
        self._apply_settings(self.settings)
        self.paintings_changed.emit(paintings)
        self.film.clear()  # its frames were made of other paintings: going on from one could not be replayed
        self.film_changed.emit(self.film)
        if self._is_running or self.state is SessionState.FINISHED:
            self._restart.start()
        else:
            self._settle()

    # -- settings --------------------------------------------------------------------------------------------------

    @property
    def inputs(self) -> Inputs:
        """What is painted from: the photo, and the paintings unless a fast style knows its own."""
        photo = () if self.photo is None else (self.photo,)
        return photo if self.settings.method == "instant" else (*photo, *self.paintings)

    @property
    def _has_manner(self) -> bool:
        return bool(self.paintings) or self.settings.mode == "reconstruct" or self.settings.method == "instant"

    def begin_gesture(self) -> None:
        """A slider is grabbed, a number is being typed."""
        self.history.begin(self.settings)

    def end_gesture(self) -> None:
        """The slider is let go: what it changed is one undo step."""
        self.history.commit(self.settings)

    def set_settings(self, settings: StyleSettings) -> None:
        """Take over `settings` from the form; outside a gesture the change is an undo step of its own."""
        before = self.settings
        self._apply_settings(settings)
        if not self.history.in_gesture:
            self.history.record(before, settings)

    def _apply_settings(self, settings: StyleSettings) -> None:
        if len(settings.style_mix) not in (0, len(self.paintings)):
            settings = settings.model_copy(update={"style_mix": ()})  # of other paintings
        before, self.settings = self.settings, settings
        changed = {name for name in _EFFECTS if getattr(before, name) != getattr(settings, name)}
        if not changed:
            return
        self.settings_changed.emit(settings)
        effects = {_EFFECTS[name] for name in changed}
        if settings.method == "instant" and changed & {"method", "fast_style"} and self.photo is not None:
            self.paint()  # it takes a moment: why wait?
        elif self._handle is not None and self._is_running:
            self._handle.controls.replace(settings)
            if "restart" in effects:
                self._restart.start()
        elif self.state is SessionState.FINISHED and "restart" in effects:
            self._restart.start()
        elif settings.method == "instant":
            if self.state is SessionState.FINISHED and "strength" in changed:
                self._follow.start()
        elif self.state is SessionState.FINISHED and "steer" in effects and self.film.frames:
            self._start(self.film.frames[-1])  # the finished picture follows the slider too
        if "instant" in effects:
            self._compose()

    # -- the painting ----------------------------------------------------------------------------------------------

    @property
    def _is_running(self) -> bool:
        return self.state in (SessionState.PAINTING, SessionState.PAUSED)

    def paint(self) -> None:
        """Start painting from the beginning."""
        self._start(None)

    def _paint_in_new_strength(self) -> None:
        """Let the fast style paint in the strength of now; the library keeps the first version alone."""
        if self.settings.method == "instant" and self.state is SessionState.FINISHED:
            self._start(None, again=True)

    def branch_from(self, number: int) -> None:
        """Go back to a frame of the film: its picture, its settings, and on from there."""
        frame = self.film.find(number)
        if frame is None:
            return
        before = self.settings
        self._restart.stop()
        self._set_state(SessionState.READY)
        self._apply_settings(frame.settings)
        self.history.record(before, frame.settings)
        self._take_painting(frame.painting, frame.recipe)
        self._compose()
        self._start(frame)
        self._branched = True

    def pause(self) -> None:
        """Leave the painting as it is until `resume`."""
        if self._handle is not None and self.state is SessionState.PAINTING:
            self._handle.pause()
            self._set_state(SessionState.PAUSED)

    def resume(self) -> None:
        """Go on with the paused painting."""
        if self._handle is not None and self.state is SessionState.PAUSED:
            self._handle.resume()
            self._set_state(SessionState.PAINTING)

    def stop(self) -> None:
        """End the painting with what was reached; it is kept like a finished one. Before the first frame: give up."""
        self._restart.stop()
        self._follow.stop()
        if self._handle is None or not self._is_running:
            return
        if self._last_preview is None:
            self._handle.cancel()
        else:
            self._stopping = self._handle
            self._handle.finish()

    def _start(self, branch: HistoryState | None, *, again: bool = False) -> None:
        """Paint from the beginning, or on from a frame; `again`: only in another strength."""
        if self.photo is None or not self._has_manner:
            self.stop() if self._is_running else self._settle()
            return
        if self.settings.method == "instant":
            branch = None  # there is nothing to go on from: it is painted in one pass
        if branch is None and not again:
            self.film.clear()
            self.film_changed.emit(self.film)
        photo, *paintings = self.inputs
        task = PictureRequest(
            {CONTENT: (photo.picture,), "style": tuple(painting.picture for painting in paintings)},
            branch=None if branch is None else branch.painting,
            history=None if branch is None else branch.recipe,
        )
        self._restart.stop()
        self._follow.stop()
        self._branched = False
        self._film_waits = self._last_preview = None
        if self._handle is not None and self._handle is not self._stopping:
            self._handle.cancel()  # unless it is done already and its result on the way, which must not be lost
        controls = Controls(self.settings)
        self._handle = self._studio.live(self._JOB, "stylize", task, controls, after_running=True)
        self._connect_run(self._handle, None if again else self.inputs)
        self._set_state(SessionState.PAINTING)

    def _connect_run(self, handle: JobHandle, inputs: Inputs | None) -> None:
        """Listen to one job, by a number: what an older one still has to say is not about the present picture.

        `inputs` is what its result is kept with; None where it is not to be kept.
        """
        self._run += 1
        run = self._run
        handle.progressed.connect(partial(self._show_progress, run))
        handle.frame_ready.connect(partial(self._take_preview, run))
        handle.logged.connect(self._show_log)
        handle.finished.connect(partial(self._finish, run, inputs))
        handle.failed.connect(partial(self._fail, run))
        handle.cancelled.connect(partial(self._end_without_result, run))

    def _is_present(self, run: int) -> bool:
        return run == self._run and self._handle is not None

    def _take_preview(self, run: int, preview: Preview) -> None:
        if not self._is_present(run):
            return
        self._take_painting(preview.picture, preview.recipe)
        if not preview.draft:
            self._last_preview = preview
            if preview.recipe is not None and self.film.wants(preview.step):
                self._film_waits = preview
        self._compose()

    def _finish(self, run: int, inputs: Inputs | None, result: PictureResult) -> None:
        if self._is_present(run):
            self._handle = None
            self._take_painting(result.layer, result.recipe)
            self._put_last_on_film(result)
            self._set_state(SessionState.FINISHED)
            self._compose()
        if inputs is not None:
            self.painting_finished.emit(result, inputs)

    def _put_last_on_film(self, result: PictureResult) -> None:
        last = self._last_preview or Preview(to_8_bits(result.layer), 0)
        there = self.film.frames and self.film.frames[-1].painting is last.picture
        if not there and last is not self._film_composing:
            self._film_waits = replace(last, recipe=result.recipe)

    def _end_without_result(self, run: int) -> None:
        if self._is_present(run):
            self._handle = None
            self._settle()

    def _fail(self, run: int, failure: Failure) -> None:
        if self._is_present(run):
            self._handle = None
            self._settle()
        self.failed.emit(failure)

    def _show_progress(self, run: int, progress: Progress) -> None:
        if self._is_present(run):
            self.progressed.emit(progress)

    def _show_log(self, log: Log) -> None:
        self.noticed.emit(log.message, log.level)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        """Lay the newest painting over the photo; while that is under way, remember that more is wanted."""
        if self.photo is None or self.painting is None:
            return
        if self._compose_busy:
            self._compose_again = True
            return
        self._compose_busy, self._compose_again = True, False
        self._film_composing, self._film_waits = self._film_waits, None
        task = ComposeTask(self.photo.ground, self.painting)
        handle = self._pictures.live(
            self._COMPOSE, "compose", task, Controls(self._strength_preview.to_compose(self.settings))
        )
        handle.finished.connect(partial(self._show_composed, self._composition))
        handle.failed.connect(partial(self._fail_composing, self._composition))

    @property
    def settings_of_picture(self) -> StyleSettings:
        """The settings that belong to the painting as it is: a fast style's may be of another strength than is set."""
        return self._strength_preview.of_picture(self.settings)

    def _take_painting(self, painting: Picture | DeepPicture, recipe: Recipe | None) -> None:
        self.painting, self.recipe = painting, recipe
        self._strength_preview = StrengthPreview.of(recipe, self.settings)

    def _show_composed(self, composition: int, frame: Frame) -> None:
        if composition != self._composition:
            return  # of a painting that is no longer on the panel
        self._compose_busy = False
        self.frame_composed.emit(frame)
        waiting, self._film_composing = self._film_composing, None
        if waiting is not None:
            self._remember(waiting, thumbnail_of(frame))
        if self._compose_again:
            self._compose()

    def _remember(self, preview: Preview, thumbnail: Picture) -> None:
        """Add a frame to the film, with the settings that its own recipe names."""
        if preview.recipe is not None:
            settings = StyleSettings.model_validate(preview.recipe.settings)
            self.film.add(preview.picture, thumbnail, preview.step, settings, preview.recipe, branch=self._branched)
            self._branched = False
            self.film_changed.emit(self.film)

    def _fail_composing(self, composition: int, failure: Failure) -> None:
        if composition == self._composition:
            self._compose_busy = False
            self.failed.emit(failure)

    # -- restoring -------------------------------------------------------------------------------------------------

    def recall(self, recalled: RecalledPicture) -> None:
        """Show a saved painting again with everything that made it: pictures, settings, and the painting itself.

        A file holds the composed picture. Where its compositing was neutral, that is the painting, and sliders go on
        from it; otherwise it is shown as it is until it is painted again.
        """
        assert isinstance(recalled.settings, StyleSettings)
        self.stop()
        before = self.settings
        self.photo, self.paintings = recalled.inputs[CONTENT][0], recalled.inputs["style"][:PAINTING_LIMIT]
        self._forget_painting()
        self.photo_changed.emit(self.photo)
        self.paintings_changed.emit(self.paintings)
        self._set_state(SessionState.READY)
        self._apply_settings(recalled.settings)
        self.history.record(before, recalled.settings)
        self.recipe = recalled.recipe
        self.frame_composed.emit(recalled.shown.frame)
        if recalled.shows_layer:
            pixels = recalled.shown.picture.pixels
            self._take_painting(pixels, recalled.recipe)
            preview = Preview(pixels, recalled.step, recipe=recalled.recipe)
            self._remember(preview, recalled.shown.thumbnail)
        self._settle()

    def _forget_painting(self) -> None:
        self._handle = None
        self.painting = self.recipe = None
        self._film_waits = self._film_composing = self._last_preview = None
        self._composition += 1
        self._compose_busy = self._compose_again = False
        self.film.clear()
        self.film_changed.emit(self.film)

    def _settle(self) -> None:
        """Find the state that the pictures at hand allow when nothing runs."""
        if self.painting is not None:
            self._set_state(SessionState.FINISHED)
        elif self.photo is not None and self._has_manner:
            self._set_state(SessionState.READY)
            if self.start_when_ready:
                self.start_when_ready = False
                self.paint()
        else:
            self._set_state(SessionState.EMPTY)

    def _set_state(self, state: SessionState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)


def thumbnail_of(frame: Frame) -> Picture:
    """Return the smallest of the frame's sizes as an RGB picture; a copy of at most 256 × 256 pixels."""
    return np.ascontiguousarray(frame.levels[-1][..., 2::-1])
