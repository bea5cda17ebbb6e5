"""Frames of the film strip on the canvas: which one is shown, and which one it is compared with."""

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.frames import Frame
from studio.engine import Engine
from studio.jobs.export import ComposeTask
from studio.ui.picture.history import HistoryState
from studio.ui.picture.session import PictureSession
from studio.ui.picture.workspace import Workspace

_FRAME = "frame"
"""The canvas's name for a frame that is compared in place of the photo."""


class LookingBack(QObject):
    """Binds strip, canvas and session.

    Args:
        session: holds the frames.
        workspace: shows them.
        pictures: the engine that lays them over their photo.
        titles: what the canvas calls photo and result.

    """

    save_requested = Signal()
    """What is shown now should be saved under a name of its own."""
    failed = Signal(object)

    def __init__(
        self, session: PictureSession[Any], workspace: Workspace, pictures: Engine, titles: tuple[str, str],
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._canvas, self._bar = session, workspace.canvas, workspace.strip_bar
        self._pictures, self.titles = pictures, titles
        self._compared: HistoryState | None = None
        self._running = False
        self._connect()

    def _connect(self) -> None:
        session, strip = self._session, self._bar.strip
        session.film.changed.connect(self.refresh)
        strip.frame_shown.connect(session.film.show)
        strip.frame_chosen.connect(session.branch_from)
        strip.frame_starred.connect(session.film.star)
        strip.comparison_requested.connect(self._toggle_comparison)
        strip.save_requested.connect(self._save)

    def refresh(self, _history: object = None) -> None:
        """Show every frame, and say on the canvas which ones are compared."""
        session, photo = self._session, self.titles[0]
        shown, newest = session.film.shown_frame, session.film.looking_at is None
        running = session.is_running and not session.task.at_once
        began, self._running = running and not self._running, running
        self._bar.show_history(session.history, shown, newest=newest, running=running)
        if began:
            self._bar.strip.go_to_end()
        if not session.task.previews:
            return  # there is one picture, and a panel may compare it with others
        compared = self._compared  # also where the strip had to let it go meanwhile
        names_steps = shown is not None and (compared is not None or not newest)
        before = photo if compared is None else compared.name
        self._canvas.set_labels(before, shown.name if shown and names_steps else self.titles[1])

    def compare_with(self, number: int) -> None:
        """Compare what is shown with this frame in place of the photo; with -1 it is the photo again."""
        frame, photo = self._session.history.find(number), self._session.photo
        self._compared = frame
        self._bar.set_compared(-1 if frame is None else number)
        if frame is None or photo is None:
            self._canvas.compare("before", "after")
            if _FRAME in self._canvas.pictures:
                self._canvas.set_picture(_FRAME, None)
            self.refresh()
            return
        controls = Controls(self._session.settings_to_compose)
        task = ComposeTask(photo.ground, frame.layer)
        handle = self._pictures.live(f"{self._session.task.name}.compared", "compose", task, controls)
        handle.finished.connect(partial(self._show_compared, frame))
        handle.failed.connect(self.failed)

    def _toggle_comparison(self, number: int) -> None:
        self.compare_with(-1 if self._compared is not None and number == self._compared.number else number)

    def _show_compared(self, compared: HistoryState, frame: Frame) -> None:
        if compared is not self._compared:
            return
        self._canvas.set_picture(_FRAME, frame, size=self._canvas.picture_size)
        self._canvas.compare(_FRAME, "after")
        if self._canvas.compare_mode == "after":
            self._canvas.set_compare_mode("split")
        self.refresh()

    def _save(self, number: int) -> None:
        self._session.film.show(number)
        self.save_requested.emit()
