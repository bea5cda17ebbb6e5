"""How long does the canvas keep the UI thread busy? Whole repaints, live frames and a dragged divider.

    python benchmarks/canvas.py [--view 1280x800] [--repeats 60] [--json]

A frame is due every 16.7 ms at 60 Hz; taking a new frame must cost next to nothing beside its repaint.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from studio.core.frames import Frame, prepare_frame
from studio.ui.canvas.view import Canvas
from studio.ui.theme import Theme

SIZES = (1024, 4096)
ZOOMS: dict[str, float | None] = {"fit": None, "100 %": 1.0, "400 %": 4.0}


@dataclass(frozen=True)
class Timing:
    """Milliseconds of the UI thread for one thing done to a picture of `size`²."""

    size: int
    zoom: str
    what: str
    p50: float
    p99: float


def main() -> None:
    """Measure everything at every size and zoom; print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--view", default="1280x800", help="size of the canvas in pixels")
    parser.add_argument("--repeats", type=int, default=60, help="how often each thing is done")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    arguments = parser.parse_args()

    app = QApplication(sys.argv[:1])
    canvas = Canvas(Theme(app, "dark"))
    canvas.resize(*(int(side) for side in arguments.view.split("x")))
    canvas.show()
    app.processEvents()
    timings = [timing for size in SIZES for timing in measure(canvas, size, arguments.repeats)]
    if arguments.json:
        print(json.dumps({"view": arguments.view, "timings": [asdict(timing) for timing in timings]}))
    else:
        show(timings, arguments.view)


def measure(canvas: Canvas, size: int, repeats: int) -> list[Timing]:
    """Time one picture size at every zoom."""
    photo, paintings = frame_of(size, 0), [frame_of(size, seed) for seed in (1, 2)]
    canvas.clear()
    canvas.set_before(photo)
    timings: list[Timing] = []
    for name, zoom in ZOOMS.items():
        canvas.fit() if zoom is None else canvas.zoom_to(zoom)
        for what, action in actions(canvas, paintings).items():
            canvas.set_compare_mode("after" if what in ("repaint", "take a frame", "live frame") else what.split()[0])
            QApplication.processEvents()
            timings.append(Timing(size, name, what, *clock(action, repeats)))
    return timings


def actions(canvas: Canvas, paintings: list[Frame]) -> dict[str, Callable[[int], None]]:
    """Return what is timed, by name; those of a compare mode begin with it."""

    def repaint(_: int) -> None:
        canvas.viewport().repaint()

    def take(turn: int) -> None:
        canvas.set_after(paintings[turn % 2])

    def live(turn: int) -> None:
        take(turn)
        QApplication.processEvents()

    def move_divider(turn: int) -> None:
        canvas.set_split(0.3 + 0.4 * (turn % 20) / 20)
        QApplication.processEvents()

    return {
        "repaint": repaint,
        "take a frame": take,
        "live frame": live,
        "split live frame": live,
        "split divider": move_divider,
        "side live frame": live,
    }


def clock(action: Callable[[int], None], repeats: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of the action's time in ms."""
    for turn in range(3):
        action(turn)
    times = []
    for turn in range(repeats):
        start = perf_counter()
        action(turn)
        times.append((perf_counter() - start) * 1000)
    QApplication.processEvents()
    p50, p99 = np.percentile(times, [50, 99])
    return float(p50), float(p99)


def frame_of(size: int, seed: int) -> Frame:
    """Make a frame of soft noise, as busy as a painting."""
    coarse = np.random.default_rng(seed).integers(0, 256, (size // 8, size // 8, 3), np.uint8)
    return prepare_frame(np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1))


def show(timings: list[Timing], view: str) -> None:
    """Print the table."""
    table = Table(title=f"Canvas of {view}: ms of the UI thread, p50 / p99")
    for column in ("picture", "zoom", *(name for name in dict.fromkeys(timing.what for timing in timings))):
        table.add_column(column, justify="right")
    for size in SIZES:
        for zoom in ZOOMS:
            cells = [f"{t.p50:.2f} / {t.p99:.2f}" for t in timings if (t.size, t.zoom) == (size, zoom)]
            table.add_row(f"{size}²", zoom, *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
