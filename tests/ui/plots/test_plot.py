import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.ui.plots.plot import LINES, AxisWords, Plot, line_colour, short_number, whole_number
from studio.ui.theme import Theme
from studio.ui.tokens import DARK, LIGHT, contrast

# Machado, Oliveira & Fernandes 2009, severity 1.0, for linear RGB
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colour: str, blindness: np.ndarray) -> np.ndarray:
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(blindness @ linear, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("blindness", BLINDNESS.values(), ids=BLINDNESS)
@pytest.mark.parametrize("scheme", LINES)
def test_six_lines_stay_apart_for_every_eye(scheme, blindness):
    seen = [lab(colour, blindness) for colour in LINES[scheme][:6]]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) >= 15


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_lines_stand_out_on_every_ground(tokens):
    for colour in LINES[tokens.scheme]:
        assert min(contrast(colour, getattr(tokens, ground)) for ground in ("field", "panel", "window", "canvas")) >= 3


def test_after_the_last_colour_the_first_comes_again():
    assert line_colour(DARK, len(LINES["dark"])) == line_colour(DARK, 0)


@pytest.mark.parametrize(
    ("value", "spacing", "words"),
    [(0, 1, "0"), (0.25, 0.05, "0.25"), (1500, 500, "1,500"), (5000, 5000, "5k"), (40_000, 20_000, "40k"),
     (1_200_000, 200_000, "1.2M"), (1_000_000, 1_000_000, "1M"), (3e-5, 1e-5, "3e-5"), (-0.5, 0.5, "-0.5"),
     (10_500, 500, "10,500")],
)  # fmt: skip
def test_numbers_on_an_axis_are_short(value, spacing, words):
    assert short_number(value, spacing) == words


def test_half_steps_have_no_label():
    assert [whole_number(value, 0.5) for value in (1.0, 1.5, 2.0)] == ["1", "", "2"]


@pytest.fixture
def plot(qtbot, theme: Theme) -> Plot:
    plot = Plot(theme, "Rates", AxisWords("Step"), AxisWords("Rate", "per step"))
    qtbot.addWidget(plot)
    plot.resize(480, 240)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def wheel(plot: Plot, modifiers=Qt.KeyboardModifier.NoModifier) -> QWheelEvent:
    middle = QPointF(plot.rect().center())
    event = QWheelEvent(
        middle, plot.mapToGlobal(middle), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plot.viewport(), event)
    return event


def width(plot: Plot) -> float:
    left, right = plot.view.viewRange()[0]
    return right - left


def test_the_wheel_zooms_only_once_the_plot_is_chosen(plot: Plot):
    plot.clearFocus()
    before = plot.view.viewRange()
    wheel(plot)
    assert plot.view.viewRange() == before
    plot.setFocus()
    wheel(plot)
    (left, right), heights = plot.view.viewRange()
    assert right - left < before[0][1] - before[0][0]
    assert heights == before[1]
    wheel(plot, Qt.KeyboardModifier.ShiftModifier)
    assert width(plot) == right - left
    assert plot.view.viewRange()[1] != before[1]


def test_keys_zoom_move_and_show_everything_again(qtbot, plot: Plot):
    plot.setXRange(0, 100, padding=0)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert width(plot) == pytest.approx(80)
    assert plot.whole_button.isVisible()
    qtbot.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert plot.view.viewRange()[0][0] == pytest.approx(18)
    qtbot.keyClick(plot, Qt.Key.Key_Minus)
    assert width(plot) == pytest.approx(100)
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert not plot.whole_button.isVisible()


def test_the_plot_follows_the_theme(plot: Plot, theme: Theme):
    theme.set_mode("light")
    assert plot.backgroundBrush().color() == theme.colour("field")
    assert plot.axes["left"].textPen().color() == theme.colour("text_muted")


def test_a_ring_shows_where_the_keyboard_is(plot: Plot, theme: Theme):
    left = plot.mapFromScene(plot.view.sceneBoundingRect()).boundingRect().left()
    plot.clearFocus()
    without = plot.grab().toImage()
    plot.setFocus()
    ringed = plot.grab().toImage()
    edge = [ringed.pixelColor(left + offset, 100) for offset in (-2, -1, 0, 1)]
    assert theme.colour("focus") in edge
    assert theme.colour("focus") not in [without.pixelColor(left + offset, 100) for offset in (-2, -1, 0, 1)]


def test_there_is_no_menu_of_pyqtgraphs_own(plot: Plot):
    assert not plot.view.menuEnabled()
    assert not plot.plotItem.menuEnabled()


def test_a_power_of_ten_is_labelled_on_a_logarithmic_axis(plot: Plot):
    plot.set_log(True)
    plot.setYRange(-4.2, 1.1, padding=0)
    axis = plot.axes["left"]
    (_, places), = axis.tickValues(-4.2, 1.1, 200)  # fmt: skip
    assert axis.tickStrings(places, 1, 1) == ["1e-4", "0.001", "0.01", "0.1", "1", "10"]


def test_the_window_does_not_wait_for_pyqtgraph():
    code = "import sys, studio.app; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
