"""From stroke to painting: how long it takes until what a hand draws is seen as the pair paints it.

Draws in the Translate panel on a blank sheet with a pair as the default course trains it, not trained: that costs the
same. Prints medians over the moves, ms, at 128 px: from a move of the brush to the painted frame on the canvas, the
network alone between two moves, and their ratio. Asked are 150 ms.

    python benchmarks/draw.py
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from math import cos, sin
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as beside other work, and steadier
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from PySide6.QtCore import QEventLoop, QPointF, QTimer
from PySide6.QtWidgets import QApplication
from safetensors.torch import save_file

from models.translation import TranslatorFacts, build, to_file
from studio.app import Studio
from studio.core.user_folders import UserFolders
from studio.training.tasks.translate_settings import TranslatorSettings
from studio.ui.canvas.layers import Pen
from studio.ui.panels.translate.panel import TranslatePanel

SIDE, MOVES, ASKED_MS = 128, 60, 150.0
PATIENCE_MS = 200_000


def main() -> None:
    """Print one line of numbers."""
    app = QApplication(sys.argv)
    with tempfile.TemporaryDirectory() as home:
        os.environ["ATELIER_HOME"] = home
        write_pair(Path(home) / "runs" / "pair" / "model.safetensors")
        studio = Studio(app, UserFolders.within(Path(home)))
        studio.window.show()
        studio.window.show_panel("translate")
        panel = studio.window.panel("translate")
        assert isinstance(panel, TranslatePanel)
        measure(panel)
        studio.window.close_without_asking()


def write_pair(path: Path) -> None:
    """Write a pair as the default course begins it."""
    settings = TranslatorSettings()
    facts = TranslatorFacts(settings.network, settings.shape, settings.ways, size=SIDE)
    path.parent.mkdir(parents=True)
    save_file(to_file({way: build(facts) for way in facts.ways}), path, facts.to_metadata())


def measure(panel: TranslatePanel) -> None:
    """Draw a spiral, and look how long each move takes."""
    session = panel.session
    until(lambda: session.has_looked)
    session.change(mode="draw")
    panel.open_sheet(1024, 1024)
    until(lambda: session.masks.active is not None and session.drawing.sheet is not None)
    until(lambda: session.recipe is not None and session.is_settled and not session.is_behind)
    assert panel.mask_desk is not None
    layer, frames = panel.mask_desk.layer, list[float]()
    session.drafted.connect(lambda _frame: frames.append(perf_counter()))
    facts = TranslatorFacts("separable", TranslatorSettings().shape, size=SIDE)
    network, picture = build(facts).eval(), torch.rand(1, 3, SIDE, SIDE)
    took, alone = [], []
    layer.begin_stroke(pen(panel, 0))
    for number in range(1, MOVES + 1):
        until(lambda: not session.is_drawing_along)
        frames.clear()
        began = perf_counter()
        layer.move(pen(panel, number))
        until(lambda: bool(frames))
        took.append(1000 * (frames[-1] - began))
        began = perf_counter()
        with torch.inference_mode():
            network(picture)
        alone.append(1000 * (perf_counter() - began))
    layer.commit_stroke()
    stroke, network_ms = statistics.median(took), statistics.median(alone)
    slow = sorted(took)[int(0.9 * len(took))]
    print(
        f"{SIDE} px, {MOVES} moves: stroke to painting {stroke:.0f} ms (asked {ASKED_MS:.0f}), one in ten {slow:.0f} ms"
    )
    print(f"the network alone {network_ms:.0f} ms; ratio {stroke / network_ms:.2f}")


def pen(panel: TranslatePanel, number: int) -> Pen:
    """Return a spot of the spiral."""
    assert panel.mask_desk is not None
    rect, turn = panel.mask_desk.layer.picture_rect, number / 2
    radius = 0.2 + 0.2 * number / MOVES  # each move goes farther than a dab is wide
    spot = QPointF((0.5 + radius * cos(turn)) * rect.width(), (0.5 + radius * sin(turn)) * rect.height())
    return Pen(spot, panel.canvas.view_scale)


def until(condition: Callable[[], bool]) -> None:
    """Let the window live until something holds."""
    loop, clock, end = QEventLoop(), QTimer(interval=2), perf_counter() + PATIENCE_MS / 1000

    def look() -> None:
        if condition() or perf_counter() > end:
            loop.quit()

    clock.timeout.connect(look)
    clock.start()
    if not condition():
        loop.exec()
    clock.stop()
    if not condition():
        raise SystemExit("Nothing came of it in three minutes.")


if __name__ == "__main__":
    main()
