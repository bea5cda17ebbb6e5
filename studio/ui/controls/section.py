"""A group of controls under a title that folds it away."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from studio.ui.controls.layouts import bring_into_sight, column
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark


class Section(QWidget):
    """A collapsible section; a dot on its title tells that something inside differs from the default.

    Args:
        title: the group's name.

    """

    toggled = Signal(bool)

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.header = _SectionHeader(title, theme, self)
        self.body = QWidget(self)
        self.body.setVisible(False)
        self.contents = column(gap=theme.tokens.gap, margins=(0, theme.tokens.gap // 2, 0, theme.tokens.gap))
        self.body.setLayout(self.contents)
        self.setLayout(column(self.header, self.body, gap=0))
        self._connect()

    def _connect(self) -> None:
        self.header.toggled.connect(self._fold)
        self.header.clicked.connect(self._show_contents)

    @property
    def is_open(self) -> bool:
        """True while the contents show."""
        return self.header.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or fold away the contents."""
        self.header.setChecked(is_open)

    def set_changed(self, changed: bool) -> None:
        """Mark the title when a control inside differs from its default."""
        self.header.set_changed(changed)

    def _show_contents(self, is_open: bool) -> None:
        """Scroll to what a hand has opened, the title first of all."""
        if is_open:
            bring_into_sight(self, self.header, margin=self._theme.tokens.gap)

    def _fold(self, is_open: bool) -> None:
        self.header.show_open(is_open)
        self.body.setVisible(is_open)
        self.toggled.emit(is_open)


class _SectionHeader(QToolButton):
    """The title: a flat button over the whole width, with a chevron."""

    def __init__(self, title: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._changed = False
        self.setText(title)
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setIconSize(QSize(18, 18))
        self.setFixedHeight(theme.tokens.control)
        self.setAccessibleName(title)
        mark(self, kind="section")
        self.show_open(False)

    def show_open(self, is_open: bool) -> None:
        set_icon(self, "chevron_down" if is_open else "chevron_right", self._theme, colour="text_muted")
        self.setToolTip(f"{'Hide' if is_open else 'Show'} {self.text()}")
        self._describe()

    def set_changed(self, changed: bool) -> None:
        if changed != self._changed:
            self._changed = changed
            self._describe()
            self.update()

    def _describe(self) -> None:
        state = "open" if self.isChecked() else "closed"
        self.setAccessibleDescription(f"{state}, changed from the defaults" if self._changed else state)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._changed:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawEllipse(self.width() - 16, self.height() // 2 - 3, 6, 6)
