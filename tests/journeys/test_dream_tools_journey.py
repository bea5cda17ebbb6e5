"""A face dropped, found, dragged and walked away from, through the real window; and fifty pictures of one's own."""

import numpy as np
import pytest
from generator_kit import GeneratorFacts, lively, write_generator, write_pictures
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, answering_file_dialog, drop_files

from models.latent import latents_of, pictures_of
from models.pixels import to_picture
from studio.core.images import load_picture
from studio.core.resizing import to_8_bits
from studio.core.user_folders import UserFolders
from studio.core.walk_files import read_walk
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.schedule import Phase, Ramp, Schedule
from studio.ui.panel import ModelToUse

FACTS = GeneratorFacts("styled", {"widths": [16, 16, 16, 8], "latent": 8, "style": 16, "blocks": 1}, 32)


class Dreamer:
    """Sits before the window with a mouse."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.panel = studio.window.panel("dream")
        self.session, self.canvas = self.panel.session, self.panel.canvas
        self.window.show_panel("dream")

    @property
    def settings(self):
        return self.session.settings

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def waits(self):
        self.waits_until(lambda: self.session.is_settled and self.panel.has_picture)

    def clicks(self, button):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def drags_on_canvas(self, start, end):
        view, left, none = self.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        begin, finish = (self.canvas.to_view(QPointF(*spot)) for spot in (start, end))
        for kind, place, button, held in (
            (QEvent.Type.MouseButtonPress, begin, left, left),
            (QEvent.Type.MouseMove, (begin + finish) / 2, none, left),
            (QEvent.Type.MouseMove, finish, none, left),
            (QEvent.Type.MouseButtonRelease, finish, left, none),
        ):
            event = QMouseEvent(kind, place, view.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(view, event)


@pytest.fixture
def shelf():
    """The models folder, with a generator in it."""
    write_generator(UserFolders.standard().models / "faces.safetensors", FACTS)


@pytest.fixture
def dreamer(shelf, studio, qtbot):
    dreamer = Dreamer(studio, qtbot)  # the panel takes the first generator that is here
    dreamer.waits_until(lambda: dreamer.session.generator is not None)
    dreamer.waits()
    return dreamer


def picture_of(seed: int) -> np.ndarray:
    generator = lively(FACTS)
    return to_picture(pictures_of(generator, generator.map(latents_of([seed], 8))))


def test_a_dropped_picture_is_found_dragged_walked_and_made_again_from_its_file(dreamer, tmp_path):
    d = dreamer
    Image.fromarray(picture_of(77)).save(tmp_path / "face.png")
    first = d.settings

    # dropped, it is looked for beside what was given, and the figure is told
    bar = d.panel.finding_bar
    assert drop_files(d.canvas.viewport(), tmp_path / "face.png")
    d.waits_until(lambda: d.settings.held.name == "face.png")
    assert bar.isVisible()
    d.clicks(bar.stop_button)
    d.waits_until(lambda: bar.close_button.isVisible())
    d.waits()
    assert "face.png: " in bar.words.text()
    assert "% alike" in bar.words.text()
    assert d.canvas.compare_mode == "side"
    assert d.canvas.labels == ("Given", "Found")  # while it is looked for: "So far"
    found = d.settings
    d.panel.undo_stack.undo()  # all of it was one step
    assert d.settings == first
    assert not bar.isVisible()
    d.panel.undo_stack.redo()
    assert d.settings == found

    # it becomes the first station, and is dragged to the second
    timeline, walk = d.panel.walk_bar, d.panel.walk_desk
    d.clicks(timeline.add_button)
    section, points = d.panel.column.drag, d.panel.drag_desk.points
    section.set_open(True)
    d.waits()
    d.drags_on_canvas((10, 16), (15, 16))
    assert len(points.pairs) == 1
    d.clicks(section.drag_button)
    d.waits_until(lambda: d.settings.held.name == "Dragged")
    d.panel.drag_desk.stop()
    d.waits_until(lambda: not d.panel.drag_desk.is_dragging)
    d.waits()
    section.set_open(False)
    assert not points.isVisible()
    dragged = d.settings
    assert dragged.held.w != found.held.w
    d.clicks(timeline.add_button)
    assert [station.held.name for station in d.settings.walk.stations] == ["face.png", "Dragged"]
    timeline.length_box.setValue(0.8)
    assert d.settings.walk.seconds == pytest.approx(0.8)

    # played on the canvas, and stopped somewhere on the way
    before = d.settings
    d.clicks(timeline.play_button)
    d.waits_until(lambda: d.settings.held.name.startswith("Walk at"))
    d.clicks(timeline.play_button)
    assert not walk.is_playing
    d.panel.undo_stack.undo()
    assert d.settings == before

    # written as frames and as a file, and restored from what was saved of a picture
    (tmp_path / "frames").mkdir()
    walk.export(tmp_path / "frames")
    d.waits_until(lambda: walk.writing is None)
    assert len(list((tmp_path / "frames").iterdir())) == 20  # 0.8 s, and back to the first
    walk.keep(tmp_path / "there and back.walk")
    d.waits_until((tmp_path / "there and back.walk").exists)
    assert read_walk(tmp_path / "there and back.walk") == d.settings.walk

    # the picture is saved; dropped back, all is as it was, the walk too
    kept, out = d.settings, tmp_path / "dragged.png"
    d.waits()
    with answering_file_dialog(out):
        d.panel.save_as()
    d.waits_until(out.exists)
    shown = load_picture(out).pixels
    d.session.go_to_seed(5)
    d.panel.walk_desk.remove(0)
    d.waits()
    assert drop_files(d.canvas.viewport(), out)
    d.waits_until(lambda: d.settings == kept)
    d.waits()
    assert np.abs(to_8_bits(d.session.layer).astype(int) - shown[:, :, :3]).max() <= 1


def test_fifty_pictures_teach_the_generator_of_the_shelf_and_its_seeds_lean_towards_them(dreamer, tmp_path):
    d = dreamer
    pictures = write_pictures(tmp_path / "fifty", 50, side=32)
    phase = Phase(duration=3, unit="steps", learning_rate=Ramp.level(2e-3), momentum=Ramp.level(0.0))
    settings = {"course": "fine-tune", "size": 32, "batch": 4, "workers": 0, "average": "none"}
    plan = RunPlan(task="gan", data=(str(pictures),), settings=settings, schedule=Schedule(phases=(phase,)))
    run = RunFolder.create(tmp_path / "runs" / "fifty", plan)
    train = d.window.panel("train")
    train.session.show(run.path)
    train.session.manager.start(run.path)
    d.waits_until(run.model_file.exists)

    d.panel.use_model(ModelToUse("generator", str(run.path)))
    d.waits_until(lambda: d.session.generator is not None and d.session.generator.steps == 3)
    d.session.go_to_seed(9)
    d.waits()
    taught = to_8_bits(d.session.layer).astype(int)
    before, other = (picture_of(seed).astype(int) for seed in (9, 10))
    far = np.abs(taught - before).mean()
    assert 1 < far < np.abs(before - other).mean()  # it has changed, and is still the same seed
