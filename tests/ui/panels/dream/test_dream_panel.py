"""The Dream panel: the pad leads where it says, everything is a step of undo, and a saved dream comes back."""

from dataclasses import replace

import numpy as np
from accessibility import controls_without_name, controls_without_tooltip
from generator_kit import LESSONS, STYLED, lively, write_generator
from job_kit import heard
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from models.latent import latents_of, pictures_of
from models.pixels import to_picture
from models.weight_headers import FIRST_SEED
from studio.core.dream_settings import Bending, DreamSettings, Mixture
from studio.core.images import read_recipe
from studio.core.resizing import to_8_bits
from studio.jobs.sessions import SaveSessionTask, keep_session, open_session
from studio.ui.panel import ModelToUse, PictureToOpen, SessionToOpen, TrainingToBegin
from studio.ui.panels.dream.pad import DreamPad, places_around
from studio.ui.panels.dream.panel import DreamPanel

LIVELY = lively()
"""Drawn while no engine draws: both would share torch's random numbers."""


def settings(panel) -> DreamSettings:
    return panel.session.settings


def shows(panel, until, seed: int) -> None:
    """Wait until the panel shows a seed's picture."""
    w = LIVELY.map(latents_of((seed,), 8))
    wanted = to_picture(pictures_of(LIVELY, w)).astype(int)
    until(lambda: panel.session.is_settled and np.abs(to_8_bits(panel.session.layer) - wanted).max() <= 1)


def drag(pad: DreamPad, across: float, down: float, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    """Drag from the middle of the pad by so many of its pictures."""
    start, side = pad.rect().center(), min(pad.width(), pad.height()) / 5
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, modifiers, start)
    for share in (0.5, 1.0):
        to = start + QPoint(round(across * side * share), round(down * side * share))
        _move(pad, to, modifiers)
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, modifiers, to)


def _move(pad: DreamPad, to: QPoint, modifiers: Qt.KeyboardModifier) -> None:
    place = QPointF(to)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, pad.mapToGlobal(place), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
        modifiers,
    )  # fmt: skip
    QApplication.sendEvent(pad, event)


def test_without_a_generator_it_says_how_to_come_to_one(make_panel, qtbot, until):
    panel = make_panel()
    train = next(b for b in panel.empty_state.findChildren(QAbstractButton) if b.text() == "Train a Generator")
    until(train.isVisible)  # as soon as it has looked
    assert not panel.has_picture
    assert not panel.walk_bar.isEnabled()  # there is nowhere to go
    with qtbot.waitSignal(panel.sent) as sent:
        train.click()
    assert sent.args[0] == TrainingToBegin("gan")


def test_nobody_dreams_behind_another_panel(panel_context, shipped_worlds, qtbot, until):
    panel = DreamPanel(panel_context)
    qtbot.addWidget(panel)
    panel.refresh_models()
    until(lambda: panel._offered)
    assert not panel.session.settings.model
    panel.show()
    until(lambda: panel.has_picture and panel.session.is_settled)


def test_a_new_user_dreams_at_once_and_finds_directions_with_names(make_panel, shipped_worlds, until):
    panel = make_panel()
    until(lambda: panel.has_picture and panel.session.is_settled and panel.column.directions.rows)
    assert (settings(panel).model, settings(panel).seed) == ("painted-faces", 15)  # its file says where to begin
    assert panel.session.layer.shape == (64, 64, 3)
    names = [row.direction.name for row in panel.column.directions.rows]
    assert {"Warmth", "Darkness", "Hair", "Turn", "Lines"} <= set(names)

    def moved(name: str, amount: float) -> np.ndarray:
        panel.column.directions.rows[names.index(name)].slider.slider.value_moved.emit(amount)
        until(lambda: panel.session.is_settled and settings(panel).moves.amount_of(name) == amount)
        return to_8_bits(panel.session.layer).astype(float)

    lighter, darker = moved("Darkness", -3.0), moved("Darkness", 3.0)
    assert lighter.mean() > darker.mean() + 20
    moved("Darkness", 0.0)
    colder, warmer = moved("Warmth", -3.0), moved("Warmth", 3.0)
    assert np.diff([(one[..., 0] - one[..., 2]).mean() for one in (colder, warmer)]) > 5


def test_nobody_is_led_to_the_first_seed_who_was_somewhere(panel, tmp_path, until):
    first = replace(STYLED, about={FIRST_SEED: "3"})
    named = write_generator(tmp_path / "named.safetensors", first)
    assert settings(panel).seed == 0  # its file names none
    panel.use_model(ModelToUse("generator", str(named)))
    shows(panel, until, 0)  # the same seed, of another generator
    until(lambda: panel.session.generator and panel.session.is_settled)
    assert settings(panel).seed == 0


def test_whoever_comes_with_a_generator_begins_where_its_file_says(panel_context, tmp_path, qtbot, until):
    named = write_generator(tmp_path / "run" / "model.safetensors", replace(STYLED, about={FIRST_SEED: "3"}))
    panel = DreamPanel(panel_context)
    qtbot.addWidget(panel)
    panel.use_model(ModelToUse("generator", str(named.parent)))
    panel.show()
    until(lambda: settings(panel).model == str(named.parent))
    shows(panel, until, 3)


def test_what_comes_after_a_generator_was_asked_for_is_not_replaced_by_it(panel_context, tmp_path, qtbot, until):
    one, other = (write_generator(tmp_path / f"{name}.safetensors", STYLED) for name in ("one", "other"))
    panel = DreamPanel(panel_context)
    qtbot.addWidget(panel)
    panel.use_model(ModelToUse("generator", str(one)))
    panel.session.set_settings(DreamSettings(model=str(other)).at_seed(7))  # as a picture does that is opened
    until(lambda: str(other) in panel._offered)
    assert (settings(panel).model, settings(panel).seed) == (str(other), 7)


def test_the_first_generator_is_taken_and_dreams_at_once(panel, until):
    assert settings(panel).model.endswith("Faces")
    assert panel.walk_bar.isEnabled()
    shows(panel, until, 0)
    assert not panel.can_start
    assert not panel.is_running
    until(lambda: not panel.column.pad.pad.missing())


def test_a_drag_leads_where_the_pad_shows_and_is_one_step_of_undo(panel, until):
    pad = panel.column.pad.pad
    drag(pad, 2.0, 1.0)
    until(lambda: settings(panel).across == 2.0 and settings(panel).down == 1.0)
    shows(panel, until, 102)
    assert panel.undo_stack.count() == 1
    assert panel.undo_stack.undoText() == "Go There"
    panel.undo_stack.undo()
    shows(panel, until, 0)
    assert pad.place == (0.0, 0.0)


def test_a_drag_snaps_with_ctrl_and_is_fine_with_shift(panel):
    pad = panel.column.pad.pad
    drag(pad, 1.3, 0.4, Qt.KeyboardModifier.ControlModifier)
    assert pad.place == (1.0, 0.0)
    drag(pad, 1.0, 0.0, Qt.KeyboardModifier.ShiftModifier)
    assert abs(pad.place[0] - 1.1) < 0.01


def test_a_click_goes_to_a_picture_and_the_wheel_and_keys_move_on(panel, until):
    pad = panel.column.pad.pad
    cell = min(pad.width(), pad.height()) / 5
    QTest.mouseClick(pad, Qt.MouseButton.LeftButton, pos=pad.rect().center() + QPoint(round(cell), 0))
    assert pad.place == (1.0, 0.0)
    assert pad.hasFocus()
    spot = QPointF(pad.rect().center())
    wheel = QWheelEvent(
        spot, pad.mapToGlobal(spot), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pad, wheel)
    assert pad.step == 0.25
    QTest.keyClick(pad, Qt.Key.Key_Down)
    QTest.keyClick(pad, Qt.Key.Key_Left)
    assert pad.place == (0.75, 0.25)
    assert "between seeds" in pad.accessibleDescription()
    QTest.keyClick(pad, Qt.Key.Key_Return)
    assert pad.place == (1.0, 0.0)
    assert panel.undo_stack.count() == 4
    shows(panel, until, 1)


def test_what_lies_around_is_made_from_the_middle_outwards(panel, until):
    pad = panel.column.pad.pad
    assert places_around((0.0, 0.0), 0.5)[:2] == [(-1.0, -1.0), (-0.5, -1.0)]
    until(lambda: not pad.missing())
    panel.session.go_to_seed(7)
    assert pad.missing()[0] == (8.0, 0.0) or abs(pad.missing()[0][0] - 7.0) <= 1.0
    until(lambda: not pad.missing())


def test_a_seed_can_be_typed_and_drawn(panel, until):
    panel.column.pad.seed_box.setValue(1207)
    assert (settings(panel).across, settings(panel).down) == (7.0, 12.0)
    shows(panel, until, 1207)
    panel.column.pad.dice_button.click()
    assert settings(panel).seed != 1207
    assert settings(panel).is_seed


def test_enter_goes_to_the_seed_that_the_box_shows(panel):
    panel.session.go_to(7.3, 12.0)
    box, steps = panel.column.pad.seed_box, panel.undo_stack.count()
    assert box.value() == 1207
    for _ in range(2):
        QTest.keyClick(box, Qt.Key.Key_Return)
        assert (settings(panel).across, settings(panel).down) == (7.0, 12.0)
    assert panel.undo_stack.count() == steps + 1


def test_a_drift_goes_somewhere_until_it_is_paused_and_is_one_step(panel, until):
    section = panel.column.pad
    section.drift_button.click()
    assert panel.pad_desk.is_drifting
    until(lambda: settings(panel).across != 0.0)
    first = settings(panel).across
    until(lambda: settings(panel).across != first)
    section.drift_button.click()
    assert not panel.pad_desk.is_drifting
    assert panel.undo_stack.count() == 1
    panel.undo_stack.undo()
    assert settings(panel).across == 0.0


def test_a_held_point_is_said_and_let_go(panel, until):
    w = lively().by_stage(lively().map(latents_of((9,), 8)))[0].numpy()
    panel.session.hold(w, "face.jpg")
    shows(panel, until, 9)
    held = panel.column.pad
    assert held.held.isVisibleTo(panel)
    assert "face.jpg" in held.held_words.text()
    assert panel.session.subject == "Faces face.jpg"
    held.held_button.click()
    shows(panel, until, 0)
    assert not held.held.isVisibleTo(panel)


def test_stages_are_mixed_by_sliders_and_by_one_click(panel, until):
    board = panel.column.mixing
    assert len(board.rows) == 3
    board.buttons["Its Colours"].click()
    assert settings(panel).mixture == Mixture(shares=(0.0, 0.0, 1.0))
    board.rows[0].slider.value_moved.emit(0.5)
    assert settings(panel).mixture.shares == (0.5, 0.0, 1.0)
    before = to_8_bits(panel.session.layer)
    until(lambda: panel.session.is_settled and not np.array_equal(to_8_bits(panel.session.layer), before))
    board.buttons["Nothing"].click()
    shows(panel, until, 0)
    until(lambda: board.tile.accessibleName() == "Seed 1")


def test_a_stage_is_bent_and_straightened(panel, until):
    section = panel.column.bending
    section.set_open(True)
    section.stages.buttons[2].click()
    section.rows["turn"].slider.value_moved.emit(40.0)
    assert settings(panel).bends.stages == (Bending(stage=2, turn=40.0),)
    assert "•" in section.stages.buttons[2].text()
    until(lambda: panel.session.is_settled and panel.session.recipe.settings["bends"]["stages"])
    section.straighten_button.click()
    shows(panel, until, 0)
    assert "•" not in section.stages.buttons[2].text()


def test_a_saved_dream_brings_everything_back(panel, until, tmp_path):
    panel.session.go_to_seed(5)
    panel.session.change(typical=0.6, mixture=Mixture(shares=(0.0, 1.0)))
    until(lambda: panel.session.is_settled and panel.session.recipe.settings["typical"] == 0.6)
    wanted, layer = settings(panel), panel.session.layer
    panel._saver._export(tmp_path / "dream.png")
    until((tmp_path / "dream.png").is_file)
    recipe = read_recipe(tmp_path / "dream.png")
    assert (recipe.task, recipe.settings["across"], recipe.inputs) == ("dream", 5.0, ())
    panel.session.set_settings(DreamSettings(model=wanted.model))
    shows(panel, until, 0)
    panel.open_pictures([tmp_path / "dream.png"])
    until(lambda: settings(panel) == wanted and panel.session.is_settled and panel.session.layer is not None)
    assert np.array_equal(panel.session.layer, layer)


def test_it_is_as_it_was_left_at_the_next_start(panel, until, tmp_path):
    panel.session.go_to_seed(5)
    wanted = settings(panel)
    saved = panel.keeper.saved()
    assert (saved.title, saved.inputs) == ("Dream", {})
    heard(keep_session(SaveSessionTask(saved, tmp_path / "dream"), None))
    panel.session.go_to_seed(6)
    _, opened = heard(open_session(tmp_path / "dream", None))
    panel.take(SessionToOpen(opened, None))
    assert settings(panel) == wanted
    shows(panel, until, 5)


def test_another_dream_is_not_saved_over_the_last_one(panel, tmp_path, until):
    panel._saver._saved_as = tmp_path / "one.png"
    panel.session.change(typical=0.5)
    assert panel._saver._saved_as is not None  # the same dream, more typical
    panel.session.go_to_seed(3)
    assert panel._saver._saved_as is None
    assert panel._saver.proposed_name == "Faces 3 dreamt"


def test_it_goes_to_restore_enlarged_with_its_recipe(panel, qtbot, until):
    until(lambda: panel.column.enlarge_button.isEnabled())
    with qtbot.waitSignal(panel.sent) as sent:
        panel.column.enlarge_button.click()
    picture, to = sent.args
    assert isinstance(picture, PictureToOpen)
    assert to == "restore"
    assert picture.settings == {"mode": "enlarge", "scale": "4"}
    assert picture.result.recipe.task == "dream"
    assert picture.result.inputs == ()


def test_another_generator_is_used_and_one_of_another_make_is_not_blended(panel, until, tmp_path):
    other = str(write_generator(tmp_path / "other.safetensors", seed=1))
    strange = str(write_generator(tmp_path / "lesson.safetensors", LESSONS))
    first = settings(panel).model
    panel.take(ModelToUse("generator", other))
    until(lambda: panel.session.is_settled and panel.session.recipe.weights[0].name == "other.safetensors")
    panel.session.change(second=first, share=0.3)
    until(lambda: "no ancestry" in panel.column.kinship.text())
    panel.session.change(second=strange)
    until(lambda: settings(panel).second == "")
    until(lambda: panel.session.is_settled)


def test_a_generator_that_learns_on_is_taken_up(panel, until, model):
    shows(panel, until, 0)
    write_generator(model, seed=1)
    before = panel.session.generator
    panel.session.look_again()
    until(lambda: panel.session.generator is not before or panel.session.look_again())
    other = lively(seed=1)
    wanted = to_picture(pictures_of(other, other.map(latents_of((0,), 8)))).astype(int)
    until(lambda: panel.session.is_settled and np.abs(to_8_bits(panel.session.layer) - wanted).max() <= 1)


def test_everything_has_a_name_and_explains_itself(panel):
    assert not controls_without_name(panel)
    assert not controls_without_tooltip(panel, QAbstractButton)
