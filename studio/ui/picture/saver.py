"""Saves what a picture panel shows: under the name it has, or under one that is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from studio.core.errands import answers
from studio.core.file_names import not_too_long
from studio.jobs.export import ExportTask
from studio.ui.picture.context import PanelContext
from studio.ui.picture.files import PictureFiles
from studio.ui.picture.save_dialog import SaveDialog
from studio.ui.picture.session import PictureSession


class PictureSaver:
    """Knows under which name the picture was saved last.

    Args:
        parent: the widget in front of which dialogs open.
        session: holds the picture.
        files: writes it.
        context: what panels share; folder, format and quality are remembered.
        last_folder: returns the folder that pictures were opened from last.

    """

    def __init__(
        self,
        parent: QWidget,
        session: PictureSession[Any],
        files: PictureFiles,
        context: PanelContext,
        last_folder: Callable[[], str],
    ) -> None:
        self._parent, self._session, self._files = parent, session, files
        self._preferences, self._theme, self._last_folder = context.preferences, context.theme, last_folder
        self._saved_as: Path | None = None
        self._being_saved_as: Path | None = None

    def forget_name(self) -> None:
        """Ask for a name again: another photo is on the panel."""
        self._saved_as = self._being_saved_as = None

    @property
    def proposed_name(self) -> str:
        """What a file of the picture would be called, without a suffix."""
        return not_too_long(self._session.subject, f" {self._session.task.done}.jpeg").removesuffix(".jpeg")

    def note_saved(self, path: Path) -> None:
        """Save under this name from now on; one that could not be written is asked for again.

        So is one whose photo has been replaced since: the next photo would be written over this one's picture.
        """
        if path == self._being_saved_as:
            self._saved_as = path
        self._preferences.save_folder = str(path.parent)

    def _first_folder(self) -> str:
        """Return the photo's own folder; that of the last save for one which nobody opened from a file of his."""
        preferences, photo = self._preferences, self._session.photo
        path = None if photo is None else photo.picture.path
        wanted = str(path.parent) if path in preferences.recent_files and path else preferences.save_folder
        return wanted if wanted and all(answers([Path(wanted).is_dir], False)) else self._last_folder()

    def save(self) -> None:
        """Save what is shown under the name it has, or ask for one."""
        if self._saved_as is None:
            self.save_as()
        else:
            self._export(self._saved_as)

    def save_as(self) -> None:
        """Ask for a name and a format, then save what is shown."""
        if self._session.pixels is None:
            return
        last, preferences = self._saved_as, self._preferences
        folder = Path(self._first_folder()) if last is None else last.parent
        suffix = preferences.save_suffix if last is None else last.suffix
        dialog = SaveDialog(folder / self.proposed_name, suffix, preferences.jpeg_quality, self._theme, self._parent)
        dialog.setWindowTitle(self._title)
        dialog.metadata = preferences.metadata
        if dialog.exec():
            preferences.save_suffix, preferences.jpeg_quality = dialog.path.suffix, dialog.quality
            preferences.metadata = dialog.metadata
            self._export(dialog.path)
        dialog.deleteLater()

    @property
    def _title(self) -> str:
        """What the dialog says at its head: how many pixels are saved, and whether the picture is done."""
        pixels, recipe = self._session.pixels, self._session.recipe
        height, width = (0, 0) if pixels is None else pixels.shape[:2]
        unfinished = ", not finished" if recipe is not None and recipe.is_stopped else ""
        return f"Save the picture: {width} × {height} pixels{unfinished}"

    def _export(self, path: Path) -> None:
        self._being_saved_as = path
        self._session.when_made(lambda: self._write(path))

    def _write(self, path: Path) -> None:
        session, preferences = self._session, self._preferences
        if session.pixels is None or session.recipe is None:
            return
        settings = session.settings_of_picture if session.as_saved is None else None
        task = ExportTask(
            path, self._files.library, session.pictures, session.pixels, settings, session.recipe, preferences.ai_mark,
            preferences.metadata, preferences.jpeg_quality,
        )  # fmt: skip
        self._files.export(task)
