"""Pictures of the Train panel."""

import tempfile
from pathlib import Path

from PIL import Image
from PySide6.QtGui import QPixmap
from shot_stage import Stage, named

from studio.core.samples import sample_paintings, sample_photos


def train_new(stage: Stage) -> QPixmap:
    """A run that is put together, with its schedule."""
    with tempfile.TemporaryDirectory() as folder:
        put_run_together(stage, Path(folder))
        stage.window.panel("train").desk.new_page.schedule_section.set_open(True)
        return stage.grab()


def train(stage: Stage) -> QPixmap:
    """A fast style that has learnt for some minutes."""
    panel = stage.window.panel("train")
    session = panel.session
    with tempfile.TemporaryDirectory() as folder:
        put_run_together(stage, Path(folder))
        small = {"size": 96, "batch": 2, "sample_every": 25, "validate_every": 50, "held_back": 3, "steps": 900}
        session.new_run.set_settings(session.new_run.settings.model_copy(update=small))
        panel.start()
        stage.wait_until(
            lambda: session.watch.snapshot is not None and session.watch.snapshot.history.step >= 410, 3600
        )
        assert session.shown is not None
        session.manager.steer(session.shown, {"style_weight": 1.5})
        stage.wait_until(
            lambda: session.watch.snapshot is not None and session.watch.snapshot.history.step >= 525, 3600
        )
        shot = stage.grab()
        session.manager.pause_all_here()
        stage.wait_until(lambda: not session.manager.here)
        return shot


def put_run_together(stage: Stage, folder: Path) -> None:
    """Drop photos and a painting, and make the rest small enough for a processor to be done in minutes."""
    new = stage.window.panel("train").session.new_run
    stage.window.show_panel("train")
    new.drop([photos_to_learn_from(folder / "holiday photos")])
    new.set_input("painting", named("great-wave", sample_paintings()).path)
    stage.wait_until(lambda: all(new.reports) and stage.studio.pictures.is_idle)
    stage.window.setFocus()  # no ring lies around whatever happens to come first


def photos_to_learn_from(folder: Path) -> Path:
    """Cut the sample photos into two dozen smaller ones: enough to show what training looks like."""
    folder.mkdir()
    for sample in sample_photos():
        photo = Image.open(sample.path).convert("RGB")
        width, height = photo.size
        for number in range(6):
            x, y = (number % 3) * width // 5, (number // 3) * height // 4
            photo.crop((x, y, x + 3 * width // 5, y + 3 * height // 4)).save(folder / f"{sample.name}-{number}.jpg")
    return folder
