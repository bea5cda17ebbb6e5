from typing import Literal

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from studio.core.settings import Settings, setting
from studio.core.style_settings import StyleSettings
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.layouts import scrolling
from studio.ui.controls.rows.choice import ChoiceRow
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.rows.switch import SwitchRow
from studio.ui.controls.rows.text import NumbersRow, TextRow
from studio.ui.controls.segments import Segments
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.theme import Theme


class Every(Settings):
    """One setting of each kind."""

    amount: float = setting(0.5, label="Amount", help="How much.", term="α", low=0.0, high=1.0, step=0.01)
    weight: float = setting(1.0, label="Weight", help="Log.", low=0.0, high=10.0, step=0.05, scale="log")
    size: int = setting(512, label="Size", help="Side.", low=64, high=4096, step=32, unit="px", group="More")
    seed: int = setting(0, label="Seed", help="Variation.", low=0, high=2**31 - 1, step=1, group="More")
    fast: bool = setting(False, label="Fast", help="Quicker.", group="More")
    few: Literal["a", "b"] = setting("a", label="Few", help="Two.", choices={"a": "Ay", "b": "Bee"}, group="More")
    many: Literal["1", "2", "3", "4", "5"] = setting("1", label="Many", help="Five.", group="Other")
    name: str = setting("plain", label="Name", help="A word.", group="Other")
    network: str = setting("slim", label="Network", help="Which.", group="Other", offers="backbone",
                           choices={"slim": "Slim", "vgg19": "VGG-19"})  # fmt: skip
    mix: tuple[float, ...] = setting((), label="Mix", help="Shares.", group="Other")


class Log:
    """What a form told, in order."""

    def __init__(self, form: SettingsForm) -> None:
        self.lines: list[str] = []
        form.drag_started.connect(lambda name: self.lines.append(f"start {name}"))
        form.settings_changed.connect(lambda settings: self.lines.append("change"))
        form.drag_finished.connect(lambda name: self.lines.append(f"finish {name}"))
        form.reset_requested.connect(lambda name: self.lines.append(f"reset {name}"))


@pytest.fixture
def form(qtbot, theme: Theme) -> SettingsForm:
    form = SettingsForm(Every, theme)
    qtbot.addWidget(form)
    form.resize(304, 900)
    form.set_open_groups(["More", "Other"])
    form.show()
    qtbot.waitExposed(form)
    return form


def number(form: SettingsForm, name: str) -> NumberRow:
    row = form.row(name)
    assert isinstance(row, NumberRow)
    return row


def scroll_wheel(widget: QWidget, notches: int) -> None:
    """Turn the wheel over a widget as the desktop does: through the window, so that what ignores it passes it on."""
    window = widget.window()
    at = QPointF(widget.mapTo(window, widget.rect().center()))
    QTest.wheelEvent(window.windowHandle(), at, QPoint(0, 120 * notches))
    QApplication.processEvents()


def test_every_kind_gets_its_row(form: SettingsForm):
    kinds = {name: type(form.row(name)) for name in Every.model_fields}
    assert kinds["amount"] is kinds["size"] is kinds["seed"] is NumberRow
    assert kinds["fast"] is SwitchRow
    assert kinds["few"] is kinds["many"] is kinds["network"] is ChoiceRow
    assert kinds["name"] is TextRow
    assert kinds["mix"] is NumbersRow
    assert isinstance(form.row("few").control, Segments)
    assert isinstance(form.row("many").control, ChoiceBox)


def test_a_seed_is_typed_not_slid(form: SettingsForm):
    assert number(form, "seed").slider is None
    assert number(form, "size").slider is not None


def test_defaults_are_shown_at_first(form: SettingsForm):
    assert form.settings == Every()


def test_set_settings_shows_everything_and_tells_nobody(form: SettingsForm):
    log = Log(form)
    wanted = Every(amount=0.123456, size=500, fast=True, few="b", many="3", name="x", network="vgg19", mix=(1.0, 0.25))
    form.set_settings(wanted)
    assert log.lines == []
    assert form.settings == wanted
    assert number(form, "size").box.value() == 500
    assert form.row("fast").switch.isChecked()
    assert form.row("network").control.currentText() == "VGG-19"
    assert form.row("mix").field.text() == "1  0.25"


def test_leaving_a_rounded_number_alone_keeps_it_exact(qtbot, form: SettingsForm):
    exact = Every(amount=0.123456)
    form.set_settings(exact)
    log = Log(form)
    box = number(form, "amount").box
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Return)
    form.row("name").field.setFocus()
    assert form.settings == exact
    assert log.lines == []


def test_one_drag_is_one_gesture_with_many_moves(qtbot, form: SettingsForm):
    log, slider = Log(form), number(form, "amount").slider
    middle = slider.rect().center()
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(20, middle.y()))
    for x in range(30, slider.width() - 20, 30):
        qtbot.mouseMove(slider, QPoint(x, middle.y()))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 20, middle.y()))
    assert log.lines[0] == "start amount"
    assert log.lines[-1] == "finish amount"
    assert log.lines.count("change") >= 5
    assert set(log.lines[1:-1]) == {"change"}
    assert form.settings.amount > 0.8


def test_a_press_on_the_knob_does_not_move_it(qtbot, form: SettingsForm):
    form.set_settings(Every(amount=0.333333))
    slider = number(form, "amount").slider
    x = round(8 + (slider.width() - 16) * 0.333333)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(x + 2, slider.height() // 2))
    assert form.settings.amount == 0.333333


def test_shift_drags_ten_times_finer(qtbot, form: SettingsForm):
    slider = number(form, "amount").slider
    y, x = slider.height() // 2, slider.width() // 2
    length = slider.width() - 16
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    event_at = QPoint(x + length // 4, y)
    qtbot.mouseMove(slider, event_at)
    coarse = form.settings.amount
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=event_at)
    assert coarse == pytest.approx(0.75, abs=0.02)

    form.set_settings(Every())
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, QPoint(x, y))
    _move_with_shift(slider, event_at)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, event_at)
    assert form.settings.amount == pytest.approx(0.525, abs=0.011)


def _move_with_shift(widget: QWidget, at: QPoint) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), QPointF(widget.mapToGlobal(at)), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_arrows_move_by_a_step_and_page_by_ten(qtbot, form: SettingsForm):
    slider = number(form, "size").slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert form.settings.size == 544
    qtbot.keyClick(slider, Qt.Key.Key_Down)
    assert form.settings.size == 512
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    assert form.settings.size == 832
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert form.settings.size == 64
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert form.settings.size == 4096


def test_arrows_move_a_logarithmic_slider_by_its_step_too(qtbot, form: SettingsForm):
    slider = number(form, "weight").slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert form.settings.weight == 1.05
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert form.settings.weight == 0.0


def test_each_key_press_is_a_gesture(qtbot, form: SettingsForm):
    log, slider = Log(form), number(form, "amount").slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert log.lines == ["start amount", "change", "finish amount"] * 2


def test_a_held_key_is_one_gesture(qtbot, form: SettingsForm):
    log, slider = Log(form), number(form, "amount").slider
    slider.setFocus()
    for _ in range(4):
        qtbot.keyPress(slider, Qt.Key.Key_Right)
    qtbot.keyRelease(slider, Qt.Key.Key_Right)
    assert log.lines == ["start amount", *["change"] * 4, "finish amount"]
    assert form.settings.amount == pytest.approx(0.54)


def test_an_exact_number_can_be_typed(qtbot, form: SettingsForm):
    log, box = Log(form), number(form, "amount").box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, box.textFromValue(0.37))
    assert log.lines == []  # not at each digit
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert form.settings.amount == 0.37
    assert log.lines == ["start amount", "change", "finish amount"]
    assert number(form, "amount").slider.current == 0.37


def test_an_integer_stays_an_integer(qtbot, form: SettingsForm):
    box = number(form, "seed").box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "2147483647")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert form.settings.seed == 2**31 - 1
    assert isinstance(form.settings.seed, int)


def test_the_wheel_turns_only_what_has_the_focus(form: SettingsForm):
    row, log = number(form, "amount"), Log(form)
    form.row("name").field.setFocus()
    scroll_wheel(row.slider, 1)
    scroll_wheel(row.box, 1)
    assert log.lines == []
    row.slider.setFocus()
    scroll_wheel(row.slider, 1)
    assert form.settings.amount == 0.51
    assert log.lines == ["start amount", "change", "finish amount"]


def test_the_wheel_over_a_control_without_focus_scrolls_the_panel(qtbot, theme: Theme):
    area = QScrollArea()
    area.setWidgetResizable(True)
    form = SettingsForm(StyleSettings, theme)
    form.set_open_groups(["Strokes", "Colour", "Size and steps"])
    area.setWidget(form)
    qtbot.addWidget(area)
    area.resize(340, 300)
    area.show()
    qtbot.waitExposed(area)
    scroll_wheel(form.row("content_weight").slider, -3)
    assert area.verticalScrollBar().value() > 0
    assert form.settings == StyleSettings()


def test_reset_appears_with_a_difference_and_takes_it_back(qtbot, form: SettingsForm):
    row = number(form, "amount")
    assert not row.reset_button.isEnabled()
    form.set_settings(Every(amount=0.9))
    assert row.reset_button.isEnabled()
    log = Log(form)
    qtbot.mouseClick(row.reset_button, Qt.MouseButton.LeftButton)
    assert form.settings.amount == 0.5
    assert not row.reset_button.isEnabled()
    assert log.lines == ["start amount", "change", "finish amount", "reset amount"]


def test_a_double_click_on_the_label_resets(qtbot, form: SettingsForm):
    form.set_settings(Every(few="b"))
    qtbot.mouseDClick(form.row("few").caption, Qt.MouseButton.LeftButton)
    assert form.settings.few == "a"


def test_switch_segments_list_and_text_are_steps_of_their_own(qtbot, form: SettingsForm):
    log = Log(form)
    qtbot.mouseClick(form.row("fast").switch, Qt.MouseButton.LeftButton)
    form.row("few").control.buttons[1].click()
    combo = form.row("many").control
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    field = form.row("name").field
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, " rose ")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert form.settings == Every(fast=True, few="b", many="2", name="rose")
    expected = [[f"start {name}", "change", f"finish {name}"] for name in ("fast", "few", "many", "name")]
    assert log.lines == [line for step in expected for line in step]


def test_numbers_are_read_from_text_and_nonsense_is_marked(qtbot, form: SettingsForm):
    field = form.row("mix").field
    field.setText("1; 0.5")
    field.editingFinished.emit()
    assert form.settings.mix == (1.0, 0.5)
    field.setText("much")
    field.editingFinished.emit()
    assert form.settings.mix == (1.0, 0.5)
    assert field.property("invalid") == "true"


def test_choices_can_be_renewed_and_an_unknown_value_is_shown_as_it_is(form: SettingsForm):
    form.set_settings(Every(network="/home/me/own.pth"))
    form.set_offers("backbone", {"slim": "Slim", "squeezenet": "SqueezeNet"})
    combo = form.row("network").control
    assert combo.currentText() == "/home/me/own.pth"
    assert [combo.itemText(i) for i in range(combo.count())] == ["Slim", "SqueezeNet", "/home/me/own.pth"]
    assert form.settings.network == "/home/me/own.pth"


def test_groups_are_closed_at_first_and_their_state_can_be_kept(qtbot, theme: Theme):
    form = SettingsForm(Every, theme)
    qtbot.addWidget(form)
    form.show()
    assert form.open_groups == ()
    assert number(form, "amount").isVisible()
    assert not number(form, "size").isVisible()
    with qtbot.waitSignal(form.group_toggled) as told:
        form.set_open_groups(["More", "a group of an older version"])
    assert told.args == ["More", True]
    assert form.open_groups == ("More",)
    assert number(form, "size").isVisible()


def test_a_group_that_is_opened_by_hand_comes_into_sight(qtbot, theme: Theme):
    form = SettingsForm(Every, theme)
    area = scrolling(form)
    qtbot.addWidget(area)
    area.resize(320, 200)
    area.show()
    qtbot.waitExposed(area)
    *_, last = form._sections.values()
    area.ensureWidgetVisible(last.header)
    QTest.mouseClick(last.header, Qt.MouseButton.LeftButton)
    top = last.mapTo(area.viewport(), QPoint()).y()
    assert 0 <= top <= max(theme.tokens.gap, 200 - last.height())


def test_hidden_settings_hide_and_an_empty_group_with_them(form: SettingsForm):
    form.set_hidden(["many", "name", "network", "mix"])
    assert not form.row("name").isVisible()
    assert not form.row("name").parentWidget().parentWidget().isVisible()
    form.set_hidden([])
    assert form.row("name").isVisible()


def test_only_the_named_settings_react(form: SettingsForm):
    form.set_enabled_names(["amount"])
    assert form.row("amount").isEnabled()
    assert not form.row("size").isEnabled()
    form.set_enabled_names(None)
    assert form.row("size").isEnabled()


def test_captions_tooltips_and_spoken_names_come_from_the_model(form: SettingsForm):
    row = number(form, "amount")
    assert row.caption.text() == "Amount"
    assert row.caption.buddy() is row.slider
    assert row.slider.toolTip() == "How much.\nΑ"
    assert row.slider.accessibleName() == row.box.accessibleName() == "Amount"
    assert row.reset_button.toolTip() == f"Reset Amount to {row.box.textFromValue(0.5)}"
    form.set_caption("amount", "Menge", "Wie viel.")
    assert row.caption.text() == "Menge"
    assert row.slider.accessibleName() == "Menge"
    assert row.box.toolTip() == "Wie viel."


def test_a_long_label_gives_way_and_tells_all_of_itself(form: SettingsForm):
    long = "Wirkungsgrad der Übermalung über der ursprünglichen Fotografie"
    width = form.minimumSizeHint().width()
    form.set_caption("amount", long, "Wie viel.")
    form.layout().activate()
    assert form.minimumSizeHint().width() <= width
    caption = form.row("amount").caption
    caption.resize(120, caption.height())
    assert caption.toolTip() == f"{long}\nWie viel."


def test_hiding_a_slider_in_mid_drag_ends_the_gesture(qtbot, form: SettingsForm):
    log, slider = Log(form), number(form, "amount").slider
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center() + QPoint(60, 0))
    form.set_hidden(["amount"])
    assert log.lines[-1] == "finish amount"


class Ending(Settings):
    """A number whose lowest value says something else."""

    steps: int = setting(0, label="Stop after", help="0: never.", low=0, high=500, unit="steps", lowest="never")


def test_a_lowest_value_that_is_no_number_has_a_word(qtbot, theme: Theme):
    form = SettingsForm(Ending, theme)
    qtbot.addWidget(form)
    form.show()
    row = number(form, "steps")
    assert row.box.text() == "never"
    row.box.selectAll()
    QTest.keyClicks(row.box, "30")
    QTest.keyClick(row.box, Qt.Key.Key_Return)
    assert (row.box.text(), form.settings.steps) == ("30 steps", 30)
    row.box.selectAll()
    QTest.keyClicks(row.box, "0")
    QTest.keyClick(row.box, Qt.Key.Key_Return)
    assert (row.box.text(), form.settings.steps) == ("never", 0)


class BothWays(Settings):
    """A setting that goes below nothing and above it, and one that may be empty."""

    exposure: float = setting(0.0, label="Exposure", help="Light.", low=-4.0, high=4.0, step=0.05)
    crop: tuple[float, ...] = setting((), label="Crop", help="What stays.", lowest="All of it")


def test_a_slider_that_goes_both_ways_is_filled_from_nothing(qtbot, theme: Theme):
    form = SettingsForm(BothWays, theme)
    qtbot.addWidget(form)
    form.resize(300, 200)
    form.show()
    slider = number(form, "exposure").slider

    def filled():
        image, accent = slider.grab().toImage(), theme.colour("accent").rgb()
        inked = [x for x in range(image.width()) if image.pixel(x, image.height() // 2) == accent]
        return (min(inked) / image.width(), max(inked) / image.width()) if inked else None

    assert filled() is None
    for value, (left, right) in ((2.0, (0.5, 0.75)), (-3.0, (0.12, 0.5)), (4.0, (0.5, 0.97))):
        form.set_settings(BothWays(exposure=value))
        assert filled() == pytest.approx((left, right), abs=0.05)


def test_an_empty_list_says_what_that_means(qtbot, theme: Theme):
    form = SettingsForm(BothWays, theme)
    qtbot.addWidget(form)
    assert form.row("crop").field.placeholderText() == "All of it"
