"""Runs of other computers and other days: watched, resumed, compared, repeated."""

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QUndoStack
from training_kit import ToySettings, toy_kind, toy_plan

from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder
from studio.training.run_log import RunHistory, RunLog
from studio.training.run_summary import summarise
from studio.training.schedule import Phase, Ramp, Schedule
from studio.ui.panels.train.session import RunAction, TrainSession
from studio.ui.preferences import Preferences


def written_elsewhere(path: Path, steps: int = 40) -> RunFolder:
    """A run as another computer would have left it on a shared disk, still at work."""
    run = RunFolder.create(path, toy_plan(1000).model_copy(update={"title": "On the cluster"}))
    with RunLog(run.events_file) as log:
        log.write("state", 0, state="running")
        for step in range(1, steps + 1):
            log.write("metrics", step, values={"loss": 1 / step}, epoch=step / 10, rate=0.01, momentum=0.9)
        log.write("pace", steps, total=1000, images_per_second=12.5, seconds_left=60)
    return run


def beat_of_another_computer(run: RunFolder) -> None:
    import time

    beat = {"host": "node-17", "process": 4711, "at": time.time()}
    (run.path / "heartbeat.json").write_text(json.dumps(beat))


def test_a_run_of_a_cluster_is_watched_live(session, until, tmp_path):
    run = written_elsewhere(tmp_path / "shared" / "run 7")
    beat_of_another_computer(run)
    session.open(run.events_file)
    until(lambda: session.watch.snapshot is not None and session.manager.summary(run.path) is not None)
    snapshot = session.watch.snapshot
    assert (snapshot.state, snapshot.history.step, snapshot.worker.host) == ("running", 40, "node-17")
    summary = session.manager.summary(run.path)
    assert (summary.title, summary.step, summary.total, summary.images_per_second) == ("On the cluster", 40, 1000, 12.5)
    until(lambda: session.manager.place(run.path) == "elsewhere")
    assert {RunAction.PAUSE, RunAction.TAKE_OVER} <= session.actions(snapshot)
    with RunLog(run.events_file) as log:
        log.write("metrics", 41, values={"loss": 0.5})
    until(lambda: session.watch.snapshot.history.step == 41)
    session.toggle_pause()
    assert run.commands.take() == (RunCommand("pause"),)


@pytest.fixture
def nightly(folder: Path) -> Path:
    """A run that another process trains already when the session opens."""
    run = written_elsewhere(folder / "night")
    beat_of_another_computer(run)
    return run.path


def test_a_run_that_went_on_in_the_background_is_in_sight_at_the_next_start(nightly, session, until):
    until(lambda: session.shown == nightly)
    session.show(None)
    lists = []
    session.manager.listed.connect(lists.append)
    until(lambda: lists)
    assert session.shown is None  # once is enough


def test_nobody_is_torn_away_from_a_run_that_is_being_put_together(nightly, engines, until, photos, tmp_path):
    session = TrainSession(
        *engines, nightly.parent, Preferences(tmp_path / "atelier.ini"), QUndoStack(), kinds=(toy_kind(),)
    )
    session.new_run.add_data([photos])
    session.set_visible(True)
    until(lambda: session.manager.place(nightly) == "elsewhere" and session.new_run.reports[0] is not None)
    assert session.shown is None
    session.set_visible(False)


def test_what_was_looked_at_does_not_change_behind_ones_back(session, until, tmp_path):
    run = written_elsewhere(tmp_path / "run")
    beat_of_another_computer(run)
    session.open(run.path)
    until(lambda: session.watch.snapshot is not None)
    snapshot = session.watch.snapshot
    with RunLog(run.events_file) as log:
        log.write("resumed", 20)
        log.write("metrics", 21, values={"loss": 7.0})
    until(lambda: session.watch.snapshot.history.step == 21)
    assert snapshot.history.metrics["loss"].values.tolist() == [1 / step for step in range(1, 41)]
    assert session.watch.snapshot.history.metrics["loss"].values.tolist() == [*(1 / s for s in range(1, 21)), 7.0]


def test_a_dead_run_is_interrupted_and_can_be_resumed(session, until, tmp_path):
    run = written_elsewhere(tmp_path / "run")
    session.open(run.path)
    until(lambda: session.watch.snapshot is not None)
    assert session.watch.snapshot.state == "interrupted"
    assert RunAction.RESUME in session.actions(session.watch.snapshot)


def test_opened_runs_are_there_at_the_next_start_and_can_be_forgotten(session, until, tmp_path):
    run = written_elsewhere(tmp_path / "run")
    session.open(run.path)
    until(lambda: session.manager.summary(run.path) is not None)
    assert session.manager._preferences.opened_runs == (run.path,)
    session.forget_shown()
    until(lambda: session.manager.summary(run.path) is None)
    assert session.shown is None
    assert run.plan_file.is_file()


def test_a_folder_without_a_run_is_refused(session, qtbot, tmp_path):
    with qtbot.waitSignal(session.failed) as told:
        session.open(tmp_path)
    assert "run.json" in told.args[0].remedy


def test_two_runs_are_compared(session, until, tmp_path):
    one, other = written_elsewhere(tmp_path / "one"), written_elsewhere(tmp_path / "other", steps=10)
    session.open(one.path)
    session.compare(other.path)
    until(lambda: session.comparison.snapshot is not None and session.watch.snapshot is not None)
    assert session.comparison.snapshot.history.step == 10
    session.show(other.path)
    assert session.comparison.path is None


def test_another_run_like_this_one_begins_with_its_plan(session, until, tmp_path):
    run = written_elsewhere(tmp_path / "run")
    session.open(run.path)
    until(lambda: session.watch.snapshot is not None)
    session.repeat_shown()
    assert session.shown is None
    assert session.new_run.settings == ToySettings.model_validate(run.read_plan().settings)
    assert session.new_run.schedule == run.read_plan().schedule


def test_a_long_log_is_read_away_from_the_window(session, until, tmp_path):
    run = RunFolder.create(tmp_path / "run", toy_plan(1))
    line = b'{"t":1.0,"type":"metrics","step":%d,"values":{"loss":0.5},"epoch":1.0,"rate":0.01,"momentum":0.9}\n'
    run.events_file.write_bytes(b"".join(line % step for step in range(1, 20_001)))
    told = []
    session.watch.reading.connect(told.append)
    session.open(run.path)
    until(lambda: session.watch.snapshot is not None)
    assert len(session.watch.snapshot.history.metrics["loss"]) == 20_000
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)
    whole = RunHistory(run.events_file)
    whole.poll()
    assert whole.step == session.watch.snapshot.history.step


def test_the_time_it_will_take_counts_every_picture_of_every_phase_in_its_size(session, until, photos, tmp_path):
    earlier = summarise(written_elsewhere(tmp_path / "earlier").path)  # 12.5 pictures of 16 px a second
    assert earlier.plan.settings["size"] == 16
    new = session.new_run
    new.add_data([photos])
    until(lambda: new.reports[0] is not None)
    new.set_settings(new.settings.model_copy(update={"size": 16, "batch": 4}))
    steady = {"unit": "steps", "learning_rate": Ramp.level(0.1)}
    new.draw_schedule(Schedule(phases=(Phase(duration=10, batches=5, **steady), Phase(duration=10, size=32, **steady))))
    assert new.estimate([earlier]).seconds == pytest.approx((10 * 5 * 4 + 10 * 4 * 4) / 12.5)
    new.set_settings(new.settings.model_copy(update={"steps": 10}))
    assert new.estimate([earlier]).seconds == pytest.approx(10 * 5 * 4 / 12.5)
    assert new.estimate([]) is None
