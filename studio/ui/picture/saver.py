"""Saves what a picture panel shows: under the name it has, or under one that is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from studio.core.picture_saving import SUFFIXES
from studio.jobs.export import ExportTask
from studio.ui.picture.files import PictureFiles
from studio.ui.picture.session import PictureSession
from studio.ui.preferences import Preferences

SAVE_FILTER = "PNG (*.png);;JPEG (*.jpg);;TIFF, 16 bits (*.tif);;WebP (*.webp)"


class PictureSaver:
    """Knows under which name the picture was saved last.

    Args:
        parent: the widget in front of which dialogs open.
        session: holds the picture.
        files: writes it.
        preferences: the folder to begin in.
        last_folder: where pictures came from, when nothing was saved yet.
        done: what was done to the photo, for the name that is proposed: "painted".

    """

    def __init__(
        self,
        parent: QWidget,
        session: PictureSession[Any],
        files: PictureFiles,
        preferences: Preferences,
        last_folder: Callable[[], str],
        done: str,
    ) -> None:
        self._parent, self._session, self._files = parent, session, files
        self._preferences, self._last_folder, self._done = preferences, last_folder, done
        self._saved_as: Path | None = None

    def forget_name(self) -> None:
        """Ask for a name again: another photo is on the panel."""
        self._saved_as = None

    @property
    def proposed_name(self) -> str:
        """What a file of the picture would be called, without a suffix."""
        photo = self._session.photo
        return f"{Path(photo.picture.name).stem if photo else 'Picture'} {self._done}"

    def save(self) -> None:
        """Save what is shown under the name it has, or ask for one."""
        if self._saved_as is None:
            self.save_as()
        else:
            self._export(self._saved_as)

    def save_as(self) -> None:
        """Ask for a name and a format, then save what is shown."""
        if self._session.layer is None:
            return
        folder = self._preferences.save_folder or self._last_folder()
        file, kind = QFileDialog.getSaveFileName(
            self._parent, self._title, str(Path(folder) / self.proposed_name), SAVE_FILTER
        )
        if file:
            path = Path(file)
            if path.suffix.lower() in SUFFIXES or self._may_write(
                path := path.with_name(path.name + kind.split("*")[1].split(")")[0])
            ):
                self._export(path)

    @property
    def _title(self) -> str:
        """What the dialog says at its head: how many pixels are saved, and whether the picture is done."""
        layer, recipe = self._session.layer, self._session.recipe
        height, width = (0, 0) if layer is None else layer.shape[:2]
        unfinished = ", not finished" if recipe is not None and recipe.is_stopped else ""
        return f"Save the picture: {width} × {height} pixels{unfinished}"

    def _may_write(self, path: Path) -> bool:
        """Ask before a file is replaced whose whole name the dialog did not see."""
        if not path.exists():
            return True
        answer = QMessageBox.question(self._parent, "Replace the file?", f"“{path.name}” is there already. Replace it?")
        return answer is QMessageBox.StandardButton.Yes

    def _export(self, path: Path) -> None:
        self._saved_as = path
        self._session.when_made(lambda: self._write(path))

    def _write(self, path: Path) -> None:
        session, mark = self._session, self._preferences.ai_mark
        if session.layer is None or session.recipe is None:
            return
        settings, library = session.settings_of_picture, self._files.library
        self._files.export(ExportTask(path, library, session.pictures, session.layer, settings, session.recipe, mark))
