"""Do plots stay fast however long a run is? The UI thread's time to take new points, to draw, to hover and to zoom.

    python benchmarks/plots.py [--view 1200x500] [--series 4] [--repeats 60] [--json]

Four smoothed series of 1 k, 100 k and 1 M points; each thing is one turn of the event loop, and the asked tick is at
most 20 ms. The last column tells how much more a million points cost than a thousand.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import thread_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from studio.ui.plots.curves import Curves
from studio.ui.theme import Theme

SIZES = (1_000, 100_000, 1_000_000)
NEW_POINTS = 20


@dataclass(frozen=True)
class Timing:
    """Milliseconds of the UI thread for one thing done to series of `points` each."""

    points: int
    what: str
    p50: float
    p99: float


def main() -> None:
    """Measure every size; print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--view", default="1200x500", help="size of the curves' widget in pixels")
    parser.add_argument("--series", type=int, default=4, help="how many curves")
    parser.add_argument("--repeats", type=int, default=100, help="how often each thing is done")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    arguments = parser.parse_args()

    app = QApplication(sys.argv[:1])
    theme = Theme(app, "dark")
    size = [int(side) for side in arguments.view.split("x")]
    timings = [one for points in SIZES for one in measure(theme, size, points, arguments.series, arguments.repeats)]
    if arguments.json:
        print(json.dumps({"view": arguments.view, "timings": [asdict(timing) for timing in timings]}))
    else:
        show(timings, f"{arguments.series} curves in {arguments.view}: ms of the UI thread, p50 / p99")


def measure(theme: Theme, size: list[int], points: int, series: int, repeats: int) -> list[Timing]:
    """Time everything for curves of so many points."""
    curves = Curves(theme)
    curves.resize(*size)
    curves.show()
    noise = np.random.default_rng(0)
    names = [f"loss {number}" for number in range(series)]
    for number, name in enumerate(names):
        steps = np.arange(points)
        values = (number + 1) * (0.2 + np.exp(-4 * steps / points)) * np.exp(0.3 * noise.normal(size=points))
        curves.set_series(name, steps, values)
    settle(curves)
    timings = [Timing(points, what, *clock(act, repeats)) for what, act in actions(curves, names, points).items()]
    curves.close()
    curves.deleteLater()
    return timings


def actions(curves: Curves, names: list[str], points: int) -> dict[str, Callable[[int], None]]:
    """Return what is timed, by name: each with all the painting it causes."""
    grown = [points]

    def grow(turn: int) -> None:
        steps = np.arange(grown[0], grown[0] + NEW_POINTS)
        grown[0] += NEW_POINTS
        for name in names:
            curves.append(name, steps, np.full(NEW_POINTS, 0.5 + 0.01 * (turn % 7)))
        curves._draw.stop()
        curves._redraw()  # what the timer does ten times a second
        QApplication.processEvents()

    def hover(turn: int) -> None:
        curves.plot.set_cursor(float(points * (turn % 50) / 50))
        QApplication.processEvents()

    def zoom(turn: int) -> None:
        curves.plot.view.zoom(0.8 if turn % 40 < 20 else 1.25)
        QApplication.processEvents()

    def smooth(turn: int) -> None:
        curves.set_smoothing(8 + 20 * (turn % 50))
        QApplication.processEvents()

    return {"append + repaint": grow, "hover": hover, "zoom": zoom, "smooth": smooth}


def settle(curves: Curves) -> None:
    """Let everything be smoothed and drawn that waits for its turn."""
    while curves._draw.isActive():
        QApplication.processEvents()


def clock(action: Callable[[int], None], repeats: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of the action's time in ms."""
    for turn in range(3):
        action(turn)
    times = []
    for turn in range(repeats):
        start = thread_time()
        action(turn)
        times.append((thread_time() - start) * 1000)
    p50, p99 = np.percentile(times, [50, 99])
    return float(p50), float(p99)


def show(timings: list[Timing], title: str) -> None:
    """Print the table."""
    table = Table(title=title)
    for column in ("", *(f"{size:,}" for size in SIZES), "× of the smallest"):
        table.add_column(column, justify="right")
    for what in dict.fromkeys(timing.what for timing in timings):
        row = [timing for timing in timings if timing.what == what]
        cells = [f"{timing.p50:.1f} / {timing.p99:.1f}" for timing in row]
        table.add_row(what, *cells, f"{row[-1].p50 / row[0].p50:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
