from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from widget_kit import plain_picture

from studio.ui.panels.train.runs.list import STATES, RunEntry, RunList
from studio.ui.theme import Theme


def run(name: str, state="paused", **rest) -> RunEntry:
    return RunEntry(Path(name), name.capitalize(), "Fast style", state, **rest)


@pytest.fixture
def runs(qtbot, theme: Theme) -> RunList:
    runs = RunList(theme)
    qtbot.addWidget(runs)
    runs.resize(400, 480)
    runs.show()
    qtbot.waitExposed(runs)
    return runs


def click(qtbot, runs: RunList, row: int, *, twice: bool = False) -> None:
    place = runs.view.visualRect(runs.view.model().index(row, 0)).center()
    qtbot.mouseClick(runs.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    if twice:
        qtbot.mouseDClick(runs.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def words_of(menu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_without_runs_there_are_words_and_no_buttons(runs: RunList):
    assert runs.empty_state.isVisible()
    assert not runs.go_on.isVisible()
    runs.set_runs([run("a")])
    assert not runs.empty_state.isVisible()
    assert runs.go_on.isVisible()


def test_a_double_click_and_enter_open(qtbot, runs: RunList):
    runs.set_runs([run("a"), run("b")])
    with qtbot.waitSignal(runs.opened) as opened:
        click(qtbot, runs, 1, twice=True)
    assert opened.args == [Path("b")]
    qtbot.keyClick(runs.view, Qt.Key.Key_Up)
    with qtbot.waitSignal(runs.opened) as opened:
        qtbot.keyClick(runs.view, Qt.Key.Key_Return)
    assert opened.args == [Path("a")]


@pytest.mark.parametrize(
    ("state", "words", "signal"),
    [("running", "Pause", "pause_requested"), ("waiting", "Pause", "pause_requested"),
     ("paused", "Resume", "resume_requested"), ("interrupted", "Resume", "resume_requested"),
     ("stopped", "Resume", "resume_requested"), ("failed", "Resume", "resume_requested"),
     ("new", "Start", "resume_requested")],
)  # fmt: skip
def test_a_run_goes_on_or_rests(qtbot, runs: RunList, state, words, signal):
    runs.set_runs([run("a", state)])
    runs.select(Path("a"))
    assert runs.go_on.text() == words
    with qtbot.waitSignal(getattr(runs, signal)) as asked:
        qtbot.mouseClick(runs.go_on, Qt.MouseButton.LeftButton)
    assert asked.args == [Path("a")]
    with qtbot.waitSignal(getattr(runs, signal)):
        qtbot.keyClick(runs.view, Qt.Key.Key_Space)


def test_a_finished_run_has_nothing_to_go_on_with(runs: RunList):
    runs.set_runs([run("a", "finished")])
    runs.select(Path("a"))
    assert not runs.go_on.isEnabled()
    assert "Resume" not in words_of(runs.menu_for(runs.selected))


@pytest.mark.parametrize(("state", "word"), [("running", "Running"), ("waiting", "Waiting")])
def test_a_run_at_work_or_about_to_be_says_so_and_is_not_deleted(qtbot, runs: RunList, state, word):
    runs.set_runs([run("a", state), run("b")])
    assert word in run("a", state).in_words
    runs.select(Path("a"))
    assert not runs.delete.isEnabled()
    with qtbot.assertNotEmitted(runs.delete_requested):
        qtbot.keyClick(runs.view, Qt.Key.Key_Delete)
    runs.select(Path("b"))
    with qtbot.waitSignal(runs.delete_requested) as asked:
        qtbot.keyClick(runs.view, Qt.Key.Key_Delete)
    assert asked.args == [Path("b")]


def test_the_open_run_is_not_compared_with_itself(qtbot, runs: RunList):
    runs.set_runs([run("a"), run("b")])
    runs.set_open(Path("a"))
    runs.select(Path("a"))
    assert not runs.compare.isEnabled()
    runs.select(Path("b"))
    with qtbot.waitSignal(runs.compare_requested) as asked:
        qtbot.mouseClick(runs.compare, Qt.MouseButton.LeftButton)
    assert asked.args == [Path("b")]
    runs.set_compared(Path("b"))
    assert runs.compare.isChecked()
    assert "End comparison" in words_of(runs.menu_for(runs.selected))


def test_the_choice_stays_with_its_run_as_the_list_changes(runs: RunList):
    runs.set_runs([run("a"), run("b")])
    runs.select(Path("b"))
    runs.set_runs([run("c", "running"), run("a"), run("b", "running")])
    assert runs.selected is not None
    assert runs.selected.folder == Path("b")
    assert runs.go_on.text() == "Pause"


def test_progress_does_not_build_the_list_again(qtbot, runs: RunList):
    picture = plain_picture()
    runs.set_runs([run("a", "running", share=0.1, thumbnail=picture)])
    model = runs.view.model()
    pixmap = model.index(0, 0).data(Qt.ItemDataRole.DecorationRole)
    with qtbot.assertNotEmitted(model.modelReset):
        runs.set_runs([run("a", "running", share=0.2, thumbnail=picture)])
    assert model.index(0, 0).data(Qt.ItemDataRole.DecorationRole).cacheKey() == pixmap.cacheKey()


def test_a_screen_reader_hears_all_of_a_run(runs: RunList):
    runs.set_runs([run("a", "interrupted", share=0.5, details="step 5 of 10")])
    words = runs.view.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert words == "A, Fast style, Interrupted, 50%, step 5 of 10"


def test_no_two_states_look_alike():
    assert len({word for word, _, _ in STATES.values()}) == len(STATES)
    assert len({sign for _, sign, _ in STATES.values()}) == len(STATES)
