"""The bar above the canvas: which picture it is, how photo and painting are compared, and how near one looks."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, row
from studio.ui.controls.segments import Segments
from studio.ui.controls.tool_button import tool_button
from studio.ui.theme import Theme, mark, with_even_figures

_ZOOMS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_MODES = {
    "after": ("{0}", "Only the {1}"),
    "split": ("Split", "Photo and {1} with a line between them to drag"),
    "side": ("Side by side", "Photo and {1} beside each other"),
}
"""Mode → what its button says, and what it explains, of a result's name as it is and without a capital."""
_LEAST = 7
"""So many characters of a name say something; a shorter rest is left out."""


class CompareBar(QWidget):
    """Photo and result with their sizes on the left; peek, comparison and zoom on the right, each in its fixed place.

    Args:
        result: what the picture is called that is made: "Painting".

    """

    mode_chosen = Signal(str)
    """ "after", "split" or "side"."""

    peek_changed = Signal(bool)
    """True while the eye button is held down."""

    fit_requested = Signal()
    actual_size_requested = Signal()

    zoom_chosen = Signal(float)
    """1.0 is 100 %."""

    def __init__(self, result: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._title, self._noun = theme, result, result.lower()
        self._words = {mode: [words.format(result, result.lower()) for words in said] for mode, said in _MODES.items()}
        self._picture = ElidingLabel("", self, Qt.TextElideMode.ElideMiddle)
        self._result = ElidingLabel("", self)
        self._photo, self._facts = ("", ""), ""
        side = theme.tokens.control
        peek, fit = "Hold to see the photo (Space)", "See the whole picture (Ctrl+0)"
        self._peek = tool_button("peek", "Show the photo", theme, self, hint=peek, side=side)
        self._modes = Segments({mode: label for mode, (label, _) in self._words.items()}, self)
        self._fit = tool_button("fit", "Fit in window", theme, self, hint=fit, side=side)
        self._actual = QToolButton(self)
        self._zoom = QToolButton(self)
        self._zoom_actions: list[QAction] = []
        self._prepare()
        self._lay_out()
        self._connect()
        self.set_mode("after")
        self.set_zoom(1.0)
        self.clear_picture()

    def _prepare(self) -> None:
        tokens = self._theme.tokens
        mark(self._picture, tone="small")
        mark(self._result, tone="little")
        for label in (self._picture, self._result):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._modes.name_buttons("Compare")
        for button, (_, tip) in zip(self._modes.buttons, self._words.values(), strict=True):
            button.setToolTip(tip)
        self._actual.setText("1:1")
        self._actual.setFixedSize(tokens.control + tokens.gap, tokens.control)
        self._actual.setAccessibleName("Actual size")
        self._actual.setToolTip(f"One pixel of the {self._noun} on one of the screen (Ctrl+1)")
        self._zoom.setFont(with_even_figures(self.font()))
        self._zoom.setFixedSize(self._zoom.fontMetrics().horizontalAdvance("6400 %") + 2 * tokens.gap, tokens.control)
        self._zoom.setAccessibleName("Zoom")
        self._zoom.setToolTip("Choose how near you look")
        self._zoom.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._zoom)
        self._zoom_actions = [menu.addAction(_percent(zoom)) for zoom in _ZOOMS]
        self._zoom.setMenu(menu)
        for button in (self._actual, self._zoom):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="window")
        half = tokens.gap // 2
        looks = (self._peek, self._modes, tokens.gap, self._fit, self._actual, self._zoom)
        margins = (tokens.margin, half, tokens.gap, half)
        names = column(None, self._picture, self._result, None, gap=0)
        self.setLayout(row((names, 1), tokens.gap, *looks, gap=half, margins=margins))

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
        self._photo = name, f" · {width} × {height}"
        self._fit_names()
        self._set_usable(True)

    def set_result(self, facts: str) -> None:
        """Say how large the result is, and whether it is done; "" while there is none."""
        self._facts = facts
        self._result.setVisible(bool(facts))
        self._result.setAccessibleName(f"{self._title} {facts}".strip())
        self._fit_names()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the names where there is no room, or leave them out: the sizes stay whole."""
        super().resizeEvent(event)
        self._fit_names()

    def _fit_names(self) -> None:
        (name, size), metrics, room = self._photo, self._picture.fontMetrics(), self._picture.width()
        short = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(0, room - metrics.horizontalAdvance(size)))
        self._picture.setText(short + size if short == name or len(short) >= _LEAST else size.removeprefix(" · "))
        self._picture.set_hint(name + size if short != name else "")
        whole = f"{self._title} {self._facts}" if self._facts else ""
        fits = self._result.fontMetrics().horizontalAdvance(whole) <= room
        self._result.setText(whole if fits else self._facts)

    def set_comparable(self, comparable: bool) -> None:
        """Offer to compare what is shown with a photo, or leave that away where there is none to compare with."""
        self._peek.setVisible(comparable)
        self._modes.setVisible(comparable)

    def clear_picture(self) -> None:
        """There is no photo: nothing to compare or to zoom."""
        self._photo = "", ""
        self.set_result("")
        self._set_usable(False)

    def set_zoom(self, zoom: float) -> None:
        """Show the zoom; 1.0 is 100 %."""
        self._zoom.setText(_percent(zoom))
        self._zoom.setAccessibleDescription(_percent(zoom))

    def set_mode(self, mode: str) -> None:
        """Show how photo and painting are compared; tells nobody."""
        self._modes.set_current(mode)

    def _set_usable(self, usable: bool) -> None:
        for part in (self._peek, self._modes, self._fit, self._actual, self._zoom):
            part.setEnabled(usable)


def _percent(zoom: float) -> str:
    """Return a zoom in words, with one decimal where a whole number would hide the difference."""
    percent = 100 * zoom
    if percent >= 10_000:  # a picture of a few pixels, fitted
        return f"{zoom:.0f} ×"
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"
