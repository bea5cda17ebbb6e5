"""A message: what happened, what to do. It neither covers a control nor pushes one about."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QFrame,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QWidget,
)

from studio.core.failures import Failure
from studio.ui.controls.layouts import column, row
from studio.ui.controls.tool_button import tool_button
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
    """Shows the newest message; older ones come back when that is dismissed, and Esc dismisses all.

    It lies over a picture, where there is one, at the lower end of a list, which makes room for it (`lie_over`), and
    otherwise takes room of its own below what the parent holds: so nothing that a hand may be about to press moves. A
    plain notice goes by itself after a while, unless the pointer rests on it, and is said only once: it does not come
    back from behind another message.

    Args:
        parent: what it lies in.

    """

    dismissed = Signal()
    """A message was closed by the artist."""
    details_copied = Signal(str)
    """The details went to the clipboard."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme, self._host = theme, parent
        self._picture: QWidget | None = None
        self._list: QAbstractScrollArea | None = None
        self._waiting: deque[_Message] = deque()
        self._shown: _Message | None = None
        self._sign = QLabel(self)
        self._cause = QLabel(self)
        self._remedy = QLabel(self)
        self._more = QLabel(self)
        self._copy = QPushButton("Copy details", self)
        self._close = tool_button("close", "Dismiss", theme, self, hint="Dismiss (Esc dismisses all)")
        self._slide = QPropertyAnimation(self, b"pos", self)
        self._reading = QTimer(self, singleShot=True, interval=_READING_MS)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), parent)
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
        wide, top = tokens.gap + 4, Qt.AlignmentFlag.AlignTop
        words = column(self._cause, self._remedy, gap=2)
        buttons = ((widget, top) for widget in (self._more, self._copy, self._close))
        margins = (tokens.margin, wide, tokens.gap, wide)
        self._layout = row((self._sign, top), (words, 1), *buttons, gap=wide, margins=margins)
        self.setLayout(self._layout)

    def _connect(self) -> None:
        self._copy.clicked.connect(self._copy_details)
        self._close.clicked.connect(self.dismiss)
        self._escape.activated.connect(self.dismiss_all)
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
        self._take(_of_failure(failure))

    def show_notice(self, words: str, remedy: str = "", kind: BannerKind = "info", details: str = "") -> None:
        """Show a notice or a warning."""
        self._take(_Message(kind, words, remedy, details))

    def lie_over(self, picture: QWidget | None, list_place: QAbstractScrollArea | None = None) -> None:
        """Lie over the upper edge of `picture`, in which there is nothing to press, or else at a list's lower end.

        Where neither is to be seen, the message is in room of its own.
        """
        self._give_back()
        for place in (self._picture, self._list):
            if place is not None:
                place.removeEventFilter(self)
        self._picture, self._list = picture, list_place
        for place in (picture, list_place):
            if place is not None:
                place.installEventFilter(self)
        self._fit()

    def withdraw(self, failure: Failure) -> None:
        """Say no longer that this failed: it has worked since."""
        message = _of_failure(failure)
        if message in self._waiting:
            self._waiting.remove(message)
            self._count()
        if message == self._shown:
            self._next()

    def dismiss(self) -> None:
        """Close this message; the one before it comes back."""
        if self._shown is not None:
            self._next()
            self.dismissed.emit()

    def dismiss_all(self) -> None:
        """Close this message and those that wait behind it."""
        self._waiting.clear()
        self.dismiss()

    def clear(self) -> None:
        """Forget every message; tells nobody."""
        self._waiting.clear()
        self._next()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        kinds = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
        if event.type() in kinds and self._shown is not None:
            self._fit()
        return super().eventFilter(watched, event)

    def _take(self, message: _Message) -> None:
        if message in self._waiting:
            self._waiting.remove(message)
        if self._shown is not None and self._shown != message and self._shown.kind != "info":
            self._waiting.appendleft(self._shown)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.pop()
        self._waiting.appendleft(message)
        self._next()

    def _next(self) -> None:
        was_visible = self.isVisible()
        self._shown = self._waiting.popleft() if self._waiting else None
        self._escape.setEnabled(self._shown is not None)
        self._reading.stop()
        if self._shown is None:
            self.hide()
            self._fit()
            return
        self._copy.setText("Copy details")
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
        gap, area = self._theme.tokens.gap, self._host.rect()
        places = (self._picture, self._list)
        place = next((one for one in places if one is not None and one.isVisibleTo(self._host)), None)
        if place is not None:
            area = QRect(place.mapTo(self._host, QPoint()), place.size())
        width = min(max(240, area.width() - 2 * gap), 720)
        height = self._layout.totalHeightForWidth(width)
        self._slide.stop()
        over_picture = place is not None and place is self._picture
        top = area.top() + gap if over_picture else area.bottom() + 1 - gap - height
        self.setGeometry(area.left() + (area.width() - width) // 2, top, width, height)
        room = 0 if self._shown is None or over_picture else height + 2 * gap
        if self._list is not None:
            self._list.setViewportMargins(0, 0, 0, room if place is self._list else 0)
        self._host.setContentsMargins(0, 0, 0, room if place is None else 0)

    def _give_back(self) -> None:
        """Take no room of what the message lay over until now."""
        if self._list is not None:
            self._list.setViewportMargins(0, 0, 0, 0)

    def _slide_in(self) -> None:
        if not self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration):
            return
        end, is_above = self.pos(), self.geometry().center().y() < self._host.height() // 2
        self._slide.setDuration(_SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.setStartValue(end + QPoint(0, self.height() // 2 * (-1 if is_above else 1)))
        self._slide.setEndValue(end)
        self._slide.start()

    def _copy_details(self) -> None:
        if self._shown is not None:
            report = "\n\n".join(part for part in (self.text, self._shown.details) if part)
            QGuiApplication.clipboard().setText(report)
            self._copy.setText("Copied")
            self.details_copied.emit(report)


def _of_failure(failure: Failure) -> _Message:
    return _Message("error", failure.cause, failure.remedy, failure.details)
