"""Weights files dropped anywhere on a panel: says beforehand what a drop would do, or why it is refused."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from studio.core.addresses import local_file, why_not_here
from studio.core.failures import StudioError
from studio.core.file_names import is_there
from studio.ui.canvas.colours import CanvasColours
from studio.ui.canvas.drop_overlay import DropOverlay
from studio.ui.canvas.incoming import addresses_listed
from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

SUFFIXES = (".pth", ".pt", ".safetensors")
FILTER = f"Networks ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")


@dataclass(frozen=True, slots=True)
class WeightsOffer:
    """What a drag holds: files that may be networks; `refusal` says why the rest is left out."""

    files: tuple[Path, ...] = ()
    refusal: StudioError | None = None


class WeightsDrop(QObject):
    """Makes the whole of `target` take weights files.

    Args:
        target: the panel; its children must not take drops themselves.
        theme: where the veil's colours come from.

    """

    files_dropped = Signal(list)
    """Paths, in the order of the drop."""
    refused = Signal(object)
    """A `StudioError`."""

    def __init__(self, target: QWidget, theme: Theme) -> None:
        super().__init__(target)
        self._target = target
        self._offer = WeightsOffer()
        self.overlay = DropOverlay(CanvasColours.of(theme.tokens), target)
        target.setAcceptDrops(True)
        target.installEventFilter(self)
        theme.theme_changed.connect(self._take_colours)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        match event:
            case QDragEnterEvent():
                self._enter(event)
            case QDragMoveEvent():
                self._hover(event)
            case QDropEvent():
                self._drop(event)
            case _ if event.type() == QEvent.Type.DragLeave:
                self._leave()
            case _:
                if event.type() == QEvent.Type.Resize:
                    self.overlay.setGeometry(self._target.rect())
                return False
        return True

    def _enter(self, event: QDragEnterEvent) -> None:
        """Accept even what is refused: Qt tells of the drag's end only who accepted its beginning."""
        self._offer = look_into(event.mimeData())
        self.overlay.setGeometry(self._target.rect())
        if self._offer.files:
            self.overlay.show_offer("Drop to import")
        elif self._offer.refusal is not None:
            self.overlay.show_refusal(self._offer.refusal.cause, self._offer.refusal.remedy)
        self._hover(event)
        event.accept()

    def _hover(self, event: QDragMoveEvent) -> None:
        if self._offer.files:
            event.acceptProposedAction()
        else:
            event.setDropAction(Qt.DropAction.IgnoreAction)
            event.ignore()

    def _leave(self) -> None:
        self._offer = WeightsOffer()
        self.overlay.lift()

    def _drop(self, event: QDropEvent) -> None:
        self._leave()
        offer = look_into(event.mimeData())
        if offer.files:
            event.acceptProposedAction()
            self.files_dropped.emit(list(offer.files))
        else:
            event.ignore()
        if offer.refusal is not None:
            self.refused.emit(offer.refusal)

    def _take_colours(self, tokens: Tokens) -> None:
        self.overlay.set_colours(CanvasColours.of(tokens))


def look_into(mime: QMimeData) -> WeightsOffer:
    """Tell what could be taken from `mime`, by names alone; what a file really holds is found out on import."""
    found = [_judge(address) for address in addresses_listed(mime)]
    files = tuple(path for path in found if isinstance(path, Path))
    refusals = [refusal for refusal in found if isinstance(refusal, StudioError)]
    if not found:
        refusals.append(StudioError("There is no file in that.", "Drop a .pth or .safetensors file."))
    return WeightsOffer(files, refusals[0] if refusals else None)


def _judge(address: str) -> Path | StudioError:
    path = local_file(address)
    if path is None:
        return why_not_here(address, what="file")
    suffix = path.suffix.lower()
    if is_there(path) and path.is_dir():
        return StudioError(f"“{path.name}” is a folder.", "Open it and drop the network's file inside.")
    if suffix in _PICTURES:
        return StudioError(f"“{path.name}” is a picture, not a network.", "Drop it on the Style panel to paint it.")
    if suffix not in SUFFIXES:
        return StudioError(
            f"“{path.name}” is not a network's file.", "Networks are .pth or .safetensors files; drop one of those."
        )
    if not is_there(path):
        return StudioError(f"“{path.name}” is not there any more.", "Drop the file from where it is now.")
    return path
