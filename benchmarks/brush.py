"""From pen to screen: how long a move of the brush takes over a large picture until it is drawn.

Prints medians and 99th percentiles of processor time, ms, for brushes of several sizes, fitted and at 100 %. Asked are
8 ms at 4,000 px.

    python benchmarks/brush.py
"""

import os
import statistics
import sys
from collections.abc import Iterator
from math import cos, sin
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QInputDevice, QPointingDevice, QTabletEvent, QUndoStack
from PySide6.QtWidgets import QApplication

from studio.core.frames import prepare_frame
from studio.ui.canvas.brush import Brush
from studio.ui.canvas.brush_layer import BrushLayer
from studio.ui.canvas.painted_map import PaintedMap, size_of_map
from studio.ui.canvas.tinted_map import TintedMap
from studio.ui.canvas.view import Canvas
from studio.ui.theme import Theme

WIDTH, HEIGHT = 4000, 3000
MOVES = 240
ASKED_MS = 8.0


def main() -> None:
    """Print a line for every brush."""
    app = QApplication(sys.argv)
    canvas, undo = Canvas(Theme(app, "dark")), QUndoStack()
    canvas.resize(1280, 860)
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    canvas.set_before(prepare_frame(np.kron(pixels, np.ones((8, 8, 1), np.uint8))))
    brush = BrushLayer(undo)
    canvas.layers.add(brush)
    canvas.layers.activate(brush)
    canvas.show()
    app.processEvents()
    print(f"{WIDTH} × {HEIGHT} px, {MOVES} moves each; ms of processor time from pen to screen, asked {ASKED_MS:.0f}")
    print("    zoom   brush  hard  flow   median      p99  elapsed of asked    lift")
    for zoom in ("fit", "100 %"):
        canvas.fit() if zoom == "fit" else canvas.actual_size()
        for diameter, hardness, flow in (
            (12, 1.0, 1.0),
            (40, 0.8, 1.0),
            (40, 0.8, 0.3),
            (120, 0.5, 1.0),
            (400, 0.8, 1.0),
        ):
            brush.show_maps(TintedMap(PaintedMap.blank(*size_of_map(WIDTH, HEIGHT)), QColor("orange")))
            brush.set_brush(Brush(diameter, hardness, 1.0, flow))
            app.processEvents()
            took, elapsed = [], []
            send(canvas, QEvent.Type.TabletPress, next(path()), 0.5)
            for number, spot in enumerate(path()):
                began, started = process_time(), perf_counter()
                send(canvas, QEvent.Type.TabletMove, spot, 0.4 + 0.5 * abs(sin(number / 20)))
                app.processEvents()
                took.append(1000 * (process_time() - began))
                elapsed.append(1000 * (perf_counter() - started))
            began = process_time()
            send(canvas, QEvent.Type.TabletRelease, spot, 0.0)
            lift = 1000 * (process_time() - began)
            median, worst = statistics.median(took), sorted(took)[int(0.99 * len(took))]
            print(
                f"{zoom:>8} {diameter:>4} px {hardness:>5} {flow:>5} {median:>8.2f} {worst:>8.2f} "
                f"{statistics.median(elapsed):>8.2f} {median / ASKED_MS:>9.2f} {lift:>7.1f}"
            )


def path() -> Iterator[QPointF]:
    """Yield where the pen is: a spiral over the canvas, some ten pixels a move."""
    for number in range(MOVES):
        turn, far = number / 14, 40 + number
        yield QPointF(640 + far * cos(turn), 430 + far * sin(turn))


def send(canvas: Canvas, kind: QEvent.Type, spot: QPointF, pressure: float) -> None:
    """Send what a tablet's driver sends."""
    pen = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure, 1, 1,
    )  # fmt: skip
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else Qt.MouseButton.LeftButton
    event = QTabletEvent(
        kind, pen, spot, spot, pressure, 0.0, 0.0, 0.0, 0.0, 0.0, Qt.KeyboardModifier.NoModifier, button, held
    )
    QApplication.sendEvent(canvas.viewport(), event)


if __name__ == "__main__":
    main()
