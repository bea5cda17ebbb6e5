"""The photo that is worked on: what it is, and the way to another one."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from studio.core.events import Picture
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_TILE = 70


class PhotoTile(QWidget):
    """Thumbnail, name and size of the photo; pressing it, or dropping a file, changes it.

    Args:
        theme: where colours and icons come from.
        parent: the widget it lies in.

    """

    open_requested = Signal()
    files_dropped = Signal(list)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.tile = PictureTile(_TILE, theme, parent=self)
        self._name = ElidingLabel(parent=self)
        self._facts = ElidingLabel(parent=self)
        self._open = QPushButton("Open…", self)
        self._drop = FileDrop(self)
        self._lay_out()
        self._connect()
        self.set_photo("No photo yet", None)

    def _lay_out(self) -> None:
        mark(self._facts, tone="small")
        set_icon(self._open, "open", self._theme)
        self._open.setAccessibleName("Open a photo")
        self._open.setToolTip("Open another photo")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._name)
        words.addWidget(self._facts)
        words.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self._theme.tokens.gap)
        layout.addWidget(self.tile)
        layout.addLayout(words, 1)
        layout.addWidget(self._open)

    def _connect(self) -> None:
        self.tile.clicked.connect(self.open_requested)
        self._open.clicked.connect(self.open_requested)
        self._drop.files_dropped.connect(self.files_dropped)

    def set_photo(self, name: str, thumbnail: Picture | None, facts: str = "") -> None:
        """Show a photo; `facts` is its size and the like."""
        self._name.setText(name)
        self._facts.setText(facts)
        self.tile.set_picture(name, thumbnail, "Open another photo")
