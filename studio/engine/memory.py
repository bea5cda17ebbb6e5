"""Garbage and caches: who may collect them, and on which thread.

Python's cyclic collector runs on whichever thread happens to allocate. On the engine's thread it would destroy widgets
that died in a reference cycle, and Qt aborts when a widget or timer dies on a foreign thread. So while an engine lives,
automatic collection is off and the UI thread collects, by Python's own thresholds.
"""

import gc
import sys
from contextlib import suppress
from typing import Any, ClassVar

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 200


class UiThreadCollector(QObject):
    """Collects cyclic garbage on the thread that made it, and keeps other threads from doing so until `close`."""

    _open: ClassVar[int] = 0  # the switch in `gc` is the process's own: the last one closed turns it on again

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        UiThreadCollector._open += 1
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._collect_if_due)
        self._timer.start()

    def close(self) -> None:
        """Stop collecting; hand the duty back to Python when nobody else holds it."""
        if self._timer.isActive():
            self._timer.stop()
            UiThreadCollector._open -= 1
            if UiThreadCollector._open == 0:
                gc.enable()

    def _collect_if_due(self) -> None:
        due = [count > limit > 0 for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if any(due):
            gc.collect(max(generation for generation, is_due in enumerate(due) if is_due))


def free_device_caches() -> None:
    """Hand cached accelerator memory back, if torch has been imported; never raises, never imports it."""
    torch: Any = sys.modules.get("torch")
    with suppress(Exception):
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            torch.cuda.empty_cache()
    with suppress(Exception):
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()
