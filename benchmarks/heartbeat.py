"""Does the window stay smooth while the engine works? An 8 ms tick in the UI thread, idle and beside real jobs.

The last line is the whole window, with curves, samples and figures of a fast style that learns in the Train panel.

    python benchmarks/heartbeat.py [--seconds 10] [--size 512] [--json]

Prints how far apart the ticks really came: 8 ms would be perfect, and a person notices from about 50 ms.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from studio.app import Studio
from studio.core.controls import Controls
from studio.core.events import Job, Preview
from studio.core.images import LoadedPicture
from studio.core.picture_task import CONTENT, PictureRequest
from studio.core.samples import sample_paintings, sample_photos
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders
from studio.engine import Engine
from studio.jobs.runs import RunSnapshot
from studio.training.run_folder import RunPlan
from studio.training.schedule import Phase, Ramp, Schedule

TICK_MS = 8


@dataclass(frozen=True)
class Heartbeat:
    """Intervals between the UI thread's ticks, in milliseconds, and how many frames came meanwhile."""

    beside: str
    p50: float
    p99: float
    max: float
    ticks: int
    frames: int


def main() -> None:
    """Measure idle and beside the job; print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to measure each")
    parser.add_argument("--size", type=int, default=512, help="longer side of the picture that is painted")
    parser.add_argument("--train-size", type=int, default=96, help="side of the squares that a fast style learns on")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    arguments = parser.parse_args()

    app = QApplication(sys.argv[:1])
    engine = Engine("studio")
    frames: list[QImage] = []
    engine.frame_ready.connect(lambda key, preview: frames.append(as_image(preview)))
    beats = [measure("nothing", arguments.seconds, frames)]
    name, job = ("stylize", "stylize") if find_spec("studio.jobs.style.stylize") else ("convolutions", convolutions)
    failures: list[str] = []
    engine.failed.connect(lambda key, failure: failures.append(failure.details))
    handle = engine.live("heartbeat", job, painting_task(arguments.size), controls(arguments.size))
    wait_for_frame(engine)
    beats.append(measure(f"{name} {arguments.size} px", arguments.seconds, frames))
    handle.cancel()
    engine.shut_down()
    app.processEvents()
    if failures:
        sys.exit(failures[0])
    beats.append(beside_training(app, arguments.seconds, arguments.train_size))
    report(beats, as_json=arguments.json)


def measure(beside: str, seconds: float, frames: Sequence[object]) -> Heartbeat:
    """Let the event loop run for `seconds` and time its ticks."""
    loop, ticks, frames_before = QEventLoop(), [perf_counter()], len(frames)
    timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(perf_counter()))
    timer.start()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    timer.stop()
    intervals = np.diff(ticks) * 1000
    p50, p99 = (float(value) for value in np.percentile(intervals, [50, 99]))
    return Heartbeat(beside, p50, p99, float(intervals.max()), len(intervals), len(frames) - frames_before)


def beside_training(app: QApplication, seconds: float, size: int) -> Heartbeat:
    """Measure with the window open on a run that learns, is drawn, and is sampled every ten steps."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["ATELIER_HOME"] = home
        studio = Studio(app, UserFolders.within(Path(home)))
        window, session = studio.window, studio.window.panel("train").session
        window.resize(1600, 1000)
        window.show()
        window.show_panel("train")
        path = session.manager.create(training_plan(size))
        assert path is not None
        session.show(path)
        wait_until(lambda: session.watch.snapshot is not None and session.watch.snapshot.history.step >= 12)
        looks: list[RunSnapshot] = []
        session.watch.looked.connect(looks.append)
        beat = measure(f"training {size} px, watched", seconds, looks)
        session.manager.pause_all_here()
        wait_until(lambda: not session.manager.here)
        window.close()
        window.deleteLater()
        return beat


def training_plan(size: int) -> RunPlan:
    """A fast style of the sample photos, whatever the painting, longer than anybody measures."""
    rate = Ramp(start=1e-3, end=1e-3)
    return RunPlan(
        task="fast-style",
        title="heartbeat",
        data=tuple(str(sample.path) for sample in sample_photos()),
        inputs={"painting": str(sample_paintings()[0].path)},
        settings={"size": size, "sample_every": 10, "validate_every": 50, "held_back": 1, "workers": 0},
        schedule=Schedule(phases=(Phase(duration=1_000_000, unit="steps", learning_rate=rate),)),
    )


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the window live until `condition` holds."""
    while not condition():
        loop = QEventLoop()
        QTimer.singleShot(50, loop.quit)
        loop.exec()


def wait_for_frame(engine: Engine) -> None:
    """Let the networks load first: the window has its own words for that."""
    loop = QEventLoop()
    engine.frame_ready.connect(loop.quit)
    engine.failed.connect(loop.quit)
    loop.exec()


def as_image(preview: Preview) -> QImage:
    """Do with a frame what a canvas at least does."""
    height, width, channels = preview.picture.shape
    layout = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    return QImage(preview.picture.tobytes(), width, height, channels * width, layout).copy(0, 0, 8, 8)


def painting_task(size: int) -> PictureRequest:
    """Two pictures of soft noise: what is painted does not matter here."""
    random = np.random.default_rng(0)
    pixels = [np.kron(random.integers(0, 256, (size // 8, size // 8, 3)), np.ones((8, 8, 1))) for _ in range(2)]
    content, style = (LoadedPicture(each.astype(np.uint8), "noise.png", "") for each in pixels)
    return PictureRequest({CONTENT: (content,), "style": (style,)})


def controls(size: int) -> Controls[StyleSettings]:
    """Settings for a job that outlasts the measurement."""
    return Controls(StyleSettings(size=size, steps=2000))


def convolutions(task: PictureRequest, controls: Controls[Any]) -> Job[None]:
    """Stand in for a painting where its job is not there: forward and backward through a few layers, a frame a step."""
    import torch

    from models.pixels import to_picture, to_tensor

    layers = [torch.nn.Conv2d(a, b, 3, padding=1) for a, b in ((3, 32), (32, 32), (32, 64))]
    network = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    canvas = to_tensor(task.photo.pixels).requires_grad_()
    step = 0
    while True:
        network(canvas).square().mean().backward()
        step += 1
        yield Preview(to_picture(canvas), step)


def report(beats: list[Heartbeat], *, as_json: bool) -> None:
    """Print what was measured."""
    if as_json:
        print(json.dumps({"tick_ms": TICK_MS, "beats": [asdict(beat) for beat in beats]}))
        return
    table = Table("beside", "p50 ms", "p99 ms", "max ms", "ticks", "frames", title=f"UI ticks, {TICK_MS} ms asked for")
    for beat in beats:
        numbers = (f"{beat.p50:.1f}", f"{beat.p99:.1f}", f"{beat.max:.1f}", str(beat.ticks), str(beat.frames))
        table.add_row(beat.beside, *numbers)
    Console().print(table)


if __name__ == "__main__":
    main()
