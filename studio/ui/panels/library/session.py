"""The state of the Library panel: what there is, what is asked for, the way back from a deletion. Knows no widget."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.core import picture_tasks
from studio.core.library import Library
from studio.core.library_index import IndexedResult, LibraryIndex
from studio.engine import Engine, JobHandle
from studio.jobs.library import (
    LibraryLook,
    MarkTask,
    MoveTask,
    empty_wastebasket,
    mark_results,
    move_results,
    read_library,
    small_versions,
)  # fmt: skip
from studio.ui.panels.library.arrangement import Query, Row, arranged

__all__ = ["LibrarySession"]


class LibrarySession(QObject):
    """Joins what the artist does to the library's files, all of it on an engine's thread.

    Args:
        pictures: the engine that reads and moves.
        library: the folder of results.
        undo_stack: receives one step for each deletion.

    """

    rows_changed = Signal()
    """Others are shown, or the same otherwise."""
    thumbnails_read = Signal(object)
    """Small versions by path; None for a file that cannot be read."""
    failed = Signal(object)
    noticed = Signal(str, str)

    def __init__(
        self, pictures: Engine, library: Library, undo_stack: QUndoStack, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._pictures, self.library, self._undo_stack = pictures, library, undo_stack
        self._indexes = (LibraryIndex(library), LibraryIndex(library.wastebasket))
        self._look = LibraryLook((), ())
        self._opened: frozenset[Path] = frozenset()
        self._numbers = count()
        self.query = Query()
        self.in_wastebasket = False
        self.is_read = False
        self.rows: tuple[Row, ...] = ()

    # -- what is shown ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the folders again: results may have come and gone."""
        handle = self._pictures.live("library", read_library, self._indexes)
        handle.finished.connect(self._show)
        handle.failed.connect(self.failed)

    @property
    def kept(self) -> int:
        """How many results there are."""
        return sum(map(len, self._look.kept))

    @property
    def deleted(self) -> int:
        """How many results lie in the wastebasket."""
        return sum(map(len, self._look.deleted))

    @property
    def found(self) -> int:
        """How many results are asked for, whether their stacks are open or not."""
        return sum(row.versions for row in self.rows if row.on_top)

    @property
    def tasks(self) -> Mapping[str, str]:
        """The tasks that something here was made by: name → title."""
        there = {stack[0].task for stack in (*self._look.kept, *self._look.deleted)}
        return {task.name: task.title for task in picture_tasks.PICTURE_TASKS if task.name in there}

    def ask(self, **changes: Any) -> None:
        """Ask for something else: fields of `Query`."""
        self.query = replace(self.query, **changes)
        self._arrange()

    def show_wastebasket(self, on: bool) -> None:
        """Show what was deleted, or what was not."""
        self.in_wastebasket = on
        self._arrange()

    def toggle_stack(self, path: Path) -> None:
        """Show the versions below the one on top, or put them under it again."""
        stack = next((stack for stack in self._shown if any(version.path == path for version in stack)), ())
        members = {version.path for version in stack}
        self._opened = self._opened - members if self._opened & members else self._opened | {path}
        self._arrange()

    @property
    def _shown(self) -> Sequence[tuple[IndexedResult, ...]]:
        return self._look.deleted if self.in_wastebasket else self._look.kept

    def _show(self, look: LibraryLook) -> None:
        self._look, self.is_read = look, True
        self._arrange()

    def _arrange(self) -> None:
        self.rows = arranged(self._shown, self.query, self._opened)
        self.rows_changed.emit()

    def want_thumbnails(self, paths: Sequence[Path]) -> None:
        """Have small versions read; those that were wanted before and are not read yet are forgotten."""
        handle = self._pictures.live("library.thumbnails", small_versions, tuple(paths))
        handle.finished.connect(self.thumbnails_read)
        handle.failed.connect(self.failed)

    # -- what is done ----------------------------------------------------------------------------------------------

    def delete(self, paths: Sequence[Path]) -> None:
        """Put results into the wastebasket; one step of undo."""
        if paths:
            self._undo_stack.push(_Move(self, paths, _noun("Delete", paths), to_wastebasket=True))

    def restore(self, paths: Sequence[Path]) -> None:
        """Bring results back from the wastebasket; one step of undo."""
        if paths:
            self._undo_stack.push(_Move(self, paths, _noun("Restore", paths), to_wastebasket=False))

    def empty_wastebasket(self) -> None:
        """Delete for good what lies in the wastebasket."""
        handle = self._do(empty_wastebasket, self.library)
        handle.finished.connect(lambda number: self.noticed.emit(f"{number:,} deleted for good", "info"))
        self._undo_stack.clear()  # there is nothing to bring back any more

    def star(self, paths: Collection[Path], on: bool) -> None:
        """Give results a star, or take it away."""
        self._mark(paths, lambda result: replace(result.mark, star=on))

    def set_words(self, paths: Collection[Path], words: str) -> None:
        """Let results be found by words of the artist's own."""
        self._mark(paths, lambda result: replace(result.mark, words=words.strip()))

    def _mark(self, paths: Collection[Path], change: Callable[[IndexedResult], Any]) -> None:
        results = (result for stack in self._shown for result in stack if result.path in paths)
        marks = {result.path.name: change(result) for result in results}
        self._do(mark_results, MarkTask(self.library.wastebasket if self.in_wastebasket else self.library, marks))

    def move(self, paths: list[Path], *, to_wastebasket: bool) -> None:
        """Move results into the wastebasket or out of it, and bring `paths` up to date."""
        here, there = self.library, self.library.wastebasket
        self._do(move_results, MoveTask(paths, here, there) if to_wastebasket else MoveTask(paths, there, here))

    def _do(self, job: Any, task: Any) -> JobHandle:
        """Do something to the files, then look again; closing the window does not break it off."""
        handle = self._pictures.queue(f"library-{next(self._numbers)}", job, task)
        handle.finish()
        handle.finished.connect(lambda _: self.refresh())
        handle.failed.connect(self.failed)
        handle.failed.connect(lambda _: self.refresh())
        return handle


class _Move(QUndoCommand):
    """Results on their way into the wastebasket or out of it, and back: whatever they are called there."""

    def __init__(self, session: LibrarySession, paths: Sequence[Path], words: str, *, to_wastebasket: bool) -> None:
        super().__init__(words)
        self._session, self._paths, self._to_wastebasket = session, list(paths), to_wastebasket

    def redo(self) -> None:
        self._session.move(self._paths, to_wastebasket=self._to_wastebasket)

    def undo(self) -> None:
        self._session.move(self._paths, to_wastebasket=not self._to_wastebasket)


def _noun(verb: str, paths: Sequence[Path]) -> str:
    return f"{verb} Picture" if len(paths) == 1 else f"{verb} {len(paths):,} Pictures"
