"""The only place where everything of the window is put together."""

import platform
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import resources
from logging import DEBUG, WARNING
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QLockFile, QMessageLogContext, QObject, QTimer, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from studio import __version__
from studio.core.failures import explain
from studio.core.library import Library
from studio.core.log_file import LOG, logging_to
from studio.core.model_shelf import ModelShelf
from studio.core.presets import LookFolder
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.core.user_folders import UserFolders
from studio.engine import Engine
from studio.ui.actions import make_actions
from studio.ui.panels.adjust.panel import AdjustPanel
from studio.ui.panels.degrade.panel import DegradePanel
from studio.ui.panels.dream.panel import DreamPanel
from studio.ui.panels.library.panel import LibraryPanel
from studio.ui.panels.models.panel import ModelsPanel
from studio.ui.panels.restore.panel import RestorePanel
from studio.ui.panels.style.panel import StylePanel
from studio.ui.panels.train.panel import TrainPanel
from studio.ui.picture.context import PanelContext
from studio.ui.picture.panel import PicturePanel
from studio.ui.preferences import Preferences
from studio.ui.shell.help_desk import HelpDesk
from studio.ui.shell.window import StudioWindow
from studio.ui.theme import Theme


class Studio:
    """The running program: engines, library, preferences and the window over them.

    Args:
        application: the Qt application.
        folders: where the user's things live.
        models: the shelf of networks, by default the one in `folders`.

    """

    def __init__(self, application: QApplication, folders: UserFolders, models: ModelShelf | None = None) -> None:
        self.preferences = Preferences(folders.config / "atelier.ini")
        self.theme = Theme(application, self.preferences.theme_mode)
        self.engine = Engine("studio")
        self.pictures = Engine("pictures", niceness=0)
        self.shelf = Engine("shelf")
        self.runs = Engine("runs")
        self.models = models or ModelShelf(folders.models)
        self.library = Library(folders.library)
        self._sessions_lock = _lock(folders.sessions)
        with self.theme.dressing_last():
            self.window = self._build(folders)
        self.window.closed.connect(self.shut_down)

    def _build(self, folders: UserFolders) -> StudioWindow:
        actions, looks = make_actions(self.theme), LookFolder(folders.config / "looks")
        context = PanelContext(
            self.theme, self.engine, self.pictures, self.library, self.preferences, actions,
            folders.sessions if self._sessions_lock.isLocked() else None, looks,
        )  # fmt: skip
        picture_panels: tuple[PicturePanel, ...] = (
            StylePanel(context), AdjustPanel(context), RestorePanel(context), DegradePanel(context),
            DreamPanel(context),
        )  # fmt: skip
        panels = (
            *picture_panels,
            TrainPanel(self.theme, self.engine, self.pictures, self.runs, folders.runs, self.preferences),
            LibraryPanel(self.theme, self.pictures, self.library),
            ModelsPanel(self.theme, self.shelf, self.models, _users_of_models(picture_panels)),
        )
        help_desk = HelpDesk(self.theme, self.runs, folders)
        return StudioWindow(self.theme, panels, actions, self.preferences, help_desk)

    def open(self, files: Sequence[Path]) -> None:
        """Show the window, then load the network behind it.

        Without `files` everything is as it was left; on the very first start a sample is painted.
        """
        self.window.show()
        QTimer.singleShot(0, self.window, lambda: self._begin(files))

    def _begin(self, files: Sequence[Path]) -> None:
        self.window.watch_loading(self.engine.live("warm_up", "warm_up", DEFAULT_BACKBONE))
        if files:
            self.window.open_files(list(files))
        else:
            self.window.open_last_sessions(self.window.open_samples if self.preferences.is_first_start else _nothing)
        if not self._sessions_lock.isLocked():
            self.window.show_notice("Atelier is open already: that window keeps the session, this one does not.")

    def shut_down(self) -> None:
        """Stop the engines; the network's first, so that what it reached can still be kept."""
        for engine in (self.engine, self.pictures, self.shelf, self.runs):
            while not engine.shut_down():
                pass  # a step that takes longer than half a minute must end before its thread can
        self._sessions_lock.unlock()


def _nothing() -> None:
    """Leave the window empty."""


def _lock(sessions: Path) -> QLockFile:
    """Return the lock of the kept sessions, taken unless another Atelier holds it; one that was killed holds none."""
    with suppress(OSError):
        sessions.mkdir(parents=True, exist_ok=True)
    lock = QLockFile(str(sessions / "in-use.lock"))
    lock.setStaleLockTime(0)  # however old it is, as long as its program lives
    lock.tryLock(0)
    return lock


def _users_of_models(panels: Sequence[PicturePanel]) -> dict[str, str]:
    """Return which panel works with a kind of network: the first that can."""
    return {product: panel.title for panel in reversed(panels) for product in panel.task.products}


class UncaughtErrors(QObject):
    """Brings whatever nobody caught, on whichever thread, to the window's banner: silence would look like freezing.

    Args:
        window: shows it.

    """

    happened = Signal(object)

    def __init__(self, window: StudioWindow) -> None:
        super().__init__(window)
        self.happened.connect(window.show_failure)

    def tell(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Print and show one; made for `sys.excepthook`."""
        sys.__excepthook__(kind, error, trace)
        self.happened.emit(explain(error))


def main(files: Sequence[str] = ()) -> int:
    """Open the studio's window; returns the exit code."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Atelier")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("atelier")
    application.setWindowIcon(QIcon(str(resources.files("assets") / "icons" / "atelier.svg")))
    folders = UserFolders.standard()
    with logging_to(folders.log):
        LOG.info("Atelier %s, Python %s, %s", __version__, platform.python_version(), platform.platform())
        qInstallMessageHandler(_log_of_qt)
        return _run(application, folders, files)


def _log_of_qt(kind: QtMsgType, _context: QMessageLogContext, words: str) -> None:
    """Write down what Qt says, and print it as Qt does."""
    LOG.log(DEBUG if kind == QtMsgType.QtDebugMsg else WARNING, "Qt: %s", words)
    sys.stderr.write(f"{words}\n")


def _run(application: QApplication, folders: UserFolders, files: Sequence[str]) -> int:
    studio = Studio(application, folders)
    for end in (signal.SIGINT, signal.SIGTERM):
        # in the event loop, not where Python happens to be: that may be in the middle of painting the window
        signal.signal(end, lambda *_: QTimer.singleShot(0, studio.window.close_without_asking))
    heartbeat = QTimer(interval=200)  # lets Python see Ctrl+C while Qt's loop runs
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    sys.excepthook = UncaughtErrors(studio.window).tell
    studio.open([Path(file).absolute() for file in files])
    return application.exec()
