"""Opens, saves and keeps pictures for the window: all of it on the pictures engine, never on the UI thread."""

from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.events import DeepPicture, Picture
from studio.core.failures import Failure
from studio.core.library import Library
from studio.core.picture_task import PictureResult
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.style_settings import StyleSettings
from studio.engine import Engine, JobHandle
from studio.jobs.export import ExportTask, export_picture
from studio.jobs.files import KeepTask, LoadTask, OpenedPicture
from studio.jobs.recall import RecallTask, recall


class PictureFiles(QObject):
    """Where pictures come in and go out.

    Signals carry the purpose a picture was opened for ("photo" or "painting"), so that one connection serves all.
    """

    opened = Signal(str, object)
    recalled = Signal(object)
    saved = Signal(object)
    kept = Signal(object)
    failed = Signal(object)
    busy_changed = Signal(str)

    def __init__(self, pictures: Engine, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.library = library
        self._numbers = count()

    def open_file(self, path: Path, purpose: str) -> None:
        """Open a picture file; one with a recipe, opened as a photo, brings its whole painting back.

        Where that cannot be had any more, the failure says why, and the picture opens as an ordinary photo.
        """
        self._load(LoadTask(path=path), purpose)

    def open_pixels(self, pixels: Picture, name: str, purpose: str) -> None:
        """Open a pasted picture."""
        self._load(LoadTask(pixels=pixels, name=name), purpose)

    def export(
        self,
        path: Path,
        inputs: tuple[OpenedPicture, ...],
        painting: Picture | DeepPicture,
        settings: StyleSettings,
        recipe: Recipe,
        *,
        ai_mark: bool,
    ) -> None:
        """Compose the painting over its photo, the first of `inputs`, in full depth and write it to `path`."""
        pictures = tuple(opened.picture for opened in inputs)
        task = ExportTask(path, self.library, pictures, painting, settings, recipe, ai_mark)
        handle = self._queue("save", export_picture, task)
        handle.finished.connect(self.saved)
        handle.finish()  # closing the window must not lose it

    def keep(self, result: PictureResult, inputs: tuple[OpenedPicture, ...], *, ai_mark: bool) -> None:
        """Put a finished painting into the library."""
        pictures = tuple(opened.picture for opened in inputs)
        task = KeepTask(self.library, result.picture, result.recipe, pictures, ai_mark)
        handle = self._queue("keep", "keep_result", task)
        handle.finished.connect(self.kept)
        handle.finish()

    def _load(self, task: LoadTask, purpose: str) -> None:
        self.busy_changed.emit("Opening the picture…")
        handle = self._queue("open", "load_picture", task)
        handle.finished.connect(partial(self._take_opened, purpose))

    def _take_opened(self, purpose: str, opened: OpenedPicture) -> None:
        self.busy_changed.emit("")
        if purpose == "photo" and opened.picture.recipe is not None:
            folder = opened.picture.path.parent if opened.picture.path else None
            task = RecallTask(opened, self.library, (folder,) if folder else ())
            handle = self._queue("recall", recall, task)
            handle.finished.connect(self.recalled)
            handle.failed.connect(partial(self._open_as_plain_photo, opened))
        else:
            self.opened.emit(purpose, opened)

    def _open_as_plain_photo(self, opened: OpenedPicture, _failure: Failure) -> None:
        self.opened.emit("photo", opened)

    def _queue(self, name: str, job: Any, task: Any) -> JobHandle:
        handle = self._pictures.queue(f"{name}-{next(self._numbers)}", job, task, Controls(Settings()))
        handle.failed.connect(self._fail)
        return handle

    def _fail(self, failure: Failure) -> None:
        self.busy_changed.emit("")
        self.failed.emit(failure)
