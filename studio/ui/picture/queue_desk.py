"""Joins a panel's queue with its session: photos that are queued get the settings and pictures of the moment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from studio.core.picture_task import CONTENT
from studio.jobs.batch import BatchLook
from studio.ui.picture.context import PanelContext
from studio.ui.picture.queue import PictureQueue
from studio.ui.picture.queue_view import QueueView
from studio.ui.picture.session import PictureSession

__all__ = ["QueueDesk"]


class QueueDesk(QObject):
    """The queue of a panel, and what shows it.

    Args:
        session: whose look the photos get.
        context: what panels share.

    """

    ended = Signal(str, str)
    """Nothing is left to be done: a headline, and how it went."""

    def __init__(self, session: PictureSession[Any], context: PanelContext, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._preferences = session, context.preferences
        self.queue = PictureQueue(session.task, context.studio, context.pictures, context.library, self)
        self.view = QueueView(self.queue, context.preferences, context.theme)
        self._connect()
        self._show_ready()
        self.queue.look_for_interrupted()

    def _connect(self) -> None:
        self._session.input_changed.connect(self._show_ready)
        self._session.settings_changed.connect(self._show_ready)
        self.view.start_requested.connect(self._start)
        self.view.reveal_requested.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))))
        self.queue.ended.connect(lambda report: self.ended.emit("The queue is done", report.sentence))

    def propose(self, sources: Sequence[Path]) -> None:
        """Offer to queue these: files, and folders with everything below them."""
        others = (
            picture for role, pictures in self._session.used_inputs.items() if role != CONTENT for picture in pictures
        )
        self.queue.propose(sources, [other.picture.path for other in others if other.picture.path])

    def _start(self, folder: Path | None, suffix: str) -> None:
        session = self._session
        inputs = {
            role: tuple(opened.picture for opened in pictures)
            for role, pictures in session.used_inputs.items()
            if role != CONTENT
        }
        look = BatchLook(session.task, session.settings, inputs)
        self.queue.begin(look, folder, suffix, ai_mark=self._preferences.ai_mark)

    def _show_ready(self, _: object = None) -> None:
        task, used = self._session.task, self._session.used_inputs
        roles = [slot.role for slot in task.painted]
        missing = next((slot.title.lower() for slot in task.inputs if slot.role not in (CONTENT, *roles)), "")
        missing = f"choose a {missing} first" if missing else "the network for it is not here"
        masks = [Path(one.picture.name).stem for role in roles for one in used[role]]
        named = " and ".join(f"“{name}”" for name in masks)
        beside = f"with the mask{'s' if len(masks) > 1 else ''} {named}" if masks else ""
        self.view.set_ready(self._session.has_look, missing, beside)
