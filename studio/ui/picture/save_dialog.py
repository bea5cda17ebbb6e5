"""Where and how a picture is saved: folder, name, format, and how much of it a JPEG keeps."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QLineEdit, QSlider, QWidget

from studio.core.errands import answers
from studio.core.photo_metadata import MetadataChoice
from studio.core.picture_saving import SUFFIXES
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.file_dialogs import FileDialog
from studio.ui.controls.layouts import holding, row
from studio.ui.controls.question import Question
from studio.ui.theme import Theme, mark, with_even_figures

__all__ = ["SaveDialog"]

_FORMATS = {"PNG (*.png)": ".png", "JPEG (*.jpg)": ".jpg", "TIFF, 16 bits (*.tif)": ".tif", "WebP (*.webp)": ".webp"}
_METADATA: dict[MetadataChoice, str] = {
    "keep": "Author, rights, date and camera",
    "location": "All that, and where it was taken",
    "none": "Nothing",
}
_WITH_QUALITY = ("JPEG", "WebP")
_UNWRITTEN = (
    ".avif", ".bmp", ".exr", ".gif", ".heic", ".heif", ".ico", ".jp2", ".jxl", ".pdf", ".psd", ".ppm", ".qoi", ".svg",
    ".tga", ".xcf",
)  # fmt: skip
"""Endings that name a format of pictures which is not written here: whoever types one expects that format."""


class SaveDialog(FileDialog):
    """Asks for the file. The format follows the ending that is typed, or else the chosen kind.

    Args:
        proposed: folder and name, without an ending.
        suffix: the format to begin with: that of the last time.
        quality: of JPEG and WebP, 1–100.

    """

    def __init__(self, proposed: Path, suffix: str, quality: int, theme: Theme, parent: QWidget) -> None:
        kinds, folder = ";;".join(_FORMATS), str(proposed.parent)
        # the desktop's own has no place for the quality
        super().__init__(parent, "Save the picture", folder, kinds, theme, qts_own=True)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._figure = QLabel()
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setOption(QFileDialog.Option.DontConfirmOverwrite)  # it would not see the ending that is added
        kind_of = {SUFFIXES[ending]: kind for kind, ending in _FORMATS.items()}
        self.selectNameFilter(kind_of[SUFFIXES.get(suffix.lower(), "PNG")])
        name = self.findChild(QLineEdit, "fileNameEdit")
        assert name is not None  # it is Qt's own dialog
        self._name = name
        self._name.setText(proposed.name)
        self._metadata = ChoiceBox({str(choice): words for choice, words in _METADATA.items()}, theme)
        self._add_quality(quality)
        self._add_metadata()
        self.filterSelected.connect(self._follow_kind)
        self._name.textChanged.connect(self._show_quality)
        self._slider.valueChanged.connect(self._show_quality)
        self._show_quality()

    def _add_quality(self, quality: int) -> None:
        caption, gap = QLabel("Quality"), self._theme.tokens.gap
        caption.setBuddy(self._slider)
        mark(self._figure, tone="muted")
        self._figure.setFont(with_even_figures(self.font()))
        self._figure.setFixedWidth(self._figure.fontMetrics().horizontalAdvance("100, lossless "))
        self._slider.setRange(1, 100)
        self._slider.setPageStep(5)
        self._slider.setAccessibleName("Quality")
        self._slider.setToolTip(
            "Smaller files to the left, finer detail to the right; 92 is hardly told from the original"
        )
        self._slider.setValue(quality)
        self._quality_row = holding(row(caption, (self._slider, 1), self._figure, gap=gap, margins=(0, gap, 0, 0)))
        layout = self.layout()
        assert isinstance(layout, QGridLayout)
        layout.addWidget(self._quality_row, layout.rowCount(), 0, 1, layout.columnCount())

    def _add_metadata(self) -> None:
        caption, gap = QLabel("Of the photo keep"), self._theme.tokens.gap
        caption.setBuddy(self._metadata)
        self._metadata.setAccessibleName("Of the photo keep")
        self._metadata.setToolTip("What the photo says of itself, such as its author and the day it was taken")
        layout = self.layout()
        assert isinstance(layout, QGridLayout)
        line = holding(row(caption, (self._metadata, 1), gap=gap, margins=(0, gap, 0, 0)))
        layout.addWidget(line, layout.rowCount(), 0, 1, layout.columnCount())

    @property
    def metadata(self) -> MetadataChoice:
        """What of the photo's metadata goes into the file."""
        choice: MetadataChoice = self._metadata.currentData()
        return choice

    @metadata.setter
    def metadata(self, choice: MetadataChoice) -> None:
        self._metadata.set_current(choice)

    @property
    def path(self) -> Path:
        """The chosen file, with its ending."""
        return Path(self.selectedFiles()[0])

    @property
    def quality(self) -> int:
        """Of JPEG and WebP, 1–100."""
        return self._slider.value()

    @property
    def _suffix(self) -> str:
        """The ending that the file will have."""
        typed = Path(self._name.text()).suffix.lower()
        return typed if typed in SUFFIXES else _FORMATS[self.selectedNameFilter()]

    def _follow_kind(self) -> None:
        """Let a name that ends in a format follow the kind that is chosen."""
        name = self._name.text()
        if Path(name).suffix.lower() in SUFFIXES:
            self._name.setText(str(Path(name).with_suffix(_FORMATS[self.selectedNameFilter()])))
        self._show_quality()

    def _show_quality(self) -> None:
        kind = SUFFIXES[self._suffix]
        self._quality_row.setVisible(kind in _WITH_QUALITY)
        self._figure.setText("100, lossless" if self.quality == 100 and kind == "WebP" else str(self.quality))

    def accept(self) -> None:
        """Complete the name, say where a format is not written, and ask before a file is replaced."""
        path = Path(self._name.text())
        whole = path if path.is_absolute() else Path(self.directory().absolutePath()) / path
        is_folder, exists = answers([whole.is_dir, whole.with_name(self._complete(whole.name)).exists], otherwise=False)
        if not path.name or is_folder:
            super().accept()  # which opens the folder
        elif self._may_write_as(whole.name) and (not exists or self.may_replace(self._complete(whole.name))):
            self._name.setText(str(path.with_name(self._complete(path.name))))
            super().accept()

    def _complete(self, name: str) -> str:
        suffix = Path(name).suffix.lower()
        if suffix in SUFFIXES:
            return name
        return (name[: -len(suffix)] if suffix in _UNWRITTEN else name) + self._suffix

    def _may_write_as(self, name: str) -> bool:
        suffix = Path(name).suffix.lower()
        if suffix not in _UNWRITTEN:
            return True
        words, instead = f"{suffix[1:].upper()} files are not written here.", self._complete(name)
        about = f"The picture can be saved as “{instead}”, or under another name: in PNG, JPEG, TIFF or WebP."
        question = Question(
            "Another format", words, about, self._theme, self, yes=f"Save as {instead}", no="Another Name"
        )
        return question.is_answered_yes
