"""The state of the Models panel: what is on the shelf, and what is being done with each network. Knows no widget."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.failures import Failure
from studio.core.model_shelf import (
    DownloadTask,
    ImportTask,
    ListTask,
    ModelShelf,
    RemoveTask,
    ShelfEntry,
    VerifyTask,
)
from studio.engine import Engine, JobHandle

_LIST = "shelf.list"


class ShelfAction(StrEnum):
    """What is done with a network."""

    DOWNLOAD = "download"
    VERIFY = "verify"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class _Work:
    action: ShelfAction
    handle: JobHandle


class ShelfSession(QObject):
    """Joins what the artist does to the jobs that work on the shelf.

    Downloads stand in line, one at a time. Everything that only touches this computer takes the engine's other lane
    and so never waits for a download.

    Args:
        engine: an engine for this alone, because a download may take many minutes.
        shelf: the networks of this computer.

    """

    listed = Signal(object)
    """Every `ShelfEntry`, in order, whenever the shelf was looked through."""
    waiting = Signal(str)
    """The download of this network stands in line."""
    began = Signal(str, object)
    """An `ShelfAction` for this network begins."""
    progressed = Signal(str, object)
    ended = Signal(str)
    """Nothing is done with this network any more."""
    went_wrong = Signal(str, object)
    """A `Failure` with this network."""
    downloaded = Signal(object)
    verified = Signal(object)
    """The `ShelfEntry` after its file was checked: "present", or "damaged"."""
    removed = Signal(object)
    models_changed = Signal()
    """Another set of networks can be used now."""
    import_began = Signal(Path)
    import_progressed = Signal(object)
    import_ended = Signal()
    """No import is under way any more."""
    imported = Signal(object)
    came_in = Signal(object, object)
    """The file that was imported, and its `ShelfEntry`: the same as before where it was here already."""
    failed = Signal(object)
    """A failure that belongs to no network: of the list, of an import."""

    def __init__(self, engine: Engine, shelf: ModelShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self.shelf = engine, shelf
        self.entries: tuple[ShelfEntry, ...] = ()
        self._usable: frozenset[tuple[str, Path | None]] | None = None
        self._works: dict[str, _Work] = {}
        self._imports: dict[Path, JobHandle] = {}

    # -- what there is ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look through the shelf again; it is asked of the disk, so files that were dropped there by hand count."""
        handle = self._engine.live(_LIST, "list_shelf", ListTask(self.shelf))
        handle.finished.connect(self._take_list)
        handle.failed.connect(self.failed)

    def entry(self, name: str) -> ShelfEntry | None:
        """Return the network called `name`."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def action(self, name: str) -> ShelfAction | None:
        """Return what is being done with a network, or stands in line to be done."""
        work = self._works.get(name)
        return None if work is None else work.action

    def _take_list(self, entries: tuple[ShelfEntry, ...]) -> None:
        self.entries = entries
        self.listed.emit(entries)
        usable = frozenset((entry.name, entry.path) for entry in entries if entry.state in ("embedded", "present"))
        if self._usable is not None and usable != self._usable:
            self.models_changed.emit()
        self._usable = usable

    # -- downloads -------------------------------------------------------------------------------------------------

    def download(self, name: str) -> None:
        """Have a network downloaded after those that stand in line already; goes on with what an earlier try left."""
        if name in self._works:
            return
        handle = self._engine.queue(f"shelf.download.{name}", "download_weights", DownloadTask(name, self.shelf))
        is_first = all(work.action is not ShelfAction.DOWNLOAD for work in self._works.values())
        self._follow(name, ShelfAction.DOWNLOAD, handle, self.downloaded)
        if not is_first:
            self.waiting.emit(name)

    def cancel(self, name: str) -> None:
        """Stop what is done with a network; an unfinished download is kept and can be resumed."""
        work = self._works.get(name)
        if work is not None:
            work.handle.cancel()

    def stop_everything(self) -> None:
        """Let go of all work, for the window closes."""
        for handle in (*(work.handle for work in self._works.values()), *self._imports.values()):
            handle.cancel()

    # -- what only touches this computer ---------------------------------------------------------------------------

    def verify(self, name: str) -> None:
        """Compare a network's file with its checksum."""
        self._do_here(name, ShelfAction.VERIFY, "verify_weights", VerifyTask(name, self.shelf), self.verified)

    def remove(self, name: str) -> None:
        """Delete a network's file."""
        self._do_here(name, ShelfAction.REMOVE, "remove_weights", RemoveTask(name, self.shelf), self.removed)

    def import_files(self, files: list[Path]) -> None:
        """Copy weights files onto the shelf."""
        for path in files:
            if path not in self._imports:
                task = ImportTask(path, self.shelf)
                handle = self._engine.live(f"shelf.import.{path}", "import_weights", task)
                self._imports[path] = handle
                handle.started.connect(partial(self.import_began.emit, path))
                handle.progressed.connect(self.import_progressed)
                handle.finished.connect(partial(self._take_import, path))
                handle.failed.connect(partial(self._fail_import, path))
                handle.cancelled.connect(partial(self._end_import, path))

    def cancel_imports(self) -> None:
        """Leave the shelf as it was before."""
        for handle in self._imports.values():
            handle.cancel()

    def _do_here(self, name: str, action: ShelfAction, job: str, task: Any, done: Any) -> None:
        if name not in self._works:
            handle = self._engine.live(f"shelf.{action}.{name}", job, task)
            self._follow(name, action, handle, done)

    # -- what becomes of it ----------------------------------------------------------------------------------------

    def _follow(self, name: str, action: ShelfAction, handle: JobHandle, done: Any) -> None:
        self._works[name] = _Work(action, handle)
        handle.started.connect(partial(self.began.emit, name, action))
        handle.progressed.connect(partial(self.progressed.emit, name))
        handle.finished.connect(partial(self._finish, name, done))
        handle.failed.connect(partial(self._fail, name))
        handle.cancelled.connect(partial(self._end, name))

    def _finish(self, name: str, done: Any, entry: ShelfEntry) -> None:
        self._take_list(tuple(entry if known.name == name else known for known in self.entries))
        self._end(name)
        done.emit(entry)

    def _fail(self, name: str, failure: Failure) -> None:
        self._end(name)
        self.went_wrong.emit(name, failure)

    def _end(self, name: str) -> None:
        del self._works[name]
        self.ended.emit(name)
        self.refresh()

    def _take_import(self, path: Path, entry: ShelfEntry) -> None:
        if self.entry(entry.name) is None:
            self._take_list((*self.entries, entry))
        else:
            self._take_list(tuple(entry if known.name == entry.name else known for known in self.entries))
        self._end_import(path)
        self.imported.emit(entry)
        self.came_in.emit(path, entry)

    def _fail_import(self, path: Path, failure: Failure) -> None:
        self._end_import(path)
        self.failed.emit(failure)

    def _end_import(self, path: Path) -> None:
        del self._imports[path]
        if not self._imports:
            self.import_ended.emit()
        self.refresh()
