"""The widgets of training for `widget_gallery.py`, with numbers nobody measured."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.events import Picture, Progress
from studio.core.failures import Failure
from studio.core.frames import Frame, prepare_frame
from studio.training.data.inspection import DataReport, Finding
from studio.ui.panels.train.new_run.data_report import DoctorView
from studio.ui.panels.train.run.figures import RunFigures, RunFiguresLine
from studio.ui.panels.train.run.samples_view import FrameTaken, SampleShot, SamplesView
from studio.ui.panels.train.runs.list import RunEntry, RunList
from studio.ui.plots.curves import AxisMapping, Curves, Knots, PlotMark
from studio.ui.theme import Theme, mark

_STEPS = 20_000
_TERMS = {"loss": 4.0, "content": 1.2, "style": 2.4, "smoothness": 0.05}


def waves(seed: int, width: int = 140, height: int = 140) -> Picture:
    """Return waves of colour."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 48.0
    waves = [np.sin(x * rng.uniform(0.5, 3) + y * rng.uniform(-3, 3) + rng.uniform(0, 6)) for _ in range(3)]
    return np.clip(np.stack(waves, axis=-1) * 50 + rng.uniform(60, 200, size=3), 0, 255).astype(np.uint8)


def curves_page(theme: Theme) -> QWidget:
    """Curves as they come, and compared on a logarithmic axis over time."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(_curves(theme, seed=1))
    compared = _curves(theme, seed=2)
    steps = np.arange(15_000)
    noise = np.random.default_rng(3).normal(size=len(steps))
    other = {"loss": (steps, 5 * (np.exp(-steps / 3000) + 0.3) * np.exp(0.2 * noise))}
    compared.set_comparison("autumn, half width", other, AxisMapping(Knots.of(steps, steps * 0.4)))
    compared.set_log(True)
    compared.set_along("time")
    compared.plot.set_cursor(12_000.0)
    compared.legend.rows["style"].setFocus()
    layout.addWidget(compared)
    empty = Curves(theme)
    empty.set_series("loss", np.arange(3), np.array([1.0, 0.8, 0.9]))
    layout.addWidget(empty)
    return page


def _curves(theme: Theme, seed: int) -> Curves:
    curves = Curves(theme)
    noise, steps = np.random.default_rng(seed), np.arange(_STEPS)
    for name, height in _TERMS.items():
        values = height * (np.exp(-steps / 4000) + 0.15) * np.exp(0.25 * noise.normal(size=_STEPS))
        if name == "content":
            values[9000:10_000] = np.nan
        curves.set_series(name, steps, values)
    rare = np.arange(0, _STEPS, 500)
    curves.set_series("validation", rare, 3 * np.exp(-rare / 5000) + 0.6, smooth=False)
    curves.set_scales(AxisMapping(Knots.of(steps, steps * 0.31), Knots.of(steps, steps / 640)))
    curves.set_marks([
        PlotMark(4000, "phase", "Phase 2: full size"), PlotMark(9000, "guard", "Step skipped: gradients exploded"),
        PlotMark(12_000, "resumed", "Resumed"), PlotMark(16_000, "pinned", "Pinned checkpoint"),
    ])  # fmt: skip
    return curves


def samples_page(theme: Theme) -> QWidget:
    """Samples: none, one, and many in the middle of a comparison."""
    page = QWidget()
    layout = QHBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)

    def load(path: Path, taken: FrameTaken) -> None:
        taken(_sample(int(path.stem)))

    for count in (0, 40):
        view = SamplesView(theme, load)
        view.set_samples([SampleShot(250 * number, Path(f"{number}.png")) for number in range(count)])
        if count:
            view.show_step(6000)
            view.canvas.set_compare_mode("split")
        layout.addWidget(view)
    return page


def _sample(number: int) -> Frame:
    grid = [np.hstack([waves(10 * row + column, 160, 120) for column in range(4)]) for row in range(3)]
    calm = 1 - np.exp(-number / 12)
    return prepare_frame((calm * np.vstack(grid) + (1 - calm) * 128).astype(np.uint8))


def runs_page(theme: Theme) -> QWidget:
    """Runs in every state, and none; the line of figures of a running one and of one that has just begun."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    for figures in (
        RunFigures("Learning", 12_480, 40_000, 3.12, 8.4, 810, 85, 0.02, 2310),
        RunFigures("Reading the pictures into the cache", 0, 40_000),
        RunFigures("Learning", 12_480, 40_000, 3.12, 812.4, 9000, 900, 0.31, 812),
    ):
        line = RunFiguresLine(theme)
        line.set_figures(figures)
        layout.addWidget(line)
    row = QHBoxLayout()
    layout.addLayout(row, 1)
    runs = RunList(theme)
    runs.set_runs([
        RunEntry(Path("a"), "Waves, half width", "Fast style", "running", 0.312, "step 12,480 of 40,000", waves(1)),
        RunEntry(Path("b"), "Eine sehr lange Bezeichnung für einen Lauf mit dem Gemälde der großen Welle", "Fast style",
                 "interrupted", 0.7, "step 28,000 of 40,000 · yesterday", waves(2)),
        RunEntry(Path("c"), "Horses and houses", "Classifier", "paused", 0.995, "step 1,990 of 2,000", None),
        RunEntry(Path("d"), "Facets", "Fast style", "finished", 1.0, "12 November · 3 h 20 min", waves(4)),
        RunEntry(Path("e"), "Facets, strong", "Fast style", "stopped", 0.4, "10 November", waves(5)),
        RunEntry(Path("f"), "Digits", "Classifier", "failed", 0.05, "The folder of pictures is gone.", waves(6)),
        RunEntry(Path("g"), "Tomorrow", "Classifier", "new", None, "", None),
    ])  # fmt: skip
    runs.set_open(Path("a"))
    runs.set_compared(Path("d"))
    runs.select(Path("b"))
    runs.view.setFocus()
    row.addWidget(runs, 1)
    row.addWidget(RunList(theme), 1)
    return page


def doctor_page(theme: Theme) -> QWidget:
    """The doctor's report: busy, all good, with findings, with files unfolded, and where there is nothing."""
    page = QWidget()
    row = QHBoxLayout(page)
    row.setSpacing(24)
    busy, good, findings, nothing = (DoctorView(theme) for _ in range(4))
    busy.show_progress(Progress("Examining the pictures", 812, 2400))
    good.show_report(DataReport(640, (), (), ((640, 480),) * 640, 812_000_000, 300_000_000, (("JPEG", 640),)))
    findings.show_report(_report())
    findings.findings[0].files_button.setChecked(True)
    nothing.show_failure(Failure("There are no pictures in /home/me/empty.", "Choose a folder with pictures.", ""))
    for views in ((busy, good, nothing), (findings,)):
        column = QVBoxLayout()
        for view in views:
            panel = QWidget()
            mark(panel, surface="panel")
            panel.setFixedWidth(336)
            QVBoxLayout(panel).addWidget(view)
            column.addWidget(panel)
        column.addStretch(1)
        row.addLayout(column)
    row.addStretch(1)
    return page


def _report() -> DataReport:
    broken = tuple(Path(f"/photos/holiday/IMG_{number:04d} with a very long name.jpg") for number in range(12))
    findings = (
        Finding("broken", "warning", "12 broken files", "they are left out", broken),
        Finding("small", "warning", "1,310 pictures smaller than they are trained at",
                "they are enlarged, and stay soft", broken[:3]),
        Finding("grey", "info", "34 pictures without colours", "they are used as they are", broken[:1]),
        Finding("uneven", "info", "“horse” has 1,840 pictures, “house” only 120",
                "the frequent ones will be preferred; add more of the others"),
    )  # fmt: skip
    sizes = ((320, 240),) * 900 + ((4000, 3000),) * 1488
    formats, classes = (("JPEG", 2100), ("PNG", 288)), (("horse", 1840), ("house", 548))
    return DataReport(2400, (), findings, sizes, 3_812_000_000, 1_300_000_000, formats, classes)


TRAINING_PAGES: dict[str, tuple[Callable[[Theme], QWidget], tuple[int, int]]] = {
    "curves": (curves_page, (1000, 1080)),
    "samples": (samples_page, (1200, 480)),
    "runs": (runs_page, (1100, 780)),
    "doctor": (doctor_page, (760, 640)),
}
