"""Sessions as files: the last one at the next start, those that were kept unasked, and those with a name."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QWidget

from studio.core.failures import Failure
from studio.core.file_names import is_there
from studio.core.saved_session import SESSION_SUFFIX
from studio.engine import JobHandle
from studio.jobs.files import OpenedPicture
from studio.jobs.sessions import (
    ListSessionsTask,
    OpenedMask,
    OpenedSession,
    SaveSessionTask,
    SessionOffer,
    list_sessions,
    open_last_session,
    open_masks,
    open_session,
    save_session,
)
from studio.ui.controls.file_dialogs import choose_files, choose_new_file
from studio.ui.picture.context import PanelContext
from studio.ui.picture.history import History
from studio.ui.picture.keeper import SessionKeeper
from studio.ui.picture.saved_state import snapshot_of
from studio.ui.picture.session import PictureSession

_KIND = "Atelier sessions"


class SessionFiles(QObject):
    """Opens and saves whole sessions on the pictures engine.

    Args:
        parent: the widget in front of which dialogs open.
        session: is saved.
        keeper: knows what there is to save, and where sessions are kept unasked.
        context: what panels share.

    """

    opened = Signal(object, object)
    """An `OpenedSession`, and the path that it comes from; None for the last one, at the start."""
    saved = Signal(Path)
    listed = Signal()
    """`offers` are others."""
    failed = Signal(object)

    def __init__(
        self, parent: QWidget, session: PictureSession[Any], keeper: SessionKeeper, context: PanelContext
    ) -> None:
        super().__init__(parent)
        self._widget, self._session, self._keeper = parent, session, keeper
        self._pictures, self._preferences, self._theme = context.pictures, context.preferences, context.theme
        self._numbers = count()
        self._saved_as: dict[str, Path] = {}
        self._finding: JobHandle | None = None
        self.offers: tuple[SessionOffer, ...] = ()
        """What was kept unasked, the newest first."""
        keeper.kept.connect(self.refresh)

    def refresh(self) -> None:
        """Look again what there is to go on with."""
        if self._keeper.root is not None:
            task = ListSessionsTask(self._keeper.root)
            handle = self._pictures.live(f"{self._session.task.name}.sessions", list_sessions, task)
            handle.finished.connect(self._take_offers)
            handle.failed.connect(self.failed)

    def _take_offers(self, offers: Sequence[SessionOffer]) -> None:
        self.offers = tuple(offers)
        self.listed.emit()

    def open_last(self, otherwise: Callable[[], None]) -> None:
        """Open what was kept last, or act `otherwise` where that is nothing."""
        if self._keeper.root is None:
            otherwise()
            return

        def take(opened: OpenedSession | None) -> None:
            otherwise() if opened is None else self.opened.emit(opened, None)

        handle = self._queue("last-session", open_last_session, ListSessionsTask(self._keeper.root))
        handle.finished.connect(take)
        self.refresh()

    def open(self, path: Path) -> None:
        """Open a session from its file or its folder."""
        handle = self._queue("open-session", open_session, path)
        handle.finished.connect(partial(self._take, path))

    def _take(self, path: Path, opened: OpenedSession) -> None:
        if path.suffix == SESSION_SUFFIX:
            self._preferences.remember_session(path)
            self._saved_as[_key_of(next((pictures[0] for pictures in opened.inputs.values() if pictures), None))] = path
        self.opened.emit(opened, path)

    def find_strip(self, photo: OpenedPicture, take: Callable[[History, tuple[OpenedMask, ...]], None]) -> None:
        """Hand the frames to `take` that were made of a photo before, and its masks: nobody who comes back loses them.

        A newer wish replaces this one.
        """
        if self._finding is not None:
            self._finding.drop()
            self._finding = None
        session, task, folder = self._session, self._session.task, self._keeper.folder_of(photo)
        if session.photo is not None and session.photo.picture.sha256 == photo.picture.sha256:
            take(session.history, session.masks.saved(session.masks.all))
        elif not (task.previews or task.painted) or folder is None or not is_there(folder):
            take(History(), ())
        else:
            job: Any = open_session if task.previews else open_masks
            self._finding = handle = self._pictures.queue(f"{task.name}.strip", job, folder)
            if task.previews:
                handle.finished.connect(lambda opened: take(snapshot_of(opened).history, opened.masks))
            else:
                handle.finished.connect(lambda masks: take(History(), masks))
            handle.failed.connect(lambda _failure: take(History(), ()))  # of what is damaged there is nothing to find

    def choose(self) -> None:
        """Ask for a session's file, and open it."""
        kinds = f"{_KIND} (*{SESSION_SUFFIX})"
        for file in choose_files(self._widget, "Open a session", self._folder, kinds, self._theme):
            self.open(file)

    def save(self) -> None:
        """Ask for a name, and write the session as one file; that under which it was saved last is proposed."""
        if not self._session.is_worth_keeping:
            return
        key = _key_of(self._session.photo)
        proposed = self._saved_as.get(key) or Path(self._folder) / f"{self._keeper.title}{SESSION_SUFFIX}"
        path = choose_new_file(self._widget, "Save the session", proposed, _KIND, SESSION_SUFFIX, self._theme)
        if path is not None:
            self._saved_as[key] = path
            self.write(path)

    def write(self, path: Path) -> None:
        """Write the session as one file."""
        saved = self._keeper.saved(travels=True)
        if saved is not None:
            handle = self._queue("save-session", save_session, SaveSessionTask(saved, path))
            handle.finished.connect(self._note_saved)
            handle.finish()  # closing the window must not lose it

    def _note_saved(self, path: Path) -> None:
        self._preferences.remember_session(path)
        self.saved.emit(path)

    @property
    def _folder(self) -> str:
        recent = self._preferences.recent_sessions
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return str(recent[0].parent) if recent else self._preferences.save_folder or documents

    def _queue(self, name: str, job: Any, task: Any) -> JobHandle:
        key = f"{self._session.task.name}.{name}-{next(self._numbers)}"
        handle = self._pictures.queue(key, job, task)
        handle.failed.connect(self._fail)
        return handle

    def _fail(self, failure: Failure) -> None:
        self.failed.emit(failure)


def _key_of(photo: OpenedPicture | None) -> str:
    """Return what tells sessions apart: their photos."""
    return "" if photo is None else photo.picture.sha256
