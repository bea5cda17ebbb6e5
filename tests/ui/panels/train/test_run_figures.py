import pytest

from studio.ui.panels.train.run.figures import RunFigures, RunFiguresLine, time_left
from studio.ui.theme import Theme

HOUR = 3600


@pytest.fixture
def line(qtbot, theme: Theme) -> RunFiguresLine:
    line = RunFiguresLine(theme)
    qtbot.addWidget(line)
    line.resize(900, 40)
    line.show()
    qtbot.waitExposed(line)
    return line


def test_what_is_not_known_is_a_dash(line: RunFiguresLine):
    assert line.text.count("–") == 6


def test_everything_is_said(line: RunFiguresLine):
    line.set_figures(RunFigures("Learning", 1200, 40_000, 3.125, 8.44, 810, 90, 0.02, 2310))
    assert line.text == (
        "Learning · Step 1,200 / 40,000 · Epoch 3.12 · Images/s 8.4 · Time left 12–15 min · Data wait 2 % · "
        "Memory 2.3 GB"
    )


def test_waiting_much_for_data_is_marked_and_explained(line: RunFiguresLine):
    line.set_figures(RunFigures("Learning", data_wait=0.31))
    assert line.wait.text == "▲ 31 %"
    assert "More than it should be" in line.wait.toolTip()
    line.set_figures(RunFigures("Learning", data_wait=0.01))
    assert "More than" not in line.wait.toolTip()


def test_nothing_jumps_as_figures_grow(line: RunFiguresLine):
    def places():
        return [figure.geometry() for figure in (line.step, line.epoch, line.pace, line.left, line.wait, line.memory)]

    line.set_figures(RunFigures("A", 1, 10, 0.01, 0.2, 3, 0, 0.0, 10))
    before = places()
    line.set_figures(RunFigures("Another, longer stage", 1_234_567, 9_999_999, 1234.5, 88_000, 1e5, 2e4, 1.0, 900_000))
    assert places() == before


@pytest.mark.parametrize(
    ("seconds", "spread", "words"),
    [(None, 0, ""), (40, 0, "40 s"), (50, 10, "40–60 s"), (810, 90, "12–15 min"), (800, 5, "13 min"),
     (2.75 * HOUR, 0.5 * HOUR, "2.2–3.2 h"), (20 * HOUR, 4 * HOUR, "16–24 h"), (3 * 24 * HOUR, 0, "3 days"),
     (2, 5, "0–7 s")],
)  # fmt: skip
def test_time_left_has_no_false_digits(seconds, spread, words):
    assert time_left(seconds, spread) == words
