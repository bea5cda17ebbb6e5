"""Pictures of the Style panel, and of what becomes of its paintings."""

import tempfile
from pathlib import Path

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog
from shot_stage import Stage, named

from studio.core.samples import sample_paintings, sample_photos
from studio.core.style_settings import StyleSettings


def empty(stage: Stage) -> QPixmap:
    """Before anything is open."""
    return stage.grab()


def window(stage: Stage) -> QPixmap:
    """A painting well under way."""
    stage.paint("red-panda", "starry-night")
    stage.paint_until(0.8)
    stage.window.banner.clear()
    stage.panel.workspace.canvas.set_split(0.36)
    return stage.grab()


def branch(stage: Stage) -> QPixmap:
    """Two ways from one frame."""
    stage.paint("red-panda", "starry-night", size=384, steps=60)
    stage.finish()
    early = stage.session.history.frames[2]
    stage.session.branch_from(early.number)
    stage.session.set_settings(stage.session.settings.model_copy(update={"style_weight": 4.0, "saturation": 1.3}))
    stage.finish()
    stage.window.banner.clear()
    stage.panel.workspace.canvas.set_compare_mode("side")
    return stage.grab()


def layers(stage: Stage) -> QPixmap:
    """Every setting within reach."""
    stage.paint("fig", "composition-vii", size=448, steps=80, style_layer_1=0.5, style_layer_4=2.0)
    stage.finish()
    stage.window.banner.clear()
    stage.panel.workspace.canvas.set_compare_mode("after")
    stage.panel.form.set_open_groups({"Strokes"})
    return stage.grab()


def failure(stage: Stage) -> QPixmap:
    """A file that cannot be opened, and what to do."""
    stage.paint("neuschwanstein", "grande-jatte", size=448, steps=80)
    stage.finish()
    stage.window.banner.clear()
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "holiday.jpg"
        broken.write_bytes(named("red-panda", sample_photos()).path.read_bytes()[:9000])
        stage.window.open_files([broken])
        stage.wait_until(lambda: stage.window.banner.is_showing)
        return stage.grab()


def shortcuts(stage: Stage) -> QPixmap:
    """The sheet of F1."""
    stage.paint("red-panda", "scream", size=256, steps=40)
    stage.finish()
    stage.window.banner.clear()
    stage.window.show_shortcuts()
    sheet = stage.window.findChildren(QDialog)[-1]
    shot = stage.grab_with(sheet)
    sheet.close()
    return shot


def library(stage: Stage) -> QPixmap:
    """Everything that was painted today."""
    photos, paintings = sample_photos(), sample_paintings()
    for number in range(8):
        photo, painting = photos[number % len(photos)], paintings[(number + 3 * (number // 4)) % len(paintings)]
        stage.paint(photo.name, painting.name, size=256, steps=60)
        stage.finish()
        stage.wait_until(lambda number=number: len(stage.studio.library.entries()) == number + 1)  # type: ignore[misc]
    stage.window.banner.clear()
    stage.window.show_panel("library")
    stage.wait_until(lambda: len(stage.window.panel("library").view.paths) == 8)
    return stage.grab()


def instant(stage: Stage) -> QPixmap:
    """A fast style at work, not quite in its full strength."""
    stage.wait_until(lambda: bool(stage.panel.fast_styles.tiles))
    stage.session.set_settings(StyleSettings(method="instant", fast_style="fast-scream", strength=0.8))
    stage.panel.undo_stack.clear()
    stage.window.open_files([named("red-panda", sample_photos()).path])
    stage.wait_until(lambda: stage.session.photo is not None)
    stage.finish()
    stage.window.banner.clear()
    return stage.grab()
