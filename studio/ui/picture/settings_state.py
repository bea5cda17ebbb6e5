"""The newest settings and the way back: one gesture (a drag, a typed number, a reset) is one step of undo."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.core.settings import Settings, describe

__all__ = ["SettingsState"]

S = TypeVar("S", bound=Settings)


class _SettingsChange(QUndoCommand, Generic[S]):
    def __init__(self, name: str, before: S, after: S, apply: Callable[[S], None]) -> None:
        super().__init__(name)
        self._before, self._after, self._apply = before, after, apply
        self._done = True  # the gesture itself has already applied it

    def redo(self) -> None:
        if not self._done:
            self._apply(self._after)
        self._done = False

    def undo(self) -> None:
        self._apply(self._before)


class SettingsState(Generic[S]):
    """Settings that a hand changes, and that go back step by step.

    Args:
        settings: to begin with.
        stack: receives one step per gesture.
        follow: is told of every change, before and after, whether it came by hand, by undo or by `apply`.
        fit: makes settings that come in fit what is at hand.

    """

    def __init__(
        self,
        settings: S,
        stack: QUndoStack,
        follow: Callable[[S, S], None],
        fit: Callable[[S], S] = lambda settings: settings,
    ) -> None:
        self.current = settings
        self._stack, self._follow, self._fit = stack, follow, fit
        self._began: S | None = None
        self.gesture = 0
        """Counts gestures: what one of them brings about has the same number."""
        self.goes_back = False
        """Whether undo or redo is bringing settings back just now."""

    @property
    def in_gesture(self) -> bool:
        """True between `begin` and `commit`."""
        return self._began is not None

    def begin(self) -> None:
        """Remember where a gesture starts; a second begin inside a gesture is the same gesture."""
        if self._began is None:
            self._began = self.current
            self.gesture += 1

    def commit(self, name: str = "") -> None:
        """End the gesture: one undo step, called `name` if given, unless nothing changed."""
        began, self._began = self._began, None
        if began is not None:
            self._record(began, name)

    def set(self, settings: S, name: str = "") -> None:
        """Take over `settings`; outside a gesture the change is an undo step of its own, called `name` if given."""
        before, alone = self.current, not self.in_gesture
        self.gesture += alone
        self.apply(settings)
        if alone:
            self._record(before, name)

    def apply(self, settings: S) -> None:
        """Take over `settings` without a step of undo."""
        before, self.current = self.current, self._fit(settings)
        if before != self.current:
            self._follow(before, self.current)

    def _record(self, before: S, name: str = "") -> None:
        if before != self.current:
            self._stack.push(
                _SettingsChange(name or _name_of_change(before, self.current), before, self.current, self._go_back)
            )

    def _go_back(self, settings: S) -> None:
        self.goes_back = True
        self.gesture += 1
        self.apply(settings)
        self.goes_back = False


def _name_of_change(before: Settings, after: Settings) -> str:
    labels = [info.label for info in describe(type(after)) if getattr(before, info.name) != getattr(after, info.name)]
    return labels[0] if len(labels) == 1 else "Settings"
