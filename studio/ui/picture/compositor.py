"""Lays the newest layer over its photo, off the UI thread: what the canvas shows."""

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.events import Preview
from studio.core.settings import Settings
from studio.engine import Engine, JobHandle

__all__ = ["Compositor"]


class Compositor(QObject):
    """Composes one frame at a time; of those that are asked for meanwhile, the newest is next.

    Args:
        engine: composes; never the one that owns the device.
        key: tells several compositors on one engine apart.

    """

    composed = Signal(object, object)
    """A `Frame`, and the `Preview` that it was asked for with."""
    failed = Signal(object)

    def __init__(self, engine: Engine, key: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._key = engine, key
        self._handles: list[JobHandle] = []

    @property
    def is_busy(self) -> bool:
        """Whether a frame is still to come."""
        return any(not handle.state.is_over for handle in self._handles)

    def compose(self, task: Any, settings: Settings, preview: Preview | None = None, job: Any = "compose") -> None:
        """Lay a layer over its photo; `composed` follows unless something newer is asked for before it begins.

        Args:
            task: layer and photo (`ComposeTask`), or what else `job` takes.
            settings: how.
            preview: told with the frame.
            job: composes.

        """
        # what is being composed comes to its end: otherwise nothing would be seen while a slider moves
        handle = self._engine.live(self._key, job, task, Controls(settings), after_running=True)
        handle.finished.connect(partial(self._tell, preview))
        handle.failed.connect(self.failed)
        self._handles = [other for other in self._handles if not other.state.is_over] + [handle]

    def forget(self) -> None:
        """Show nothing of what is still to come: it is of another picture."""
        for handle in self._handles:
            handle.drop()
        self._handles = []

    def _tell(self, preview: Preview | None, frame: object) -> None:
        self.composed.emit(frame, preview)
