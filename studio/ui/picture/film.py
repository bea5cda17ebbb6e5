"""What a session has made: the newest picture, the frames on the way to it, and which of them is shown."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.compositing import Backdrop
from studio.core.events import Picture, Preview
from studio.core.picture_task import PictureTask
from studio.core.recipes import Recipe
from studio.core.settings import Settings, describe
from studio.engine import Engine
from studio.jobs.export import ComposeTask, compose_small
from studio.ui.picture.compositor import Compositor
from studio.ui.picture.history import History, HistoryState, Made
from studio.ui.picture.inputs import InputPictures

__all__ = ["Film"]


class Film(QObject):
    """Holds pictures as they were made, before they are laid over their photo.

    Args:
        task: makes them.
        pictures: the engine that makes thumbnails.
        settings: returns those of now, which say where networks lie: a recipe does not.
        is_growing: tells whether a job is making more.

    """

    changed = Signal(object)
    """Other frames are there than before, or another one is shown: the `History`."""
    shown_changed = Signal()
    """Another picture is to be seen."""
    noticed = Signal(str, str)

    def __init__(
        self, task: PictureTask, pictures: Engine, settings: Callable[[], Settings], is_growing: Callable[[], bool],
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._task, self._settings, self._is_growing = task, settings, is_growing
        self._networks = tuple(info.name for info in describe(task.settings) if info.offers)
        self.history, self.newest = History(), Made()
        self.looking_at: HistoryState | None = None
        """The frame that is shown in place of the newest picture."""
        self._asked_for: Preview | None = None
        self.thumbnails = Compositor(pictures, f"{task.name}.strip", self)
        self.thumbnails.composed.connect(self._remember)

    def clear(self) -> None:
        """Let go of everything: it is of a photo that is left."""
        self.thumbnails.forget()
        self.put(Made(), History())

    def put(self, newest: Made, history: History) -> None:
        """Hold these instead, and show the newest picture."""
        self.newest, self.history, self.looking_at = newest, history, None
        self.changed.emit(history)

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def shown(self) -> Made | HistoryState:
        """What is to be seen: the newest picture, or a frame of the strip."""
        return self.looking_at or self.newest

    @property
    def shown_frame(self) -> HistoryState | None:
        """The frame that is shown, or that the newest picture belongs to."""
        return self.looking_at or self._last_frame

    @property
    def _last_frame(self) -> HistoryState | None:
        """The frame of the newest picture: while it is being made, the last there is."""
        last = self.history.last_of_take
        if self._is_growing() and last is not None:
            return last
        return next((frame for frame in reversed(self.history.frames) if frame.recipe == self.newest.recipe), last)

    def show(self, number: int) -> None:
        """Look at a frame of the strip; a job that runs goes on meanwhile, and its newest picture is the last one."""
        frame = self.history.find(number)
        if frame is None or frame is self.looking_at:
            return
        if frame is self._last_frame:
            self.show_newest()
        else:
            self._look_at(frame)

    def show_newest(self) -> None:
        """Look at the newest picture again, and go on following it."""
        if self.looking_at is not None:
            self._look_at(None)

    def _look_at(self, frame: HistoryState | None) -> None:
        self.looking_at = frame
        self.shown_changed.emit()
        self.changed.emit(self.history)

    def star(self, number: int) -> None:
        """Star a frame, so that it never goes by itself, or take the star away."""
        if not self.history.star(number):
            self.noticed.emit("Starred frames take as much memory as there is for them: save some instead.", "warning")
        if self.looking_at is not None:
            self.looking_at = self.history.find(self.looking_at.number)
        self.changed.emit(self.history)

    # -- what is made ----------------------------------------------------------------------------------------------

    def take(self, made: Made) -> None:
        """Show what a job has just made, unless another frame is being looked at."""
        self.newest = made
        if self.looking_at is None:
            self.shown_changed.emit()

    def go_back_to(self, frame: HistoryState) -> None:
        """Let a frame be the newest picture again, for a job to go on from it."""
        self.looking_at, self.newest = None, Made(frame.layer, frame.recipe, frame.inputs)
        self.shown_changed.emit()

    def develop(self, backdrop: Backdrop, settings: Settings) -> None:
        """Make a thumbnail of what is worth a frame: in the strip it looks as it does on the canvas now."""
        waiting = self.history.waiting
        if waiting is not None and waiting is not self._asked_for:
            self._asked_for = waiting
            self.thumbnails.compose(ComposeTask(backdrop, waiting.picture), settings, waiting, compose_small)

    def _remember(self, thumbnail: Picture, preview: Preview) -> None:
        if preview is self.history.waiting:
            assert preview.recipe is not None
            self.add(preview.picture, thumbnail, preview.step, preview.recipe, self.newest.inputs)

    def add(self, layer: Picture, thumbnail: Picture, step: int, recipe: Recipe, inputs: InputPictures) -> None:
        """Append a frame."""
        networks = {name: getattr(self._settings(), name) for name in self._networks}
        settings: Any = self._task.settings.model_validate({**recipe.settings, **networks})
        self.history.add(layer, thumbnail, step, settings, recipe, inputs)
        self.changed.emit(self.history)
