"""The dialog that opens pictures, and shows them small."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QIdentityProxyModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QFileSystemModel, QWidget

from studio.engine import Engine, JobHandle
from studio.jobs.browse import Thumbnail, ThumbnailTask, small_picture
from studio.ui.controls.file_dialogs import USES_QTS_OWN, FileDialog
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.theme import Theme

__all__ = ["PICTURE_FILTER", "choose_pictures"]

_ENDINGS = (
    "png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif", "avif", "heic", "heif", "jp2", "psd", "tga", "qoi",
    "ppm", "pgm", "pfm",
)  # fmt: skip
PICTURE_FILTER = f"Pictures ({' '.join(f'*.{ending}' for ending in _ENDINGS)});;All files (*)"
_SIDE = 64
_KEPT = 2_000
"""Thumbnails that are kept while a dialog is open."""


def choose_pictures(
    parent: QWidget, title: str, folder: str, pictures: Engine, theme: Theme, *, several: bool
) -> list[Path]:
    """Ask for pictures; none where nothing was chosen.

    Args:
        parent: lies behind it.
        title: what is asked for.
        folder: to begin in.
        pictures: the engine that reads what is shown small.
        theme: where colours and icons come from.
        several: whether more than one may be chosen.

    """
    dialog = FileDialog(parent, title, folder, PICTURE_FILTER, theme)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles if several else QFileDialog.FileMode.ExistingFile)
    thumbnails = None
    if USES_QTS_OWN:
        thumbnails = _Thumbnails(pictures, dialog)
        dialog.setProxyModel(thumbnails)
        dialog.setViewMode(QFileDialog.ViewMode.List)
        dialog.resize(920, 600)
        for view in dialog.findChildren(QAbstractItemView):
            if view.objectName() in ("listView", "treeView"):
                view.setIconSize(QSize(_SIDE, _SIDE))
    chosen = dialog.chosen
    if thumbnails is not None:
        thumbnails.stop()
    return chosen


class _Thumbnails(QIdentityProxyModel):
    """Shows pictures as they are where Qt's model shows an icon; only those that come into sight are read."""

    def __init__(self, pictures: Engine, parent: QFileDialog) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._icons: dict[str, QIcon | None] = {}
        self._handles: dict[str, JobHandle] = {}

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a thumbnail for the icon of a picture, as soon as there is one."""
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            file = str(super().data(index, QFileSystemModel.Roles.FilePathRole))
            if file.rpartition(".")[2].lower() in _ENDINGS:
                if file not in self._icons:
                    self._ask(file, QPersistentModelIndex(index))
                if (icon := self._icons[file]) is not None:
                    return icon
        return super().data(index, role)

    def stop(self) -> None:
        """Read no more."""
        for handle in self._handles.values():
            handle.drop()
        self._handles.clear()

    def _ask(self, file: str, place: QPersistentModelIndex) -> None:
        if len(self._icons) >= _KEPT:
            self._icons.clear()
        self._icons[file] = None
        handle = self._pictures.queue("open-dialog", small_picture, ThumbnailTask(Path(file), 2 * _SIDE))
        handle.finished.connect(partial(self._show, file, place))
        handle.failed.connect(lambda _: self._handles.pop(file, None))  # it keeps its icon
        self._handles[file] = handle

    def _show(self, file: str, place: QPersistentModelIndex, found: Thumbnail) -> None:
        self._handles.pop(file, None)
        self._icons[file] = QIcon(pixmap_of(found.picture))
        if place.isValid():
            index = self.index(place.row(), place.column(), place.parent())
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])
