"""How much memory the studio holds, told quietly at the end of the line at the bottom."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from studio.core.memory import memory_in_use, memory_of_computer
from studio.ui.theme import mark, with_even_figures

__all__ = ["MemoryLabel"]

_EVERY_MS = 2_000
_GB = 2**30


class MemoryLabel(QLabel):
    """Follows the memory in use while it is seen, always as wide; hidden where the system tells nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, tone="muted")
        self.setFont(with_even_figures(self.font()))
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("88.8 GB") + 4)
        self._clock = QTimer(self, interval=_EVERY_MS)
        self._clock.timeout.connect(self.look)
        self.is_known = memory_in_use() is not None
        """Whether the system tells it."""
        self.setVisible(self.is_known)

    def look(self) -> None:
        """Show what is in use now."""
        used, there = memory_in_use(), memory_of_computer()
        if used is None:
            return
        self.setText(f"{used / _GB:.1f} GB")
        of_all = f" of {there / _GB:.1f} GB" if there else ""
        self.setToolTip(f"Memory in use by Atelier: {used / _GB:.1f}{of_all or ' GB'}")
        self.setAccessibleName(self.toolTip())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.look()
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102
        super().hideEvent(event)
        self._clock.stop()
