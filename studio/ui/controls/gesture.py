"""One gesture of the hand, whatever moves inside it: what undo takes back in one step."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, Signal


class Gesture(QObject):
    """Brackets the moves of one drag, one held key, one typed number."""

    started = Signal()
    finished = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._open = False

    @property
    def is_open(self) -> bool:
        """True between the first and the last move."""
        return self._open

    def begin(self) -> None:
        """Start; inside an open gesture this is the same gesture."""
        if not self._open:
            self._open = True
            self.started.emit()

    def end(self) -> None:
        """Finish, if one is open."""
        if self._open:
            self._open = False
            self.finished.emit()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Bracket a single move; inside an open gesture it belongs to that one."""
        if self._open:
            yield
            return
        self.begin()
        try:
            yield
        finally:
            self.end()
