import pytest

from studio.core.events import Progress
from studio.ui.controls.progress_line import ByteProgress
from studio.ui.theme import Theme

MB = 2**20


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


@pytest.fixture
def line(qtbot, theme: Theme, seconds: list[float]) -> ByteProgress:
    line = ByteProgress(theme, clock=lambda: seconds[0])
    line.set_subject("VGG-19")
    qtbot.addWidget(line)
    line.resize(600, 24)
    line.show()
    return line


def progress(done: int, total: int = 500 * MB) -> Progress:
    return Progress(f"Downloading · {done // MB} of {total // MB} MB", done, total, in_words=True)


def test_bytes_and_time_left_are_told(line: ByteProgress, seconds: list[float]):
    for second in range(6):
        seconds[0] = float(second)
        line.set_progress(progress(second * 10 * MB))
    assert line.text == "Downloading · 50 of 500 MB · 0:45 left"  # 450 MB at 10 MB a second
    assert line.bar.value() / line.bar.maximum() == pytest.approx(0.1)


def test_more_bytes_than_fit_into_32_bits(line: ByteProgress):
    line.set_progress(progress(3_000 * MB, 6_000 * MB))
    assert line.bar.value() / line.bar.maximum() == 0.5


def test_unknown_length_only_shows_life(line: ByteProgress):
    line.set_progress(Progress("Connecting"))
    assert line.text == "Connecting"
    assert line.bar.maximum() == 0


def test_waiting_is_told_from_working(line: ByteProgress):
    line.wait("Waiting for its turn…")
    assert (line.bar.maximum(), line.bar.value()) == (1, 0)
    line.start("Connecting…")
    assert line.bar.maximum() == 0


def test_nothing_shifts_while_the_numbers_run(line: ByteProgress, seconds: list[float]):
    line.set_progress(progress(0))
    before = line.bar.geometry()
    for second in range(1, 8):
        seconds[0] = float(second)
        line.set_progress(progress(second * 70 * MB))
    assert line.bar.geometry() == before


def test_cancel_is_heard_once(qtbot, line: ByteProgress):
    line.set_progress(progress(10 * MB))
    with qtbot.waitSignal(line.cancel_requested):
        line.cancel_button.click()
    line.show_cancelling()
    assert not line.cancel_button.isEnabled()
    assert line.text.startswith("Stopping…")
    line.start("Connecting…")
    assert line.cancel_button.isEnabled()


def test_controls_name_their_subject(line: ByteProgress):
    assert line.bar.accessibleName() == "Progress of VGG-19"
    assert line.cancel_button.accessibleName() == "Cancel VGG-19"
