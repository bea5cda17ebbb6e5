"""The one way from the engine's thread to the UI thread: in order, bounded, newest frame only."""

from collections import OrderedDict
from threading import Condition
from typing import TypeAlias

from studio.core.events import Preview
from studio.engine.messages import Message
from studio.engine.run import Run

Letter: TypeAlias = tuple[Run, Message]

CAPACITY = 1000
"""Letters that may wait before the engine stops stepping: a frozen window slows the work instead of eating memory."""


class Outbox:
    """Messages of all jobs in the order they were sent.

    A `Preview` replaces the same job's `Preview` that has not been fetched yet and goes to the end, so at most
    one frame a job waits, and no frame overtakes what was said before it. Everything else is kept.
    """

    def __init__(self, condition: Condition) -> None:
        self._condition = condition
        self._letters: OrderedDict[int, Letter] = OrderedDict()
        self._waiting_frames: dict[Run, int] = {}
        self._sent = 0
        self._reader_called = False

    @property
    def has_room(self) -> bool:
        """False while the reader is too far behind."""
        return len(self._letters) < CAPACITY

    def send(self, run: Run, message: Message) -> bool:
        """Add a message; True when the reader has to be called."""
        with self._condition:
            if isinstance(message, Preview):
                stale = self._waiting_frames.pop(run, None)
                if stale is not None:
                    del self._letters[stale]
                self._waiting_frames[run] = self._sent
            self._letters[self._sent] = (run, message)
            self._sent += 1
            call, self._reader_called = not self._reader_called, True
            return call

    def open(self) -> None:
        """Say that the reader has come: whatever is sent from now on calls it again."""
        with self._condition:
            self._reader_called = False

    def fetch(self) -> Letter | None:
        """Take the oldest message, None when there is none."""
        with self._condition:
            if not self._letters:
                return None
            number, letter = self._letters.popitem(last=False)
            if self._waiting_frames.get(letter[0]) == number:
                del self._waiting_frames[letter[0]]
            if len(self._letters) == CAPACITY - 1:
                self._condition.notify_all()
            return letter
