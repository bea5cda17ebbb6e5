"""A message over the top of the canvas: what happened, what to do. It covers, and never pushes, the picture."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QToolButton,
    QWidget,
)

from studio.core.failures import Failure
from studio.ui.controls.layouts import column, row
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

BannerKind = Literal["info", "warning", "error"]

_MOST_WAITING = 8
_SLIDE_MS = 140
_ICON = 20
_READING_MS = 7_000
"""How long a plain notice stays; warnings and errors stay until they are dismissed."""


@dataclass(frozen=True, slots=True)
class _Message:
    kind: BannerKind
    cause: str
    remedy: str
    details: str


class Banner(QFrame):
    """Lies over the top edge of `parent` and shows one message after the other; Esc dismisses.

    A plain notice goes by itself after a while, unless the pointer rests on it.

    Args:
        parent: what it lies over, usually the canvas.

    """

    dismissed = Signal()
    """A message was closed by the artist."""
    details_copied = Signal(str)
    """The details went to the clipboard."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme, self._host = theme, parent
        self._waiting: deque[_Message] = deque()
        self._shown: _Message | None = None
        self._sign = QLabel(self)
        self._cause = QLabel(self)
        self._remedy = QLabel(self)
        self._more = QLabel(self)
        self._copy = QPushButton("Copy details", self)
        self._close = QToolButton(self)
        self._slide = QPropertyAnimation(self, b"pos", self)
        self._reading = QTimer(self, singleShot=True, interval=_READING_MS)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), parent)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._escape.setEnabled(False)
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="raised")
        mark(self._cause, tone="strong")
        mark(self._more, tone="small")
        for label in (self._cause, self._remedy):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # selecting words takes the keyboard from nobody
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_icon(self._copy, "copy", self._theme)
        self._copy.setAccessibleName("Copy details")
        self._copy.setToolTip("Copy everything known about this to the clipboard, for a report")
        set_icon(self._close, "close", self._theme)
        self._close.setAccessibleName("Dismiss")
        self._close.setToolTip("Dismiss (Esc)")
        self._close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        wide, top = tokens.gap + 4, Qt.AlignmentFlag.AlignTop
        words = column(self._cause, self._remedy, gap=2)
        buttons = ((widget, top) for widget in (self._more, self._copy, self._close))
        margins = (tokens.margin, wide, tokens.gap, wide)
        self._layout = row((self._sign, top), (words, 1), *buttons, gap=wide, margins=margins)
        self.setLayout(self._layout)

    def _connect(self) -> None:
        self._copy.clicked.connect(self._copy_details)
        self._close.clicked.connect(self.dismiss)
        self._escape.activated.connect(self.dismiss)
        self._reading.timeout.connect(self.dismiss)
        self._host.installEventFilter(self)

    @property
    def is_showing(self) -> bool:
        """True while a message is up."""
        return self._shown is not None

    @property
    def text(self) -> str:
        """The message on show, "" without one."""
        return "" if self._shown is None else f"{self._shown.cause} {self._shown.remedy}".strip()

    @property
    def waiting(self) -> int:
        """How many messages come after this one."""
        return len(self._waiting)

    def show_failure(self, failure: Failure) -> None:
        """Show what failed and what to do; its details can be copied."""
        self._take(_Message("error", failure.cause, failure.remedy, failure.details))

    def show_notice(self, words: str, remedy: str = "", kind: BannerKind = "info", details: str = "") -> None:
        """Show a notice or a warning."""
        self._take(_Message(kind, words, remedy, details))

    def dismiss(self) -> None:
        """Close this message; the next one follows."""
        if self._shown is not None:
            self._shown = None
            self._next()
            self.dismissed.emit()

    def clear(self) -> None:
        """Close this message and all that wait."""
        self._waiting.clear()
        self._shown = None
        self._next()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.Resize and self._shown is not None:
            self._fit()
        return super().eventFilter(watched, event)

    def _take(self, message: _Message) -> None:
        if message == self._shown or message in self._waiting:
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft()
        if message.kind == "error" and self._shown is not None and self._shown.kind != "error":
            self._waiting.extendleft((self._shown, message))  # a failure does not wait behind notices
            self._next()
            return
        self._waiting.append(message)
        if self._shown is None:
            self._next()
        else:
            self._count()

    def _next(self) -> None:
        was_visible = self.isVisible()
        self._shown = self._waiting.popleft() if self._waiting else None
        self._escape.setEnabled(self._shown is not None)
        self._reading.stop()
        if self._shown is None:
            self.hide()
            return
        self._cause.setText(self._shown.cause)
        self._remedy.setText(self._shown.remedy)
        self._remedy.setVisible(bool(self._shown.remedy))
        self._copy.setVisible(bool(self._shown.details))
        self.setAccessibleName(self.text)
        colour = {"info": "accent", "warning": "warning", "error": "error"}[self._shown.kind]
        set_icon(self._sign, self._shown.kind, self._theme, colour=colour, side=_ICON)
        self._count()
        self._let_go_when_read()
        self.show()
        self.raise_()
        self._fit()
        if not was_visible:
            self._slide_in()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay as long as the pointer rests here."""
        self._reading.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Go on counting."""
        self._let_go_when_read()
        super().leaveEvent(event)

    def _let_go_when_read(self) -> None:
        if self._shown is not None and self._shown.kind == "info":
            self._reading.start()

    def _count(self) -> None:
        self._more.setText(f"{len(self._waiting)} more" if self._waiting else "")
        self._more.setVisible(bool(self._waiting))

    def _fit(self) -> None:
        gap = self._theme.tokens.gap
        width = min(max(240, self._host.width() - 2 * gap), 720)
        height = self._layout.totalHeightForWidth(width)
        x = (self._host.width() - width) // 2
        self._slide.stop()
        self.setGeometry(x, gap, width, height)

    def _slide_in(self) -> None:
        if not self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration):
            return
        end = self.pos()
        self._slide.setDuration(_SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.setStartValue(QPoint(end.x(), -self.height()))
        self._slide.setEndValue(end)
        self._slide.start()

    def _copy_details(self) -> None:
        if self._shown is not None:
            report = "\n\n".join(part for part in (self.text, self._shown.details) if part)
            QGuiApplication.clipboard().setText(report)
            self.details_copied.emit(report)
