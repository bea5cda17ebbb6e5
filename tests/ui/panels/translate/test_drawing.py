"""Drawing: every stroke is painted, one step of undo each; the drawing goes into session and recipe."""

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.core.images import load_picture
from studio.core.picture_task import CONTENT, SKETCH


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
