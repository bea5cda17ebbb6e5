import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget

from studio.ui.controls.gesture import Gesture
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.switch import Switch
from studio.ui.controls.value_scale import ValueScale
from studio.ui.controls.value_slider import ValueSlider
from studio.ui.icons import GLYPHS, icon, set_icon
from studio.ui.plots.legend import LegendRow
from studio.ui.plots.overlay import PlotOverlay
from studio.ui.theme import Theme, mark
from studio.ui.tokens import DARK, LIGHT


def test_mode_dresses_the_application(qapp: QApplication, theme: Theme):
    theme.set_mode("light")
    assert theme.tokens is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.window
    assert LIGHT.accent in qapp.styleSheet()
    assert DARK.window not in qapp.styleSheet()


def test_change_of_mode_is_told_once(theme: Theme, qtbot):
    with qtbot.waitSignal(theme.theme_changed) as told:
        theme.set_mode("light")
    assert told.args == [LIGHT]
    with qtbot.assertNotEmitted(theme.theme_changed):
        theme.set_mode("light")


def test_system_mode_follows_the_desktop(qapp: QApplication, theme: Theme):
    theme.set_mode("system")
    desktop = qapp.styleHints()
    desktop.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.tokens is LIGHT
    desktop.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.tokens is DARK


def test_chosen_mode_ignores_the_desktop(qapp: QApplication, theme: Theme):
    theme.set_mode("dark")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.tokens is DARK


def test_unknown_mode_counts_as_system(theme: Theme):
    theme.set_mode("sepia")
    assert theme.mode == "system"


def test_a_second_theme_takes_over_from_the_first(qapp: QApplication, theme: Theme):
    theme.set_mode("light")
    second = Theme(qapp, "dark")
    assert second.tokens is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    second.deleteLater()


def test_stylesheet_parses_without_a_warning_and_reaches_labels(qtbot, theme: Theme):
    label = QLabel("Title")
    qtbot.addWidget(label)
    mark(label, tone="title")
    label.ensurePolished()
    assert label.font().pixelSize() == theme.tokens.title_size


@pytest.mark.parametrize("name", [*sorted(GLYPHS), "crop_rotate"])
def test_every_icon_draws_something(qtbot, theme: Theme, name: str):
    image = icon(name, theme.tokens).pixmap(24, 24).toImage()
    inked = sum(image.pixelColor(x, y).alpha() > 0 for x in range(24) for y in range(24))
    assert inked > 10


def test_an_icon_that_nobody_drew_is_an_error(theme: Theme):
    with pytest.raises(KeyError, match="no such icon"):
        icon("no such icon", theme.tokens)


def test_icon_takes_the_colour_of_the_theme_and_follows_it(qtbot, theme: Theme):
    button = QToolButton()
    qtbot.addWidget(button)
    set_icon(button, "stop", theme, colour="accent")
    assert _ink(button) == DARK.accent
    theme.set_mode("light")
    assert _ink(button) == LIGHT.accent


def test_a_newer_icon_replaces_the_older_for_good(qtbot, theme: Theme):
    button = QToolButton()
    qtbot.addWidget(button)
    set_icon(button, "stop", theme, colour="error")
    set_icon(button, "stop", theme, colour="accent")
    theme.set_mode("light")
    assert _ink(button) == LIGHT.accent


def _ink(button: QToolButton) -> str:
    return button.icon().pixmap(32, 32).toImage().pixelColor(16, 16).name()


class PaintCounter(QObject):
    """Counts how often a widget is asked to draw itself."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.mark.parametrize(
    "make",
    [
        Switch,
        lambda theme: ValueSlider(ValueScale(0, 1, 0.1), theme, Gesture(theme)),
        lambda theme: PictureTile(64, theme),
        lambda theme: LegendRow("loss", 0, theme),
        lambda theme: PlotOverlay(None, theme),
    ],
    ids=["switch", "slider", "tile", "legend", "overlay"],
)
def test_what_draws_itself_is_drawn_again_in_the_other_colours(qtbot, theme: Theme, make):
    widget = make(theme)
    qtbot.addWidget(widget)
    widget.resize(100, 40)
    widget.show()
    qtbot.waitExposed(widget)
    QApplication.processEvents()
    painted = PaintCounter(widget)
    QTest.qWait(50)
    painted.count = 0
    theme.set_mode(theme.mode)
    QTest.qWait(50)
    assert painted.count == 0
    theme.set_mode("light")
    qtbot.waitUntil(lambda: painted.count > 0)


def test_what_is_built_at_once_is_dressed_when_it_stands(qapp, theme):
    sheet = qapp.styleSheet()
    with theme.dressing_last():
        assert qapp.styleSheet() == ""
    assert qapp.styleSheet() == sheet != ""
