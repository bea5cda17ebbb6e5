"""Opens, saves and keeps pictures for a panel: all of it on the pictures engine, never on the UI thread."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.failures import Failure
from studio.core.library import Library
from studio.core.picture_task import CONTENT, PictureResult, PictureTask
from studio.core.picture_tasks import picture_task_named
from studio.engine import Engine, JobHandle
from studio.jobs.export import ExportTask, export_picture
from studio.jobs.files import KeepTask, LoadTask, OpenedPicture
from studio.jobs.recall import RecallTask, recall


class PictureFiles(QObject):
    """Where pictures come in and go out.

    Args:
        task: whose results bring everything back when they are opened as the photo.
        pictures: the engine that reads and writes.
        library: keeps results, and finds what they were made from.

    """

    opened = Signal(str, object)
    """The role that a picture was opened for, and the `OpenedPicture`."""
    recalled = Signal(object)
    """A `RecalledPicture` of this task."""
    foreign = Signal(object)
    """An `OpenedPicture` that another task made, where it may be brought back in that task's panel."""
    saved = Signal(object)
    kept = Signal(object)
    failed = Signal(object)
    withdrawn = Signal(object)
    """A `Failure` told before: the same has been tried again since, and worked."""
    unreadable = Signal(object)
    """The path of a picture that could not be opened."""
    busy_changed = Signal(str)

    def __init__(self, task: PictureTask, pictures: Engine, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task, self._pictures, self.library = task, pictures, library
        self._numbers = count()
        self._recalling: JobHandle | None = None
        self._told: dict[str, list[Failure]] = {}
        self._opening: list[str] = []
        self.opened.connect(self._drop_recall)

    def open_file(self, path: Path, role: str, *, anywhere: bool = False) -> None:
        """Open a picture file; one that this task made, opened as the photo, brings everything back.

        Where that cannot be had any more, the failure says why, and the picture opens as an ordinary photo.

        Args:
            path: the file.
            role: what it shall be.
            anywhere: whether what another task made is told as `foreign`, and not opened as an ordinary photo.

        """
        self._load(LoadTask(path=path), partial(self._take_opened, role, anywhere))

    def open_plain(self, load: LoadTask, role: str) -> None:
        """Open a picture as it is, wherever it came from."""
        self._load(load, partial(self.opened.emit, role))

    def open_together(self, loads: Sequence[LoadTask], take: Callable[[tuple[OpenedPicture, ...]], None]) -> None:
        """Open pictures as they are, for somebody who takes all that can be opened at once, in their order."""
        found: dict[int, OpenedPicture | None] = {}

        def note(place: int, opened: OpenedPicture | None) -> None:
            found[place] = opened
            if len(found) == len(loads):
                there = tuple(one for _, one in sorted(found.items()) if one is not None)
                if there:
                    take(there)

        for place, load in enumerate(loads):
            handle = self._load(load, partial(note, place))
            handle.failed.connect(lambda _failure, place=place: note(place, None))

    def recall(self, shown: OpenedPicture) -> None:
        """Bring back everything that a picture of this task was made from."""
        folder = shown.picture.path.parent if shown.picture.path else None
        handle = self._queue("recall", recall, RecallTask(shown, self.library, (folder,) if folder else ()))
        handle.finished.connect(self.recalled)
        handle.failed.connect(lambda _failure: self.opened.emit(CONTENT, shown))
        self._recalling = handle

    def _drop_recall(self, role: str, _opened: OpenedPicture) -> None:
        """Leave the newest photo in its place: it was asked for after what is still being brought back."""
        if role == CONTENT and self._recalling is not None:
            self._recalling.drop()

    def export(self, task: ExportTask) -> None:
        """Compose a layer over its photo in full depth, and write it."""
        handle = self._queue("save", export_picture, task)
        handle.finished.connect(self.saved)
        handle.finish()  # closing the window must not lose it

    def keep(self, result: PictureResult, inputs: tuple[OpenedPicture, ...], *, ai_mark: bool) -> None:
        """Put a finished picture into the library."""
        pictures = tuple(opened.picture for opened in inputs)
        self._keep(KeepTask(self.library, result.picture, result.recipe, pictures, ai_mark))

    def keep_and_open(self, task: KeepTask, name: str, role: str) -> None:
        """Put a finished picture into the library, and open it from there as it is, by this name."""
        self._keep(task).finished.connect(lambda path: self.open_plain(LoadTask(path=path, name=name), role))

    def _keep(self, task: KeepTask) -> JobHandle:
        handle = self._queue("keep", "keep_result", task)
        handle.finished.connect(self.kept)
        handle.finish()
        return handle

    def refuse(self, cause: str, remedy: str) -> None:
        """Tell why something was not even opened."""
        self._fail("open", Failure(cause, remedy, ""))

    def take_back_refusals(self) -> None:
        """Say no longer what could not be opened before: something has been taken since."""
        self._withdraw("open", tuple(self._told.get("open", ())))

    def _load(self, task: LoadTask, take: Callable[[OpenedPicture], None]) -> JobHandle:
        self._opening.append(task.called)
        self._tell_busy()
        handle = self._queue("open", "load_picture", task)
        for over in (handle.finished, handle.failed, handle.cancelled):
            over.connect(lambda *_: self._end_opening(task.called))
        if task.path is not None:
            handle.failed.connect(lambda _: self.unreadable.emit(task.path))
        handle.finished.connect(take)
        return handle

    def _end_opening(self, name: str) -> None:
        self._opening.remove(name)
        self._tell_busy()

    def _tell_busy(self) -> None:
        self.busy_changed.emit(f"Opening {self._opening[0]}…" if self._opening else "")

    def _take_opened(self, role: str, anywhere: bool, opened: OpenedPicture) -> None:
        recipe = opened.picture.recipe if role == CONTENT else None
        made_by = picture_task_named(recipe.task) if recipe is not None else None
        if recipe is not None and recipe.task == self._task.name:
            self.recall(opened)
        elif anywhere and made_by is not None and made_by.in_window:
            self.foreign.emit(opened)
        else:
            self.opened.emit(role, opened)

    def _queue(self, name: str, job: Any, task: Any) -> JobHandle:
        told = tuple(self._told.get(name, ()))
        handle = self._pictures.queue(f"{name}-{next(self._numbers)}", job, task)
        handle.failed.connect(partial(self._fail, name))
        handle.finished.connect(lambda _: self._withdraw(name, told))
        return handle

    def _fail(self, name: str, failure: Failure) -> None:
        self._told.setdefault(name, []).append(failure)
        self.failed.emit(failure)

    def _withdraw(self, name: str, failures: tuple[Failure, ...]) -> None:
        """Take back what was told before an attempt that worked; what failed beside it still holds."""
        self._told[name] = [failure for failure in self._told.get(name, ()) if failure not in failures]
        for failure in failures:
            self.withdrawn.emit(failure)
