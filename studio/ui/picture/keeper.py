"""Keeps a panel's session on the disk while one works, so that neither a crash nor a closed window loses anything."""

from pathlib import Path
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.events import DeepPicture, Picture
from studio.core.failures import Failure
from studio.core.frames import Frame
from studio.core.picture_task import CONTENT
from studio.core.saved_session import SavedSession
from studio.engine import Engine, JobHandle
from studio.jobs.files import OpenedPicture
from studio.jobs.sessions import SaveSessionTask, keep_session
from studio.ui.picture.history import HistoryState
from studio.ui.picture.inputs import InputPictures
from studio.ui.picture.saved_state import saved_of, title_of
from studio.ui.picture.session import PictureSession
from studio.ui.picture.undo import Snapshot

__all__ = ["SessionKeeper"]

_DELAY_MS = 1_500
"""How long after a change the session is written, and how often at most."""
_SHARE = 10
"""Of this many seconds one may go into writing: large pictures are written less often."""


class SessionKeeper(QObject):
    """Writes what a session holds into a folder of its own for every photo, on the pictures engine.

    Args:
        session: is watched.
        pictures: the engine that writes.
        root: where the folders lie; None keeps nothing.

    """

    kept = Signal()
    """The folder is up to date."""
    failed = Signal(object)
    """It is not; told once, until it works again."""

    def __init__(
        self, session: PictureSession[Any], pictures: Engine, root: Path | None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._pictures, self.root = session, pictures, root
        self._preview: Picture | None = None
        self._layer: Picture | DeepPicture | None = None
        self._key = ""
        self._writing: JobHandle | None = None
        self._changed = self._failing = self._closing = False
        self._began = 0.0
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        if root is not None:
            self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self._write)
        session = self._session
        for changed in (
            session.input_changed, session.settings_changed, session.film.changed, session.state_changed,
            session.frame_composed, session.masks.changed, session.masks.repainted,
        ):  # fmt: skip
            changed.connect(self._note_change)
        session.frame_composed.connect(self._note_frame)
        session.photo_left.connect(self._note_left)

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything that was worth keeping is on the disk."""
        return not self._changed and self._writing is None

    def close(self) -> None:
        """Write what there is, and from now on every change at once: the program ends."""
        self._closing = True
        if self._changed or self._writing is not None:
            self._write()

    def saved(self, *, travels: bool = False, left: Snapshot | None = None) -> SavedSession | None:
        """Return everything as it goes into files; None without a photo, where there is to be one.

        Args:
            travels: it may be read elsewhere (see `saved_of`).
            left: what was there before another photo came, rather than what is there now.

        """
        session = self._session
        now = left or session.snapshot()
        if session.task.has_photo and not now.inputs[CONTENT]:
            return None
        if now.made.layer is not self._layer:
            self._layer, self._key = now.made.layer, HistoryState.new_key()
        running = left is None and session.is_running
        return saved_of(
            session.task, now, session.masks.saved(now.masks), key=self._key, preview=self._preview, running=running,
            travels=travels,
        )  # fmt: skip

    @property
    def title(self) -> str:
        """What the session is called, if there is a photo."""
        return title_of(self._session.inputs.all) or self._session.task.title

    @property
    def folder(self) -> Path | None:
        """Where the session of this photo is kept."""
        return self._folder_of(self._session.inputs.all)

    def _folder_of(self, inputs: InputPictures) -> Path | None:
        if not self._session.task.has_photo:  # what is made up has one session
            return None if self.root is None else self.root / self._session.task.name
        photo = next(iter(inputs[CONTENT]), None)
        return None if photo is None else self.folder_of(photo)

    def folder_of(self, photo: OpenedPicture) -> Path | None:
        """Return where the session of a photo is kept, if any is."""
        return None if self.root is None else self.root / photo.picture.sha256[:20]

    def _note_frame(self, frame: Any) -> None:
        if isinstance(frame, Frame):
            self._preview = frame.levels[-1][..., 2::-1]

    def _note_change(self, *_: object) -> None:
        self._changed = True
        if self._closing:
            self._write()
        elif not self._timer.isActive():
            self._timer.start()

    def _note_left(self, left: Snapshot) -> None:
        """Write what has not reached the disk yet of a photo that goes."""
        folder, saved = self._folder_of(left.inputs), self.saved(left=left)
        if self._changed and folder is not None and saved is not None:
            handle = self._pictures.queue(f"{saved.task}.keep-left", keep_session, SaveSessionTask(saved, folder))
            handle.failed.connect(self._note_failed)
            handle.finish()
        self._changed, self._preview = False, None

    def _write(self) -> None:
        folder, saved = self.folder, self.saved()
        if folder is None or saved is None:
            self._changed = False
            return
        if self._writing is not None and not self._closing:
            return  # when it is done, the rest follows
        self._timer.stop()
        self._changed, self._began = False, monotonic()
        self._writing = self._pictures.queue(f"{saved.task}.keep-session", keep_session, SaveSessionTask(saved, folder))
        self._writing.finished.connect(self._note_kept)
        self._writing.failed.connect(self._note_failed)
        self._writing.cancelled.connect(self._rest)
        if self._closing:
            self._writing.finish()  # so that the engine brings it to its end

    def _note_kept(self) -> None:
        self._failing = False
        self._rest()
        self.kept.emit()

    def _note_failed(self, failure: Failure) -> None:
        if not self._failing:
            self.failed.emit(Failure(f"The session is not kept: {failure.cause}", failure.remedy, failure.details))
        self._failing = True
        self._rest()

    def _rest(self) -> None:
        self._writing = None
        took = round(1000 * (monotonic() - self._began))
        self._timer.setInterval(max(_DELAY_MS, _SHARE * took))
        if self._changed:
            self._timer.start()
