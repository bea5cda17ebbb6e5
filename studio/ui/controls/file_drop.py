"""Files dropped from the desktop onto any widget."""

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from studio.core.addresses import local_file
from studio.core.failures import StudioError
from studio.ui.canvas.incoming import addresses_listed, look_into, read_picture


class FileDrop(QObject):
    """Makes `target` take files; what they are is judged by whoever opens them, who can say why one is refused.

    Args:
        target: what takes them.
        pictures: whether it takes pictures as well that are no files, as browsers hand them over.

    """

    files_dropped = Signal(list)
    """The paths, in the order of the drop."""
    picture_dropped = Signal(object)
    """The bytes of a picture's file, or its pixels."""
    refused = Signal(str, str)
    """Cause and remedy, of what is neither a file of this computer nor a picture."""
    hovered = Signal(bool)
    """Something that is taken hangs over the target, or left it."""

    def __init__(self, target: QWidget, *, pictures: bool = False) -> None:
        super().__init__(target)
        self._pictures = pictures
        self.with_ctrl: bool | None = None
        """Whether Ctrl was held in the drop that is just being told of; None between drops."""
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if isinstance(event, QDropEvent) and event.type() != QEvent.Type.DragMove and not self._takes(event.mimeData()):
            return False
        if isinstance(event, QDragEnterEvent):
            event.acceptProposedAction()  # Qt tells of the drop only who accepted the beginning
            self.hovered.emit(bool(files_of(event.mimeData())) or look_into(event.mimeData()).welcome)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.hovered.emit(False)
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            event.acceptProposedAction()
            self.hovered.emit(False)
            self.with_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._take(event.mimeData())
            self.with_ctrl = None
            return True
        return super().eventFilter(watched, event)

    def _takes(self, mime: QMimeData) -> bool:
        return bool(files_of(mime)) or (self._pictures and (mime.hasUrls() or look_into(mime).welcome))

    def _take(self, mime: QMimeData) -> None:
        if files := files_of(mime):
            self.files_dropped.emit(files)
            return
        try:
            offer = look_into(mime)
            if offer.refusal is not None:
                raise offer.refusal
            self.picture_dropped.emit(read_picture(mime))
        except StudioError as refusal:
            self.refused.emit(refusal.cause, refusal.remedy)


def files_of(data: QMimeData) -> list[Path]:
    """Return the local files among what is dragged."""
    return [path for address in addresses_listed(data) if (path := local_file(address)) is not None]
