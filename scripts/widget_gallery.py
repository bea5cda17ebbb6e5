"""Show every widget of the studio side by side, or grab them as pictures to be looked at.

python scripts/widget_gallery.py                      a window; F2 switches dark and light
python scripts/widget_gallery.py --grab out/gallery   one PNG per page and scheme (QT_SCALE_FACTOR=2 for HiDPI)
"""

import argparse
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QDeadlineTimer, QEventLoop, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QScrollArea, QTabWidget, QVBoxLayout, QWidget
from training_gallery import TRAINING_PAGES

from studio.core.events import Picture, Progress
from studio.core.failures import Failure
from studio.core.model_shelf import ShelfEntry, State
from studio.core.settings import Settings, setting
from studio.core.style_settings import StyleSettings
from studio.jobs.browse import Thumbnail
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.progress_line import ProgressLine
from studio.ui.controls.samples import Sample
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.icons import set_icon
from studio.ui.panels.library.view import LibraryView
from studio.ui.panels.models.card import ModelCard
from studio.ui.panels.models.list import ModelList
from studio.ui.panels.style.painting_shelf import PaintingShelf, ShelfPicture
from studio.ui.picture.film_strip import FilmStrip
from studio.ui.picture.input_slot import PhotoTile
from studio.ui.shell.banner import Banner
from studio.ui.shell.shortcuts_sheet import Shortcut, ShortcutsSheet, shortcuts_of
from studio.ui.shell.task_rail import TaskEntry, TaskRail
from studio.ui.theme import Theme, mark


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a film that nobody painted."""

    number: int
    thumbnail: Picture
    step: int
    branch: bool = False


class LongWords(Settings):
    """Every kind of row, with labels as long as translations make them."""

    strength: float = setting(
        0.5, label="Wirkungsgrad der Übermalung über der Fotografie", help="Wie viel davon zu sehen ist.",
        term="Deckkraft", low=0.0, high=1.0, step=0.01)  # fmt: skip
    keep: bool = setting(True, label="Ursprüngliche Farbigkeit beibehalten", help="Malt mit den Farben des Fotos.")
    rate: float = setting(
        0.001, label="Lernrate", help="Wie schnell.", low=0.00001, high=0.1, step=0.00001, scale="log"
    )
    size: int = setting(512, label="Bildgröße", help="Längere Seite.", low=64, high=4096, step=32, unit="px")
    make: Literal["a", "b", "c"] = setting(
        "a", label="Herstellungsverfahren", help="Was entsteht.",
        choices={"a": "Übermalte Fotografie", "b": "Nur die Fotografie", "c": "Nur das Gewebe"})  # fmt: skip
    pooling: Literal["max", "average"] = setting(
        "max", label="Zusammenfassung", help="Wie benachbarte Werte zusammenkommen.",
        choices={"max": "Größter", "average": "Mittlerer"})  # fmt: skip
    network: str = setting("atelier-slim", label="Netz", help="Wer die Bilder ansieht.")
    weights: tuple[float, ...] = setting((1.0, 0.5), label="Mischungsverhältnis", help="Wie viel jedes zählt.")
    seed: int = setting(0, label="Startwert", help="Andere Zahl, anderes Bild.", low=0, high=2**31 - 1, step=1)


def field(seed: int, width: int = 140, height: int = 140) -> Picture:
    """Return waves of colour: something for a thumbnail to show."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 48.0
    waves = [np.sin(x * rng.uniform(0.5, 3) + y * rng.uniform(-3, 3) + rng.uniform(0, 6)) for _ in range(3)]
    tint = rng.uniform(60, 200, size=3)
    return np.clip(np.stack(waves, axis=-1) * 50 + tint, 0, 255).astype(np.uint8)


def panel_page(theme: Theme) -> QWidget:
    """The right-hand panel as the style task has it, beside one with long words and disabled rows."""
    page = QWidget()
    row = QHBoxLayout(page)
    row.setSpacing(24)
    row.addWidget(_style_panel(theme))
    row.addWidget(_long_panel(theme, enabled=True))
    row.addWidget(_long_panel(theme, enabled=False))
    row.addStretch(1)
    return page


def _panel(theme: Theme) -> tuple[QWidget, QVBoxLayout]:
    panel = QWidget()
    mark(panel, surface="panel")
    panel.setFixedWidth(336)
    layout = QVBoxLayout(panel)
    margin = theme.tokens.margin
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(margin)
    return panel, layout


def _style_panel(theme: Theme) -> QWidget:
    panel, layout = _panel(theme)
    photo = PhotoTile(theme)
    photo.set_photo("astronaut with a very long file name.jpg", field(1), "1600 × 1067 · JPEG")
    shelf = PaintingShelf(theme)
    shelf.set_paintings([ShelfPicture("Waves", field(2)), ShelfPicture("Facets", field(3))])
    shelf.set_mix((1.0, 0.35))
    shelf.set_samples([Sample(f"s{i}", f"Sample {i}", field(10 + i)) for i in range(6)])
    form = SettingsForm(StyleSettings, theme)
    form.set_hidden(["style_mix"])
    form.set_settings(StyleSettings(strength=0.8, style_weight=1.5, saturation=1.2))
    form.set_open_groups(["Strokes", "Size and steps"])
    for widget in (photo, shelf, form):
        layout.addWidget(widget)
    form.row("style_weight").setFocus()
    return panel


def _long_panel(theme: Theme, *, enabled: bool) -> QWidget:
    panel, layout = _panel(theme)
    shelf = PaintingShelf(theme)
    shelf.set_paintings([ShelfPicture(f"Painting {i}", field(20 + i)) for i in range(4 if enabled else 0)])
    form = SettingsForm(LongWords, theme)
    form.set_settings(LongWords(strength=0.2, keep=not enabled))
    form.set_enabled_names(None if enabled else [])
    layout.addWidget(shelf)
    layout.addWidget(form)
    return panel


def bottom_page(theme: Theme) -> QWidget:
    """Film strips and progress lines in their states, banners, the rail."""
    page = QWidget()
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    rail = TaskRail(_entries(), theme)
    rail.set_current("style")
    row.addWidget(rail)
    middle = QVBoxLayout()
    middle.setSpacing(0)
    row.addLayout(middle, 1)
    for kind in ("error", "warning", "info"):
        middle.addWidget(_canvas_with_banner(theme, kind), 1)
    for count in (0, 7, 40):
        middle.addWidget(_film(theme, count))
    for line in _progress_lines(theme):
        middle.addWidget(line)
    return page


def _entries() -> list[TaskEntry]:
    return [
        TaskEntry("style", "Style", "style", "Paint a photo in the manner of a painting"),
        TaskEntry("restore", "Wiederherstellen", "restore"),
        TaskEntry("translate", "Translate", "translate"),
        TaskEntry("dream", "Dream", "dream"),
        TaskEntry("train", "Train", "train", enabled=False),
        TaskEntry("library", "Library", "library", at_bottom=True),
        TaskEntry("models", "Models", "models", at_bottom=True),
    ]


def _canvas_with_banner(theme: Theme, kind: str) -> QWidget:
    canvas = QWidget()
    mark(canvas, surface="canvas")
    canvas.setMinimumHeight(96)
    banner = Banner(canvas, theme)
    if kind == "error":
        remedy = "Choose a smaller size, or close other programs, and try again."
        banner.show_failure(Failure("The computer ran out of memory.", remedy, "Traceback …"))
        banner.show_notice("Saved.")
    elif kind == "warning":
        banner.show_notice(
            "This picture has more pixels than the studio shows at once, so it is worked on at a smaller size.",
            "The saved result has the size chosen in the panel.", "warning",
        )  # fmt: skip
    else:
        banner.show_notice("Saved to holiday-painted.png.")
    return canvas


def _film(theme: Theme, count: int) -> FilmStrip:
    strip = FilmStrip(theme)
    strip.set_frames([Frame(n, field(n, 96, 64), n * 6, branch=n in (4, 31)) for n in range(count)])
    if count:
        strip.set_current(count - 3)
    return strip


def _progress_lines(theme: Theme) -> list[ProgressLine]:
    seconds = iter(range(1000))
    lines = [ProgressLine(theme, clock=lambda: float(next(seconds))) for _ in range(4)]
    lines[1].start("Loading the network…")
    for done in range(60, 65):
        for line in lines[2:]:
            if not line.is_running:
                line.start()
            line.set_progress(Progress("Painting · 512 px", done, 120))
    lines[3].set_paused(True)
    return lines


def empty_page(theme: Theme) -> QWidget:
    """Empty states."""
    page = QWidget()
    mark(page, surface="canvas")
    state = EmptyState(
        "add_picture", "Drop a photo here", "Or paste one, or open a file. It stays on this computer.", theme
    )
    state.set_samples([Sample(f"p{i}", f"Photo {i}", field(30 + i)) for i in range(4)])
    open_photo, paste = QAction("Open a photo…", state), QAction("Paste", state)
    set_icon(paste, "paste", theme)
    state.add_action(open_photo, primary=True)
    state.add_action(paste)
    QVBoxLayout(page).addWidget(state)
    return page


def library_page(theme: Theme) -> QWidget:
    """The library with results of many shapes."""
    view = LibraryView(theme)
    shapes = [(140, 96), (96, 140), (140, 140), (140, 60)]
    view.set_entries([
        Thumbnail(str(i), f"Astronaut in waves {i}", Path(f"{i}.png"), field(40 + i, *shapes[i % 4])) for i in range(11)
    ])  # fmt: skip
    view.view.setCurrentIndex(view.view.model().index(2, 0))
    return view


def shortcuts_page(theme: Theme) -> QWidget:
    """The sheet of shortcuts."""
    file_actions = [
        _action(*pair) for pair in (("&Open…", "Ctrl+O"), ("&Save", "Ctrl+S"), ("Save &as…", "Ctrl+Shift+S"))
    ]
    view_actions = [_action(*pair) for pair in (("Fit", "F"), ("100 %", "1"), ("Split", "S"), ("Side by side", "D"))]
    mouse = [Shortcut("Zoom at the cursor", ("Wheel",)), Shortcut("Fine adjustment of a slider", ("Shift + drag",))]
    groups = {"File": shortcuts_of(file_actions), "View": shortcuts_of(view_actions), "Mouse": mouse}
    sheet = ShortcutsSheet(groups, theme)
    sheet.setWindowFlag(Qt.WindowType.Widget)
    return sheet


def _action(words: str, keys: str) -> QAction:
    action = QAction(words)
    action.setShortcut(QKeySequence(keys))
    return action


def models_page(theme: Theme) -> QWidget:
    """Networks in every state, from built in to damaged, with words as long as they may come."""
    page = ModelList(theme, partial(ModelCard, theme=theme))
    page.set_entries(_networks())
    page.cards["slim"].set_in_use(True)
    page.cards["vgg16"].show_progress(Progress("Downloading", 61_300_000, 528_000_000))
    page.cards["vgg16_bn"].show_waiting("Waiting for its turn…")
    cause = "The network vgg19-dcbb9e9d.pth could not be downloaded: download.pytorch.org cannot be reached."
    remedy = "Check the connection and try again, or fetch the file with a browser and put it into ~/Atelier/models."
    page.cards["vgg19"].show_failure(Failure(cause, remedy, ""))
    return page


def _networks() -> list[ShelfEntry]:
    scales = tuple(f"relu{scale}_1" for scale in range(1, 6))
    here, web, imagenet = Path("models/a.pth"), "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth", "ImageNet-1k"
    bsd = "BSD 3-clause"

    def network(name: str, label: str, state: State, note: str, size: int, **rest: Any) -> ShelfEntry:
        path = None if state == "missing" else here
        facts: dict[str, Any] = {"licence": bsd, "trained_on": imagenet, "url": web, "taps": scales, "removable": False}
        return ShelfEntry(name, label, "backbone", name, state, path, size, note=note, **{**facts, **rest})

    drops = "Draws only on the finest scales: grain and fine strokes."
    return [
        network("slim", "Atelier slim", "embedded", "Quick, and close to VGG: start here.", 2_900_000, url=""),
        network("squeezenet", "SqueezeNet 1.1", "present", "Quick; coarser strokes.", 4_959_973, removable=True),
        network("vgg16", "VGG-16", "missing", "Nearly VGG-19's look in a little less time.", 528_000_000),
        network("vgg16_bn", "VGG-16 with batch norm", "missing", "Softer strokes.", 528_000_000, removable=True),
        network("vgg19", "VGG-19", "missing", "The classic of Gatys et al.: rich strokes, slow.", 574_673_361),
        network("odd", "VGG-19 normalised, up to relu3_1, von einer sehr langen Datei mit vielen Wörtern", "present",
                drops, 2_223_308, taps=scales[:3], licence="", url="", removable=True,
                trained_on="ImageNet-1k, then its activations were normalised to a mean of one over many pictures"),
        network("broken", "SqueezeNet 1.0", "damaged", "Its file is not what it should be.", 4_100_000, removable=True),
        network("own", "Our own classifier", "missing", "", 0, url="", taps=(), licence="", trained_on=""),
    ]  # fmt: skip


PAGES: dict[str, tuple[Callable[[Theme], QWidget], tuple[int, int]]] = {
    "panel": (panel_page, (1104, 1240)),
    "bottom": (bottom_page, (900, 900)),
    "empty": (empty_page, (800, 520)),
    "library": (library_page, (900, 620)),
    "models": (models_page, (944, 1000)),
    "shortcuts": (shortcuts_page, (640, 360)),
    **TRAINING_PAGES,
}


def grab(app: QApplication, folder: Path, names: Collection[str]) -> None:
    """Save pages in both schemes."""
    folder.mkdir(parents=True, exist_ok=True)
    theme = Theme(app)
    for scheme in ("dark", "light"):
        theme.set_mode(scheme)
        for name, (make, size) in PAGES.items():
            if names and name not in names:
                continue
            page = make(theme)
            mark(page, surface=page.property("surface") or "window")
            page.resize(*size)
            page.show()
            _settle()
            page.grab().save(str(folder / f"{name}-{scheme}.png"))
            page.close()
            page.deleteLater()
    print(folder)


def _settle() -> None:
    """Let layouts and the banner's slide come to rest."""
    deadline = QDeadlineTimer(350)
    while not deadline.hasExpired():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def show(app: QApplication) -> int:
    """Show the pages in a window until it is closed."""
    theme = Theme(app)
    tabs = QTabWidget()
    for name, (make, _) in PAGES.items():
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(make(theme))
        tabs.addTab(area, name)
    switch = QShortcut(QKeySequence(Qt.Key.Key_F2), tabs)
    switch.activated.connect(lambda: theme.set_mode("light" if theme.tokens.scheme == "dark" else "dark"))
    tabs.resize(1200, 900)
    tabs.show()
    return app.exec()


def main() -> int:
    """Show or grab."""
    parser = argparse.ArgumentParser(description="Show every widget of the studio.")
    parser.add_argument("--grab", type=Path, metavar="DIR", help="save the pages as PNG files and leave")
    parser.add_argument("--page", action="append", default=[], choices=sorted(PAGES), help="only this page")
    arguments = parser.parse_args()
    app = QApplication(sys.argv[:1])
    if arguments.grab is not None:
        grab(app, arguments.grab, arguments.page)
        return 0
    return show(app)


if __name__ == "__main__":
    raise SystemExit(main())
