"""Takes pictures that are dropped or pasted on the canvas, and says beforehand what would happen."""

from collections.abc import Callable

from PySide6.QtCore import QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from studio.core.failures import StudioError
from studio.ui.canvas.drop_overlay import DropOverlay
from studio.ui.canvas.incoming import Offer, look_into, read_picture

_OFFER = "Drop to open as photo"
_OFFER_OF_SEVERAL = "Drop to queue these photos"


class DropTarget(QObject):
    """Answers the canvas's drag events and shows its answer on the veil.

    Args:
        overlay: covers the canvas while something hovers over it.

    """

    files_dropped = Signal(list)
    """Paths, in the order they came."""

    picture_pasted = Signal(object)
    """The bytes of its file, or the pixels, a `Picture`."""

    refused = Signal(str, str)
    """Cause and remedy."""

    def __init__(self, overlay: DropOverlay, parent: QObject) -> None:
        super().__init__(parent)
        self._overlay = overlay
        self._offer = Offer()
        self.words: Callable[[Offer], str] = lambda offer: _OFFER_OF_SEVERAL if offer.is_several else _OFFER
        """Says what a drop would do."""

    def enter(self, event: QDragEnterEvent) -> None:
        """Look once at what comes in; moving over the canvas then costs nothing.

        The enter is accepted even for what is refused: Qt tells of the drag's end only who accepted its beginning.
        """
        self._offer = look_into(event.mimeData())
        refusal = self._offer.refusal
        if self._offer.welcome:
            self._overlay.show_offer(self.words(self._offer))
        elif refusal is not None:
            self._overlay.show_refusal(refusal.cause, refusal.remedy)
        self.hover(event)
        event.accept()

    def hover(self, event: QDragMoveEvent) -> None:
        """Keep the pointer saying whether a drop is welcome."""
        if self._offer.welcome:
            event.acceptProposedAction()
        else:
            event.setDropAction(Qt.DropAction.IgnoreAction)
            event.ignore()

    def leave(self) -> None:
        """Forget what hovered."""
        self._offer = Offer()
        self._overlay.lift()

    def drop(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        self.leave()
        if self.take(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def take(self, mime: QMimeData) -> bool:
        """Take files or a picture from `mime`; False, with the reason in `refused`, when there is nothing to take."""
        offer = look_into(mime)
        try:
            if offer.files:
                self.files_dropped.emit(list(offer.files))
            elif offer.has_picture:
                self.picture_pasted.emit(read_picture(mime))
            if offer.refusal is not None:
                raise offer.refusal
        except StudioError as refusal:
            self.refused.emit(refusal.cause, refusal.remedy)
            return bool(offer.files)
        return True
