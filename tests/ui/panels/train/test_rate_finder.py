import numpy as np
import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from rate_kit import plan

from studio.engine import Engine
from studio.training.rate_curve import FoundRates, RateCurve, RateSweep, RateTrial
from studio.ui.panels.train.rate.dialog import RateDialog
from studio.ui.panels.train.rate.finder import RateFinder
from studio.ui.panels.train.rate.search import RateSearch
from studio.ui.theme import Theme

LEFT = Qt.MouseButton.LeftButton


def curve(network: str = "network", shift: float = 0.0) -> RateCurve:
    """Falls around 1e-2 (moved by so many powers of ten), turns, explodes."""
    rates = np.array(RateSweep().rates())
    x = np.log10(rates) - shift
    losses = 2.3 - 1.8 / (1 + np.exp(-4 * (x + 2))) + np.exp(6 * (x - 0.2))
    return RateCurve(network, rates, losses, losses, diverged=True)


@pytest.fixture
def finder(qtbot: QtBot, theme: Theme) -> RateFinder:
    finder = RateFinder(theme)
    qtbot.addWidget(finder)
    finder.resize(640, 420)
    finder.show()
    qtbot.waitExposed(finder)
    return finder


def tried(found: RateCurve, *, own: float = 0.01, own_loss: float = 2.0, loss: float = 1.0) -> list[RateTrial]:
    """The schedule's rate and the curve's, tried against each other."""
    assert found.suggested is not None
    return [RateTrial(own, 40, own_loss), RateTrial(found.suggested, 40, loss)]


def shown(finder: RateFinder) -> None:
    QApplication.processEvents()


def test_a_suggestion_that_has_proved_itself_is_proposed(finder: RateFinder, qtbot: QtBot) -> None:
    found = curve()
    finder.set_curves([found], tried(found))
    assert finder.rate == pytest.approx(found.valley, rel=0.05)
    assert "the curve's is better" in finder.words.text().lower()
    with qtbot.waitSignal(finder.rate_chosen) as chosen:
        QTest.mouseClick(finder.use_button, LEFT)
    assert chosen.args == [finder.rate]


@pytest.mark.parametrize("loss", [2.5, float("inf")])
def test_where_the_suggestion_learns_worse_the_schedule_s_own_rate_is_proposed(finder: RateFinder, loss: float) -> None:
    found = curve()
    finder.set_curves([found], tried(found, own=0.002, loss=loss))
    assert finder.rate == 0.002
    words = finder.words.text()
    assert "Tried for 40 steps: the schedule's 0.002 came to 2" in words
    assert ("diverged" in words) == (loss == float("inf"))
    assert finder.valley_button.isVisible()  # it can still be taken


def test_what_nobody_has_tried_is_not_proposed(finder: RateFinder) -> None:
    finder.set_curves([curve()])  # ended before
    assert finder.rate is None
    assert not finder.use_button.isEnabled()


def test_the_steepest_place_can_be_taken_instead(finder: RateFinder) -> None:
    found = curve()
    finder.set_curves([found])
    QTest.mouseClick(finder.steepest_button, LEFT)
    assert finder.rate == pytest.approx(found.steepest, rel=0.05)


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_click_takes_the_rate_under_the_mouse(finder: RateFinder, scale: str) -> None:
    finder.set_curves([curve()])
    QTest.mouseClick(finder.scale_choice.buttons[0 if scale == "log" else 1], LEFT)
    shown(finder)
    plot = finder.plot
    assert plot is not None
    at = plot.place_of(0.05)
    QTest.mouseClick(plot.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, (at + QPointF(0, 30)).toPoint())
    assert finder.rate == pytest.approx(0.05, rel=0.1)
    assert float(finder.rate_box.text()) == finder.rate


def test_arrows_go_from_one_tried_rate_to_the_next(finder: RateFinder) -> None:
    found = curve()
    finder.set_curves([found], tried(found))
    assert finder.plot is not None
    before = int(np.argmin(np.abs(found.rates - finder.rate)))
    QTest.keyClick(finder.plot, Qt.Key.Key_Right)
    assert finder.rate == found.rates[before + 1]


def test_an_exact_rate_can_be_typed(finder: RateFinder) -> None:
    finder.set_curves([curve()])
    finder.rate_box.selectAll()
    QTest.keyClicks(finder.rate_box, "3.525e-3")
    QTest.keyClick(finder.rate_box, Qt.Key.Key_Return)
    assert finder.rate == 0.003525
    finder.rate_box.selectAll()
    QTest.keyClicks(finder.rate_box, "fast")
    QTest.keyClick(finder.rate_box, Qt.Key.Key_Return)
    assert finder.rate == 0.003525
    assert finder.rate_box.text() == "0.003525"


def test_each_network_has_its_own_curve_and_suggestion(finder: RateFinder) -> None:
    generator, critic = curve("generator"), curve("critic", shift=-1)
    finder.set_curves([generator, critic])
    assert finder.rate == pytest.approx(generator.valley, rel=0.05)
    names = {button.text(): button for button in finder.findChildren(QAbstractButton)}
    QTest.mouseClick(names["Critic"], LEFT)
    assert finder.rate == pytest.approx(critic.valley, rel=0.05)


def test_a_running_test_is_drawn_as_it_goes(finder: RateFinder, qtbot: QtBot) -> None:
    with qtbot.waitSignal(finder.find_requested):
        QTest.mouseClick(finder.find_button, LEFT)
    finder.begin()
    assert not finder.find_button.isEnabled()
    found = curve()
    for rate, loss in zip(found.rates[:20], found.losses[:20], strict=True):
        finder.add({"network.rate": rate, "network.loss": loss, "network.smoothed": loss})
    assert "Trying" in finder.words.text()
    assert not finder.use_button.isEnabled()
    finder.show_trial("Learning for a while · 0.01…")
    assert finder.words.text() == "Learning for a while · 0.01…"
    assert not finder.use_button.isEnabled()
    finder.set_curves([found], tried(found))
    assert finder.use_button.isEnabled()
    assert finder.find_button.isEnabled()


def test_a_test_that_found_nothing_says_so(finder: RateFinder) -> None:
    rates = np.array(RateSweep().rates())
    rising = np.linspace(1, 2, 100)
    finder.set_curves([RateCurve("network", rates, rising, rising)])
    assert "never falls" in finder.words.text()
    assert not finder.use_button.isEnabled()
    assert not finder.valley_button.isVisible()


def test_every_control_has_a_name_and_explains_itself(finder: RateFinder) -> None:
    finder.set_curves([curve("generator"), curve("critic")])
    assert controls_without_name(finder) == []
    assert controls_without_tooltip(finder, QAbstractButton, QLineEdit) == []


def test_which_rates_are_tried_can_be_typed(finder: RateFinder) -> None:
    assert finder.sweep == RateSweep()
    for box, text in ((finder.low_box, "1e-4"), (finder.high_box, "0,5")):
        box.selectAll()
        QTest.keyClicks(box, text)
    QTest.mouseClick(finder.spacing_choice.buttons[1], LEFT)
    assert finder.sweep == RateSweep(1e-4, 0.5, spacing="linear")
    QTest.keyClicks(finder.low_box, "x")
    with pytest.raises(ValueError, match="is no number"):
        _ = finder.sweep


def test_what_there_is_to_know_of_the_curves_stands_below_them(
    finder: RateFinder, theme: Theme, pictures: Engine
) -> None:
    search = RateSearch(pictures)
    dialog = RateDialog(search, plan(), theme, finder)
    search.cancel()
    search.found.emit(FoundRates((curve(),)))
    assert dialog.trouble.isHidden()
    search.found.emit(FoundRates((curve(),), note="Each rests while the other is tried."))
    assert (dialog.trouble.text(), dialog.trouble.isHidden()) == ("Each rests while the other is tried.", False)
