"""The way back beyond settings: photo, paintings and picture as they were, in the same list, within a memory limit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from PySide6.QtGui import QUndoCommand

from studio.core.settings import Settings
from studio.jobs.files import OpenedPicture
from studio.ui.picture.history import History, Made
from studio.ui.picture.inputs import InputPictures
from studio.ui.picture.masks import Mask

__all__ = ["PicturesChange", "Snapshot", "UndoMemory", "name_of_change"]

MEMORY_LIMIT = 2**30
"""Bytes that undo may hold of pictures that are not shown any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything that a panel holds at one moment."""

    inputs: InputPictures
    settings: Settings
    made: Made
    history: History
    masks: tuple[Mask, ...] = ()

    def arrays(self) -> Iterator[Any]:
        """Yield whatever takes memory, some of it perhaps twice."""
        if self.made.layer is not None:
            yield self.made.layer
        if self.made.bare is not None:
            yield self.made.bare.layer
        if self.made.as_saved is not None:
            yield from _arrays_of(self.made.as_saved)
        yield from (mask.painted.pixels for mask in self.masks)
        frames = self.history.frames
        yield from (frame.layer for frame in frames)
        for inputs in (self.inputs, self.made.inputs, *(frame.inputs for frame in frames)):
            for pictures in inputs.values():
                for opened in pictures:
                    yield from _arrays_of(opened)


def _arrays_of(opened: OpenedPicture) -> Iterator[Any]:
    yield opened.picture.pixels
    yield from opened.frame.levels


class _Held:
    """What a step of undo brings back; None once there was no more room for it."""

    def __init__(self, snapshot: Snapshot, number: int) -> None:
        self.snapshot: Snapshot | None = snapshot
        self.number = number


class UndoMemory:
    """Lets the oldest steps of a list forget what they hold where all of them hold too much.

    Args:
        limit: bytes.

    """

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self.limit = limit
        self._steps: WeakSet[_Held] = WeakSet()
        self._count = 0

    def hold(self, snapshot: Snapshot) -> _Held:
        """Return a place for a new step's snapshot."""
        self._count += 1
        held = _Held(snapshot, self._count)
        self._steps.add(held)
        self.fit()
        return held

    def fit(self) -> None:
        """Forget the oldest, one after the other, until the rest fits; the newest is always held."""
        there = sorted((held for held in self._steps if held.snapshot is not None), key=lambda held: -held.number)
        seen: dict[int, int] = {}
        for place, held in enumerate(there):
            assert held.snapshot is not None
            seen |= {id(array): array.nbytes for array in held.snapshot.arrays()}
            if place and sum(seen.values()) > self.limit:
                held.snapshot = None


def name_of_change(title: str, before: Sequence[OpenedPicture], after: Sequence[OpenedPicture]) -> str:
    """Return what the step is called in which the pictures of a slot became others."""
    new = [opened.picture.name for opened in after if opened not in before]
    if not new:
        return f"Remove {title}"
    return f"{title} “{new[0]}”" if len(new) == 1 else f"{title}s"


class PicturesChange(QUndoCommand):
    """Other pictures came, or an earlier state did: undone and redone by changing places with what is there.

    Args:
        name: as Edit › Undo and the list of steps call it.
        held: everything as it was before.
        swap: shows a snapshot, and returns one of what was shown until then.
        forgotten: is told that the step cannot be undone any more.

    """

    def __init__(
        self, name: str, held: _Held, swap: Callable[[Snapshot], Snapshot], forgotten: Callable[[], None]
    ) -> None:
        super().__init__(name)
        self._held, self._swap, self._forgotten = held, swap, forgotten
        self._done = True  # it has happened already

    def redo(self) -> None:
        """Bring it about again."""
        if not self._done:
            self._change_places()
        self._done = False

    def undo(self) -> None:
        """Bring back what was there before."""
        self._change_places()

    def _change_places(self) -> None:
        if self._held.snapshot is None:
            self.setObsolete(True)  # Qt takes it off the list
            self._forgotten()
        else:
            self._held.snapshot = self._swap(self._held.snapshot)
