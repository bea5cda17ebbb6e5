"""The frames that the film strip shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

from studio.core.events import Picture
from studio.ui.controls.pixmaps import pixmap_of

NUMBER = Qt.ItemDataRole.UserRole + 1
IS_BRANCH = Qt.ItemDataRole.UserRole + 2
IS_CURRENT = Qt.ItemDataRole.UserRole + 3

Index = QModelIndex | QPersistentModelIndex


class StripFrame(Protocol):
    """What the strip needs to know of a frame."""

    @property
    def number(self) -> int:
        """Its name, given back by `frame_chosen`."""

    @property
    def thumbnail(self) -> Picture:
        """Small, ready to draw."""

    @property
    def step(self) -> int:
        """The evaluation it was painted at, shown below it."""

    @property
    def branch(self) -> bool:
        """True where the artist went another way from an earlier frame."""


@dataclass(slots=True)
class _Shot:
    number: int
    pixmap: QPixmap
    step: int
    branch: bool


class FilmModel(QAbstractListModel):
    """Frames by number, in the order of the film; which of them are worth keeping is the film's own matter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shots: list[_Shot] = []
        self._current = -1

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the frames shown, in order."""
        return tuple(shot.number for shot in self._shots)

    @property
    def current(self) -> int:
        """The number of the frame on the canvas, -1 for none."""
        return self._current

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self._shots)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or index.row() >= len(self._shots):
            return None
        shot = self._shots[index.row()]
        answers: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: str(shot.step),
            Qt.ItemDataRole.DecorationRole: shot.pixmap,
            Qt.ItemDataRole.ToolTipRole: f"Step {shot.step}: click to go on from here",
            Qt.ItemDataRole.AccessibleTextRole: self._in_words(shot),
            NUMBER: shot.number,
            IS_BRANCH: shot.branch,
            IS_CURRENT: shot.number == self._current,
        }
        return answers.get(role)

    def row_of(self, number: int) -> int:
        """Return the row of a frame, -1 when it has been let go."""
        return next((row for row, shot in enumerate(self._shots) if shot.number == number), -1)

    def replace(self, frames: Sequence[StripFrame]) -> None:
        """Show exactly these frames; thumbnails already known are not converted again."""
        wanted = [frame.number for frame in frames]
        self._drop([row for row, shot in enumerate(self._shots) if shot.number not in set(wanted)])
        if list(self.numbers) != wanted[: len(self._shots)]:  # another film, which happens to share some numbers
            self._drop(range(len(self._shots)))
        new = frames[len(self._shots) :]
        if new:
            self.beginInsertRows(QModelIndex(), len(self._shots), len(frames) - 1)
            self._shots += [_Shot(frame.number, pixmap_of(frame.thumbnail), frame.step, frame.branch) for frame in new]
            self.endInsertRows()

    def set_current(self, number: int) -> None:
        """Mark one frame as the one on the canvas."""
        rows = (self.row_of(self._current), self.row_of(number))
        self._current = number
        for row in rows:
            if row >= 0:
                self.dataChanged.emit(self.index(row), self.index(row), [IS_CURRENT])

    def _drop(self, rows: Iterable[int]) -> None:
        for row in sorted(rows, reverse=True):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._shots[row]
            self.endRemoveRows()

    def _in_words(self, shot: _Shot) -> str:
        marks = [words for words, on in (("branch", shot.branch), ("shown now", shot.number == self._current)) if on]
        return ", ".join([f"Step {shot.step}", *marks])
