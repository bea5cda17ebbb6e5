"""Saves what the Style panel shows: under the name it has, or under one that is asked for."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from studio.core.picture_saving import SUFFIXES
from studio.ui.panels.style.session import StyleSession
from studio.ui.picture.files import PictureFiles
from studio.ui.preferences import Preferences

SAVE_FILTER = "PNG (*.png);;JPEG (*.jpg);;TIFF, 16 bits (*.tif);;WebP (*.webp)"


class PictureSaver:
    """Knows under which name the picture was saved last.

    Args:
        parent: the widget in front of which dialogs open.
        session: holds the picture.
        desk: writes it.
        preferences: the folder to begin in.
        last_folder: where pictures came from, when nothing was saved yet.

    """

    def __init__(
        self,
        parent: QWidget,
        session: StyleSession,
        desk: PictureFiles,
        preferences: Preferences,
        last_folder: Callable[[], str],
    ) -> None:
        self._parent, self._session, self._desk = parent, session, desk
        self._preferences, self._last_folder = preferences, last_folder
        self._saved_as: Path | None = None

    def forget_name(self) -> None:
        """Ask for a name again: another photo is on the panel."""
        self._saved_as = None

    def save(self) -> None:
        """Save what is shown under the name it has, or ask for one."""
        if self._saved_as is None:
            self.save_as()
        else:
            self._export(self._saved_as)

    def save_as(self) -> None:
        """Ask for a name and a format, then save what is shown."""
        if self._session.painting is None or self._session.photo is None:
            return
        name = f"{Path(self._session.photo.picture.name).stem} painted"
        folder = self._preferences.save_folder or self._last_folder()
        file, kind = QFileDialog.getSaveFileName(
            self._parent, "Save the picture", str(Path(folder) / name), SAVE_FILTER
        )
        if file:
            path = Path(file)
            if path.suffix.lower() in SUFFIXES or self._may_write(
                path := path.with_name(path.name + kind.split("*")[1].split(")")[0])
            ):
                self._export(path)

    def _may_write(self, path: Path) -> bool:
        """Ask before a file is replaced whose whole name the dialog did not see."""
        if not path.exists():
            return True
        answer = QMessageBox.question(self._parent, "Replace the file?", f"“{path.name}” is there already. Replace it?")
        return answer is QMessageBox.StandardButton.Yes

    def _export(self, path: Path) -> None:
        session = self._session
        if session.photo is None or session.painting is None or session.recipe is None:
            return
        self._saved_as = path
        self._desk.export(
            path,
            session.inputs,
            session.painting,
            session.settings_of_picture,
            session.recipe,
            ai_mark=self._preferences.ai_mark,
        )
