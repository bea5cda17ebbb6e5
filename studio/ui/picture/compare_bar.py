"""The bar above the canvas: which picture it is, how two pictures are compared, and how near one looks."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.segments import Segments
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark, with_even_figures

_MODES = {"after": "Result", "split": "Split", "side": "Side by side"}
_ZOOMS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class CompareBar(QWidget):
    """Name and size on the left; peek, comparison and zoom on the right, each in its fixed place.

    Args:
        result: what the picture is called that is made, until `set_pictures` says more: "Painting".
        theme: where colours and icons come from.
        parent: the widget it lies in.

    """

    mode_chosen = Signal(str)
    """ "after", "split" or "side"."""

    before_chosen = Signal(str)
    """The name of the picture to compare with."""

    peek_changed = Signal(bool)
    """True while the eye button is held down."""

    fit_requested = Signal()
    actual_size_requested = Signal()

    zoom_chosen = Signal(float)
    """1.0 is 100 %."""

    def __init__(self, result: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture = ElidingLabel("", self, Qt.TextElideMode.ElideMiddle)
        self._peek = self._make_button("peek", "", "")
        self._before = QToolButton(self)
        self._modes = Segments(_MODES, self)
        self._fit = self._make_button("fit", "Fit in window", "See the whole picture (Ctrl+0)")
        self._actual = QToolButton(self)
        self._zoom = QToolButton(self)
        self._zoom_actions: list[QAction] = []
        self._pictures: dict[str, str] = {}
        self._prepare()
        self._lay_out()
        self._connect()
        self.set_mode("after")
        self.set_zoom(1.0)
        self.set_pictures({}, ("Photo", result))
        self.clear_picture()

    def _make_button(self, icon: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        set_icon(button, icon, self._theme)
        tokens = self._theme.tokens
        button.setIconSize(QSize(tokens.icon, tokens.icon))
        button.setFixedSize(tokens.control, tokens.control)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _prepare(self) -> None:
        tokens = self._theme.tokens
        mark(self._picture, tone="muted")
        self._picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._before.setFixedHeight(tokens.control)
        self._before.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._before.setMenu(QMenu(self._before))
        self._before.menu().aboutToShow.connect(self._offer_pictures)
        self._before.setAccessibleName("Compare with")
        self._before.setToolTip("Choose the picture to compare with")
        self._actual.setText("1:1")
        self._actual.setFixedSize(tokens.control + tokens.gap, tokens.control)
        self._actual.setAccessibleName("Actual size")
        self._actual.setToolTip("One picture pixel on one pixel of the screen (Ctrl+1)")
        self._zoom.setFont(with_even_figures(self.font()))
        self._zoom.setFixedSize(self._zoom.fontMetrics().horizontalAdvance("6400 %") + 2 * tokens.gap, tokens.control)
        self._zoom.setAccessibleName("Zoom")
        self._zoom.setToolTip("Choose how near you look")
        self._zoom.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._zoom)
        self._zoom_actions = [menu.addAction(_percent(zoom)) for zoom in _ZOOMS]
        self._zoom.setMenu(menu)
        for button in (self._before, self._actual, self._zoom):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="window")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(tokens.margin, tokens.gap // 2, tokens.gap, tokens.gap // 2)
        layout.setSpacing(tokens.gap // 2)
        layout.addWidget(self._picture, 1)
        layout.addSpacing(tokens.gap)
        layout.addWidget(self._peek)
        layout.addWidget(self._before)
        layout.addWidget(self._modes)
        layout.addSpacing(tokens.gap)
        layout.addWidget(self._fit)
        layout.addWidget(self._actual)
        layout.addWidget(self._zoom)

    def _connect(self) -> None:
        self._peek.pressed.connect(lambda: self.peek_changed.emit(True))
        self._peek.released.connect(lambda: self.peek_changed.emit(False))
        self._modes.chosen.connect(self.mode_chosen)
        self._fit.clicked.connect(self.fit_requested)
        self._actual.clicked.connect(self.actual_size_requested)
        for zoom, action in zip(_ZOOMS, self._zoom_actions, strict=True):
            action.triggered.connect(lambda _=False, zoom=zoom: self.zoom_chosen.emit(zoom))

    def set_picture(self, name: str, width: int, height: int) -> None:
        """Show the photo's name and its size in pixels."""
        self._picture.setText(f"{name} · {width} × {height}")
        self._set_usable(True)

    def clear_picture(self) -> None:
        """There is no photo: nothing to compare or to zoom."""
        self._picture.setText("")
        self._set_usable(False)

    def set_pictures(self, pictures: Mapping[str, str], compared: tuple[str, str]) -> None:
        """Call the two that are compared by their labels; with more pictures (name → label), offer to choose one."""
        before, after = compared
        self._peek.setAccessibleName(f"Show the {before.lower()}")
        self._peek.setToolTip(f"Hold to see the {before.lower()} (Space)")
        alone, split, side = self._modes.buttons
        alone.setText(after)
        self._modes.name_buttons("Compare")
        alone.setToolTip(f"Only the {after.lower()}")
        split.setToolTip(f"{before} and {after.lower()} with a line between them to drag")
        side.setToolTip(f"{before} and {after.lower()} beside each other")
        self._before.setText(before)
        self._before.setVisible(len(pictures) > 2)
        self._pictures = {name: label for name, label in pictures.items() if label != after}

    def _offer_pictures(self) -> None:
        menu = self._before.menu()
        menu.clear()
        for name, label in self._pictures.items():
            menu.addAction(label, partial(self.before_chosen.emit, name))

    def set_zoom(self, zoom: float) -> None:
        """Show the zoom; 1.0 is 100 %."""
        self._zoom.setText(_percent(zoom))
        self._zoom.setAccessibleDescription(_percent(zoom))

    def set_mode(self, mode: str) -> None:
        """Show how the two are compared; tells nobody."""
        self._modes.set_current(mode)

    def _set_usable(self, usable: bool) -> None:
        for part in (self._peek, self._before, self._modes, self._fit, self._actual, self._zoom):
            part.setEnabled(usable)


def _percent(zoom: float) -> str:
    """Return a zoom in words, with one decimal where a whole number would hide the difference."""
    percent = 100 * zoom
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"
