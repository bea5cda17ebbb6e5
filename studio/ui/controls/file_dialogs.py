"""Dialogs that ask for folders and files: those of the desktop, or Qt's own under the studio's icons."""

import sys
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QToolButton, QWidget

from studio.core.errands import answers
from studio.ui.controls.question import Question
from studio.ui.icons import set_icon
from studio.ui.theme import Theme

__all__ = ["USES_QTS_OWN", "FileDialog", "choose_files", "choose_folder", "choose_new_file"]

USES_QTS_OWN = sys.platform.startswith("linux")
"""Whether Qt's own dialogs are shown: Windows and macOS have good ones, which show pictures small."""
_SIZE = (760, 480)
_CHEVRON = 16
_ICONS = {
    "backButton": "step_back", "forwardButton": "step_on", "toParentButton": "arrow_up",
    "newFolderButton": "folder_plus_outline", "listModeButton": "view_grid_outline",
    "detailModeButton": "list",
}  # fmt: skip


class FileDialog(QFileDialog):
    """A dialog for files; where it is Qt's own, it looks like the rest of the studio.

    Args:
        folder: to begin in.
        kinds: the filters, between double semicolons.
        qts_own: whether it must be Qt's own, so that something can be added.

    """

    def __init__(
        self, parent: QWidget, title: str, folder: str, kinds: str, theme: Theme, *, qts_own: bool = USES_QTS_OWN
    ) -> None:
        super().__init__(parent, title, folder, kinds)
        self._theme = theme
        if qts_own:
            self.setOption(QFileDialog.Option.DontUseNativeDialog)
            self.resize(*_SIZE)
            self._dress()

    def _dress(self) -> None:
        """Give it the studio's icons: Qt's black arrows vanish on a dark ground, and its lists have none."""
        for name, icon in _ICONS.items():
            button = self.findChild(QToolButton, name)
            if button is not None:
                set_icon(button, icon, self._theme)
        for name in ("lookInCombo", "fileTypeCombo"):
            box = self.findChild(QComboBox, name)
            if box is not None:
                _Chevron(box, self._theme)

    @property
    def chosen(self) -> list[Path]:
        """Ask now, and return what was chosen; nothing where it was left."""
        chosen = [Path(file) for file in self.selectedFiles()] if self.exec() else []
        self.deleteLater()
        return chosen

    def accept(self) -> None:
        """Say where there is no such file, and offer to make a folder that is to be chosen, before Qt does."""
        typed = [Path(file) for file in self.selectedFiles()]
        there = answers([path.exists for path in typed], otherwise=True)  # a disk that is silent: Qt may ask it
        missing = next((path for path, is_there in zip(typed, there, strict=True) if not is_there), None)
        is_qts = self.testOption(QFileDialog.Option.DontUseNativeDialog)
        if missing is None or not is_qts or self.acceptMode() is QFileDialog.AcceptMode.AcceptSave:
            super().accept()
        elif self.fileMode() is not QFileDialog.FileMode.Directory:
            words, about = f"There is no “{missing.name}” here.", "Choose one that is there, or mend the name."
            Question("Not found", words, about, self._theme, self, yes="", no="OK").exec()
        elif self._may_make(missing):
            super().accept()

    def _may_make(self, folder: Path) -> bool:
        """Ask whether a folder that is not there shall be made, and make it."""
        words, about = f"There is no folder “{folder.name}” yet. Make it?", f"It will lie in {folder.parent}."
        if not Question("A new folder", words, about, self._theme, self, yes="Make Folder").is_answered_yes:
            return False
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            words, about = f"The folder “{folder.name}” cannot be made.", f"{error.strerror}: {folder.parent}"
            Question("A new folder", words, about, self._theme, self, yes="", no="OK").exec()
            return False
        return True

    def may_replace(self, name: str) -> bool:
        """Ask whether a file that is there already shall be written over."""
        words = f"“{name}” is there already. Replace it?"
        about = "What is in it now is lost."
        return Question("Replace the file?", words, about, self._theme, self, yes="Replace").is_answered_yes


def choose_folder(parent: QWidget, title: str, folder: str, theme: Theme) -> Path | None:
    """Ask for a folder; None where nothing was chosen."""
    dialog = FileDialog(parent, title, folder, "", theme)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    for name in ("fileTypeLabel", "fileTypeCombo"):  # which would only say “Directories”
        if (part := dialog.findChild(QWidget, name)) is not None:
            part.hide()
    return next(iter(dialog.chosen), None)


def choose_files(
    parent: QWidget, title: str, folder: str, kinds: str, theme: Theme, *, several: bool = False
) -> list[Path]:
    """Ask for a file, or for several; none where nothing was chosen."""
    dialog = FileDialog(parent, title, folder, kinds, theme)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles if several else QFileDialog.FileMode.ExistingFile)
    return dialog.chosen


def choose_new_file(parent: QWidget, title: str, proposed: Path, kind: str, suffix: str, theme: Theme) -> Path | None:
    """Ask where a file shall be written; None where nothing was chosen.

    Args:
        parent: lies behind the dialog.
        title: what is asked for.
        proposed: folder and name.
        kind: what the file is: "Look".
        suffix: its ending, with the dot, which is added where nobody typed it.
        theme: where colours and icons come from.

    """
    dialog = _NewFile(parent, title, str(proposed.parent), f"{kind} (*{suffix})", theme)
    dialog.suffix = suffix
    dialog.selectFile(proposed.name)
    return next((dialog.complete(path) for path in dialog.chosen), None)


class _NewFile(FileDialog):
    """Asks for the name of a file to write, and before one that is there is replaced."""

    suffix = ""

    def __init__(self, parent: QWidget, title: str, folder: str, kinds: str, theme: Theme) -> None:
        super().__init__(parent, title, folder, kinds, theme)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setOption(QFileDialog.Option.DontConfirmOverwrite, USES_QTS_OWN)  # it would not see what is added

    def complete(self, path: Path) -> Path:
        return path if path.suffix == self.suffix else path.with_name(path.name + self.suffix)

    def accept(self) -> None:
        """Ask before a file is replaced."""
        path = Path(self.selectedFiles()[0])
        whole = self.complete(path)
        is_folder, exists = answers([path.is_dir, whole.exists], otherwise=False)
        if is_folder or not (USES_QTS_OWN and exists) or self.may_replace(whole.name):
            super().accept()


class _Chevron(QLabel):
    """The sign of a list that opens, at the right end of a box that is not one of the studio's own."""

    def __init__(self, box: QComboBox, theme: Theme) -> None:
        super().__init__(box)
        self._box = box
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        set_icon(self, "chevron_down", theme, colour="text_muted")
        self.resize(_CHEVRON, _CHEVRON)
        box.installEventFilter(self)
        self._place()

    def _place(self) -> None:
        self.move(self._box.width() - _CHEVRON - 5, (self._box.height() - _CHEVRON) // 2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)
