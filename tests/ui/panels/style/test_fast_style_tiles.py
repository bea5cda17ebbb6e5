"""The tiles of fast styles: one is chosen, by hand or key, and they tell what they are."""

import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from widget_kit import plain_picture

from studio.ui.panels.style.fast_style_tiles import FastStyleOffer, FastStyleTiles


@pytest.fixture
def tiles(qtbot, theme):
    tiles = FastStyleTiles(theme)
    qtbot.addWidget(tiles)
    tiles.set_offers([FastStyleOffer(name, name.title(), plain_picture()) for name in ("wave", "town", "rose")])
    tiles.show()
    return tiles


def checked(tiles):
    return [name for name, tile in tiles.tiles.items() if tile.isChecked()]


def test_a_click_chooses_one_and_only_one(tiles, qtbot):
    tiles.set_current("wave")
    with qtbot.waitSignal(tiles.chosen) as told:
        QTest.mouseClick(tiles.tiles["town"], Qt.MouseButton.LeftButton)
    assert told.args == ["town"]
    assert checked(tiles) == ["town"]


def test_enter_chooses_the_one_with_the_keyboard(tiles, qtbot):
    with qtbot.waitSignal(tiles.chosen) as told:
        QTest.keyClick(tiles.tiles["rose"], Qt.Key.Key_Return)
    assert told.args == ["rose"]


def test_what_is_set_tells_nobody(tiles, qtbot):
    with qtbot.assertNotEmitted(tiles.chosen):
        tiles.set_current("town")
    assert checked(tiles) == ["town"]


def test_a_style_that_is_not_on_offer_leaves_all_unpressed(tiles):
    tiles.set_current("wave")
    tiles.set_current("/somewhere/else")
    assert checked(tiles) == []
    assert tiles.current == "/somewhere/else"


def test_other_offers_keep_the_choice(tiles):
    tiles.set_current("town")
    tiles.set_offers([FastStyleOffer("town", "Town", None), FastStyleOffer("new", "New", None)])
    assert checked(tiles) == ["town"]
    assert list(tiles.tiles) == ["town", "new"]


def test_every_tile_has_a_name_and_a_tooltip(tiles):
    assert controls_without_name(tiles) == []
    assert controls_without_tooltip(tiles) == []
