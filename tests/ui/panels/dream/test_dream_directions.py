"""Directions in the panel: found, moved, named, kept, combined, given away."""

import numpy as np
import pytest
from PySide6.QtWidgets import QInputDialog

from studio.core.dream_settings import Move, Moves, packed, unpacked
from studio.core.named_directions import DirectionBook, read_directions
from studio.core.trained_models import TrainedModels
from studio.ui.panels.dream.directions_section import END, spans_of


@pytest.fixture
def found(panel, until):
    """The panel with directions that were found by the weights."""
    panel.directions_desk.find("weights", 0)
    until(lambda: panel.column.directions.rows)
    return panel


def names(panel):
    return [row.direction.name for row in panel.column.directions.rows]


def answer(monkeypatch, words):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (words, True))


def test_found_directions_move_the_picture_and_show_both_ends(found, until):
    section = found.column.directions
    assert names(found)[0] == "Weights 1"
    until(lambda: section.rows[0].ends[1]._pixmap is not None)
    section.rows[0].slider.slider.value_moved.emit(1.5)
    (move,) = found.session.settings.moves.along
    assert (move.name, move.amount) == ("Weights 1", 1.5)
    assert found.undo_stack.count() == 1
    section.rows[1].ends[0].click()
    assert found.session.settings.moves.amount_of("Weights 2") == -END
    found.undo_stack.undo()
    assert section.rows[1].slider.value == 0.0


def test_a_name_keeps_a_direction_and_the_picture_as_it_is(found, until, monkeypatch, panel_context):
    desk, section = found.directions_desk, found.column.directions
    section.rows[0].slider.slider.value_moved.emit(2.0)
    answer(monkeypatch, "Thicker lines")
    section.rows[0].rename_requested.emit()
    until(lambda: [one.name for one in desk.kept] == ["Thicker lines"])
    assert names(found)[0] == "Thicker lines"
    assert "Weights 1" not in names(found)
    assert found.session.settings.moves.amount_of("Thicker lines") == 2.0
    book = DirectionBook(panel_context.looks.folder.parent / "directions")
    until(lambda: [one.name for one in book.of("Faces")] == ["Thicker lines"])
    section.rows[0].span_chosen.emit(0, 1)
    until(lambda: desk.kept and desk.kept[0].after == 1)
    assert found.session.settings.moves.along[0].after == 1
    section.rows[0].remove_requested.emit()
    until(lambda: not desk.kept)
    assert not found.session.settings.moves.along


def test_several_become_one_and_nothing_is_seen_of_it(found, until, monkeypatch):
    section = found.column.directions
    for row, amount in ((0, 1.0), (1, -2.0)):
        section.rows[row].slider.slider.value_moved.emit(amount)
    first, second = (unpacked(row.direction.vector) for row in section.rows[:2])
    answer(monkeypatch, "Both")
    found.directions_desk.combine()
    until(lambda: found.directions_desk.kept)
    (move,) = found.session.settings.moves.along
    assert (move.name, move.amount) == ("Both", 1.0)
    assert np.abs(unpacked(move.vector) - (first - 2.0 * second)).max() < 0.01


def test_directions_travel_as_a_file_and_inside_a_generator(found, until, tmp_path):
    desk = found.directions_desk
    desk.keep(found.column.directions.rows[0].direction)
    until(lambda: desk.kept)
    desk.write(tmp_path / "faces.atelier-directions")
    desk.write(tmp_path / "with them.safetensors")
    until((tmp_path / "faces.atelier-directions").is_file)
    until((tmp_path / "with them.safetensors").is_file)
    assert [one.name for one in read_directions(tmp_path / "faces.atelier-directions")] == ["Weights 1"]
    desk.open(tmp_path / "faces.atelier-directions")
    desk.open(tmp_path / "with them.safetensors")
    found.session.change(model=str(tmp_path / "with them.safetensors"))
    until(lambda: found.session.generator is not None and [one.name for one in desk.kept] == ["Weights 1"])
    assert "directions" in TrainedModels.standard("generator").find(str(tmp_path / "with them.safetensors")).facts


def test_what_a_recalled_picture_was_moved_along_is_shown(panel, until):
    move = Move(name="From afar", vector=packed(np.zeros(16, np.float32)), amount=1.0)
    panel.session.change(moves=Moves(along=(move,)))
    assert names(panel) == ["From afar"]


def test_a_direction_may_act_on_a_part_of_the_stages():
    assert list(spans_of(5)) == [(0, -1), (0, 2), (2, 4), (4, -1)]
    assert list(spans_of(1)) == [(0, -1)]
