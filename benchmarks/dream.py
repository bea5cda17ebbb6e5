"""From slider to frame in the Dream panel, and the pad's 5 × 5 small pictures, beside what the network alone costs.

Prints medians and 90th percentiles, ms: elapsed, and processor time of the whole program. Asked are 10 ms from slider
to frame (median), 100 ms for 5 × 5, 60 ms for a step of a drag, and 20 s to look for a picture, of a generator of 64 px
on the CPU. Without `--model` the default course's network is built with random weights: they cost as much as trained
ones.

    python benchmarks/dream.py [--model FILE|RUN]
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("ATELIER_DEVICE", "cpu")
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from safetensors.torch import save_file

from models.drag import Drag
from models.gan import stage_widths
from models.generator_files import GeneratorFacts, build_generator, to_file
from models.pixels import to_picture
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.library import Library
from studio.engine import Engine
from studio.jobs import catalog
from studio.jobs.dream_picture import generator_for, styles_of
from studio.jobs.dream_ways import LookForTask
from studio.ui.actions import make_actions
from studio.ui.panels.dream.pad import places_around
from studio.ui.panels.dream.panel import DreamPanel
from studio.ui.picture.context import PanelContext
from studio.ui.preferences import Preferences
from studio.ui.theme import Theme

MOVES, PADS, STEPS = 60, 12, 30
ASKED_FRAME_MS, ASKED_PAD_MS, ASKED_DRAG_MS, ASKED_FOUND_MS = 10.0, 100.0, 60.0, 20_000.0


def main() -> None:
    """Print a line for the slider, and one for the pad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ATELIER_HOME"] = folder
        measure(Path(folder), asked.model or untrained(Path(folder)))


def untrained(folder: Path) -> str:
    """Write a generator of 64 px as the default course builds it."""
    shape = {"widths": list(stage_widths(64)), "latent": 64, "style": 256, "blocks": 2}
    facts, path = GeneratorFacts("styled", shape, 64), folder / "untrained.safetensors"
    torch.manual_seed(0)
    save_file(to_file(build_generator(facts)), path, facts.to_metadata())
    return str(path)


def measure(folder: Path, model: str) -> None:
    """Have a panel dream, and time it from outside."""
    app = QApplication.instance() or QApplication(sys.argv)
    assert isinstance(app, QApplication)
    studio, pictures = Engine("studio", niceness=0), Engine("pictures", niceness=0)
    theme = Theme(app, "dark")
    context = PanelContext(
        theme, studio, pictures, Library(folder / "library"), Preferences(folder / "atelier.ini"), make_actions(theme)
    )
    panel = DreamPanel(context)
    panel.resize(1280, 860)
    session = panel.session
    timed(lambda done: (session.frame_composed.connect(done), panel.show(), session.change(model=model)))
    panel.hide()  # the pad's own small pictures would be timed too
    print(f"{torch.get_num_threads()} thread(s); elapsed and processor time, ms: median and 90th percentile")
    generator = generator_for(session.settings)
    w = styles_of(generator, session.settings)
    print(f"the network computes in {generator.format}")
    slider = [
        timed(lambda done, n=n: (session.frame_composed.connect(done), session.change(typical=0.5 + n / MOVES)))
        for n in range(MOVES)
    ]
    # afterwards, as the window's own thread never computes: it would leave threads behind that compete
    slider_raw = [alone(lambda: to_picture(generator.pictures(w))) for _ in range(MOVES)]
    report("slider → frame", slider, ASKED_FRAME_MS, slider_raw)
    around = [session.settings.at(*place) for place in places_around((3.5, 0.5), 0.3)]
    many = torch.cat([styles_of(generator, settings) for settings in around])
    raw = [alone(lambda: generator.pictures(many)) for _ in range(PADS)]
    pads = [timed(lambda done: session.sketch("pad", around).finished.connect(done)) for _ in range(PADS)]
    report("5 × 5 on the pad", pads, ASKED_PAD_MS, raw)
    drag = Drag(generator.network, w, [(0.4 * generator.network.size,) * 2], [(0.7 * generator.network.size,) * 2])
    report("a step of a drag", [alone(drag.step) for _ in range(STEPS)], ASKED_DRAG_MS, slider_raw)
    given = to_picture(generator.pictures(styles_of(generator, session.settings.at_seed(77))))
    task = LookForTask(session.settings, given, "face")
    found = [alone(lambda: finish(catalog.start("look_for", task, Controls(session.settings))))]
    report("looking for a picture", found, ASKED_FOUND_MS, slider_raw)
    panel.close_gently()
    for engine in (studio, pictures):
        while not engine.shut_down():
            pass


def alone(act: Callable[[], object]) -> tuple[float, float]:
    """Return elapsed and processor time, ms, of what is done on this thread."""
    began, started = process_time(), perf_counter()
    act()
    return 1000 * (perf_counter() - started), 1000 * (process_time() - began)


def timed(begin: Callable[[Callable[..., None]], object]) -> tuple[float, float]:
    """Return elapsed and processor time, ms, until what was begun calls back."""
    loop, timeout = QEventLoop(), QTimer(singleShot=True, interval=60_000)
    timeout.timeout.connect(loop.quit)
    timeout.start()
    began, started = process_time(), perf_counter()
    begin(lambda *_: loop.quit())
    loop.exec()
    return 1000 * (perf_counter() - started), 1000 * (process_time() - began)


def report(what: str, took: list[tuple[float, float]], asked: float, raw: list[tuple[float, float]]) -> None:
    """Print medians and 90th percentiles, what is asked, and how many times the network's own cost it is."""
    elapsed, cpu = zip(*took, strict=True)
    alone_elapsed, alone_cpu = (statistics.median(each) for each in zip(*raw, strict=True))
    words = "  ".join(
        f"{statistics.median(each):7.1f} {sorted(each)[int(0.9 * len(each))]:7.1f}" for each in (elapsed, cpu)
    )
    ratio = statistics.median(cpu) / alone_cpu
    print(
        f"{what:>18} {words}   asked {asked:.0f}; the network alone {alone_elapsed:.1f} ({alone_cpu:.1f} of processor "
        f"time): {ratio:.2f} ×"
    )


if __name__ == "__main__":
    main()
