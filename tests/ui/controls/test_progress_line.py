import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from studio.core.events import Progress
from studio.ui.controls.memory_label import MemoryLabel
from studio.ui.controls.progress_line import ProgressLine
from studio.ui.theme import Theme


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line(qtbot, theme: Theme, clock: Clock) -> ProgressLine:
    line = ProgressLine(theme, clock=clock)
    qtbot.addWidget(line)
    line.resize(700, 40)
    line.show()
    return line


def button(line: ProgressLine, name: str) -> QPushButton:
    return next(b for b in line.findChildren(QPushButton) if b.text() == name)


def run(line: ProgressLine, clock: Clock, done: int, total: int, pace: float = 0.5) -> None:
    line.start()
    for step in range(done + 1):
        clock.now = step * pace
        line.set_progress(Progress("512 px", step, total))


def test_says_stage_step_and_time_left(line: ProgressLine, clock: Clock):
    run(line, clock, 92, 120)
    assert line.text == "512 px · 92 / 120 · 0:14 left"


def test_buttons_are_there_at_all_times_and_live_while_something_runs(line: ProgressLine):
    pause, stop = button(line, "Pause"), button(line, "Stop")
    assert pause.isVisible()
    assert stop.isVisible()
    assert not pause.isEnabled()
    assert not stop.isEnabled()
    line.start()
    assert pause.isEnabled()
    assert stop.isEnabled()
    line.finish("Done")
    assert not stop.isEnabled()
    assert line.text == "Done"


def test_stop_is_asked_by_mouse_and_by_key(qtbot, line: ProgressLine):
    line.start()
    with qtbot.waitSignal(line.stop_requested):
        qtbot.mouseClick(button(line, "Stop"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(line.stop_requested):
        qtbot.keyClick(button(line, "Stop"), Qt.Key.Key_Space)


def test_pause_becomes_resume(qtbot, line: ProgressLine):
    line.start()
    pause = button(line, "Pause")
    with qtbot.waitSignal(line.pause_requested):
        pause.click()
    line.set_paused(True)
    assert pause.text() == "Resume"
    assert "paused" in line.text
    with qtbot.waitSignal(line.resume_requested):
        pause.click()
    line.set_paused(False)
    assert pause.text() == "Pause"
    assert "paused" not in line.text


def test_a_pause_does_not_spoil_the_estimate(line: ProgressLine, clock: Clock):
    run(line, clock, 60, 120, pace=1.0)
    line.set_paused(True)
    clock.now += 600
    line.set_paused(False)
    line.set_progress(Progress("512 px", 60, 120))
    clock.now += 1
    line.set_progress(Progress("512 px", 61, 120))
    assert line.text.endswith("0:59 left")


def test_another_stage_starts_its_own_estimate(line: ProgressLine, clock: Clock):
    run(line, clock, 92, 120)
    line.set_progress(Progress("1024 px", 0, 40))
    assert line.text == "1024 px · 0 / 40"


def test_unknown_length_shows_the_stage_alone(line: ProgressLine):
    line.start("Loading the network…")
    assert line.text == "Loading the network…"
    line.set_progress(Progress("Measuring the painting"))
    assert line.text == "Measuring the painting"
    bar = line.findChild(QProgressBar)
    assert (bar.minimum(), bar.maximum()) == (0, 0)


def test_nothing_shifts_while_numbers_grow(line: ProgressLine, clock: Clock, qtbot):
    widgets = [*line.findChildren(QPushButton), *line.findChildren(QProgressBar), *line.findChildren(QLabel)]
    line.start()
    line.set_progress(Progress("A", 1, 9))
    before = [widget.geometry() for widget in widgets]
    for step in range(1, 1000, 250):
        clock.now += 3000.0
        line.set_progress(
            Progress("A stage with a name much longer than it has room for in this narrow line", step, 2000)
        )
        line.layout().activate()
        assert [widget.geometry() for widget in widgets] == before
    line.set_paused(True)
    line.layout().activate()
    assert [widget.geometry() for widget in widgets] == before


def test_time_left_counts_the_whole_job_where_stages_differ_in_cost(line: ProgressLine, clock: Clock):
    line.start()
    for step in range(51):  # the cheap size: half the steps, a tenth of the work, one second for each hundredth
        clock.now = 0.2 * step
        line.set_progress(Progress("128 px", step, 50, share=0.1 * step / 50))
    assert line.findChild(QProgressBar).value() == 0.1 * line.findChild(QProgressBar).maximum()
    assert "1:30 left" in line.text
    clock.now += 10
    line.set_progress(Progress("512 px", 1, 50, share=0.2))
    assert "1:20 left" in line.text


def test_what_can_be_missed_goes_where_there_is_no_room_and_comes_back(qtbot, theme: Theme, clock: Clock):
    window = QWidget()
    qtbot.addWidget(window)
    line = ProgressLine(theme, window, clock=clock)
    window.resize(800, 60)
    window.show()
    run(line, clock, 92, 120)
    parts = line.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    memory = next(part for part in parts if isinstance(part, MemoryLabel))

    def seen_at(width: int) -> tuple[bool, bool]:
        line.resize(width, 40)
        line.layout().activate()
        shown = [part for part in parts if part.isVisible()]
        assert all(line.rect().contains(part.geometry()) for part in shown)
        assert all(part.width() >= part.minimumWidth() for part in shown)
        return memory.isVisible(), any(part.text() == "92 / 120" for part in shown if isinstance(part, QLabel))

    least = line.minimumSizeHint().width()
    assert seen_at(700) == (memory.is_known, True)
    assert line.minimumSizeHint().width() == least < 520
    assert seen_at(600)[1]
    assert seen_at(least) == (False, False)
    assert line.minimumSizeHint().width() == least
    assert seen_at(700) == (memory.is_known, True)
    line.finish("Done")
    assert seen_at(700) == (memory.is_known, False)
