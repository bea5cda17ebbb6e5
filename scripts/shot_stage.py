"""The real window without a screen, for pictures of it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QPoint, QRect, QSize, QTimer
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from studio.app import Studio
from studio.core.events import Progress
from studio.core.samples import Sample, sample_paintings, sample_photos
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders
from studio.ui.picture.session import SessionState

__all__ = ["Stage", "named"]

SIZE = QSize(1440, 900)


class Stage:
    """A studio in a home of its own, and what it takes to bring it into a certain state.

    Args:
        application: the Qt application.
        home: an empty folder.
        theme: "dark" or "light".

    """

    def __init__(self, application: QApplication, home: Path, theme: str = "dark") -> None:
        os.environ["ATELIER_HOME"] = str(home)  # what jobs keep for themselves lies there too
        self.studio = Studio(application, UserFolders.within(home))
        self.studio.theme.set_mode(theme)
        self.window = self.studio.window
        self.panel = self.window.panel("style")
        self.session = self.panel.session
        self._share = 0.0
        self.session.progressed.connect(self._note)
        self.window.resize(SIZE)
        self.window.show()
        self.wait_until(lambda: self.studio.pictures.is_idle)

    def close(self) -> None:
        """End it; what is under way is not waited for."""
        self.window.close()
        self.window.deleteLater()
        self.studio.theme.deleteLater()
        self.settle()

    def settle(self, milliseconds: int = 50) -> None:
        """Let the window come to rest."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def wait_until(self, condition: Callable[[], bool], seconds: int = 600) -> None:
        """Let the window live until `condition` holds."""
        deadline = QDeadlineTimer(seconds * 1000)
        while not condition():
            if deadline.hasExpired():
                raise TimeoutError(f"not there after {seconds} s: {self.panel.workspace.progress_line.text}")
            self.settle()

    def paint(self, photo: str, painting: str, **settings: object) -> None:
        """Begin to paint a sample in the manner of another."""
        self.session.set_settings(StyleSettings().model_copy(update=settings))
        self.panel.undo_stack.clear()
        self.session.start_when_ready = True
        self.panel.input_desk.choose_sample("style", named(painting, sample_paintings()).name)
        self.window.open_files([named(photo, sample_photos()).path])
        self.wait_until(lambda: self.session.state is SessionState.RUNNING and self.studio.pictures.is_idle)

    def paint_until(self, share: float) -> None:
        """Wait until so much of the painting is done."""
        self.wait_until(lambda: self._share >= share)

    def _note(self, progress: Progress) -> None:
        self._share = progress.share or 0.0

    def finish(self) -> None:
        """Wait for the end of the painting, and for its place in the library."""
        self.wait_until(lambda: self.session.state is SessionState.FINISHED)
        self.wait_until(lambda: self.studio.pictures.is_idle)
        self.settle()

    def grab(self) -> QPixmap:
        """Return the window as it is seen, with what lies over it."""
        self.settle(300)
        self.window.banner.setVisible(self.window.banner.is_showing)
        return self.window.grab()

    def grab_with(self, dialog: QDialog) -> QPixmap:
        """Return the window, and `dialog` in the middle of it."""
        self.settle(300)
        shot = self.window.grab()
        painter = QPainter(shot)
        painter.fillRect(shot.rect(), QColor(0, 0, 0, 120))
        place = QRect(QPoint(0, 0), dialog.size())
        place.moveCenter(self.window.rect().center())
        painter.drawPixmap(place.topLeft(), dialog.grab())
        painter.end()
        return shot


def named(name: str, samples: Sequence[Sample]) -> Sample:
    """Return the sample called `name`, or the first where it is not packaged."""
    return next((sample for sample in samples if sample.name == name), samples[0])
