"""The line below the cards: how networks come in by hand, and how far an import is."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStackedLayout, QWidget

from studio.core.events import Progress
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import row
from studio.ui.controls.progress_line import ByteProgress
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark


class ImportBar(QWidget):
    """A hint, or the progress of an import in the same place; at the right the folder and the file dialog.

    Args:
        folder: where networks are kept; named in the hint.

    """

    import_requested = Signal()
    folder_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, theme: Theme, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._hint = ElidingLabel("Drop a .pth or .safetensors file anywhere here to import it.", self)
        self.progress = ByteProgress(theme, self)
        self.folder_button = QPushButton("Open Folder", self)
        self.import_button = QPushButton("Import from File…", self)
        self._places = QStackedLayout()
        self._lay_out(folder)
        self._connect()

    def _lay_out(self, folder: Path) -> None:
        tokens = self._theme.tokens
        mark(self, surface="window")
        mark(self._hint, tone="muted")
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._hint.set_hint(f"Files in {folder} are found as well.")
        self.progress.set_subject("the import", "Cancel; the shelf stays as it was")
        for button, sign, hint in (
            (self.folder_button, "open", f"Open the folder in which networks are kept: {folder}"),
            (self.import_button, "add", "Choose a .pth or .safetensors file; it is copied, the original stays"),
        ):
            set_icon(button, sign, self._theme)
            button.setToolTip(hint)
            button.setAccessibleName(button.text())
        self._places.addWidget(self._hint)
        self._places.addWidget(self.progress)
        buttons = ((button, Qt.AlignmentFlag.AlignVCenter) for button in (self.folder_button, self.import_button))
        margins = (tokens.margin, tokens.gap, tokens.margin, tokens.gap)
        self.setLayout(row((self._places, 1), tokens.gap, *buttons, gap=tokens.gap, margins=margins))

    def _connect(self) -> None:
        self.folder_button.clicked.connect(self.folder_requested)
        self.import_button.clicked.connect(self.import_requested)
        self.progress.cancel_requested.connect(self.cancel_requested)

    @property
    def is_busy(self) -> bool:
        """True while an import is shown."""
        return self._places.currentIndex() == 1

    def start(self, path: Path) -> None:
        """The import of this file begins."""
        self._places.setCurrentIndex(1)
        self.progress.start(f"Importing {path.name}…")

    def set_progress(self, progress: Progress) -> None:
        """How far the import is."""
        self.progress.set_progress(progress)

    def rest(self) -> None:
        """Nothing is imported any more."""
        self._places.setCurrentIndex(0)
