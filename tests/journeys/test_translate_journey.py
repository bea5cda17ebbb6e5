"""Someone with two folders draws against the pair while it learns, translates a photo, and brings in another one."""

import numpy as np
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from studio_kit import PATIENCE, answering_file_dialog, drop_files, open_studio, write_painting, write_photo
from translator_kit import lively

from models.cyclegan import ResnetGenerator
from models.foreign_translators import to_junyanz
from studio.core.images import read_recipe
from studio.core.picture_task import CONTENT, SKETCH
from studio.training.tasks.translate_settings import CYCLEGAN
from studio.ui.panels.train.new_run.examiner import DataPlace

TINY = {
    "size": 32, "batch": 1, "width": 4, "blocks": 1, "critic_width": 4, "critic_depth": 1, "held_back": 2,
    "kid_crops": 0, "pool": 2, "workers": 0, "steps": 20_000, "sample_every": 10_000, "validate_every": 10_000,
    "checkpoint_minutes": 240.0,
}  # fmt: skip


class Artist:
    """Sits before the window with a mouse."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.panel, self.train = studio.window.panel("translate"), studio.window.panel("train")
        self.session = self.panel.session

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def clicks(self, button):
        assert button.isEnabled(), button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def goes_to(self, name):
        QTest.mouseClick(self.window.rail._buttons[name], Qt.MouseButton.LeftButton)

    def is_in_state(self, state):
        snapshot = self.train.session.watch.snapshot
        return snapshot is not None and snapshot.state == state

    def waits_for_the_translation(self):
        session = self.session
        self.waits_until(lambda: session.recipe is not None and session.masks.is_settled and not session.is_behind)
        self.waits_until(lambda: session.is_settled and not self.panel.is_running)

    def draws_a_line(self):
        view, left = self.panel.canvas.viewport(), Qt.MouseButton.LeftButton
        begin = view.rect().center() - QPoint(60, 0)
        QTest.mousePress(view, left, pos=begin)
        QTest.mouseMove(view, begin + QPoint(120, 20))
        QTest.mouseRelease(view, left, pos=begin + QPoint(120, 20))


def test_a_pair_is_drawn_with_while_it_learns_then_translates_a_photo_that_comes_back(qtbot, home, tmp_path):
    for number in range(5):
        write_photo(tmp_path / "photos" / f"{number}.png", 40 + number, 40)
        write_painting(tmp_path / "paintings" / f"{number}.png", number, 40)
    with open_studio(home) as studio:
        artist = Artist(studio, qtbot)
        session, train = artist.session, artist.train.session
        artist.goes_to("translate")
        artist.waits_until(lambda: session.has_looked)
        artist.clicks(artist.panel.column.train_button)
        assert train.new_run.kind is CYCLEGAN
        for slot, folder in zip(CYCLEGAN.data, ("photos", "paintings"), strict=True):
            train.new_run.add_data([tmp_path / folder], DataPlace(slot))
        train.new_run.set_settings(train.new_run.settings.model_copy(update=TINY))
        page = artist.train.desk.new_page
        artist.waits_until(lambda: not train.new_run.missing)
        artist.clicks(page.start_button)
        side = artist.train.desk.run_page.side
        artist.waits_until(side.use_button.isVisible)
        assert side.use_button.text() == "Try It"
        run = train.shown

        artist.clicks(side.use_button)  # it saves what it can by now, and is taken up
        artist.waits_until(lambda: session.pair is not None and session.masks.active is not None)
        assert (session.settings.model, session.settings.draws) == (str(run), True)
        artist.waits_until(lambda: session.drawing.sheet is not None)
        artist.waits_for_the_translation()
        blank = session.layer
        drafts = []
        session.drafted.connect(drafts.append)
        artist.draws_a_line()
        artist.waits_until(lambda: drafts and session.inputs[SKETCH] and session.layer is not blank)
        artist.waits_for_the_translation()
        assert not np.array_equal(session.layer, blank)

        first, drawn = session.pair.step, session.layer
        artist.goes_to("train")
        artist.waits_until(lambda: artist.is_in_state("running"))
        train.toggle_pause()
        artist.waits_until(lambda: artist.is_in_state("paused"))  # which saves, too
        train.toggle_pause()
        artist.waits_until(lambda: artist.is_in_state("running"))
        artist.goes_to("translate")
        artist.waits_until(lambda: session.pair.step > first and session.layer is not drawn)
        artist.waits_for_the_translation()
        assert not np.array_equal(session.layer, drawn)

        assert drop_files(artist.panel.canvas.viewport(), write_photo(tmp_path / "holiday.png", 72, 48))
        artist.waits_until(lambda: session.photo.picture.name == "holiday.png")
        artist.clicks(artist.panel.column.mode.buttons[0])
        artist.waits_until(lambda: session.layer is not None and session.layer.shape == (48, 72, 3))
        artist.waits_for_the_translation()
        artist.goes_to("train")
        train.stop_and_keep()
        artist.waits_until(lambda: artist.is_in_state("stopped"))
        artist.goes_to("translate")
        artist.waits_until(lambda: session.pair is not None and session.pair.step == 0)  # the finished network now
        artist.waits_for_the_translation()
        settings, made = session.settings, session.layer
        out = tmp_path / "holiday translated.png"
        with answering_file_dialog(out):
            artist.clicks(artist.panel.save_button)
        artist.waits_until(out.exists)

    assert read_recipe(out).task == "translate"
    with open_studio(home) as studio:
        artist = Artist(studio, qtbot)
        artist.goes_to("translate")
        artist.waits_until(lambda: artist.session.has_looked and studio.pictures.is_idle)
        assert drop_files(artist.panel.canvas.viewport(), out)
        artist.waits_until(lambda: artist.session.settings == settings)
        artist.waits_for_the_translation()
        assert artist.session.photo.picture.name == "holiday.png"
        assert np.abs(artist.session.layer - made / 257).max() < 1  # the file has 8 bits
        assert artist.session.inputs[CONTENT][0].picture.width == 72


def test_a_generator_of_cyclegans_authors_is_dropped_and_translates(qtbot, home, tmp_path):
    file = tmp_path / "latest_net_G_A.pth"
    torch.save(to_junyanz(lively(ResnetGenerator(width=4, blocks=2))), file)
    with open_studio(home) as studio:
        artist = Artist(studio, qtbot)
        artist.goes_to("translate")
        photo = write_photo(tmp_path / "horse.png", 48, 32)
        assert drop_files(artist.panel.canvas.viewport(), photo)
        artist.waits_until(lambda: artist.session.photo is not None and artist.session.has_looked)
        assert artist.session.layer is None
        assert artist.panel.column.missing.isVisible()
        assert drop_files(artist.panel.canvas.viewport(), file)
        artist.waits_until(lambda: artist.session.settings.model == "latest_net_G_A")
        artist.waits_for_the_translation()
        assert artist.panel.isVisible()
        assert artist.session.layer.shape == (32, 48, 3)
        assert not artist.panel.column.missing.isVisible()
