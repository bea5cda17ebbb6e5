"""What a card says when a download failed: the reason, and how to get the file without us."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QWidget

from studio.core.failures import Failure
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, row
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_SIGN = 18


class DownloadFailure(QFrame):
    """Cause, remedy, the file's address, and buttons: try again, copy the address, open the folder to drop it into."""

    retry_requested = Signal()
    copy_requested = Signal()
    folder_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._sign = QLabel(self)
        self._cause = WrappingLabel(parent=self)
        self._remedy = WrappingLabel(parent=self)
        self._address = ElidingLabel(parent=self, mode=Qt.TextElideMode.ElideMiddle)
        self.retry_button = QPushButton("Try Again", self)
        self.copy_button = QPushButton("Copy Address", self)
        self.folder_button = QPushButton("Open Folder", self)
        self.close_button = tool_button("close", "Dismiss", theme, self, colour="text_muted")
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="raised")
        mark(self._cause, tone="strong")
        mark(self._address, tone="small")
        self._address.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for button, sign in ((self.retry_button, "restart"), (self.copy_button, "copy"), (self.folder_button, "open")):
            set_icon(button, sign, self._theme)
            button.setToolTip(button.text())
        set_icon(self._sign, "error", self._theme, colour="error", side=_SIGN)
        gap, wide, top = tokens.gap, tokens.gap + 4, Qt.AlignmentFlag.AlignTop
        buttons = row(self.retry_button, self.copy_button, self.folder_button, None, gap=gap)
        words = column(self._cause, self._remedy, self._address, gap, buttons, gap=2)
        parts = ((self._sign, top), (words, 1), (self.close_button, top))
        self.setLayout(row(*parts, gap=wide, margins=(wide, wide, gap, wide)))

    def _connect(self) -> None:
        self.retry_button.clicked.connect(self.retry_requested)
        self.copy_button.clicked.connect(self.copy_requested)
        self.folder_button.clicked.connect(self.folder_requested)
        self.close_button.clicked.connect(self.clear)

    @property
    def text(self) -> str:
        """Everything it says, as one sentence; "" while it says nothing."""
        words = (self._cause.text(), self._remedy.text(), self._address.text())
        return " ".join(word for word in words if word) if not self.isHidden() else ""

    def show_failure(self, failure: Failure, subject: str, address: str = "") -> None:
        """Show what failed; with the file's `address` also the ways to get it by hand."""
        self._cause.setText(failure.cause)
        self._remedy.setText(failure.remedy)
        self._address.setText(address)
        for widget in (self._address, self.retry_button, self.copy_button, self.folder_button):
            widget.setVisible(bool(address))
        file = file_name_of(address)
        for button, hint in (
            (self.retry_button, f"Download {subject} again; what is there already is kept"),
            (self.copy_button, f"Put the address of {file} on the clipboard, for a browser"),
            (self.folder_button, f"Open the folder in which {file} is looked for"),
        ):
            button.setToolTip(hint)
            button.setAccessibleName(f"{button.text()}: {subject}")
        self.setAccessibleName(f"{failure.cause} {failure.remedy}")
        self.show()

    def clear(self) -> None:
        """Say nothing any more."""
        self.hide()


def file_name_of(address: str) -> str:
    """Return the name that a browser would save the file at `address` under."""
    return unquote(Path(urlsplit(address).path).name)
