"""The Train panel's state, with real runs of toys on a real engine, and no widget."""

import sys

import pytest
from studio_kit import PATIENCE
from train_kit import begin, state_of
from training_kit import toy_plan

from studio.training.run_folder import RunFolder
from studio.ui.panels.train.session import RunAction


def test_a_run_is_trained_to_its_end_in_sight(session, until, qtbot):
    with qtbot.waitSignal(session.manager.ended, timeout=PATIENCE) as ended:
        path = begin(session, until, steps=30, sample_every=10)
    assert (ended.args[0].state, ended.args[0].path) == ("finished", path)
    until(lambda: session.watch.snapshot.state == "finished")
    snapshot = session.watch.snapshot
    assert snapshot.history.step == 30
    assert len(snapshot.history.metrics["error"]) == 30
    assert len(snapshot.history.of_kind("sample")) == 4
    assert snapshot.has_model
    assert session.actions(snapshot) == {RunAction.USE, RunAction.EXTEND}
    assert session.manager.here == ()


def test_pause_and_resume_go_on_where_it_was(session, until):
    path = begin(session, until)
    assert session.manager.place(path) == "here"
    session.toggle_pause()
    until(lambda: session.manager.place(path) == "nowhere" and state_of(session, path) == "paused")
    until(lambda: session.watch.snapshot.state == "paused")
    reached = session.watch.snapshot.history.step
    assert RunAction.RESUME in session.actions(session.watch.snapshot)
    session.toggle_pause()
    until(lambda: session.watch.snapshot.history.step > reached)
    assert [one.step for one in session.watch.snapshot.history.of_kind("resumed")] == [reached]


def test_stopping_keeps_the_network(session, until):
    path = begin(session, until)
    session.stop_and_keep()
    until(lambda: state_of(session, path) == "stopped")
    assert RunFolder(path).model_file.is_file()


def test_live_settings_act_in_mid_run(session, until):
    path = begin(session, until)
    session.manager.steer(path, {"noise_weight": 0.7})
    until(lambda: session.watch.snapshot.history.of_kind("settings"))
    assert session.watch.snapshot.history.of_kind("settings")[-1].facts["values"] == {"noise_weight": 0.7}


def test_a_pinned_moment_is_in_the_log(session, until):
    path = begin(session, until)
    session.manager.pin(path, "here it was good")
    until(
        lambda: any(one.facts.get("kind") == "pinned" for one in session.watch.snapshot.history.of_kind("checkpoint"))
    )


def test_a_second_run_waits_for_the_first(session, until):
    first = begin(session, until)
    second = session.manager.create(toy_plan(5))
    assert session.manager.place(second) == "waiting"
    session.manager.pause(first)
    until(lambda: state_of(session, second) == "finished")
    assert state_of(session, first) == "paused"


def test_a_run_that_waits_is_let_go_by_pausing_it(session, until):
    first = begin(session, until)
    second = session.manager.create(toy_plan(5))
    session.manager.pause(second)
    until(lambda: session.manager.place(second) == "nowhere" and state_of(session, second))
    assert state_of(session, second) == "new"
    assert session.manager.place(first) == "here"


def test_a_changed_setting_is_named_and_accepted(session, until, qtbot):
    path = begin(session, until)
    session.toggle_pause()
    until(lambda: session.manager.place(path) == "nowhere")
    run = RunFolder(path)
    plan = run.read_plan()
    run.write_plan(plan.model_copy(update={"settings": {**plan.settings, "batch": 3}}))
    with qtbot.waitSignal(session.manager.changes_found, timeout=PATIENCE) as asked:
        session.manager.start(path)
    assert asked.args[0] == path
    assert "Pictures a step" in asked.args[1].cause
    until(lambda: state_of(session, path) == "paused")
    reached = session.watch.snapshot.history.step
    session.manager.start(path, accept_changes=True)
    until(lambda: session.watch.snapshot.history.step > reached)


def test_a_failing_run_says_why(session, until, qtbot, photos):
    plan = toy_plan(5).model_copy(update={"settings": {"batch": "many"}})
    with qtbot.waitSignal(session.manager.failed, timeout=PATIENCE) as told:
        path = session.manager.create(plan)
    assert "batch" in told.args[0].cause
    assert session.manager.place(path) == "nowhere"
    assert session.manager.has_told(path)


def test_two_runs_of_one_name_get_folders_of_their_own(session, folder):
    named = toy_plan(5).model_copy(update={"title": "Wave: the 2nd/try"})
    both = [session.manager.create(named) for _ in range(2)]
    assert [path.name for path in both] == ["Wave the 2nd try", "Wave the 2nd try 2"]
    titles = [RunFolder(path).read_plan().title for path in both]
    assert titles == ["Wave: the 2nd/try", "Wave: the 2nd/try 2"]


@pytest.mark.skipif(sys.platform != "linux", reason="The wastebasket of a freedesktop")
def test_a_run_is_deleted_where_there_never_was_a_wastebasket(session, until, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / ".local" / "share"))
    path = begin(session, until, 5)
    until(lambda: session.manager.place(path) == "nowhere")
    session.delete(path)
    assert not path.exists()
    assert (tmp_path / "home" / ".local" / "share" / "Trash" / "files" / path.name / "run.json").is_file()
