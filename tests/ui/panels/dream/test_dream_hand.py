"""What lies around Dream's canvas: points that are dragged, the walk's bar, and a walk that is written."""

import numpy as np
from PySide6.QtCore import QPointF

from studio.core.dream_settings import DreamSettings
from studio.ui.canvas.layers import Pen
from studio.ui.panels.dream.gallery_page import VIEWS


def settings(panel) -> DreamSettings:
    return panel.session.settings


def test_drag_points_go_with_their_picture(panel, until):
    section, desk = panel.column.drag, panel.drag_desk
    section.set_open(True)
    layer, scale = desk.points, panel.canvas.view_scale
    assert layer.begin_stroke(Pen(QPointF(9.0, 5.0), scale))
    layer.move(Pen(QPointF(9.0, 7.0), scale))
    layer.commit_stroke()
    drawn = list(layer.pairs)
    section.drag_button.click()
    until(lambda: not desk.is_dragging)
    assert settings(panel).held.name == "Dragged"
    dragged = list(layer.pairs)
    assert section.distance.text() == "Arrived"
    assert dragged != drawn
    panel.undo_stack.undo()
    assert layer.pairs == drawn  # the next drag takes hold of what the last one did
    assert not section.distance.text()
    panel.undo_stack.redo()
    assert layer.pairs == dragged
    panel.session.hold(np.zeros((3, 16)), "face.jpg")
    assert not layer.pairs
    assert not section.drag_button.isEnabled()
    panel.undo_stack.undo()
    assert layer.pairs == dragged
    panel.session.change(typical=0.8)  # still the same picture
    assert layer.pairs == dragged


def test_points_may_be_set_and_moved_while_the_picture_follows(panel, until):
    section, desk = panel.column.drag, panel.drag_desk
    section.set_open(True)
    layer, scale = desk.points, panel.canvas.view_scale
    layer.set_pairs([(QPointF(9.0, 5.0), QPointF(15.0, 15.0))])
    desk.start()
    heard = []
    desk._job.measured.connect(lambda metrics: heard.append(metrics))
    assert layer.begin_stroke(Pen(QPointF(3.0, 12.0), scale))  # one more, by hand
    layer.move(Pen(QPointF(3.0, 9.0), scale))
    until(lambda: heard)
    assert len(layer.pairs) == 2
    layer.commit_stroke()
    assert desk.is_dragging  # after both, from where it is
    until(lambda: not desk.is_dragging)
    assert len(layer.pairs) == 2
    assert settings(panel).held.name == "Dragged"


def test_what_may_move_goes_with_its_picture(panel, until):
    section, desk = panel.column.drag, panel.drag_desk
    section.set_open(True)
    desk.brush.repaint_map(desk.brush.painting, np.full((16, 16), 255, np.uint8), "Paint")
    panel.session.go_to_seed(3)
    until(lambda: panel.session.is_settled)
    assert desk.brush.painting.is_blank
    panel.undo_stack.undo()
    assert not desk.brush.painting.is_blank
    panel.undo_stack.undo()
    assert desk.brush.painting.is_blank
    panel.undo_stack.redo()
    assert not desk.brush.painting.is_blank


def test_undoing_a_drag_brings_back_what_might_move(panel, until):
    section, desk = panel.column.drag, panel.drag_desk
    section.set_open(True)
    desk.brush.repaint_map(desk.brush.painting, np.full((16, 16), 255, np.uint8), "Paint")
    desk.points.set_pairs([(QPointF(9.0, 5.0), QPointF(9.0, 7.0))])
    desk.start()
    until(lambda: not desk.is_dragging)
    panel.undo_stack.undo()
    assert not desk.brush.painting.is_blank
    panel.undo_stack.redo()
    assert not desk.brush.painting.is_blank
    assert len(desk._movable_of) <= 2  # not one for each step of the drag


def test_it_fits_into_the_smallest_window(panel, until):
    room = 1024 - 80  # beside the window's rail
    add, bottom = panel.walk_bar.add_button, lambda: panel.walk_bar.mapTo(panel, panel.walk_bar.rect().bottomLeft()).y()
    before = bottom() - add.mapTo(panel, add.rect().topLeft()).y()
    panel.walk_desk.add()
    panel.session.go_to_seed(3)
    panel.walk_desk.add()
    until(lambda: panel.session.is_settled)
    assert bottom() - add.mapTo(panel, add.rect().topLeft()).y() == before  # the button stays below the hand
    assert panel.minimumSizeHint().width() <= room
    panel.show_page("gallery")
    for view in VIEWS:
        panel.gallery_desk.show(view)
        assert panel.minimumSizeHint().width() <= room


def test_a_walk_that_is_written_tells_how_far_it_is_and_can_be_stopped(panel, tmp_path, until):
    walk, bar, said = panel.walk_desk, panel.writing_bar, []
    for seed in (1, 2):
        panel.session.go_to_seed(seed)
        walk.add()
    walk.set_length(20.0)
    panel.noticed.connect(lambda words, _level: said.append(words))
    walk.export(tmp_path / "walk.avi")
    assert bar.isVisible()
    walk.writing.progressed.connect(lambda progress: bar.stop_button.click() if progress.done else None)
    until(lambda: walk.writing is None)
    assert bar.bar.maximum() == 500
    assert bar.bar.value() > 0
    assert not bar.isVisible()
    assert not list(tmp_path.glob("*walk*"))
    assert said == ["Writing the walk was stopped: no video is left."]
    walk.set_length(0.2)
    walk.export(tmp_path / "walk.avi")
    until(lambda: walk.writing is None)
    assert (tmp_path / "walk.avi").is_file()
    assert not bar.isVisible()
