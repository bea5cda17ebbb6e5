"""What a run learns from: a place to drop folders, pictures and lists, and what lies there by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from studio.core.file_names import is_there
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import column, row
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_FEW = 3
"""So many single files of one folder are named; more are counted."""


class DataShelf(QWidget):
    """Folders and files, one line each, and two buttons to add more. Many files of one folder share a line."""

    folder_requested = Signal()
    files_requested = Signal()
    removed = Signal(tuple)
    """These paths should go; the owner answers with `set_data`."""
    files_dropped = Signal(list)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._hovered = False
        self._invitation = WrappingLabel("", self)
        self.folder_button = QPushButton("Add a Folder…", self)
        self.files_button = QPushButton("Add Files…", self)
        self.rows: list[_SourceRow] = []
        self._drop = FileDrop(self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        mark(self._invitation, tone="muted")
        for button, sign, hint in (
            (self.folder_button, "folder", "Learn from all pictures in a folder, and in the folders within"),
            (self.files_button, "add_picture", "Learn from single pictures, or from a text file that lists them"),
        ):
            set_icon(button, sign, self._theme)
            button.setToolTip(hint)
            button.setAccessibleName(button.text())
        self._lines = column(gap=2)
        buttons = row(self.folder_button, self.files_button, None, gap=gap)
        self.setLayout(column(self._invitation, self._lines, buttons, gap=gap, margins=gap + 4))

    def _connect(self) -> None:
        self.folder_button.clicked.connect(self.folder_requested)
        self.files_button.clicked.connect(self.files_requested)
        self._drop.files_dropped.connect(self.files_dropped)
        self._drop.hovered.connect(self._show_hovered)

    def set_invitation(self, words: str) -> None:
        """Say what belongs here, in the words of the kind of training."""
        self._invitation.setText(words)

    def set_data(self, paths: Sequence[Path]) -> None:
        """Show these folders, lists and pictures."""
        for old in self.rows:
            self._lines.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = [self._make_row(source) for source in sources_of(paths)]
        self._invitation.setVisible(not self.rows)
        self.update()

    def _make_row(self, source: "Source") -> "_SourceRow":
        made = _SourceRow(source, self._theme, self)
        made.remove_button.clicked.connect(lambda: self.removed.emit(source.paths))
        self._lines.addWidget(made)
        return made

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.colour("accent" if self._hovered else "outline")
        painter.setPen(QPen(colour, 2 if self._hovered else 1, Qt.PenStyle.DashLine))
        if self._hovered:
            painter.setBrush(self._theme.colour("accent_soft"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _show_hovered(self, hovered: bool) -> None:
        self._hovered = hovered
        self.update()


@dataclass(frozen=True, slots=True)
class Source:
    """A line of the shelf: what it says, and the paths it stands for."""

    words: str
    hint: str
    icon: str
    paths: tuple[Path, ...]


def sources_of(paths: Sequence[Path]) -> list[Source]:
    """Return one line for each folder and list, and one for many single files of the same folder."""
    found: dict[Path, list[Path]] = {}
    lines: list[Source] = []
    for path in paths:
        if path.suffix.lower() == ".txt":
            lines.append(Source(path.name, f"The pictures that {path} lists", "list", (path,)))
        elif not path.suffix or (is_there(path) and path.is_dir()):
            lines.append(Source(path.name or str(path), str(path), "folder", (path,)))
        else:
            found.setdefault(path.parent, []).append(path)
    for folder, files in found.items():
        if len(files) > _FEW:
            lines.append(Source(f"{len(files)} files of {folder.name}", str(folder), "library", tuple(files)))
        else:
            lines.extend(Source(file.name, str(file), "picture", (file,)) for file in files)
    return lines


class _SourceRow(QWidget):
    def __init__(self, source: Source, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        sign = QToolButton(self)
        sign.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        set_icon(sign, source.icon, theme, colour="text_muted")
        self.words = ElidingLabel(source.words, self, Qt.TextElideMode.ElideMiddle)
        self.words.set_hint(source.hint)
        self.remove_button = QToolButton(self)
        self.remove_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.remove_button.setIconSize(QSize(14, 14))
        set_icon(self.remove_button, "close", theme, colour="text_muted")
        self.remove_button.setToolTip(f"Learn no longer from {source.words}")
        self.remove_button.setAccessibleName(f"Remove {source.words}")
        self.setLayout(row(sign, (self.words, 1), self.remove_button, gap=theme.tokens.gap // 2))
