"""The bar of looks: which one the settings have, and the way to others."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.core.presets import Look
from studio.ui.picture.looks_bar import LooksBar

BUILT_IN = tuple(Look(name, "stylize", {}, f"It is {name}.") for name in ("Faithful", "Painted", "Free"))


@pytest.fixture
def bar(qtbot, theme):
    bar = LooksBar(BUILT_IN, True, theme)
    qtbot.addWidget(bar)
    bar.resize(320, 64)
    bar.show()
    return bar


def checked(bar):
    return [button.text() for button in bar.buttons.buttons if button.isChecked()]


def test_a_button_puts_its_look_on(bar, qtbot):
    with qtbot.waitSignal(bar.look_chosen) as chosen:
        QTest.mouseClick(bar.buttons.buttons[1], Qt.MouseButton.LeftButton)
    assert chosen.args == ["Painted"]


def test_showing_one_tells_nobody_and_none_can_be_shown(bar, qtbot):
    with qtbot.assertNotEmitted(bar.look_chosen):
        bar.show_look("Free", changed=False)
        assert checked(bar) == ["Free"]
        bar.show_look("", changed=False)
    assert checked(bar) == []
    assert bar.state.text() == "Your own settings"


def test_where_no_looks_come_along_nobody_has_left_one(qtbot, theme):
    bar = LooksBar((), False, theme)
    qtbot.addWidget(bar)
    assert bar.state.text() == "None"
    bar.show_look("Mine", changed=True)
    assert bar.state.text() == "Mine, changed"


def test_a_look_that_was_changed_says_so_and_can_be_put_on_again(bar, qtbot):
    bar.show_look("Free", changed=False)
    assert bar.state.text() == ""
    assert not bar.back_button.isEnabled()
    bar.show_look("Free", changed=True)
    assert bar.state.text() == "Free, changed"
    with qtbot.waitSignal(bar.look_chosen) as chosen:
        QTest.mouseClick(bar.back_button, Qt.MouseButton.LeftButton)
    assert chosen.args == ["Free"]


def test_the_menu_names_ones_own_looks(bar, qtbot):
    bar.set_own(["Evening & night", "Oil"])
    bar.show_look("Oil", changed=False)
    bar._fill_menu()
    actions = bar.menu.actions()
    assert [action.text() for action in actions[:2]] == ["Evening && night", "Oil"]
    assert [action.isChecked() for action in actions[:2]] == [False, True]
    assert bar.state.text() == "Oil"
    with qtbot.waitSignal(bar.look_chosen) as chosen:
        actions[0].trigger()
    assert chosen.args == ["Evening & night"]
    remove = next(action.menu() for action in actions if action.text() == "Remove Look")
    with qtbot.waitSignal(bar.remove_requested) as removed:
        remove.actions()[1].trigger()
    assert removed.args == ["Oil"]


def test_every_button_says_what_it_does(bar):
    alone = (bar.back_button, bar.surprise_button, bar.menu_button)
    for button in (*bar.buttons.buttons, *alone):
        assert button.accessibleName()
        assert button.toolTip()
    reached = [bool(button.focusPolicy() & Qt.FocusPolicy.TabFocus) for button in bar.buttons.buttons]
    assert sum(reached) == 1  # arrow keys lead to the others
    assert all(button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in alone)
