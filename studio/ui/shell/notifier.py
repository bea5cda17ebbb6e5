"""Tells the artist about something that ended while another program had the eyes."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget


class Notifier(QObject):
    """Speaks through the desktop's notifications where there are any, else lets the window call for attention.

    Args:
        window: the window that may be out of sight.

    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None

    def tell(self, title: str, words: str) -> bool:
        """Say something, unless the window has the focus and says it itself; return whether anything was said."""
        if QApplication.activeWindow() is not None:
            return False
        QApplication.alert(self._window)
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            self._show(title, words)
        return True

    def _show(self, title: str, words: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(QIcon(self._window.windowIcon()), self)
            self._tray.messageClicked.connect(self._come_forward)
        self._tray.show()  # a notification needs an icon to come from
        self._tray.showMessage(title, words, self._tray.icon())

    def _come_forward(self) -> None:
        if self._tray is not None:
            self._tray.hide()
        self._window.raise_()
        self._window.activateWindow()
