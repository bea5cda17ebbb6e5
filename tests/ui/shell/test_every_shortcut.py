"""Every key that anything in the window answers stands in the sheet of shortcuts, with the part that answers it."""

import re
from importlib import resources
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel
from studio_kit import write_photo

import studio.ui
from studio.core.picture_task import SKETCH
from studio.ui.panel import Panel
from studio.ui.shell.shortcuts_sheet import MOUSE_AND_KEYS, ShortcutsSheet

PARTS = {
    "canvas/brush_layer": "Masks and drawings", "canvas/crop_layer": "Crop",
    "canvas/drag_layer": "Dream: drag points", "canvas/layers": "Masks and drawings",
    "canvas/picker_layer": "Pick a grey", "canvas/view": "Canvas", "canvas/zoom_pan": "Canvas",
    "controls/picture_tile": "Tiles of pictures", "controls/row_order": "List of masks or layers",
    "controls/thumbnails": "Library", "controls/value_slider": "Sliders", "panels/adjust/panel": "Crop",
    "panels/degrade/stack": "Degrade", "panels/dream/gallery": "Dream: gallery", "panels/dream/pad": "Dream: pad",
    "panels/dream/walk_bar": "Dream: walk", "panels/library/grid": "Library", "panels/library/view": "Library",
    "panels/train/rate/plot": "Curves", "panels/train/runs/rows": "Runs",
    "panels/train/schedule_editor/plot": "Schedule", "panels/train/schedule_editor/table": "Schedule",
    "picture/film_strip": "Film strip", "picture/mask_row": "List of masks or layers", "picture/queue_view": "Queue",
    "plots/curve_plot": "Curves", "plots/plot": "Curves", "shell/banner": "Messages",
}  # fmt: skip
"""Modules that read keys themselves, and the group of the sheet that says which; tools' letters are pressed below."""
AS_EVERYWHERE = {
    "controls/number_box": "a box of numbers", "panels/train/schedule_editor/presets": "a list of tiles",
    "shell/command_palette": "a list", "shell/shortcuts_sheet": "the sheet itself", "shell/task_rail": "a list",
}  # fmt: skip
"""Those whose keys are what the same control answers in every program."""
NAMES = {
    "Return": "Enter", "Delete": "Del", "PageUp": "Page Up", "PageDown": "Page Down", "Plus": "+", "Minus": "−",
    "Escape": "Esc", "BracketLeft": "[", "BracketRight": "]", "BraceLeft": "{", "BraceRight": "}",
    **dict.fromkeys(("Left", "Right", "Up", "Down"), "Arrow keys"),
}  # fmt: skip
BESIDE = {"Equal": "+", "Underscore": "−"}
"""Keys that stand for another one where Shift is needed for that."""


def keys_of(group: str) -> set[str]:
    """Return the keys of a group, without those held beside them."""
    keys = {key.rsplit("+", 1)[-1] or "+" for line in MOUSE_AND_KEYS[group] for key in line.keys}
    return keys | ({"Arrow keys"} if keys & {"Up", "Down"} else set())


def modules_that_read_keys() -> dict[str, set[str]]:
    """Return the names of keys in every module of the window that names some."""
    root = Path(str(resources.files(studio.ui)))
    found = {}
    for path in sorted(root.rglob("*.py")):
        text = path.read_text()
        named = {name for name in re.findall(r"Key\.Key_(\w+)", text) if f"Key_{name}" != "Key_Backtab"}
        if "StandardKey.Find" in text:
            named.add("F")
        if named:
            found[path.relative_to(root).with_suffix("").as_posix()] = named
    return found


def test_every_part_that_reads_keys_has_its_group_in_the_sheet():
    found = modules_that_read_keys()
    assert set(found) == PARTS.keys() | AS_EVERYWHERE.keys()
    missing = {}
    for module, named in found.items():
        if module in PARTS:
            told = keys_of(PARTS[module])
            spoken = {NAMES.get(name, BESIDE.get(name, name)) for name in named - {"Backspace", "Enter"}}
            if unsaid := spoken - told:
                missing[module] = unsaid
    assert missing == {}


@pytest.mark.parametrize("panel", ["restore", "translate"])
def test_every_letter_of_the_masks_tools_stands_in_the_sheet(window, until, tmp_path, panel):
    window.show_panel(panel)
    shown = window.panel(panel)
    shown.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: shown.session.photo is not None)
    if panel == "translate":
        shown.session.change(mode="draw")
    shown.session.masks.add(SKETCH if panel == "translate" else shown.session.role_of_new_mask)
    layer = shown.mask_desk.layer
    assert layer.isVisible()
    none = Qt.KeyboardModifier.NoModifier
    printable = [chr(code) for code in range(ord("!"), 127) if not chr(code).isupper()]
    answered = {
        sign for sign in printable
        if layer.answer_key(QKeyEvent(QEvent.Type.KeyPress, ord(sign.upper()), none, sign), 1.0)
    }  # fmt: skip
    told = keys_of("Masks and drawings")
    assert answered >= set("beghi[]{}")
    assert {sign.upper() for sign in answered} <= told


def test_every_action_and_shortcut_of_the_window_stands_in_the_sheet(window, until):
    bound = {keys.toString(): action.text() for action in window.findChildren(QAction) for keys in action.shortcuts()}
    bound |= {keys.toString(): "shortcut" for one in window.findChildren(QShortcut) for keys in list(one.keys())}
    bound |= {one.shortcut().toString(): one.text() for one in window.findChildren(QAbstractButton)}
    bound.pop("", None)
    assert {"Ctrl+O", "Ctrl+N", "Ctrl+F", "F10", "X", "Esc"} <= bound.keys()
    for front in ("style", "translate", "library"):
        window.show_panel(front)
        window.show_shortcuts()
        sheet = window.findChildren(ShortcutsSheet)[-1]
        told = {label.text() for label in sheet.findChildren(QLabel)}
        assert {keys: words for keys, words in bound.items() if keys not in told} == {}, front
        assert sum(label.text() == "Swap Direction" for label in sheet.findChildren(QLabel)) == 1
        sheet.close()


def test_a_panels_own_commands_stand_in_its_menu_while_it_is_in_front(window):
    translate = window.panel("translate")
    for panel in window.panels:
        window.show_panel(panel.name)
        own = [action for action in window.menus.work.actions() if action in translate.work_actions]
        assert own == (list(translate.work_actions) if panel is translate else [])
    assert isinstance(translate, Panel)


def test_x_swaps_the_direction_only_where_translate_is_in_front(window):
    translate = window.panel("translate")
    assert QKeySequence("X") in translate.swap_action.shortcuts()
    window.show_panel("translate")
    translate.canvas.setFocus()
    QTest.keyClick(translate.canvas, Qt.Key.Key_X)
    assert translate.session.settings.direction == "BtoA"
    window.show_panel("style")
    window.panel("style").canvas.setFocus()
    QTest.keyClick(window.panel("style").canvas, Qt.Key.Key_X)
    assert translate.session.settings.direction == "BtoA"
