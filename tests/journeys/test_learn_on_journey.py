"""Someone with two small folders: as long as they need, kept when it rests, learning on, and asked about a picture."""

from contextlib import contextmanager

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from studio_kit import PATIENCE, drop_files, open_studio

from studio.training.schedule_presets import constant
from studio.ui.panels.train.asking import AskDialog
from studio.ui.panels.train.extending import ExtendDialog


@pytest.fixture
def flowers(tmp_path):
    """Twelve red and twelve blue pictures."""
    for name, colour in (("poppies", (210, 40, 30)), ("cornflowers", (40, 60, 210))):
        (tmp_path / "flowers" / name).mkdir(parents=True)
        for number in range(12):
            shade = tuple(min(255, channel + 3 * number) for channel in colour)
            Image.new("RGB", (40, 32), shade).save(tmp_path / "flowers" / name / f"{name} {number}.png")
    return tmp_path / "flowers"


class Learner:
    """Sits before the window with a mouse."""

    def __init__(self, studio, qtbot):
        self.window, self._qtbot = studio.window, qtbot
        self.panel = studio.window.panel("train")
        self.session = self.panel.session
        QTest.mouseClick(self.window.rail._buttons["train"], Qt.MouseButton.LeftButton)
        self.new, self.run = self.panel.desk.new_page, self.panel.desk.run_page

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def clicks(self, button):
        assert button.isEnabled(), button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def is_in_state(self, state):
        snapshot = self.session.watch.snapshot
        return snapshot is not None and snapshot.state == state

    def dialog(self, kind):
        (found,) = self.window.findChildren(kind)
        return found


@contextmanager
def sitting(home, qtbot):
    with open_studio(home) as studio:
        yield Learner(studio, qtbot)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_small_folders_are_learnt_well_and_then_better(home, qtbot, flowers):
    with sitting(home, qtbot) as learner:
        new, session = learner.new, learner.session
        session.new_run.choose_kind("classifier")
        assert drop_files(new, flowers)
        learner.waits_until(lambda: new.why_so_long.text())
        assert "because 20 pictures are few: 2 classes want about 150 steps" in new.why_so_long.text()
        settings = session.new_run.settings.model_copy(
            update={"size": 16, "batch": 4, "workers": 0, "steps": 12, "checkpoint_minutes": 240}
        )
        session.new_run.set_settings(settings)
        promised = session.new_run.total_steps
        learner.clicks(new.start_button)
        learner.waits_until(lambda: learner.is_in_state("finished"))
        path = session.shown
        assert session.watch.snapshot.history.step == promised == 12
        assert len(session.watch.snapshot.history.of_kind("validation")) >= 10
        learner.waits_until(lambda: learner.panel.desk.list.selected is not None)
        assert learner.panel.desk.list.selected.folder == path

        button = learner.run.header.main_button
        assert button.text() == "Learn On…"
        learner.clicks(button)
        dialog = learner.dialog(ExtendDialog)
        dialog.steps.setValue(3)
        learner.clicks(dialog.extend_button)
        learner.waits_until(lambda: learner.is_in_state("finished") and session.watch.snapshot.history.step == 15)
        assert len(session.watch.snapshot.history.metrics["loss"]) == 15  # both stretches are one curve
        assert session.watch.snapshot.plan.extended == (12,)

        learner.waits_until(learner.run.side.ask_button.isVisible)
        learner.clicks(learner.run.side.ask_button)
        asked = learner.dialog(AskDialog)
        assert drop_files(asked, flowers / "poppies" / "poppies 3.png")
        learner.waits_until(lambda: asked.chances.chances)
        assert {name for name, _ in asked.chances.chances} == {"poppies", "cornflowers"}
        assert sum(chance for _, chance in asked.chances.chances) == pytest.approx(1.0)
        asked.close()


def test_a_run_that_rests_is_kept_at_once(home, qtbot, flowers):
    with sitting(home, qtbot) as learner:
        session = learner.session
        session.new_run.choose_kind("classifier")
        session.new_run.add_data([flowers])
        learner.waits_until(learner.new.start_button.isEnabled)
        update = {"size": 16, "batch": 4, "workers": 0, "sample_every": 100_000, "validate_every": 100_000}
        session.new_run.set_settings(session.new_run.settings.model_copy(update=update))
        session.new_run.draw_schedule(constant(duration=100_000, unit="steps"))  # it will not be through before that
        learner.clicks(learner.new.start_button)
        learner.waits_until(lambda: learner.is_in_state("running") and session.watch.snapshot.history.step > 0)
        learner.clicks(learner.run.header.main_button)
        learner.waits_until(lambda: learner.is_in_state("paused"))
        reached = session.watch.snapshot.history.step
        learner.waits_until(learner.run.header.keep_button.isEnabled)
        learner.clicks(learner.run.header.keep_button)
        learner.waits_until(lambda: learner.is_in_state("stopped"))
        assert session.watch.snapshot.history.step == reached
        assert session.watch.snapshot.has_model
