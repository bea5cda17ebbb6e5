"""One mask in the list: its eye, what is on it, its name, what it serves as, and what can be done with it."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QLineEdit, QMenu, QStackedLayout, QToolButton, QWidget

from studio.core.events import Picture
from studio.core.picture_task import SKETCH
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.controls.tool_button import tool_button
from studio.ui.icons import set_icon
from studio.ui.picture.masks import kind_of
from studio.ui.theme import Theme, mark

__all__ = ["MaskRow"]

_UNUSED = "Not used by what is done now"
_SMALL = 36
_BAR = 4


class MaskRow(QWidget):
    """A click begins or ends the work on this mask; a double click on the name renames it.

    Args:
        roles: what it may serve as, value → words; where that is one thing alone, nothing is asked.
        colour: of its tint.

    """

    pressed = Signal()
    eye_toggled = Signal(bool)
    renamed = Signal(str)
    role_chosen = Signal(str)
    duplicate_requested = Signal()
    delete_requested = Signal()
    save_requested = Signal()
    move_requested = Signal(int)
    """Up (−1) or down (1) in the list."""

    def __init__(self, roles: Mapping[str, str], colour: QColor, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._colour = theme, colour
        self._is_active = self._is_pressed = False
        self._roles = frozenset(roles)
        self.eye = tool_button("peek", "Show the mask", theme, self, side=theme.tokens.row)
        self._small = _Small(theme, self)
        self.name, self._editor = ElidingLabel("", self, Qt.TextElideMode.ElideMiddle), _NameEdit(self)
        self.role = ChoiceBox(roles, theme, self)
        self.unused = ElidingLabel(_UNUSED, self)
        self.more = QToolButton(self)
        self.menu = QMenu(self.more)
        self._set_up()
        self._lay_out()
        self._connect()

    def _set_up(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.eye.setCheckable(True)
        self.eye.setIconSize(QSize(16, 16))
        self.role.setToolTip("What the mask says: white places are protected, alone worked on, or filled")
        self._editor.setAccessibleName("Name")
        self._editor.setMaxLength(80)
        set_icon(self.more, "more", self._theme, colour="text_muted")
        self.more.setIconSize(QSize(16, 16))
        self.more.setFixedSize(self._theme.tokens.row, self._theme.tokens.row)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.setMenu(self.menu)
        self.menu.addAction("Rename", self.rename)
        self.menu.addAction("Duplicate", self.duplicate_requested.emit)
        self.menu.addAction("Save as PNG…", self.save_requested.emit)
        self.menu.addSeparator()
        self._up = self.menu.addAction("Move Up\tAlt+Up", lambda: self.move_requested.emit(-1))
        self._down = self.menu.addAction("Move Down\tAlt+Down", lambda: self.move_requested.emit(1))
        self.menu.addSeparator()
        self.menu.addAction("Delete", self.delete_requested.emit)

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        self._names = QStackedLayout()
        self._names.setContentsMargins(0, 0, 0, 0)
        for part in (self.name, self._editor):
            self._names.addWidget(part)
        mark(self.unused, tone="small")
        words = column(None, holding(self._names), self.role, self.unused, None, gap=2)
        self.setLayout(
            row(
                self.eye,
                self._small,
                (words, 1),
                self.more,
                gap=gap // 2,
                margins=(_BAR + gap // 2, gap // 2, gap // 2, gap // 2),
            )
        )
        self._editor.setFixedHeight(self._theme.tokens.row)
        self.name.setFixedHeight(self._theme.tokens.row)

    def _connect(self) -> None:
        self.eye.clicked.connect(self.eye_toggled)
        self.role.chosen.connect(self.role_chosen)
        self.name.double_clicked.connect(self.rename)
        self._editor.returnPressed.connect(self.setFocus)
        self._editor.left.connect(self._leave_name)
        self._editor.editingFinished.connect(self._end_renaming)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def show_mask(
        self, name: str, role: str, *, shown: bool, active: bool, small: Picture | None, used: bool = True
    ) -> None:
        """Show a mask as it stands now; tells nobody. What is not `used` changes nothing as things are set."""
        self.unused.setHidden(used)
        self.name.setText(name)
        self.role.set_current(role)
        self.role.setHidden(self._roles == {role})
        self.role.setAccessibleName(f"What “{name}” serves as")
        self.more.setAccessibleName(f"More about “{name}”")
        self.more.setToolTip("Rename, duplicate, save, move, delete")
        self.eye.setChecked(shown)
        set_icon(
            self.eye, "peek" if shown else "eye_off_outline", self._theme, colour="text" if shown else "text_muted"
        )
        self.eye.setAccessibleName(f"{'Hide' if shown else 'Show'} “{name}”")
        if role == SKETCH:
            self.eye.setToolTip("Part of the drawing" if shown else "Hidden: not part of the drawing")
        else:
            seen = "Seen" if shown else "Not seen"
            self.eye.setToolTip(f"{seen} while you paint on another mask")
        self._small.show_picture(small, on_paper=role == SKETCH)
        self.setAccessibleName(f"{kind_of(role).capitalize()} “{name}”")
        self.setAccessibleDescription("painted on now" if active else "press to paint on it")
        press = "Press again, or Esc on the picture, when you are done" if active else "Press to paint on it"
        self.setToolTip(f"{press}; drag it to another place")
        self._is_active = active
        self.update()

    def show_place(self, *, first: bool, last: bool) -> None:
        """Let it be moved only where there is a place."""
        self._up.setEnabled(not first)
        self._down.setEnabled(not last)

    # -- renaming ----------------------------------------------------------------------------------------------------

    def rename(self) -> None:
        """Let the name be typed; Enter takes it, Esc leaves it as it was."""
        self._editor.setText(self.name.text())
        self._editor.selectAll()
        self._names.setCurrentWidget(self._editor)
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_name(self) -> None:
        self._editor.setText(self.name.text())
        self._names.setCurrentWidget(self.name)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end_renaming(self) -> None:
        if self._names.currentWidget() is self._editor:
            self._names.setCurrentWidget(self.name)
            self.renamed.emit(self._editor.text())

    # -- the hand ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self._is_pressed = event.button() == Qt.MouseButton.LeftButton

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        pressed, self._is_pressed = self._is_pressed, False  # a drag to another place ends without this
        if pressed and event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        event.accept()  # its first click has done everything

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.pressed.emit()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.delete_requested.emit()
            case _:
                super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: D102
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        super().leaveEvent(event)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius, area = self._theme.tokens.radius, self.rect().adjusted(1, 1, -1, -1)
        ground = "accent_soft" if self._is_active else "hover" if self.underMouse() else "raised"
        focused = self.hasFocus()
        painter.setPen(QPen(self._theme.colour("focus"), 2) if focused else QPen(self._theme.colour("border"), 1))
        painter.setBrush(self._theme.colour(ground))
        painter.drawRoundedRect(area, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(area.adjusted(3, 5, _BAR + 2 - area.width(), -5), 1.5, 1.5)


class _NameEdit(QLineEdit):
    """Where a name is typed; Esc leaves it, Enter takes it, and neither goes any further."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().event(event)
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
            event.accept()
            return True
        return super().event(event)


class _Small(QWidget):
    """What is painted, small: a drawing lies on white paper, a mask on black."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pixmap: QPixmap | None = None
        self._ground = QColor("black")
        self.setFixedSize(_SMALL, _SMALL)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_picture(self, small: Picture | None, *, on_paper: bool) -> None:
        self._pixmap = None if small is None else pixmap_of(small)
        self._ground = QColor("white" if on_paper else "black")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(self._theme.colour("border"), 1))
        painter.setBrush(self._ground)
        painter.drawRoundedRect(area, 3, 3)
        if self._pixmap is not None:
            inside = area.adjusted(1.5, 1.5, -1.5, -1.5)
            size = self._pixmap.deviceIndependentSize().scaled(inside.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(QPointF(), size)
            place.moveCenter(inside.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
