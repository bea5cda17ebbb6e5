"""One picture that goes in: what it is, and the way to another one."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from studio.core.events import Picture
from studio.core.picture_task import InputSlot
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.samples import Sample, SampleRow
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_TILE = 70
_SAMPLE_TILE = 44


class SlotTile(QWidget):
    """Thumbnail, name and size of a picture, and samples of its kind; pressing it, or dropping a file, changes it.

    Args:
        slot: which of the task's pictures it is.
        theme: where colours and icons come from.
        parent: the widget it lies in.

    """

    open_requested = Signal()
    sample_chosen = Signal(str)
    files_dropped = Signal(list)

    def __init__(self, slot: InputSlot, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._noun, self._theme = slot.title.lower(), theme
        self.tile = PictureTile(_TILE, theme, parent=self)
        self._name = ElidingLabel(parent=self)
        self._facts = ElidingLabel(parent=self)
        self._open = QPushButton("Open…", self)
        self._samples = SampleRow(_SAMPLE_TILE, theme, self)
        self._drop = FileDrop(self)
        self._lay_out()
        self._connect()
        self.set_samples([])
        self.clear()

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        mark(self._facts, tone="small")
        set_icon(self._open, "open", self._theme)
        self._open.setAccessibleName(f"Open a {self._noun}")
        self._open.setToolTip(f"Open another {self._noun}")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._name)
        words.addWidget(self._facts)
        words.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(gap)
        row.addWidget(self.tile)
        row.addLayout(words, 1)
        row.addWidget(self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(gap)
        layout.addLayout(row)
        layout.addWidget(self._samples)

    def _connect(self) -> None:
        self.tile.clicked.connect(self.open_requested)
        self._open.clicked.connect(self.open_requested)
        self._samples.sample_chosen.connect(self.sample_chosen)
        self._drop.files_dropped.connect(self.files_dropped)

    def set_picture(self, name: str, thumbnail: Picture | None, facts: str = "") -> None:
        """Show a picture; `facts` is its size and the like."""
        self._name.setText(name)
        self._facts.setText(facts)
        self.tile.set_picture(name, thumbnail, f"Open another {self._noun}")

    def clear(self) -> None:
        """Say that there is none."""
        self.set_picture(f"No {self._noun} yet", None)

    def set_samples(self, samples: Sequence[Sample]) -> None:
        """Offer samples; one click takes one."""
        self._samples.set_samples(samples)
        self._samples.setVisible(bool(samples))
