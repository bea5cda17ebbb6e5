"""Closing the window while something trains, and going on without it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from accessibility import controls_without_name
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, answering_file_dialog, open_studio, write_painting
from train_kit import LONG, begin, click

from studio.training.run_folder import RunFolder, RunPlan
from studio.training.run_log import RunHistory
from studio.training.run_summary import summarise
from studio.training.schedule import Phase, Ramp, Schedule
from studio.ui.panels.train.closing import ClosingDialog
from studio.ui.panels.train.panel import TrainPanel
from studio.ui.shell.notifier import Notifier
from studio.ui.theme import Theme


def closing_dialog(panel: TrainPanel) -> ClosingDialog:
    assert panel.hold_closing()
    assert panel._closing is not None
    return panel._closing


def test_closing_asks_and_can_be_cancelled(panel, until, qtbot):
    path = begin(panel.session, until)
    dialog = closing_dialog(panel)
    assert "“toy” is still training" in dialog.question.text()
    assert dialog.pause_button.isDefault()
    assert controls_without_name(dialog) == []
    with qtbot.assertNotEmitted(panel.released):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert panel._closing is None
    assert panel.session.manager.place(path) == "here"


def test_pausing_saves_before_the_window_may_close(panel, until, qtbot):
    path = begin(panel.session, until)
    dialog = closing_dialog(panel)
    dialog.remember.setChecked(True)
    with qtbot.waitSignal(panel.released, timeout=PATIENCE):
        click(dialog.pause_button)
        assert dialog.is_saving
        assert panel.hold_closing()  # asked once more meanwhile: it goes on saving
    assert not panel.hold_closing()
    history = RunHistory(RunFolder(path).events_file)
    history.poll()
    assert history.logged_state == "paused"
    panel.session.manager.start(path)
    until(lambda: panel.session.manager.place(path) == "here")
    with qtbot.waitSignal(panel.released, timeout=PATIENCE):
        assert panel.hold_closing()  # remembered: nobody is asked
        assert panel._closing.is_saving


def test_nobody_is_asked_where_the_system_closes_the_window(panel, until, qtbot):
    begin(panel.session, until)
    with qtbot.waitSignal(panel.released, timeout=PATIENCE):
        assert panel.hold_closing(ask=False)


def tiny_fast_style(photos: Path, painting: Path, steps: int) -> RunPlan:
    settings = {
        "size": 16, "batch": 1, "blocks": 1, "stroke_side": 64, "held_back": 1, "workers": 0, "sample_every": 100_000,
        "validate_every": 100_000,
    }  # fmt: skip
    rate = Ramp(start=1e-3, end=1e-3)
    return RunPlan(
        task="fast-style", title="Wave", data=(str(photos),), inputs={"painting": str(painting)}, settings=settings,
        schedule=Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=rate),)),
    )  # fmt: skip


@pytest.fixture
def detached_runs() -> Iterator[list[Path]]:
    """Runs whose processes must not outlive the test, wherever it fails: one may only just be starting."""
    runs: list[Path] = []
    yield runs
    for run in runs:
        patience = time.monotonic() + PATIENCE / 1000
        while (run / "process.log").exists() and time.monotonic() < patience:
            beat = RunFolder(run).heartbeat()
            if beat is not None and beat.alive and beat.process != os.getpid():
                os.kill(beat.process, signal.SIGKILL)
                break
            if summarise(run).state in ("stopped", "failed"):
                break
            time.sleep(0.1)


def test_a_run_goes_on_without_the_window_and_is_brought_back(
    qtbot, until, photos, tmp_path, monkeypatch, detached_runs
):
    home = tmp_path / "atelier home"
    monkeypatch.setenv("ATELIER_HOME", str(home))
    plan = tiny_fast_style(photos, write_painting(tmp_path / "stripes.png"), LONG)
    with open_studio(home) as studio:
        studio.window.show_panel("train")
        panel = studio.window.panel("train")
        path = panel.session.manager.create(plan)
        detached_runs.append(path)
        panel.session.show(path)
        until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.history.step > 2)
        studio.window.close()
        click(panel._closing.background_button)
        until(lambda: not studio.window.isVisible())
    with open_studio(home) as studio:
        studio.window.show_panel("train")
        panel = studio.window.panel("train")
        panel.session.show(path)
        until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.state == "running")
        until(lambda: panel.session.manager.place(path) == "elsewhere")
        reached = panel.session.watch.snapshot.history.step
        until(lambda: panel.session.watch.snapshot.history.step > reached)
        other = panel.session.watch.snapshot.worker.process
        assert other != os.getpid()
        assert (path / "process.log").exists()
        header = panel.desk.run_page.header
        until(header.take_over_action.isVisible)
        header.take_over_action.trigger()
        until(lambda: panel.session.manager.place(path) == "here" and panel.session.watch.snapshot.state == "running")
        until(lambda: panel.session.watch.snapshot.worker.process == os.getpid())
        panel.stop()
        until(lambda: panel.session.watch.snapshot.state == "stopped")


def test_a_run_goes_on_with_pictures_that_have_moved(qtbot, until, photos, tmp_path, monkeypatch):
    home = tmp_path / "atelier home"
    monkeypatch.setenv("ATELIER_HOME", str(home))
    with open_studio(home) as studio:
        studio.window.show_panel("train")
        panel, header = studio.window.panel("train"), studio.window.panel("train").desk.run_page.header
        path = panel.session.manager.create(tiny_fast_style(photos, write_painting(tmp_path / "stripes.png"), LONG))
        panel.session.show(path)
        until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.history.step > 2)
        assert not header.pictures_action.isEnabled()
        click(header.main_button)
        until(lambda: panel.session.watch.snapshot.state == "paused" and panel.session.manager.place(path) == "nowhere")
        reached = panel.session.watch.snapshot.history.step
        moved = photos.rename(tmp_path / "elsewhere")
        until(header.pictures_action.isEnabled)
        with answering_file_dialog(moved):
            header.pictures_action.trigger()
        assert RunFolder(path).read_plan().data == {"data": (str(moved),)}
        click(header.main_button)
        until(
            lambda: (
                panel.session.watch.snapshot.state == "running" and panel.session.watch.snapshot.history.step > reached
            )
        )
        panel.stop()
        until(lambda: panel.session.watch.snapshot.state == "stopped")


def test_the_desktop_is_told_only_where_nobody_looks(qtbot, theme: Theme):
    from PySide6.QtWidgets import QWidget

    window = QWidget()
    qtbot.addWidget(window)
    notifier = Notifier(window)
    assert notifier.tell("Wave", "It is finished.")
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    assert not notifier.tell("Wave", "It is finished.")
