"""Pictures of the panels that change photos, dream some up, or paint what one draws."""

import math
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPixmap
from shot_stage import Stage, named

from studio.core.picture_task import HINTS, HOLE
from studio.core.samples import sample_photos
from studio.ui.canvas.layers import Pen
from studio.ui.picture.masks import Mask
from studio.ui.picture.session import SessionState


def adjust(stage: Stage) -> QPixmap:
    """A photo being straightened and cropped."""
    panel = stage.window.panel("adjust")
    stage.window.show_panel("adjust")
    stage.window.open_files([named("neuschwanstein", sample_photos()).path])
    stage.wait_until(lambda: panel.session.photo is not None)
    panel.session.change(angle=-1.5, crop=(0.12, 0.08, 0.83, 0.9), exposure=0.35, shadows=30, temperature=12)
    panel.column.crop_button.setChecked(True)
    stage.wait_until(lambda: panel.session.is_settled and stage.studio.pictures.is_idle)
    return stage.grab()


def restore(stage: Stage) -> QPixmap:
    """A photo that was made twice as large, seen from near."""
    stage.window.show_panel("restore")
    panel = stage.window.panel("restore")
    panel.session.change(mode="enlarge")
    stage.window.open_files([named("red-panda", sample_photos()).path])
    stage.wait_until(lambda: panel.session.state is SessionState.FINISHED and stage.studio.pictures.is_idle)
    stage.window.banner.clear()
    panel.canvas.zoom_to(2.0, QPointF(panel.canvas.viewport().rect().center()))
    return stage.grab()


def masks(stage: Stage) -> QPixmap:
    """A tower painted over, and gone."""
    panel, mask = restored(stage, named("neuschwanstein", sample_photos()).path, HOLE, mode="fill")
    panel.mask_desk.set_tool("lasso")
    around = (
        (664, 320), (676, 222), (690, 196), (706, 192), (718, 222), (732, 226), (736, 300), (744, 352), (728, 392),
        (700, 404), (676, 390), (664, 352),
    )  # fmt: skip
    stroke(panel, *around)
    panel.mask_desk.set_tool("brush")
    stage.wait_until(lambda: not mask.painted.is_blank and is_made(stage, panel))
    stage.window.banner.clear()
    panel.canvas.set_split(0.66)
    panel.canvas.zoom_to(1.4, QPointF(panel.canvas.viewport().rect().center()))
    return stage.grab()


def colour(stage: Stage) -> QPixmap:
    """A grey photo with six hints, and the colours that another place may have."""
    with tempfile.TemporaryDirectory() as folder:
        grey = Path(folder) / "castle.png"
        Image.open(named("neuschwanstein", sample_photos()).path).convert("L").save(grey)
        panel, mask = restored(stage, grey, HINTS, mode="colourise")
        sky, hints = (92, 142, 208), {(480, 600): (70, 94, 44), (372, 262): (74, 78, 92), (333, 334): (222, 214, 198)}
        hints |= dict.fromkeys([(820, 130), (240, 120), (540, 150)], sky)
        for spot, painted in hints.items():
            panel.mask_desk.set_colour(QColor(*painted))
            panel.mask_desk.layer.dot(QPointF(*spot), 1.0)
        stage.wait_until(lambda: not mask.painted.is_blank and is_made(stage, panel))
        stroke(panel, (710, 360))
        stage.wait_until(lambda: bool(panel.column.mask_section.likely.colours))
        panel.canvas.set_split(0.12)
        return stage.grab()


def dream(stage: Stage) -> QPixmap:
    """The generator that comes along: a face, a little warmer, its lines a little stronger."""
    stage.window.show_panel("dream")
    panel = stage.window.panel("dream")
    stage.wait_until(lambda: panel.has_picture and bool(panel.column.directions.rows))
    rows = {row.direction.name: row for row in panel.column.directions.rows}
    for name, amount in (("Warmth", 1.2), ("Lines", 0.9)):
        rows[name].slider.slider.value_moved.emit(amount)
    stage.wait_until(lambda: panel.session.is_settled)
    stage.settle(3000)  # the small pictures around
    return stage.grab()


def draw(stage: Stage) -> QPixmap:
    """Two circles and a stalk, painted as fruit."""
    stage.window.show_panel("translate")
    panel = stage.window.panel("translate")
    stage.wait_until(lambda: panel.session.has_looked)
    panel.draw_action.trigger()
    stage.wait_until(lambda: panel.session.masks.active is not None and panel.session.drawing.sheet is not None)
    size = panel.session.photo_pixels[0]
    for x, y, radius in ((0.36, 0.58, 0.22), (0.68, 0.64, 0.2)):
        turns = (math.tau * step / 48 for step in range(49))
        stroke(panel, *((size * (x + radius * math.cos(turn)), size * (y + radius * math.sin(turn))) for turn in turns))
    stroke(panel, (size * 0.36, size * 0.38), (size * 0.41, size * 0.26))
    session = panel.session
    stage.wait_until(lambda: not session.is_behind and session.is_settled and session.layer is not None)
    session.masks.select("")
    stage.settle(1500)
    panel.canvas.set_compare_mode("side")
    return stage.grab()


def restored(stage: Stage, photo: Path, role: str, **settings: object) -> tuple[Any, Mask]:
    """Open a photo in Restore, and add a mask."""
    stage.window.show_panel("restore")
    panel = stage.window.panel("restore")
    panel.session.change(**settings)
    stage.window.open_files([photo])
    stage.wait_until(lambda: panel.session.photo is not None)
    panel.mask_desk.add(role)
    stage.window.banner.clear()
    return panel, panel.session.masks.all[0]


def is_made(stage: Stage, panel: Any) -> bool:
    """Whether what is painted is heeded."""
    settled = panel.session.masks.is_settled and panel.session.is_settled and stage.studio.pictures.is_idle
    return settled and panel.session.recipe is not None and len(panel.session.recipe.inputs) > 1


def stroke(panel: Any, *spots: tuple[float, float]) -> None:
    """Draw through these spots of the photo with the tool in hand."""
    layer = panel.mask_desk.layer
    layer.begin_stroke(Pen(QPointF(*spots[0]), 1.0))
    for spot in spots[1:]:
        layer.move(Pen(QPointF(*spot), 1.0))
    layer.commit_stroke()
