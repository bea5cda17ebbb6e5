"""The degradation desk in its panel: the photo follows the stack, undo goes step by step, presets and own recipes."""

import numpy as np
import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox
from restorer_kit import ENHANCER, write_restorer
from studio_kit import answering_file_dialog, drop_files, write_photo

from models.degradations import DegradationRecipe, degrade
from studio.core.degrade_settings import PRESETS, DegradeSettings
from studio.core.images import load_picture, save_picture
from studio.core.picture_task import HERE
from studio.core.presets import Look
from studio.core.resizing import to_8_bits
from studio.training.data.sampler import seed_of
from studio.ui.panels.degrade.panel import DegradePanel

SEPIA = DegradationRecipe.model_validate(
    {"steps": [{"kind": "black_and_white"}, {"kind": "toning"}, {"kind": "noise", "gaussian": 1, "sigma": [8, 8]}]}
)


@pytest.fixture
def panel(qtbot, panel_context):
    panel = DegradePanel(panel_context)
    qtbot.addWidget(panel)
    panel.resize(1200, 800)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png", 120, 80)


@pytest.fixture
def shows(panel, photo, until):
    """Wait until the panel shows what a recipe and a seed make of the photo."""

    def wait(recipe, seed=0):
        loaded = load_picture(photo)
        wanted = degrade(loaded.pixels, recipe, seed_of(seed, loaded.sha256)).picture
        until(lambda: panel.session.layer is not None and np.array_equal(to_8_bits(panel.session.layer), wanted))

    return wait


@pytest.fixture
def opened(panel, photo, shows):
    assert drop_files(panel.canvas.viewport(), photo)
    shows(PRESETS["old-photo"])
    panel.undo_stack.clear()
    return panel


def card(panel, kind):
    return next(one for one in panel.column.stack.cards if one.kind == kind)


def recipe(panel):
    return panel.session.settings.recipe


def test_a_preset_is_shown_as_soon_as_it_is_chosen(opened, shows):
    opened.column.preset.control.set_current("edges")
    opened.column.preset.control.chosen.emit("edges")
    assert recipe(opened) == PRESETS["edges"]
    shows(PRESETS["edges"])
    opened.undo_stack.undo()
    shows(PRESETS["old-photo"])
    assert opened.column.preset.value == "old-photo"
    assert [one.kind for one in opened.column.stack.cards] == [step.kind for step in PRESETS["old-photo"].steps]


def test_a_range_that_moves_is_followed_and_one_step_of_undo(opened, shows):
    fading = card(opened, "fading")
    fading.section.set_open(True)
    row = fading.rows["amount"]
    with row.gesture.step():
        for high in (0.6, 0.7, 0.8):
            row.high_box.setValue(high)
    assert recipe(opened).steps[4].amount == (0.1, 0.8)
    assert opened.column.preset.value == ""  # one's own
    shows(recipe(opened))
    assert opened.undo_stack.count() == 1
    opened.undo_stack.undo()
    assert recipe(opened) == PRESETS["old-photo"]
    assert row.value == (0.1, 0.55)


def test_cards_move_by_button_and_key_and_stay_open(opened, shows):
    dust = card(opened, "dust")
    dust.section.set_open(True)
    place = opened.column.stack.cards.index(dust)
    dust.up_button.click()
    QTest.keyClick(dust.section.header, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert opened.column.stack.cards.index(dust) == place - 2
    assert dust.section.is_open
    assert recipe(opened).steps[place - 2].kind == "dust"
    shows(recipe(opened))
    assert opened.undo_stack.count() == 2
    assert not opened.column.stack.cards[0].up_button.isEnabled()
    assert not opened.column.stack.cards[-1].down_button.isEnabled()


def test_damage_is_added_and_removed(opened, shows):
    stack = opened.column.stack
    next(action for action in stack.add_button.menu().actions() if action.text() == "Cut-outs").trigger()
    assert [step.kind for step in recipe(opened).steps][-2:] == ["cut_outs", "jpeg"]
    assert card(opened, "cut_outs").section.is_open
    shows(recipe(opened))
    card(opened, "cut_outs").remove_button.click()
    assert recipe(opened) == PRESETS["old-photo"]
    assert opened.column.preset.value == "old-photo"


def test_the_dice_throw_the_same_kind_of_damage_anew(opened, shows):
    opened.column.dice_button.click()
    assert opened.session.settings.seed == 1
    shows(PRESETS["old-photo"], seed=1)
    opened.undo_stack.undo()
    shows(PRESETS["old-photo"])


def test_what_chance_passed_over_is_marked(opened, until):
    made = {each["step"] for each in opened.session.recipe.drawn}
    assert 0 < len(made) < len(opened.column.stack.cards)

    def passed():
        return {
            place for place, one in enumerate(opened.column.stack.cards)
            if one.section.header.property("passed") == "true"
        }  # fmt: skip

    until(lambda: passed() == set(range(len(opened.column.stack.cards))) - made)


def test_one_s_own_recipe_is_a_look_and_a_look_is_a_recipe(opened):
    card(opened, "dust").remove_button.click()
    look = Look.of(opened.session.settings, "Mine", "degrade")
    again = Look.from_json(look.to_json(), "mine")
    assert again.applied_to(DegradeSettings()).recipe == recipe(opened)
    assert again.understood(DegradeSettings).is_on(opened.session.settings)
    assert not again.understood(DegradeSettings).is_on(DegradeSettings())


def test_a_saved_picture_brings_its_recipe_back(opened, panel_context, tmp_path, until):
    card(opened, "dust").remove_button.click()
    own = recipe(opened)
    until(lambda: opened.session.is_settled and opened.session.recipe.settings["recipe"]["name"] == "")
    save_picture(tmp_path / "saved.png", opened.session.layer, recipe=opened.session.recipe)
    panel_context.library.keep_input(opened.session.photo.picture)
    opened.column.preset.control.chosen.emit("edges")
    assert drop_files(opened.canvas.viewport(), tmp_path / "saved.png")
    until(lambda: recipe(opened) == own)


def test_a_scan_becomes_a_recipe(opened, tmp_path, until):
    sepia = degrade(load_picture(write_photo(tmp_path / "other.png", 200, 160)).pixels, SEPIA, 0).picture
    save_picture(tmp_path / "scan.png", sepia, recipe=None)
    with answering_file_dialog(tmp_path / "scan.png"):
        opened.column.scan_button.click()
    until(lambda: {"black_and_white", "toning", "noise"} <= {step.kind for step in recipe(opened).steps})
    opened.undo_stack.undo()
    assert recipe(opened) == PRESETS["old-photo"]


def test_a_scan_that_cannot_be_opened_is_told(opened, tmp_path, until):
    (tmp_path / "scan.png").write_bytes(b"no picture")
    told = []
    opened.failed.connect(told.append)
    with answering_file_dialog(tmp_path / "scan.png"):
        opened.column.scan_button.click()
    until(lambda: told)
    assert "scan.png" in told[0].cause
    assert recipe(opened) == PRESETS["old-photo"]


def test_everything_has_a_name_and_says_what_it_does(opened):
    for one in opened.column.stack.cards:
        one.section.set_open(True)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox)
    assert controls_without_name(opened.column) == []
    assert controls_without_tooltip(opened.column, *kinds) == []


def test_what_a_restorer_makes_of_the_damage_lies_beside_it(opened, home, until):
    name = str(home / "runs" / "mine")
    write_restorer(home / "runs" / "mine" / "model.safetensors", ENHANCER)
    opened.refresh_models()
    box = opened.column.mended_by.control
    until(lambda: box.findData(name) >= 0)
    box.setCurrentIndex(box.findData(name))
    until(lambda: opened.canvas.labels == ("Degraded", "Mended"))
    words = opened.column.mended_words.text()
    assert "dB damaged" in words
    opened.column.dice_button.click()
    until(lambda: opened.column.mended_words.text() != words)
    assert opened.canvas.labels == ("Degraded", "Mended")
    box.setCurrentIndex(0)
    until(lambda: opened.canvas.labels == ("Photo", "Degraded"))
    assert not opened.column.mended_words.isVisible()


def test_damage_is_painted_where_one_wants_it(opened, photo, until):
    mask = opened.session.masks.add(HERE)
    opened.mask_desk.layer.repaint_map(mask.painted, np.tile(np.uint8([255] * 60 + [0] * 60), (80, 1)), "Half")
    loaded = load_picture(photo)
    damaged = degrade(loaded.pixels, PRESETS["old-photo"], seed_of(0, loaded.sha256)).picture
    wanted = np.hstack([damaged[:, :60], loaded.pixels[:, 60:, :3]])
    until(lambda: np.array_equal(to_8_bits(opened.session.layer), wanted))


def test_more_stands_at_the_right_edge_of_the_presets(panel):
    button, row = panel.column.looks_bar.menu_button, panel.column.preset
    assert button.isVisible()
    assert button.mapTo(row, button.rect().topRight()).x() == row.rect().right()
    assert row.reset_button.geometry().right() < button.mapTo(row, button.rect().topLeft()).x()
