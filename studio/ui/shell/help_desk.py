"""Help: the manual, what a report needs to say of this computer, the log, and what this program is."""

import platform

from PySide6.QtCore import QObject, QUrl, Signal, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from studio import __version__
from studio.core.failures import StudioError, explain
from studio.core.manual import manual
from studio.core.samples import sample_paintings, sample_photos
from studio.core.user_folders import UserFolders
from studio.engine import Engine
from studio.jobs.diagnose import diagnose
from studio.ui.shell.manual_window import ManualWindow
from studio.ui.theme import Theme

__all__ = ["HelpDesk"]


class HelpDesk(QObject):
    """Answers the Help menu.

    Args:
        engine: looks at what is diagnosed.
        folders: where log, library and the rest lie.

    """

    noticed = Signal(str, str)
    failed = Signal(object)

    def __init__(self, theme: Theme, engine: Engine, folders: UserFolders, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._engine, self.folders = theme, engine, folders

    def show_manual(self, parent: QWidget) -> None:
        """Open the manual beside the window."""
        shown = parent.findChild(ManualWindow)
        if shown is None:
            try:
                shown = ManualWindow(manual(), self._theme, parent)
            except StudioError as error:
                self.failed.emit(explain(error))
                return
        shown.show()
        shown.activateWindow()

    def copy_diagnostics(self) -> None:
        """Put everything that a report needs on the clipboard, as soon as it is found out."""
        handle = self._engine.queue("diagnose", diagnose, self.folders)
        handle.finished.connect(self._copy)
        handle.failed.connect(self.failed)

    def _copy(self, found: str) -> None:
        screens = "; ".join(
            f"{screen.size().width()} × {screen.size().height()} at {screen.devicePixelRatio():g}"
            for screen in QGuiApplication.screens()
        )
        of_window = (
            f"system: {platform.platform()}\nQt: {qVersion()} on {QGuiApplication.platformName()}\nscreens: {screens}"
        )
        QGuiApplication.clipboard().setText(f"{of_window}\n{found}\n")
        self.noticed.emit("Copied: versions, device, networks, folders and the end of the log", "info")

    def show_log(self) -> None:
        """Open the log in whatever the desktop opens texts with."""
        log = self.folders.log
        if not log.is_file():
            self.noticed.emit(f"Nothing was written down yet. The log will be {log}", "info")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(log))):
            self.noticed.emit(f"No program here opens it. The log is {log}", "warning")

    def show_about(self, parent: QWidget) -> None:
        """Say what this program is."""
        samples = (*sample_paintings(), *sample_photos())
        credits = "".join(f"<br>{sample.title}: {sample.credit}, {sample.licence}" for sample in samples)
        QMessageBox.about(
            parent,
            "About Atelier",
            f"<b>Atelier {__version__}</b><p>A studio in which an artist directs neural image models by hand.</p>"
            f"<p>Apache-2.0.</p><p>Log: {self.folders.log}</p><p>Sample pictures{credits}</p>",
        )
