"""Files dropped from the desktop onto any widget."""

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from studio.core.addresses import local_file


class FileDrop(QObject):
    """Makes `target` take files; what they are is judged by whoever opens them, who can say why one is refused."""

    files_dropped = Signal(list)
    """The paths, in the order of the drop."""
    hovered = Signal(bool)
    """Files hang over the target, or left it."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self.with_ctrl: bool | None = None
        """Whether Ctrl was held in the drop that is just being told of; None between drops."""
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if isinstance(event, QDropEvent) and event.type() != QEvent.Type.DragMove and not files_of(event.mimeData()):
            return False
        if isinstance(event, QDragEnterEvent):
            event.acceptProposedAction()
            self.hovered.emit(True)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.hovered.emit(False)
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            event.acceptProposedAction()
            self.hovered.emit(False)
            self.with_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.files_dropped.emit(files_of(event.mimeData()))
            self.with_ctrl = None
            return True
        return super().eventFilter(watched, event)


def addresses_listed(data: QMimeData) -> list[str]:
    """Return the addresses on the list of what is dragged or copied, without the remarks between them (RFC 2483)."""
    addresses = (url.toEncoded().toStdString() for url in data.urls())
    return [f"file:{each}" if each.startswith("/") else each for each in addresses if not each.startswith("#")]


def files_of(data: QMimeData) -> list[Path]:
    """Return the local files among what is dragged."""
    return [path for address in addresses_listed(data) if (path := local_file(address)) is not None]
