"""A new user with the generator that comes along: browsed, bent, found, dragged, walked; and taught fifty pictures."""

import cv2
import numpy as np
import pytest
from generator_kit import write_pictures
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, answering_file_dialog, drag_slider, drop_files

from models.latent import latents_of, pictures_of
from models.pixels import to_picture
from studio.core.resizing import to_8_bits
from studio.jobs.generators import opened_generator
from studio.training.schedule_presets import constant

NAME = "painted-faces"
QUIET = {"batch": 4, "workers": 0, "sample_every": 10_000, "validate_every": 10_000, "checkpoint_minutes": 240.0}


class Newcomer:
    """Sits before the window with a mouse."""

    def __init__(self, studio, qtbot):
        self.window, self._qtbot = studio.window, qtbot
        self.panel, self.train = studio.window.panel("dream"), studio.window.panel("train")
        self.session, self.column, self.canvas = self.panel.session, self.panel.column, self.panel.canvas

    @property
    def settings(self):
        return self.session.settings

    @property
    def pixels(self):
        """What is shown, once all that was asked for is."""
        self.waits_until(lambda: self.panel.has_picture and self.session.is_settled and self.session.recipe)
        return to_8_bits(self.session.layer).astype(int)

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def clicks(self, button):
        assert button.isEnabled(), button.accessibleName() or button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def opens(self, panel):
        self.clicks(self.window.rail._buttons[panel])
        self.waits_until(self.window.panel(panel).isVisible)

    def drags(self, widget, start, end):
        """Press at one point, move in several steps, let go at another."""
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        way = QPointF(end) - QPointF(start)
        moves = [(QEvent.Type.MouseMove, QPointF(start) + way * number / 4, none, left) for number in range(1, 5)]
        for kind, place, button, held in (
            (QEvent.Type.MouseButtonPress, QPointF(start), left, left), *moves,
            (QEvent.Type.MouseButtonRelease, QPointF(end), left, none),
        ):  # fmt: skip
            event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(widget, event)
            self._qtbot.wait(5)

    def drags_on_canvas(self, start, end):
        begin, finish = (self.canvas.to_view(QPointF(*spot)) for spot in (start, end))
        self.drags(self.canvas.viewport(), begin, finish)

    def direction(self, name):
        return next(row for row in self.column.directions.rows if row.direction.name == name)


@pytest.fixture
def newcomer(shipped_worlds, studio, qtbot, monkeypatch):
    monkeypatch.setenv("ATELIER_DEVICE", "cpu")
    return Newcomer(studio, qtbot)


def of_seed(name: str, seed: int) -> np.ndarray:
    generator = opened_generator(name).network
    z = latents_of([seed], generator.latent)
    return to_picture(pictures_of(generator, generator.by_stage(generator.map(z)))).astype(int)


def far(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def test_the_generator_that_comes_along_is_browsed_and_all_of_it_comes_back(newcomer, tmp_path):
    n = newcomer
    n.opens("dream")
    n.waits_until(lambda: n.column.directions.rows)
    assert n.settings.model == NAME
    is_wandered_through(n)
    is_moved_and_bent(n, tmp_path / "kept.png")
    finds_a_picture(n, tmp_path / "given.png")
    is_dragged(n)
    walks_in_a_circle(n, tmp_path / "walk.mp4")
    comes_back(n, tmp_path / "kept.png")


def is_wandered_through(n):
    """Drag the pad: the picture changes at each place, and the point with it."""
    first, pad = n.pixels, n.column.pad.pad
    seed = n.settings.seed
    centre, cell = pad.rect().center(), pad.height() / 5
    n.drags(pad, centre, centre + QPoint(round(1.5 * cell), 0))
    assert n.settings.across == pytest.approx(seed % 100 + 1.5, abs=0.05)
    assert pad.place == (n.settings.across, n.settings.down)
    between = n.pixels
    assert far(first, between) > 5
    n.clicks(n.column.pad.snap_button)
    assert n.settings.is_seed
    snapped = n.pixels
    assert far(snapped, of_seed(NAME, n.settings.seed)) < 1
    n.panel.undo_stack.undo()
    n.panel.undo_stack.undo()
    assert n.settings.seed == seed
    assert np.array_equal(n.pixels, first)


def is_moved_and_bent(n, path):
    """Warmth does what it says and is put back; a stage is turned; the picture is saved."""
    plain = n.pixels
    row = n.direction("Warmth")
    drag_slider(row.slider.slider, 0.7)
    assert n.settings.moves.amount_of("Warmth") > 1
    warm = n.pixels
    red_over_blue = [(one[..., 0] - one[..., 2]).mean() for one in (plain, warm)]
    assert red_over_blue[1] > red_over_blue[0] + 3
    n.clicks(row.slider.reset_button)
    assert not n.settings.moves.along
    assert np.array_equal(n.pixels, plain)

    drag_slider(n.direction("Lines").slider.slider, 0.56)
    lined, bending = n.pixels, n.column.bending
    n.clicks(bending.header)
    n.clicks(bending.stages.buttons[1])
    drag_slider(bending.rows["turn"].slider, 0.6)
    assert [bend.stage for bend in n.settings.bends.stages] == [1]
    assert far(n.pixels, lined) > 3
    with answering_file_dialog(path):
        n.clicks(n.column.save_button)
    n.waits_until(path.is_file)
    n.kept = n.settings, n.pixels
    n.clicks(bending.straighten_button)
    assert np.array_equal(n.pixels, lined)
    n.clicks(bending.header)


def finds_a_picture(n, path):
    """Drop a picture that the generator can make: what is found is like it, and a figure says how much."""
    given = of_seed(NAME, 35)
    Image.fromarray(given.astype(np.uint8)).save(path)
    bar = n.panel.finding_bar
    assert drop_files(n.canvas.viewport(), path)
    n.waits_until(lambda: "alike so far" in bar.words.text())
    n.clicks(bar.stop_button)
    n.waits_until(bar.close_button.isVisible)
    alike = int(bar.words.text().removeprefix("given.png: ").partition("% alike")[0])
    assert alike > 20
    assert n.settings.held.name == "given.png"
    found = n.pixels
    assert far(found, given) < far(n.kept[1], given)
    n.clicks(bar.close_button)
    assert not bar.isVisible()


def is_dragged(n):
    """Draw from a handle to its target: the picture follows, and one step back brings it to where it was."""
    section, points = n.column.drag, n.panel.drag_desk.points
    before, settings = n.pixels, n.settings
    n.clicks(section.header)
    n.drags_on_canvas((32, 40), (32, 34))
    assert len(points.pairs) == 1
    n.clicks(section.drag_button)
    n.waits_until(lambda: "px to go" in section.distance.text() and n.settings.held.name == "Dragged")
    n.clicks(section.drag_button)  # by now it says Stop
    n.waits_until(lambda: not n.panel.drag_desk.is_dragging)
    assert far(n.pixels, before) > 0.2
    n.panel.undo_stack.undo()
    assert n.settings == settings
    assert np.array_equal(n.pixels, before)
    n.clicks(section.header)
    assert not points.isVisible()


def walks_in_a_circle(n, path):
    """From what was found to two seeds and back, as a video."""
    bar, pad = n.panel.walk_bar, n.column.pad
    n.clicks(bar.add_button)
    for seed in ("15", "35"):
        pad.seed_box.lineEdit().selectAll()
        QTest.keyClicks(pad.seed_box.lineEdit(), seed)
        QTest.keyClick(pad.seed_box.lineEdit(), Qt.Key.Key_Return)
        n.waits_until(lambda seed=seed: n.settings.is_seed and n.settings.seed == int(seed))
        n.clicks(bar.add_button)
    assert len(n.settings.walk.stations) == 3
    assert n.settings.walk.loop
    bar.length_box.setValue(1.2)
    export = next(action for action in bar.more_menu.actions() if action.text() == "Video…")
    with answering_file_dialog(path):
        export.trigger()
    n.waits_until(lambda: n.panel.walk_desk.writing is None and path.is_file())
    video = cv2.VideoCapture(str(path))
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1].astype(int))
    video.release()
    assert len(frames) == 30
    assert frames[0].shape == (512, 512, 3)
    steps = [far(one, other) for one, other in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert steps[-1] < 2 * max(steps[:-1])  # from the last frame to the first is a step like the others
    assert far(frames[0], frames[len(frames) // 2]) > 3 * np.median(steps)


def comes_back(n, path):
    """Drop what was saved: seed, direction and bending are as they were."""
    settings, pixels = n.kept
    assert drop_files(n.canvas.viewport(), path)
    n.waits_until(lambda: n.settings == settings)
    assert np.array_equal(n.pixels, pixels)
    assert n.direction("Lines").slider.value == settings.moves.amount_of("Lines")
    assert n.column.bending.rows["turn"].value == settings.bends.at(1).turn


def test_fifty_pictures_dropped_on_train_are_taught_to_what_comes_along(newcomer, tmp_path):
    n, fifty = newcomer, write_pictures(tmp_path / "fifty", 50, side=64)
    n.opens("train")
    new, page = n.train.session.new_run, n.train.desk.new_page
    page.kinds.control.setCurrentIndex(page.kinds.control.findText("Generator"))
    assert new.settings.course == "default"
    assert drop_files(page, fifty)
    n.waits_until(lambda: new.settings.course == "fine-tune")  # nobody has chosen it
    assert page.why_so_long.text().startswith("50 pictures are few for a new generator")
    assert new.total_steps == 1_000

    new.set_settings(new.settings.model_copy(update=QUIET))
    new.draw_schedule(constant(duration=3, unit="steps", rate=3e-4))
    n.waits_until(page.start_button.isEnabled)
    n.clicks(page.start_button)
    session = n.train.session
    n.waits_until(lambda: session.watch.snapshot is not None and session.watch.snapshot.state == "finished")
    use = n.train.desk.run_page.side.use_button
    n.waits_until(lambda: use.isVisible() and use.isEnabled())
    n.clicks(use)
    n.waits_until(lambda: n.panel.isVisible() and n.settings.model == str(session.shown))
    n.waits_until(lambda: n.session.generator is not None and n.session.generator.steps == 3)
    assert n.settings.seed == 15  # where Painted Faces begins
    taught, before, other = n.pixels, of_seed(NAME, 15), of_seed(NAME, 35)
    assert 0.5 < far(taught, before) < 0.5 * far(before, other)  # it has begun to change, and is still the same seed
