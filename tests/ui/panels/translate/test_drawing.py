"""Drawing: every stroke is painted, one step of undo each; the drawing goes into session and recipe."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.core.images import load_picture, read_recipe
from studio.core.picture_task import CONTENT, HERE, SKETCH


def shown(panel):
    return panel.canvas._items["after"].frame.levels[0].copy()


def test_a_stroke_is_painted_while_the_hand_draws_and_in_full_when_it_rests(drawing, draw, until, settled):
    before, full = shown(drawing), drawing.session.layer
    draw(drawing, (0.2, 0.2), (0.8, 0.6), lift=False)
    until(lambda: not np.array_equal(shown(drawing), before))  # the hand is still down
    assert drawing.session.layer is full
    assert drawing.mask_desk.layer.in_stroke
    drawing.mask_desk.layer.commit_stroke()
    until(lambda: drawing.session.layer is not full)
    settled(drawing)
    assert drawing.session.layer.shape == (32, 32, 3)  # as the pair learnt
    (record,) = [one for one in drawing.session.recipe.inputs if one.role == SKETCH]
    assert record.name == "Drawing.png"
    assert drawing.undo_stack.count() == 1
    drawing.undo_stack.undo()
    until(lambda: drawing.session.inputs[SKETCH] == ())
    settled(drawing)
    assert np.array_equal(drawing.session.layer, full)


def test_what_is_drawn_is_seen_at_once_in_the_pictures_place(drawing, draw):
    drawing.mask_desk.set_colour(QColor(200, 0, 0))
    sheet = drawing.session.drawing.sheet
    draw(drawing, (0.5, 0.5), (0.5, 0.5))
    assert sheet.drawing[32, 32].tolist() == [200, 0, 0]
    assert sheet.frame.levels[0][32, 32, :3].tolist() == [0, 0, 200]
    assert drawing.canvas._items["before"].frame is sheet.frame
    assert drawing.canvas.compare_mode == "side"


def test_layers_lie_over_one_another_and_one_that_is_hidden_is_not_painted(drawing, draw, until, settled):
    drawing.mask_desk.set_colour(QColor(0, 0, 0))
    draw(drawing, (0.5, 0.5), (0.5, 0.5))
    masks = drawing.session.masks
    top = masks.add(SKETCH)
    assert masks.all[0] is masks.find(top.key)
    drawing.mask_desk.set_colour(QColor(255, 255, 0))
    draw(drawing, (0.5, 0.5), (0.5, 0.5))
    settled(drawing)
    assert drawing.session.drawing.sheet.drawing[32, 32].tolist() == [255, 255, 0]
    assert len(drawing.session.inputs[SKETCH]) == 2
    both = drawing.session.layer
    masks.show(masks.find(top.key), shown=False)
    until(lambda: drawing.session.drawing.sheet.drawing[32, 32].tolist() == [0, 0, 0])
    until(lambda: len(drawing.session.inputs[SKETCH]) == 1)
    until(lambda: drawing.session.layer is not both)


def place_of_sheet(panel):
    """Where on the canvas the sheet is seen, and how large."""
    return panel.canvas.viewport().geometry(), panel.canvas.picture_in_view()


def test_the_sheet_stands_where_it_stays_before_anything_is_painted(panel, until, settled):
    before = []
    panel.session.sheet_prepared.connect(lambda: before.append((place_of_sheet(panel), panel.canvas.waits_beside)))
    panel.session.change(mode="draw")
    panel.open_sheet(64, 64)
    until(lambda: before)
    place, waits = before[0]
    assert waits
    assert panel.canvas._pane.isVisible()
    settled(panel)
    assert not panel.canvas.waits_beside
    assert place_of_sheet(panel) == place


def test_what_was_made_of_the_picture_never_stands_beside_a_drawing_of_it(opened, until, settled):
    translated = shown(opened)
    seen = []
    opened.session.sheet_prepared.connect(lambda: seen.append(opened.canvas._items["after"].frame))
    opened.column.mode.buttons[1].click()
    assert opened.canvas._items["after"].frame is None
    assert opened.canvas.waits_beside
    until(lambda: seen)
    settled(opened)
    assert opened.session.recipe.settings["mode"] == "draw"
    opened.column.mode.buttons[0].click()
    assert opened.canvas._items["after"].frame is None
    settled(opened)
    assert np.array_equal(shown(opened), translated)


@pytest.fixture
def two_layers(drawing, draw, settled):
    """A black dot in the middle, and a yellow one over it."""
    for colour in (QColor(0, 0, 0), QColor(255, 255, 0)):
        drawing.mask_desk.set_colour(colour)
        draw(drawing, (0.5, 0.5), (0.5, 0.5))
        if colour == QColor(0, 0, 0):
            drawing.session.masks.add(SKETCH)
    settled(drawing)
    drawing.undo_stack.clear()
    return drawing


def middle_of(panel):
    return panel.session.drawing.sheet.drawing[32, 32].tolist()


def test_a_layer_is_moved_below_another_and_undo_moves_it_back(two_layers, until, settled):
    session, section = two_layers.session, two_layers.column.mask_section
    upper, lower = session.masks.all
    pictures, both = session.inputs[SKETCH], session.layer
    assert middle_of(two_layers) == [255, 255, 0]
    up, down = section.rows[upper.key]._up, section.rows[upper.key]._down
    assert (up.isEnabled(), down.isEnabled()) == (False, True)
    down.trigger()
    assert [mask.name for mask in session.masks.all] == [lower.name, upper.name]
    assert [key for key, _ in section._listed_rows()] == [lower.key, upper.key]
    until(lambda: middle_of(two_layers) == [0, 0, 0])
    until(lambda: session.inputs[SKETCH] == pictures[::-1] and session.layer is not both)
    settled(two_layers)
    told = [record.sha256 for record in session.recipe.inputs if record.role == SKETCH]
    assert told == [picture.picture.sha256 for picture in pictures[::-1]]
    assert two_layers.undo_stack.undoText() == f"Move “{upper.name}”"
    two_layers.undo_stack.undo()
    until(lambda: middle_of(two_layers) == [255, 255, 0] and session.inputs[SKETCH] == pictures)
    two_layers.undo_stack.redo()
    until(lambda: middle_of(two_layers) == [0, 0, 0])


def test_the_order_of_layers_is_kept_in_session_and_recipe(two_layers, open_panel, until, settled, tmp_path):
    session = two_layers.session
    upper, lower = session.masks.all
    QTest.keyClick(two_layers.column.mask_section.rows[lower.key], Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    until(lambda: middle_of(two_layers) == [0, 0, 0])
    settled(two_layers)
    two_layers.session_files.write(tmp_path / "mine.atelier")
    two_layers._saver._export(tmp_path / "mine.png")
    until(lambda: (tmp_path / "mine.atelier").exists() and (tmp_path / "mine.png").exists())
    told = [record.name for record in read_recipe(tmp_path / "mine.png").inputs if record.role == SKETCH]
    assert told == [f"{lower.name}.png", f"{upper.name}.png"]
    again = open_panel()
    again.open_pictures([tmp_path / "mine.atelier"])
    until(lambda: again.session.drawing.sheet is not None and middle_of(again) == [0, 0, 0])
    until(lambda: again.session.masks.active is again.session.masks.all[0])
    assert [mask.name for mask in again.session.masks.all] == [lower.name, upper.name]


@pytest.mark.parametrize("which", [0, 1])
def test_a_hidden_layer_comes_back_hidden_with_a_saved_painting(
    two_layers, open_panel, until, settled, tmp_path, which
):
    session = two_layers.session
    names = [mask.name for mask in session.masks.all]
    session.masks.show(session.masks.all[which], shown=False)
    until(lambda: len(session.inputs[SKETCH]) == 1)
    settled(two_layers)
    told = {record.name: record.role for record in session.recipe.inputs if record.role != CONTENT}
    assert told == {f"{names[which]}.png": f"unseen-{which}", f"{names[1 - which]}.png": SKETCH}
    painted = session.layer
    two_layers._saver._export(tmp_path / "mine.png")
    until((tmp_path / "mine.png").exists)
    again = open_panel()
    again.open_pictures([tmp_path / "mine.png"])
    until(lambda: again.session.drawing.sheet is not None and len(again.session.masks.all) == 2)
    assert [(mask.name, mask.shown) for mask in again.session.masks.all] == [
        (name, place != which) for place, name in enumerate(names)
    ]
    until(lambda: again.session.masks.active is again.session.masks.all[1 - which])
    settled(again)
    assert middle_of(again) == ([0, 0, 0] if which == 0 else [255, 255, 0])
    assert np.abs(again.session.layer.astype(float) - painted / 257).max() < 1  # the file has 8 bits
    again.session.masks.show(again.session.masks.all[which], shown=True)
    until(lambda: middle_of(again) == [255, 255, 0] and len(again.session.inputs[SKETCH]) == 2)


def test_what_is_drawn_on_a_hidden_layer_or_deleted_there_is_told_as_well(two_layers, draw, until, settled):
    session = two_layers.session
    upper = session.masks.all[0]
    session.masks.show(upper, shown=False)
    until(lambda: len(session.inputs[SKETCH]) == 1)
    settled(two_layers)

    def hidden():
        return [record.sha256 for record in session.recipe.inputs if record.role == "unseen-0"]

    (before,) = hidden()
    session.masks.select(upper.key)
    draw(two_layers, (0.1, 0.1), (0.2, 0.2))
    until(lambda: hidden() != [before])
    session.masks.delete(session.masks.find(upper.key))
    until(lambda: hidden() == [])
    settled(two_layers)


def test_a_layer_is_asked_for_no_role_and_its_copy_is_a_layer_too(two_layers):
    session, section = two_layers.session, two_layers.column.mask_section
    assert [row.role.isHidden() for row in section.rows.values()] == [True, True]
    session.masks.duplicate(session.masks.all[0])
    assert [mask.role for mask in session.masks.all] == [SKETCH] * 3
    session.change(mode="photo")
    mask = session.masks.add(HERE)
    assert not section.rows[mask.key].role.isHidden()


def test_layers_are_called_layers(two_layers):
    session, section = two_layers.session, two_layers.column.mask_section
    lower = section.rows[session.masks.all[1].key]
    assert lower.accessibleName().startswith("Layer")
    assert lower.eye.toolTip() == "Part of the drawing"
    assert section.edits["clear"].text() == "Clear"  # alone there, an icon would not say enough
    session.masks.add(HERE)
    assert section.edits["clear"].text() == ""
    section._fill_menu()
    words = [action.text() for action in section.menu.actions()]
    assert "Open a Picture…" in words
    assert "Of Another Sheet" in words
    assert section.add_button.accessibleName() == "Add a layer"
    section.offer([session.masks.all[0], session.masks.all[-1]])
    assert {mask.role for mask in section._left} == {SKETCH, HERE}
    section._fill_menu()
    (reused,) = [action.menu() for action in section.menu.actions() if action.text() == "Of Another Sheet"]
    assert len(reused.actions()) == 1  # what is no layer is not offered as one


def test_nothing_lies_unplaced_in_the_column(panel, until):
    panel.draw_action.triggered.emit()
    until(lambda: panel.session.photo is not None)
    assert not panel.column.size_note.isVisibleTo(panel.column)  # for sizes, which a translation has not


def test_a_bucket_fills_up_to_the_lines(drawing, until):
    painted = drawing.session.masks.active.painted
    ring = np.zeros((64, 64, 4), np.uint8)
    ring[10:50, 10:50], ring[14:46, 14:46] = (0, 0, 0, 255), 0
    drawing.mask_desk.layer.repaint_map(painted, ring, "Ring")
    drawing.mask_desk.set_colour(QColor(0, 200, 0))
    drawing.mask_desk.set_tool("bucket")
    rect = drawing.mask_desk.layer.picture_rect
    middle = QRectF(rect.width() / 2, rect.height() / 2, 0, 0)
    drawing.mask_desk.layer.asked.emit("bucket", middle, False)
    until(lambda: painted.pixels[32, 32].tolist() == [0, 200, 0, 255])
    assert painted.pixels[12, 32].tolist() == [0, 0, 0, 255]
    assert painted.pixels[5, 5].tolist() == [0, 0, 0, 0]
    assert drawing.undo_stack.undoText() == "Fill"


def test_colours_come_from_the_palette_and_from_the_drawing(drawing, draw):
    section = drawing.column.mask_section
    red = next(one for one in section.colours.swatches if one.toolTip() == "Red")
    QTest.mouseClick(red, Qt.MouseButton.LeftButton)
    assert drawing.mask_desk.layer.brush.colour == red.colour.getRgb()[:3]
    draw(drawing, (0.5, 0.5), (0.5, 0.5))
    drawing.mask_desk.set_colour(QColor("black"))
    rect = drawing.mask_desk.layer.picture_rect
    drawing.mask_desk.layer.asked.emit("pick", QRectF(rect.width() / 2, rect.height() / 2, 0, 0), False)
    assert drawing.mask_desk.layer.brush.colour == red.colour.getRgb()[:3]
    assert not section.view.isVisible()
    assert section.title.text() == "Layers"


def test_a_drawing_is_saved_as_it_was_drawn_and_each_sheet_is_a_picture_of_its_own(drawing, draw, until, tmp_path):
    draw(drawing, (0.2, 0.5), (0.8, 0.5))
    drawing.save_drawing(tmp_path / "mine.png")
    until((tmp_path / "mine.png").exists)
    assert np.array_equal(load_picture(tmp_path / "mine.png").pixels[..., :3], drawing.session.drawing.sheet.drawing)
    first = drawing.session.photo.picture.sha256
    drawing.open_sheet(64, 64)
    until(lambda: drawing.session.photo.picture.sha256 != first)
    until(lambda: drawing.session.masks.active is not None)
    assert drawing.session.inputs[SKETCH] == ()


def test_back_among_photos_everything_is_as_it_was(drawing):
    photo = drawing.session.inputs[CONTENT][0]
    drawing.column.mode.buttons[0].click()
    assert not drawing.session.settings.draws
    assert drawing.canvas.compare_mode != "side"
    assert drawing.canvas._items["before"].frame is photo.frame
    assert drawing.column.mask_section.title.text() == "Masks"
    assert drawing.form.row("strength").isVisible()


def test_ink_begins_black_and_is_another_thing_than_the_colour_of_hints(pair, open_panel, panel_context):
    panel_context.preferences.mask_colour = "#c43c28"
    desk = open_panel().mask_desk
    assert desk.layer.brush.colour == (0, 0, 0)
    desk.set_colour(QColor(43, 87, 167))
    assert open_panel().mask_desk.layer.brush.colour == (43, 87, 167)
    assert panel_context.preferences.mask_colour == "#c43c28"


def test_black_ink_is_seen_in_the_list_of_layers(drawing, draw, settled):
    drawing.mask_desk.set_colour(QColor("black"))
    draw(drawing, (0.5, 0.5), (0.5, 0.5))
    settled(drawing)
    (row,) = drawing.column.mask_section.rows.values()
    small = row._small.grab().toImage()
    middle, corner = small.rect().center(), small.rect().topLeft() + QPoint(6, 6)
    assert small.pixelColor(middle).lightness() < 60
    assert small.pixelColor(corner) == QColor("white")
