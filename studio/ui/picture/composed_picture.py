"""What a picture panel holds, as it is seen: laid over its photo, and again whenever a hand moves a slider."""

from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from studio.core.events import Preview
from studio.core.frames import Frame
from studio.core.picture_task import PictureTask
from studio.core.settings import Settings
from studio.engine import Engine
from studio.jobs.export import DRAFT_PIXELS, ComposeTask, compose_draft
from studio.ui.picture.compositor import Compositor
from studio.ui.picture.held_picture import HeldPicture

__all__ = ["ComposedPicture"]

S = TypeVar("S", bound=Settings)

_HELD_STILL_MS = 200
"""So long a hand rests on a slider until a large picture is composed in full."""


class ComposedPicture(HeldPicture[S]):
    """Composes what is shown as soon as it is another; knows neither the job that makes it nor a widget.

    Args:
        task: what is done.
        pictures: the engine that composes frames, so that sliders never wait behind a network.
        undo_stack: receives one step per gesture.

    """

    frame_composed = Signal(object)
    draft_composed = Signal(object)
    """A smaller version of the frame that follows: a hand is moving a slider."""
    cleared = Signal()
    """Nothing that was made is to be seen."""

    def __init__(self, task: PictureTask, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None) -> None:
        super().__init__(task, pictures, undo_stack, parent)
        self.compositor = Compositor(pictures, f"{task.name}.compose", self)
        self.drafts = Compositor(pictures, f"{task.name}.draft", self)
        self._held_still = QTimer(self, singleShot=True, interval=_HELD_STILL_MS)
        self.film.shown_changed.connect(self._show)
        self.compositor.composed.connect(self._show_composed)
        self.drafts.composed.connect(lambda frame, _preview: self.draft_composed.emit(frame))
        self._held_still.timeout.connect(self._compose)

    @property
    def is_composing(self) -> bool:
        """Whether a frame is still to come."""
        return self.compositor.is_busy or self._held_still.isActive()

    def _show(self) -> None:
        """Another picture is to be seen."""
        self.note_shown()
        self._compose()

    def note_shown(self) -> None:
        """Take note of another picture, before it is laid over its photo."""

    def _compose(self) -> None:
        """Lay the layer over the photo."""
        self._held_still.stop()
        if self.layer is not None and (self.photo is not None or not self.task.has_photo):
            ground = None if self.photo is None else self.photo.ground
            self.compositor.compose(ComposeTask(ground, self.layer), self.settings_to_compose)
        elif self.as_saved is not None:
            self.frame_composed.emit(self.as_saved.frame)
        else:
            self._compose_no_more()
            self.cleared.emit()

    def _compose_no_more(self) -> None:
        """Let go of what is being composed: it is of a picture that is shown no more."""
        self._held_still.stop()
        self.compositor.forget()
        self.drafts.forget()

    @property
    def _is_large(self) -> bool:
        """Whether composing what is shown takes longer than a hand waits that moves a slider."""
        return self.photo is not None and self.layer is not None and self.layer[..., 0].size > DRAFT_PIXELS

    def _compose_draft(self) -> None:
        """Lay a smaller version over the photo, and all of it when the hand rests."""
        assert self.photo is not None
        assert self.layer is not None
        self.compositor.forget()
        task = ComposeTask(self.photo.ground, self.layer)
        self.drafts.compose(task, self.settings_to_compose, job=compose_draft)
        self._held_still.start()

    def _show_composed(self, frame: Frame, _preview: Preview | None) -> None:
        self.drafts.forget()
        self.frame_composed.emit(frame)
