"""What matters is painted over the pictures of a run: kept in its folder, and told to it."""

import pytest
from accessibility import controls_without_name, controls_without_tooltip
from canvas_kit import drag
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QAbstractButton, QLineEdit
from studio_kit import write_painting
from training_kit import new_run

from studio.core.checksums import sha256_of
from studio.training.emphasis import EmphasisFolder, LearntPicture
from studio.ui.panels.train.emphasis.dialog import EmphasisDialog


@pytest.fixture
def run(tmp_path):
    run = new_run(tmp_path / "run")
    paths = [write_painting(tmp_path / "photos" / f"{number}.png", number, 64) for number in range(3)]
    EmphasisFolder(run.path).list_pictures([LearntPicture(path, sha256_of(path)) for path in paths])
    return run


@pytest.fixture
def dialog(theme, engines, run, window):
    dialog = EmphasisDialog(run.path, "Eyes", engines[1], theme, window)
    dialog.show()
    return dialog


def test_a_stroke_is_kept_and_told_to_the_run_and_undone(dialog, run, until):
    until(lambda: dialog.list.count() == 3 and not dialog.list.item(2).icon().isNull())
    dialog.search.setText("1.")
    assert [dialog.list.item(row).isHidden() for row in range(3)] == [True, False, True]
    dialog.list.setCurrentRow(1)
    until(dialog.clear_button.isEnabled)
    place = dialog.canvas.to_view(QPointF(30, 30))
    drag(dialog.canvas.viewport(), place.toTuple(), (place + QPointF(20, 0)).toTuple())
    until(lambda: "Painted" in dialog.list.item(1).text())
    (content,) = EmphasisFolder(run.path).newest().maps
    assert content == sha256_of(run.path.parent / "photos" / "1.png")
    (order,) = run.commands.take()
    assert (order.kind, order.values["emphasis"]["maps"].keys()) == ("settings", {content})
    painted = EmphasisFolder(run.path).read(order.values["emphasis"]["maps"][content])
    assert 0 < (painted > 0).mean() < 0.9
    dialog.undo_button.click()
    until(lambda: "Painted" not in dialog.list.item(1).text())
    assert EmphasisFolder(run.path).newest().maps == {}


def test_every_control_has_a_name_and_explains_itself(dialog, until):
    until(lambda: dialog.list.count() == 3)
    assert controls_without_name(dialog) == []
    assert controls_without_tooltip(dialog, QAbstractButton, QLineEdit) == []
