"""Masks in a panel: painted, listed, heeded by the job, undone with everything else, kept, recalled, used again."""

from dataclasses import replace

import numpy as np
import pytest
from mask_kit import HEED, HeedPanel
from picture_kit import brightened
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtTest import QTest
from studio_kit import answering_file_dialog, drop_files, write_photo

from studio.core import picture_tasks
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.images import load_picture
from studio.core.picture_task import CONTENT, HERE, HINTS, MASK
from studio.jobs.files import prepare_opened
from studio.jobs.sessions import open_session
from studio.ui.canvas.layers import Pen
from studio.ui.picture.session import SessionState

WIDTH, HEIGHT = 120, 80


@pytest.fixture(autouse=True)
def heeding(monkeypatch):
    monkeypatch.setattr(picture_tasks, "PICTURE_TASKS", (*picture_tasks.PICTURE_TASKS, HEED))


@pytest.fixture
def open_panel(qtbot, panel_context, tmp_path):
    def open():
        panel = HeedPanel(replace(panel_context, sessions=tmp_path / "sessions"))
        qtbot.addWidget(panel)
        panel.resize(1000, 700)
        with qtbot.waitExposed(panel):
            panel.show()
        return panel

    return open


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png", WIDTH, HEIGHT)


@pytest.fixture
def panel(open_panel, photo, until):
    panel = open_panel()
    assert drop_files(panel.canvas.viewport(), photo)
    until(lambda: panel.session.photo is not None)
    panel.undo_stack.clear()
    return panel


@pytest.fixture
def settled(until):
    """Wait until everything that is painted is heeded, and what was begun is made."""

    def wait(panel):
        until(lambda: panel.session.masks.is_settled and panel.session.is_settled)

    return wait


def stroke(panel, *spots, **pen):
    """Draw a stroke of 20 px through these spots of the photo."""
    layer = panel.mask_desk.layer
    layer.set_brush(replace(layer.brush, diameter=20.0, hardness=1.0))
    layer.begin_stroke(Pen(QPointF(*spots[0]), 1.0, **pen))
    for spot in spots[1:]:
        layer.move(Pen(QPointF(*spot), 1.0, **pen))
    layer.commit_stroke()


def white_at(panel, x, y):
    return bool((panel.session.layer[y, x] == 65535).all())


def test_what_is_painted_is_heeded_and_every_stroke_is_a_step_among_the_others(panel, settled, until):
    session, masks = panel.session, panel.session.masks
    mask = masks.add(HERE)
    session.start()
    settled(panel)
    assert white_at(panel, 100, 40)  # an empty mask says nothing
    stroke(panel, (20, 40), (60, 40))
    settled(panel)
    assert (white_at(panel, 40, 40), white_at(panel, 100, 40)) == (True, False)
    session.change(stops=1.0)
    stroke(panel, (100, 40), (101, 40))
    settled(panel)
    assert white_at(panel, 100, 40)
    assert [panel.undo_stack.text(n) for n in range(panel.undo_stack.count())] == [
        "Add “Only here”", "Paint", "Exposure", "Paint",
    ]  # fmt: skip
    panel.undo_stack.undo()
    assert session.settings.stops == 1.0
    assert mask.painted.pixels[40, 100] == 0
    settled(panel)
    panel.undo_stack.undo()
    panel.undo_stack.undo()
    assert (session.settings.stops, mask.painted.is_blank) == (0.0, True)
    panel.undo_stack.redo()
    settled(panel)
    assert mask.painted.pixels[40, 40] == 255
    assert (white_at(panel, 40, 40), white_at(panel, 100, 40)) == (True, False)


def test_a_stroke_is_drawn_while_a_job_runs(panel, settled):
    panel.session.masks.add(MASK)
    panel.session.start()
    assert panel.session.state is SessionState.RUNNING
    stroke(panel, (20, 40), (60, 40))
    assert panel.session.masks.all[0].painted.pixels[40, 40] == 255
    settled(panel)
    assert (white_at(panel, 40, 40), white_at(panel, 100, 40)) == (False, True)


def test_results_of_strokes_are_kept_once_one_is_done_with_the_mask(panel, settled, library, until):
    panel.session.masks.add(HERE)
    panel.session.start()
    for x in (20, 60, 100):
        stroke(panel, (x, 40), (x + 1, 40))
        settled(panel)
    assert library.entries() == ()
    panel.mask_desk.layer.answer_key(
        QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier), 1.0
    )
    until(lambda: library.entries())
    assert panel.session.masks.active is None
    assert panel.canvas.layers.active is None
    assert len(library.entries()) == 1


def test_masks_are_added_renamed_duplicated_deleted_and_each_role_has_one(panel):
    masks, section = panel.session.masks, panel.column.mask_section
    section.add_requested.emit(MASK)
    first = masks.all[0]
    stroke(panel, (20, 40), (60, 40))
    section.rows[first.key].duplicate_requested.emit()
    section.rows[first.key].renamed.emit("  Her face ")
    assert [(mask.name, mask.role) for mask in masks.all] == [("Her face", MASK), ("Protected places 2", "")]
    twin = masks.all[1]
    assert np.array_equal(twin.painted.pixels, masks.all[0].painted.pixels)
    section.rows[twin.key].role_chosen.emit(MASK)
    assert [mask.role for mask in masks.all] == ["", MASK]
    section.rows[twin.key].eye_toggled.emit(False)
    assert [mask.shown for mask in masks.all] == [True, False]
    section.rows[twin.key].delete_requested.emit()
    assert [mask.name for mask in masks.all] == ["Her face"]
    assert panel.undo_stack.undoText() == "Delete “Protected places 2”"
    for _ in range(2):
        panel.undo_stack.undo()
    assert [(mask.name, mask.role) for mask in masks.all] == [("Her face", MASK), ("Protected places 2", "")]
    assert list(section.rows) == [first.key, twin.key]


def test_a_name_is_typed_in_the_row(panel):
    mask = panel.session.masks.add(MASK)
    row = panel.column.mask_section.rows[mask.key]
    row.setFocus()
    row.menu.actions()[0].trigger()
    QTest.keyClicks(row.focusWidget() or row._editor, "Sky")
    QTest.keyClick(row._editor, Qt.Key.Key_Return)
    assert panel.session.masks.all[0].name == "Sky"
    row.rename()
    QTest.keyClicks(row._editor, "something else")
    QTest.keyClick(row._editor, Qt.Key.Key_Escape)
    assert (panel.session.masks.all[0].name, row.name.text()) == ("Sky", "Sky")
    QTest.keyClick(row, Qt.Key.Key_Return)
    assert panel.session.masks.active is None


def test_rows_are_dragged_to_other_places_and_a_click_is_no_drag(panel):
    masks, section = panel.session.masks, panel.column.mask_section
    names = ("Sky", "Tree", "House")
    first, second, third = (masks.add("", name=name) for name in names)
    panel.undo_stack.clear()

    def named():
        shown = sorted(section.rows.values(), key=lambda row: row.y())
        return [mask.name for mask in masks.all], [row.name.text() for row in shown]

    def drag(mask, to, *, drop=True):
        row, left = section.rows[mask.key], Qt.MouseButton.LeftButton
        QTest.mousePress(row, left, pos=QPoint(60, 10))
        for share in (0.5, 1.0):
            y = 10 + round(share * (to - 10 - row.y()))
            QTest.mouseMove(row, QPoint(60, y))
        if drop:
            QTest.mouseRelease(row, left, pos=QPoint(60, to - row.y()))
        return section._order._line

    panel.column.layout().activate()
    below = section.rows[third.key].geometry().bottom()
    line = drag(first, below, drop=False)
    assert line.isVisible()
    QTest.keyClick(section.rows[first.key], Qt.Key.Key_Escape)
    assert not line.isVisible()
    QTest.mouseRelease(section.rows[first.key], Qt.MouseButton.LeftButton, pos=QPoint(60, 300))
    assert masks.all == (first, second, third)
    drag(first, below)
    assert masks.all == (second, third, first)
    assert (masks.active, panel.undo_stack.undoText()) == (third, "Move “Sky”")  # the drag did not choose it
    section.layout().activate()
    assert named() == (["Tree", "House", "Sky"], ["Tree", "House", "Sky"])
    drag(first, section.rows[second.key].y() + 2)
    assert masks.all == (first, second, third)
    QTest.mouseClick(section.rows[first.key], Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
    assert masks.active is first
    QTest.keyClick(section.rows[first.key], Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert masks.all == (second, first, third)
    for _ in range(3):
        panel.undo_stack.undo()
    assert masks.all == (first, second, third)


def test_colours_are_painted_as_hints_and_picked_where_they_are_seen(panel, settled):
    panel.mask_desk.set_colour(QColor(10, 200, 30))
    panel.session.masks.add(HINTS)
    stroke(panel, (20, 40), (60, 40))
    panel.session.start()
    settled(panel)
    expected = brightened(np.array([10, 200, 30]), 0.0)
    assert np.array_equal(panel.session.layer[40, 40], expected)
    panel.mask_desk.set_tool("pick")
    panel.mask_desk.layer.begin_stroke(Pen(QPointF(5, 5), 1.0))
    panel.mask_desk.layer.commit_stroke()
    assert panel.mask_desk.layer.brush.colour == tuple(panel.session.photo.picture.pixels[5, 5, :3])
    panel.mask_desk.layer.begin_stroke(Pen(QPointF(110, 70), 1.0))  # beyond the divider lies the result
    panel.mask_desk.layer.commit_stroke()
    assert panel.mask_desk.layer.brush.colour == (255, 255, 255)
    panel.mask_desk.set_tool("likely")  # nobody here knows any
    assert panel.mask_desk.layer.tool == "pick"
    panel.mask_desk.set_tool("wand")  # colours know none
    assert panel.mask_desk.layer.tool == "pick"


def test_rectangles_and_lassos_are_filled_and_alt_takes_them_away(panel):
    mask, desk = panel.session.masks.add(MASK), panel.mask_desk
    desk.set_tool("rectangle")
    stroke(panel, (10, 10), (60, 50))
    assert mask.painted.pixels[10:50, 10:60].min() == 255
    assert mask.painted.pixels.sum() == 40 * 50 * 255
    desk.set_tool("lasso")
    stroke(panel, (10, 10), (40, 10), (40, 40), (10, 40), modifiers=Qt.KeyboardModifier.AltModifier)
    assert (mask.painted.pixels[25, 25], mask.painted.pixels[25, 55]) == (0, 255)
    assert [panel.undo_stack.text(n) for n in range(1, 3)] == ["Rectangle", "Lasso"]
    panel.undo_stack.undo()
    assert mask.painted.pixels[25, 25] == 255


def test_a_wand_and_the_buttons_change_the_mask_in_a_job(panel, until):
    mask, desk = panel.session.masks.add(MASK), panel.mask_desk
    desk.hand = desk.hand.model_copy(update={"tolerance": 128, "touching": False})
    desk.set_tool("wand")
    stroke(panel, (30, 30))
    until(lambda: not mask.painted.is_blank)
    assert panel.undo_stack.undoText() == "Magic Wand"
    before = mask.painted.pixels.copy()
    panel.column.mask_section.edit_requested.emit("invert")
    until(lambda: np.array_equal(mask.painted.pixels, ~before))
    panel.column.mask_section.edit_requested.emit("clear")
    until(lambda: mask.painted.is_blank)
    panel.undo_stack.undo()
    panel.undo_stack.undo()
    assert np.array_equal(mask.painted.pixels, before)


def test_another_photo_begins_without_masks_and_those_of_the_last_can_be_used_there(panel, settled, tmp_path, until):
    masks = panel.session.masks
    panel.session.masks.add(MASK, name="Sky")
    stroke(panel, (20, 40), (60, 40))
    other = prepare_opened(load_picture(write_photo(tmp_path / "other.png", 2 * WIDTH, 2 * HEIGHT)))
    panel.session.put(CONTENT, other)
    assert (masks.all, panel.session.inputs[MASK]) == ((), ())
    panel.column.mask_section.reuse_requested.emit(masks.left[0])
    assert [(mask.name, mask.role, mask.painted.width) for mask in masks.all] == [("Sky", MASK, 2 * WIDTH)]
    assert masks.all[0].painted.pixels[80, 80] == 255
    settled(panel)
    assert len(panel.session.inputs[MASK]) == 1
    for _ in range(2):
        panel.undo_stack.undo()
    assert [(mask.name, mask.painted.width) for mask in masks.all] == [("Sky", WIDTH)]
    settled(panel)
    assert panel.session.inputs[MASK][0].picture.width == WIDTH
    panel.undo_stack.undo()  # the stroke, still
    assert masks.all[0].painted.is_blank


def test_masks_are_kept_with_the_photo_and_found_again_when_it_comes_back(panel, photo, settled, until, tmp_path):
    masks = panel.session.masks
    masks.add(HERE, name="Left half")
    stroke(panel, (20, 40), (60, 40))
    masks.add(MASK, name="Empty")
    masks.show(masks.all[0], False)
    settled(panel)
    until(lambda: panel.keeper.is_up_to_date)
    kept = finish(open_session(panel.keeper.folder, Controls(None)))
    assert [(one.saved.name, one.saved.role, one.saved.shown) for one in kept.masks] == [
        ("Left half", HERE, False), ("Empty", MASK, True),
    ]  # fmt: skip
    assert drop_files(panel.canvas.viewport(), write_photo(tmp_path / "second.png", 60, 40))
    until(lambda: panel.session.photo.picture.width == 60)
    assert masks.all == ()
    until(lambda: panel.keeper.is_up_to_date)
    assert drop_files(panel.canvas.viewport(), photo)
    until(lambda: panel.session.photo.picture.width == WIDTH)
    assert [mask.name for mask in masks.all] == ["Left half", "Empty"]
    assert masks.all[0].painted.pixels[40, 40] == 255
    assert panel.session.inputs[HERE][0].picture.sha256 == kept.inputs[HERE][0].picture.sha256


def test_a_session_and_a_saved_picture_bring_their_masks_back(panel, open_panel, settled, until, tmp_path):
    masks = panel.session.masks
    masks.add(HERE, name="Left half")
    stroke(panel, (20, 40), (60, 40))
    panel.session.start()
    settled(panel)
    masks.select("")
    panel.session_files.write(tmp_path / "evening.atelier")
    until(lambda: (tmp_path / "evening.atelier").exists())
    until(lambda: panel.context.library.entries())
    saved = panel.context.library.entries()[0].path
    for file in (tmp_path / "evening.atelier", saved):
        other = open_panel()
        assert drop_files(other.canvas.viewport(), file)
        until(lambda other=other: other.session.masks.all and other.session.layer is not None)
        (mask,) = other.session.masks.all
        assert (mask.name, mask.role) == ("Left half", HERE)
        assert (mask.painted.pixels[40, 40], mask.painted.pixels[40, 100]) == (255, 0)
        settled(other)
        assert other.session.recipe == panel.session.recipe


def test_what_is_painted_last_is_not_lost_when_the_window_closes(panel, until):
    masks = panel.session.masks
    masks.add(HERE)
    until(lambda: panel.keeper.is_up_to_date)
    stroke(panel, (20, 40), (60, 40))
    panel.close_gently()
    until(lambda: panel.keeper.is_up_to_date)
    kept = finish(open_session(panel.keeper.folder, Controls(None)))
    assert kept.masks[0].picture is not None
    assert len(kept.inputs[HERE]) == 1


def test_masks_are_files_too_and_an_input_from_a_file_is_a_mask(panel, settled, tmp_path, until):
    masks, desk = panel.session.masks, panel.mask_desk
    half = np.zeros((HEIGHT, WIDTH), np.uint8)
    half[:, :60] = 255
    Image.fromarray(half).save(tmp_path / "half.png")
    with answering_file_dialog(tmp_path / "half.png"):
        panel.column.mask_section.load_requested.emit()
    until(lambda: masks.all)
    assert [(mask.name, mask.role) for mask in masks.all] == [("half", MASK)]
    assert np.array_equal(masks.all[0].painted.pixels, half)
    desk.save_as(masks.all[0], tmp_path / "saved.png")
    until(lambda: (tmp_path / "saved.png").exists())
    assert np.array_equal(np.asarray(Image.open(tmp_path / "saved.png")), half)
    panel.open_as(HERE, [tmp_path / "saved.png"])
    until(lambda: len(masks.all) == 2)
    assert [(mask.name, mask.role) for mask in masks.all] == [("half", MASK), ("saved", HERE)]
    panel.undo_stack.undo()
    assert [mask.name for mask in masks.all] == ["half"]


def test_one_mask_serves_a_whole_folder(panel, settled, until, tmp_path):
    panel.session.masks.add(HERE)
    stroke(panel, (20, 40), (60, 40))
    settled(panel)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2):
        write_photo(folder / f"{number}.png", WIDTH + number, HEIGHT).touch()
    panel.open_pictures([folder])
    until(lambda: panel.desk.queue.proposed)
    assert len(panel.desk.queue.proposed) == 2
    assert panel.desk.view.proposal.text() == "2 photos with the mask “Only here”"
    panel.desk._start(tmp_path / "out", ".png")
    until(lambda: panel.desk.queue.photos and panel.desk.queue.is_over)
    assert [photo.state.cause for photo in panel.desk.queue.photos] == ["", ""]
    assert len(list((tmp_path / "out").rglob("*.png"))) == 2


def test_h_hides_what_is_painted_and_the_next_start_has_the_same_brush(panel, open_panel):
    panel.session.masks.add(MASK)
    desk, key = panel.mask_desk, QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_H, Qt.KeyboardModifier.NoModifier, "h")
    desk.set_view("ruby")
    seen = []
    for _ in range(2):
        assert desk.layer.answer_key(key, 1.0)
        seen.append((desk.layer.hides_map, panel.column.mask_section.view.current))
    assert seen == [(True, "off"), (False, "ruby")]
    panel.column.mask_section.hand_changed.emit(desk.hand.model_copy(update={"diameter": 12, "tolerance": 7}))
    desk.set_colour(QColor(10, 20, 30))
    again = open_panel().mask_desk
    assert (again.hand.diameter, again.hand.tolerance) == (12, 7)
    assert (again.layer.brush.diameter, again.layer.brush.colour) == (12, (10, 20, 30))
