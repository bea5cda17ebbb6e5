import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from studio.training.run_log import RunHistory, RunLog
from studio.ui.plots.curves import AxisMapping, Curves, Knots, PlotMark
from studio.ui.theme import Theme


@pytest.fixture
def curves(qtbot, theme: Theme) -> Curves:
    curves = Curves(theme)
    qtbot.addWidget(curves)
    curves.resize(800, 360)
    curves.show()
    qtbot.waitExposed(curves)
    return curves


def at_rest(curves: Curves) -> bool:
    timers = (curves._draw, curves.plot._soon)
    return not any(timer.isActive() for timer in timers)


def settle(qtbot, curves: Curves) -> None:
    qtbot.waitUntil(lambda: at_rest(curves), timeout=10_000)


def fall(count=1000, height=2.0):
    return np.arange(count), height * np.exp(-np.arange(count) / count)


def x_range(curves: Curves):
    return curves.plot.view.viewRange()[0]


def y_range(curves: Curves):
    return curves.plot.view.viewRange()[1]


def place_of(curves: Curves, step: float, height: float) -> QPoint:
    """Where a point of a curve is, in pixels of the plot."""
    scene = curves.plot.view.mapViewToScene(QPointF(step, height))
    return curves.plot.mapFromScene(scene)


def colour_at(curves: Curves, place: QPoint):
    """The colour of a pixel of what the curves are drawn on; transparent where nothing was drawn."""
    local = place - curves.plot.overlay.pos()
    return curves.plot._renderer.image.pixelColor(local)


def test_before_the_first_number_there_are_words(qtbot, curves: Curves):
    assert curves.empty_state.isVisible()
    curves.set_series("loss", *fall())
    assert not curves.empty_state.isVisible()
    assert curves.plot.isVisible()


def test_a_curve_is_drawn_where_its_points_are(qtbot, curves: Curves):
    steps, values = fall()
    curves.set_smoothing(1)
    curves.set_series("loss", steps, values)
    settle(qtbot, curves)
    for at in (100, 500, 900):
        assert colour_at(curves, place_of(curves, steps[at], values[at])).alpha() > 0
        assert colour_at(curves, place_of(curves, steps[at], values[at] + 0.2)).alpha() == 0


def test_the_plot_keeps_to_the_end_as_a_run_goes_on(qtbot, curves: Curves):
    curves.append("loss", *fall(100))
    settle(qtbot, curves)
    assert x_range(curves)[1] >= 99
    curves.append("loss", np.arange(100, 1000), np.full(900, 1.0))
    settle(qtbot, curves)
    assert 999 <= x_range(curves)[1] < 1200


def test_who_zoomed_in_stays_there(qtbot, curves: Curves):
    curves.append("loss", *fall(1000))
    settle(qtbot, curves)
    curves.plot.setFocus()
    qtbot.keyClick(curves.plot, Qt.Key.Key_Plus)
    looked_at = x_range(curves)
    curves.append("loss", np.arange(1000, 3000), np.ones(2000))
    settle(qtbot, curves)
    assert x_range(curves) == looked_at
    qtbot.mouseClick(curves.plot.whole_button, Qt.MouseButton.LeftButton)
    assert x_range(curves)[1] >= 2999


def test_a_drag_moves_along_the_steps_only(qtbot, curves: Curves):
    curves.append("loss", *fall(1000))
    settle(qtbot, curves)
    across, heights = x_range(curves), y_range(curves)
    start = place_of(curves, 500, 1.5)
    viewport = curves.plot.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for distance in (10, 40, 80):
        qtbot.mouseMove(viewport, start + QPoint(distance, distance))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(80, 80))
    settle(qtbot, curves)
    assert x_range(curves)[0] < across[0]
    assert x_range(curves)[1] - x_range(curves)[0] == pytest.approx(across[1] - across[0])
    assert curves.plot.whole_button.isVisible()
    assert y_range(curves)[1] >= heights[1] * 0.5  # it follows what is in sight instead


def test_curves_take_the_colours_of_the_theme(qtbot, curves: Curves, theme: Theme):
    curves.set_smoothing(1)
    curves.set_series("loss", np.arange(100), np.ones(100))
    settle(qtbot, curves)
    place = place_of(curves, 50, 1.0)
    dark = colour_at(curves, place)
    theme.set_mode("light")
    settle(qtbot, curves)
    assert colour_at(curves, place) != dark


def test_many_appends_are_drawn_together(qtbot, curves: Curves, monkeypatch):
    curves.append("loss", *fall(10))
    settle(qtbot, curves)
    drawn = []
    monkeypatch.setattr(curves.plot, "refresh", lambda: drawn.append(len(curves.plot._curves[0].series)))
    for step in range(10, 60):
        curves.append("loss", np.array([step]), np.array([1.0]))
    settle(qtbot, curves)
    assert drawn == [60]


def test_a_gap_breaks_the_line(qtbot, curves: Curves):
    steps, values = np.arange(300), np.ones(300)
    values[100:200] = np.nan
    curves.set_smoothing(1)
    curves.set_series("loss", steps, values)
    settle(qtbot, curves)
    assert colour_at(curves, place_of(curves, 50, 1.0)).alpha() > 0
    assert colour_at(curves, place_of(curves, 150, 1.0)).alpha() == 0


def test_one_spike_does_not_flatten_the_rest(qtbot, curves: Curves):
    steps, values = fall(10_000)
    values[5000] = 1e6
    curves.set_series("loss", steps, values)
    settle(qtbot, curves)
    assert y_range(curves)[1] < 2e5


def test_smoothing_is_drawn_strong_over_the_faint_numbers(qtbot, curves: Curves, theme: Theme):
    steps = np.arange(2000)
    curves.set_series("loss", steps, np.where(steps % 2, 0.0, 2.0))
    curves.set_smoothing(500)
    settle(qtbot, curves)
    strong, faint = colour_at(curves, place_of(curves, 1500, 1.0)), colour_at(curves, place_of(curves, 1500, 1.5))
    assert faint.alpha() == strong.alpha() == 255
    field = theme.colour("field")
    assert abs(faint.lightness() - field.lightness()) < abs(strong.lightness() - field.lightness())


def test_smoothing_is_set_by_slider_box_and_code(qtbot, curves: Curves):
    with qtbot.waitSignal(curves.smoothing_changed) as changed:
        curves.smoothing.box.setValue(100)
    assert changed.args == [100]
    with qtbot.assertNotEmitted(curves.smoothing_changed):
        curves.set_smoothing(7)
    assert curves.smoothing.value == 7


def test_what_is_measured_seldom_is_never_smoothed(qtbot, curves: Curves):
    curves.set_smoothing(100)
    curves.set_series("validation", np.array([0, 500, 1000]), np.array([3.0, 2.0, 1.0]), smooth=False)
    settle(qtbot, curves)
    assert curves.legend.rows["validation"].reading.value == "1.000"


def test_a_logarithmic_axis_leaves_out_what_has_no_logarithm(qtbot, curves: Curves):
    curves.set_smoothing(1)
    curves.set_series("loss", np.arange(100), np.concatenate([[0.0, -1.0], np.full(98, 0.01)]))
    with qtbot.waitSignal(curves.log_changed) as changed:
        qtbot.mouseClick(curves.heights.buttons[1], Qt.MouseButton.LeftButton)
    assert changed.args == [True]
    low, high = y_range(curves)
    assert low < -2 < high
    assert high - low < 4


def test_curves_run_along_time_and_epochs_where_these_are_known(qtbot, curves: Curves):
    curves.set_series("loss", *fall(1001))
    assert not curves.along.buttons[1].isEnabled()
    steps = np.arange(1001)
    curves.set_scales(AxisMapping(seconds=Knots.of(steps, steps * 10.0), epochs=Knots.of(steps, steps / 100)))
    with qtbot.waitSignal(curves.along_changed) as changed:
        qtbot.mouseClick(curves.along.buttons[1], Qt.MouseButton.LeftButton)
    assert changed.args == ["time"]
    assert curves.plot.axes["bottom"].words.title == "Time (h)"
    assert x_range(curves)[1] == pytest.approx(10_000 / 3600, rel=0.1)
    curves.set_along("epoch")
    assert x_range(curves)[1] == pytest.approx(10, rel=0.1)


def test_the_crosshair_reads_every_curve_at_its_step(qtbot, curves: Curves):
    curves.set_smoothing(1)
    curves.set_series("loss", np.arange(101), np.arange(101) / 10)
    curves.set_series("validation", np.array([0, 50, 100]), np.array([5.0, 4.0, 3.0]), smooth=False)
    curves.set_scales(AxisMapping(epochs=Knots.of(np.arange(101), np.arange(101) / 10)))
    settle(qtbot, curves)
    assert curves.legend.rows["loss"].reading.value == "10.00"
    QTest.mouseMove(curves.plot.viewport(), place_of(curves, 42, 5.0))
    qtbot.waitUntil(lambda: curves.plot.cursor == 42)
    assert curves.legend.place.text() == "Step 42"
    assert curves.legend.details.text() == "epoch 4.20"
    assert curves.legend.rows["loss"].reading.value == "4.200"
    assert curves.legend.rows["validation"].reading.value == "4.000"
    qtbot.keyClick(curves.plot, Qt.Key.Key_Right)
    assert curves.plot.cursor == 43
    qtbot.keyClick(curves.plot, Qt.Key.Key_Escape)
    assert curves.plot.cursor is None
    assert curves.legend.place.text() == "Newest values"


def test_hiding_a_curve_gives_its_room_to_the_others(qtbot, curves: Curves):
    curves.set_series("loss", *fall(height=100.0))
    curves.set_series("style", *fall(height=1.0))
    settle(qtbot, curves)
    with qtbot.waitSignal(curves.legend.toggled):
        qtbot.mouseClick(curves.legend.rows["loss"], Qt.MouseButton.LeftButton)
    assert y_range(curves)[1] < 2


def test_a_second_run_is_drawn_dashed_and_read_at_the_same_place(qtbot, curves: Curves):
    curves.set_smoothing(1)
    steps, values = np.arange(1000), np.ones(1000)
    curves.set_series("loss", steps, values)
    curves.set_comparison("autumn", {"loss": (steps, 2 * values), "style": (steps, 3 * values)})
    settle(qtbot, curves)
    assert curves.names == ("loss", "style")
    assert curves.legend.runs.text() == "dashed: autumn"
    assert curves.legend.rows["loss"].reading.other == "2.000"
    row = [colour_at(curves, place_of(curves, step, 2.0)).alpha() > 0 for step in range(100, 900)]
    assert 0.4 < np.mean(row) < 0.95  # dashes, and gaps between them
    curves.set_comparison("", {})
    settle(qtbot, curves)
    assert curves.legend.rows["loss"].reading.other == ""
    assert not curves.legend.runs.isVisible()


def test_a_mark_is_told_under_the_crosshair(qtbot, curves: Curves):
    curves.set_series("loss", *fall(1000))
    curves.set_marks([PlotMark(500, "resumed", "Resumed after a pause")])
    settle(qtbot, curves)
    curves.plot.set_cursor(500.0)
    assert "Resumed after a pause" in curves.legend.details.text()
    curves.plot.set_cursor(200.0)
    assert "Resumed" not in curves.legend.details.text()


def test_curves_keep_their_colours_while_others_come_and_go(qtbot, curves: Curves):
    for name in ("a", "b", "c"):
        curves.set_series(name, *fall())
    curves.keep_only(["b", "c"])
    curves.set_series("d", *fall())
    colours = {name: curve.colour for name, curve in curves._curves.items()}
    assert colours == {"b": 1, "c": 2, "d": 0}


def test_another_run_begins_with_an_empty_sheet(qtbot, curves: Curves):
    curves.set_series("loss", *fall())
    settle(qtbot, curves)
    curves.clear()
    settle(qtbot, curves)
    assert curves.names == ()
    assert curves.legend.rows == {}
    assert curves.empty_state.isVisible()


def test_the_history_of_a_run_is_followed_as_it_grows(qtbot, curves: Curves, tmp_path):
    def show():
        history.poll()
        for name, series in history.metrics.items():
            curves.set_series(name, series.steps, series.values)
        curves.set_scales(AxisMapping(epochs=Knots.of(history.epoch.steps, history.epoch.values)))
        settle(qtbot, curves)

    history = RunHistory(tmp_path / "events.jsonl")
    with RunLog(tmp_path / "events.jsonl") as log:
        log.write("state", 0, state="running")
        for step in range(1, 400):
            log.write("metrics", step, values={"loss": 1 / step}, epoch=step / 100)
        show()
        assert len(curves._curves["loss"].series) == 399
        log.write("resumed", 200)
        for step in range(201, 300):
            log.write("metrics", step, values={"loss": 2 / step}, epoch=step / 100)
        show()
    series = curves._curves["loss"].series
    np.testing.assert_array_equal(series.steps, np.arange(1, 300))
    np.testing.assert_array_equal(series.values[198:202], [1 / 199, 1 / 200, 2 / 201, 2 / 202])
    assert [button.isEnabled() for button in curves.along.buttons] == [True, False, True]


def test_a_million_points_are_drawn_from_a_few(qtbot, curves: Curves):
    noise = np.random.default_rng(0).normal(size=1_000_000)
    curves.set_series("loss", np.arange(1_000_000), noise)
    settle(qtbot, curves)
    lines = curves.plot._lines_of(curves._curves["loss"], np.linspace(0, 1e6, 501))
    assert len(lines["strong"].x) <= 502
    assert len(lines["raw"].x) <= 1002
    raw = lines["raw"].heights
    assert (raw.min(), raw.max()) == (noise.min(), noise.max())


def test_in_a_narrow_place_the_legend_lies_below_and_the_plot_keeps_the_greater_part(qtbot, curves: Curves):
    curves.set_series("loss", *fall())
    settle(qtbot, curves)
    curves.resize(480, 520)
    qtbot.waitUntil(lambda: curves.plot.width() > 0.9 * 480)
    assert curves.plot.height() > 0.6 * 520
    assert curves.legend.mapTo(curves, QPoint()).y() >= curves.plot.height()
    curves.resize(800, 360)
    qtbot.waitUntil(lambda: curves.legend.mapTo(curves, QPoint()).x() >= curves.plot.width() > 0.6 * 800)
    assert curves.plot.height() == 360


def test_what_curves_do_not_tell_is_said_below_them(qtbot, curves: Curves):
    curves.legend.set_note("Look at the samples.", {"critic loss"})
    curves.set_series("loss", *fall())
    assert not curves.legend.note.isVisible()
    curves.set_series("critic loss", *fall())
    assert curves.legend.note.isVisible()
    rows = curves.legend.rows
    assert ["Look at the samples" in rows[name].toolTip() for name in ("loss", "critic loss")] == [False, True]
    settle(qtbot, curves)
