"""Make the pictures of docs/images again: the real window, driven without a screen, painting the sample pictures.

python scripts/screenshots.py                     all of them (minutes: the paintings are really painted)
python scripts/screenshots.py window library      only these
python scripts/screenshots.py --out out/shots     somewhere else
"""

import argparse
import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
# before anything imports Qt
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_SCALE_FACTOR", "1")

from PIL import Image
from PySide6.QtCore import QBuffer, QDeadlineTimer, QEventLoop, QPoint, QPointF, QRect, QSize, QTimer
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from studio.app import Studio
from studio.core.events import Progress
from studio.core.picture_task import HINTS, HOLE
from studio.core.samples import Sample, sample_paintings, sample_photos
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders
from studio.ui.canvas.layers import Pen
from studio.ui.picture.masks import Mask
from studio.ui.picture.session import SessionState

SIZE = QSize(1440, 900)
LIMIT = 400_000
"""Bytes that a picture may have: the README loads it on a train."""
PALETTES = (256, 200, 160, 128, 96, 64, 48)
OUT = Path(__file__).resolve().parents[1] / "docs" / "images"


class Stage:
    """A studio in a home of its own, and what it takes to bring it into a certain state.

    Args:
        application: the Qt application.
        home: an empty folder.
        theme: "dark" or "light".

    """

    def __init__(self, application: QApplication, home: Path, theme: str = "dark") -> None:
        os.environ["ATELIER_HOME"] = str(home)  # what jobs keep for themselves lies there too
        self.studio = Studio(application, UserFolders.within(home))
        self.studio.theme.set_mode(theme)
        self.window = self.studio.window
        self.panel = self.window.panel("style")
        self.session = self.panel.session
        self._share = 0.0
        self.session.progressed.connect(self._note)
        self.window.resize(SIZE)
        self.window.show()
        self.wait_until(lambda: self.studio.pictures.is_idle)

    def close(self) -> None:
        """End it; what is under way is not waited for."""
        self.window.close()
        self.window.deleteLater()
        self.studio.theme.deleteLater()
        self.settle()

    def settle(self, milliseconds: int = 50) -> None:
        """Let the window come to rest."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def wait_until(self, condition: Callable[[], bool], seconds: int = 600) -> None:
        """Let the window live until `condition` holds."""
        deadline = QDeadlineTimer(seconds * 1000)
        while not condition():
            if deadline.hasExpired():
                raise TimeoutError(f"not there after {seconds} s: {self.panel.workspace.progress_line.text}")
            self.settle()

    def paint(self, photo: str, painting: str, **settings: object) -> None:
        """Begin to paint a sample in the manner of another."""
        self.session.set_settings(StyleSettings().model_copy(update=settings))
        self.panel.undo_stack.clear()
        self.session.start_when_ready = True
        self.panel.input_desk.choose_sample("style", named(painting, sample_paintings()).name)
        self.window.open_files([named(photo, sample_photos()).path])
        self.wait_until(lambda: self.session.state is SessionState.RUNNING and self.studio.pictures.is_idle)

    def paint_until(self, share: float) -> None:
        """Wait until so much of the painting is done."""
        self.wait_until(lambda: self._share >= share)

    def _note(self, progress: Progress) -> None:
        self._share = progress.share or 0.0

    def finish(self) -> None:
        """Wait for the end of the painting, and for its place in the library."""
        self.wait_until(lambda: self.session.state is SessionState.FINISHED)
        self.wait_until(lambda: self.studio.pictures.is_idle)
        self.settle()

    def grab(self) -> QPixmap:
        """Return the window as it is seen, with what lies over it."""
        self.settle(300)
        self.window.banner.setVisible(self.window.banner.is_showing)
        return self.window.grab()

    def grab_with(self, dialog: QDialog) -> QPixmap:
        """Return the window, and `dialog` in the middle of it."""
        self.settle(300)
        shot = self.window.grab()
        painter = QPainter(shot)
        painter.fillRect(shot.rect(), QColor(0, 0, 0, 120))
        place = QRect(QPoint(0, 0), dialog.size())
        place.moveCenter(self.window.rect().center())
        painter.drawPixmap(place.topLeft(), dialog.grab())
        painter.end()
        return shot


def named(name: str, samples: Sequence[Sample]) -> Sample:
    """Return the sample called `name`, or the first where it is not packaged."""
    return next((sample for sample in samples if sample.name == name), samples[0])


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
    stage.session.set_settings(StyleSettings(method="instant", fast_style="fast-town", strength=0.8))
    stage.panel.undo_stack.clear()
    stage.window.open_files([named("red-panda", sample_photos()).path])
    stage.wait_until(lambda: stage.session.photo is not None)
    stage.finish()
    stage.window.banner.clear()
    return stage.grab()


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


def put_run_together(stage: Stage, folder: Path) -> None:
    """Drop photos and a painting, and make the rest small enough for a processor to be done in minutes."""
    new = stage.window.panel("train").session.new_run
    stage.window.show_panel("train")
    new.drop([photos_to_learn_from(folder / "holiday photos")])
    new.set_input("painting", named("great-wave", sample_paintings()).path)
    stage.wait_until(lambda: all(new.reports) and stage.studio.pictures.is_idle)
    stage.window.setFocus()  # no ring lies around whatever happens to come first


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


SHOTS: dict[str, tuple[Callable[[Stage], QPixmap], str]] = {
    "window": (window, "dark"),
    "window-light": (window, "light"),
    "empty": (empty, "dark"),
    "branch": (branch, "dark"),
    "layers": (layers, "dark"),
    "failure": (failure, "dark"),
    "shortcuts": (shortcuts, "dark"),
    "library": (library, "dark"),
    "adjust": (adjust, "dark"),
    "restore": (restore, "dark"),
    "masks": (masks, "dark"),
    "colour": (colour, "dark"),
    "dream": (dream, "dark"),
    "draw": (draw, "dark"),
    "train-new": (train_new, "dark"),
    "train": (train, "dark"),
    "instant": (instant, "dark"),
}


def save_small(shot: QPixmap, path: Path) -> int:
    """Write a PNG with as many colours as fit into `LIMIT` bytes; returns its size."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.ReadWrite)
    image = shot.toImage()
    image.setDevicePixelRatio(1.0)
    image.save(buffer, "PNG")
    picture = Image.open(BytesIO(bytes(buffer.data().data()))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    for colours in PALETTES:
        small = picture.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        if path.stat().st_size <= LIMIT:
            break
    return path.stat().st_size


def main() -> int:
    """Make the pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "shots", nargs="*", metavar="NAME", help=f"which: {', '.join(SHOTS)} (all, where none is named)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="the folder to write to")
    options = parser.parse_args()
    unknown = set(options.shots) - set(SHOTS)
    if unknown:
        parser.error(f"there is no picture called {', '.join(sorted(unknown))}")
    application = QApplication(sys.argv[:1])
    for name in options.shots or SHOTS:
        arrange, theme = SHOTS[name]
        with tempfile.TemporaryDirectory() as home:
            stage = Stage(application, Path(home), theme)
            try:
                size = save_small(arrange(stage), options.out / f"{name}.png")
            finally:
                stage.close()
        print(f"{options.out / name}.png  {size / 1000:.0f} kB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
