"""A file that a kind of training asks for beside its data, such as the painting of a fast style."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from studio.core.events import Picture
from studio.training.task_kind import InputKind
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.samples import Sample, SampleRow
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_TILE = 96
_SAMPLE = 40


class InputTile(QWidget):
    """A thumbnail with its name, a button to choose another, samples, and a place to drop one.

    Args:
        kind: what is asked for.
        theme: where colours and icons come from.
        parent: the widget it lies in.

    """

    open_requested = Signal()
    files_dropped = Signal(list)
    sample_chosen = Signal(str)

    def __init__(self, kind: InputKind, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self._theme = kind, theme
        self.tile = PictureTile(_TILE, theme, parent=self)
        self._name = ElidingLabel(parent=self)
        self._help = WrappingLabel(kind.help, self)
        self.open_button = QPushButton("Choose…", self)
        self._samples = SampleRow(_SAMPLE, theme, self)
        self._drop = FileDrop(self)
        self._lay_out()
        self._connect()
        self.set_file("", None)
        self.set_samples([])

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        mark(self._name, tone="strong")
        mark(self._help, tone="muted")
        set_icon(self.open_button, "open", self._theme)
        self.open_button.setAccessibleName(f"Choose: {self.kind.title}")
        self.open_button.setToolTip(f"{self.kind.title}: choose a file, or drop one here")
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(self._name)
        names.addWidget(self._help)
        names.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(gap)
        head.addLayout(names, 1)
        head.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(head, 1)
        words.addWidget(self._samples, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(gap + 4)
        layout.addWidget(self.tile)
        layout.addLayout(words, 1)

    def _connect(self) -> None:
        self.tile.clicked.connect(self.open_requested)
        self.open_button.clicked.connect(self.open_requested)
        self._drop.files_dropped.connect(self.files_dropped)
        self._samples.sample_chosen.connect(self.sample_chosen)

    def set_file(self, name: str, thumbnail: Picture | None) -> None:
        """Show the chosen file; "" shows that none is."""
        self._name.setText(name)
        self._name.setVisible(bool(name))
        self.tile.set_picture(name or f"{self.kind.title}: none yet", thumbnail, "Choose another file")

    def set_samples(self, samples: Sequence[Sample]) -> None:
        """Offer samples; one click takes one."""
        self._samples.set_samples(samples)
        self._samples.setVisible(bool(samples))
