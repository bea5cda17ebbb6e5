"""Undo and redo of settings: one gesture (a drag, a typed number, a reset) is one step."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.core.settings import Settings, describe

S = TypeVar("S", bound=Settings)


class _SettingsChange(QUndoCommand, Generic[S]):
    def __init__(self, before: S, after: S, apply: Callable[[S], None]) -> None:
        super().__init__(_name_of_change(before, after))
        self._before, self._after, self._apply = before, after, apply
        self._done = True  # the gesture itself has already applied it

    def redo(self) -> None:
        if not self._done:
            self._apply(self._after)
        self._done = False

    def undo(self) -> None:
        self._apply(self._before)


class SettingsHistory(Generic[S]):
    """Collects the moves of one gesture into one undo step.

    Args:
        stack: the window's undo stack.
        apply: sets settings without recording them again.

    """

    def __init__(self, stack: QUndoStack, apply: Callable[[S], None]) -> None:
        self.stack = stack
        self._apply = apply
        self._before: S | None = None

    @property
    def in_gesture(self) -> bool:
        """True between `begin` and `commit`."""
        return self._before is not None

    def begin(self, current: S) -> None:
        """Remember where a gesture starts; a second begin inside a gesture is the same gesture."""
        if self._before is None:
            self._before = current

    def commit(self, current: S) -> None:
        """End the gesture: one undo step, unless nothing changed."""
        before, self._before = self._before, None
        if before is not None and before != current:
            self.stack.push(_SettingsChange(before, current, self._apply))

    def record(self, before: S, after: S) -> None:
        """Record a change that was no gesture: a preset, a restored frame."""
        if before != after:
            self.stack.push(_SettingsChange(before, after, self._apply))


def _name_of_change(before: Settings, after: Settings) -> str:
    labels = [info.label for info in describe(type(after)) if getattr(before, info.name) != getattr(after, info.name)]
    return labels[0] if len(labels) == 1 else "Settings"
