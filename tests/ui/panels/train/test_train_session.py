"""The Train panel's state, with real runs of toys on a real engine, and no widget."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QUndoStack
from studio_kit import PATIENCE
from training_kit import ToySettings, constant_schedule, open_regression, toy_kind, toy_plan

from studio.core.picture_task import InputSlot
from studio.engine import Engine
from studio.training import kinds
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder
from studio.training.run_log import RunHistory, RunLog
from studio.training.run_summary import summarise
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.task_kind import DataSlot, TaskKind
from studio.ui.panels.train.session import RunAction, TrainSession
from studio.ui.preferences import Preferences

LONG = 1_000_000
"""Steps; nobody waits for them."""


def kind_with_painting() -> TaskKind:
    return TaskKind(
        "painter", "Painter", "Paints.", ToySettings, f"training_kit:{open_regression.__name__}",
        (DataSlot(DATA, "Photos", "pictures", "Drop photos here."),),
        lambda settings: constant_schedule(10 * settings.batch),
        (InputSlot("painting", "Painting", "The painting it imitates."),),
    )  # fmt: skip


def kind_with_two_slots() -> TaskKind:
    """It learns from two things, without pairs, as CycleGAN does."""
    slots = tuple(DataSlot(name, title, "pictures", f"{title}.") for name, title in (("a", "Horses"), ("b", "Zebras")))
    return replace(toy_kind(), name="cycle", data=slots)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def engines(qapp) -> Iterator[tuple[Engine, Engine]]:
    both = Engine("studio"), Engine("runs")
    yield both
    for engine in both:
        assert engine.shut_down()


@pytest.fixture
def session(qapp, engines, folder, tmp_path, monkeypatch, undo_stack) -> Iterator[TrainSession]:
    kinds_here = (toy_kind(), kind_with_painting(), kind_with_two_slots())
    monkeypatch.setattr(kinds, "KINDS", kinds_here)
    session = TrainSession(*engines, folder, Preferences(tmp_path / "atelier.ini"), undo_stack, kinds=kinds_here)
    session.set_visible(True)
    yield session
    session.set_visible(False)
    session.manager.pause_all_here()


def begin(session: TrainSession, until, steps: int = LONG, **settings) -> Path:
    """Begin a run, and wait until it learns."""
    path = session.manager.create(toy_plan(steps, **settings))
    session.show(path)
    until(lambda: session.watch.snapshot is not None and session.watch.snapshot.history.step > 0)
    return path


def state_of(session: TrainSession, path: Path) -> str:
    run = session.manager.summary(path)
    return "" if run is None else run.state


# -- putting a run together --------------------------------------------------------------------------------------------


def test_what_is_missing_is_said_one_thing_after_the_other(session, photos, until, tmp_path):
    new = session.new_run
    new.choose_kind("painter")
    assert new.missing == "Drop photos here."
    new.drop([photos])
    assert new.missing.startswith("Still needed: the painting it imitates")
    painting = tmp_path / "rose.png"
    Image.new("RGB", (8, 8)).save(painting)
    new.drop([painting])
    assert new.inputs == {"painting": painting}
    assert new.data == {"data": (photos,)}
    assert new.missing == ""
    until(lambda: new.reports[0] is not None)
    assert new.reports[0].usable == 6
    assert new.suggested_title() == "rose painter"
    painting.unlink()
    assert "rose.png is not there any more" in new.missing


def test_data_is_examined_again_whenever_it_changes(session, photos, until, tmp_path):
    new = session.new_run
    new.add_data([photos])
    until(lambda: new.reports[0] is not None)
    more = tmp_path / "more.png"
    Image.new("RGB", (30, 30), "red").save(more)
    new.add_data([more])
    assert new.reports[0] is None
    until(lambda: new.reports[0] is not None)
    assert new.reports[0].usable == 7
    new.remove_data([photos])
    until(lambda: new.reports[0] is not None)
    assert new.reports[0].usable == 1
    new.remove_data([more])
    assert new.reports[0] is None
    assert not new.examiner.is_busy(new.places[0])


@pytest.fixture
def two_slots(session) -> TrainSession:
    """The kind that learns from two things is chosen."""
    session.new_run.choose_kind("cycle")
    return session


def pictures_in(folder: Path, count: int, first: int = 0) -> Path:
    folder.mkdir(parents=True)
    for number in range(first, first + count):
        Image.new("RGB", (40, 30), (number, 90, 60)).save(folder / f"{number}.png")
    return folder


def test_data_that_cannot_be_understood_is_missing_until_it_is_taken_away(session, photos, until, tmp_path):
    new = session.new_run
    (tmp_path / "empty").mkdir()
    new.add_data([tmp_path / "empty"])
    until(lambda: new.missing != "")
    assert "empty" in new.missing
    new.add_data([photos])
    new.remove_data([tmp_path / "empty"])
    until(lambda: new.reports[0] is not None)
    assert new.missing == ""


def test_every_slot_has_its_data_and_its_report(two_slots, until, tmp_path):
    new = two_slots.new_run
    assert new.missing == "Horses: Horses."
    sides = [pictures_in(tmp_path / "horses", 3), pictures_in(tmp_path / "zebras", 5)]
    new.drop(sides[:1])
    assert new.missing == "Zebras: Zebras."
    new.drop(sides[1:])
    assert new.data == {"a": (sides[0],), "b": (sides[1],)}
    assert new.missing == ""
    until(lambda: all(new.reports))
    assert [report.usable for report in new.reports] == [3, 5]
    new.draw_schedule(Schedule(phases=(Phase(duration=4, learning_rate=Ramp.level(0.1)),)))
    new.set_settings(new.settings.model_copy(update={"batch": 5}))
    assert new.total_steps == 4  # an epoch shows the larger side once
    assert new.plan().data == {"a": (str(sides[0]),), "b": (str(sides[1]),)}
    assert [new.title_of(place) for place in new.places] == ["Horses", "Zebras"]
    new.remove_data(sides[1:], new.places[1])
    assert [report and report.usable for report in new.reports] == [3, None]


def test_two_folders_dropped_at_once_go_to_both_slots(two_slots, tmp_path):
    sides = [pictures_in(tmp_path / "horses", 1), pictures_in(tmp_path / "zebras", 1, first=9)]
    two_slots.new_run.drop(sides)
    assert two_slots.new_run.data == {"a": (sides[0],), "b": (sides[1],)}


def test_a_folder_with_both_sides_goes_to_both_slots(two_slots, until, tmp_path):
    """As CycleGAN ships horse2zebra."""
    data, new = tmp_path / "horse2zebra", two_slots.new_run
    for number, (name, count) in enumerate((("trainA", 4), ("trainB", 3), ("testA", 2), ("testB", 1))):
        pictures_in(data / name, count, first=10 * number)
    new.drop([data])
    assert new.data == {"a": (data,), "b": (data,)}
    until(lambda: all(new.reports))
    assert [(report.taught, report.kept) for report in new.reports] == [(4, 2), (3, 1)]


def test_a_folder_of_one_kind_goes_to_one_slot_even_if_it_divides_itself(two_slots, tmp_path):
    for part in ("train", "valid"):
        pictures_in(tmp_path / "horses" / part, 1)
    two_slots.new_run.drop([tmp_path / "horses"])
    assert two_slots.new_run.data == {"a": (tmp_path / "horses",), "b": ()}


def test_a_run_s_slots_come_back_with_its_plan(two_slots, tmp_path):
    new = two_slots.new_run
    new.drop([pictures_in(tmp_path / "horses", 1), pictures_in(tmp_path / "zebras", 1, first=9)])
    plan = new.plan()
    new.choose_kind("toy")
    new.remove_data(new.data["data"])
    new.take_plan(plan)
    assert new.plan().data == plan.data


def test_data_is_looked_at_with_other_eyes_where_a_setting_asks_for_it(session, until, photos):
    new = session.new_run
    new.add_data([photos])
    until(lambda: new.reports[0] is not None)
    before = new.reports[0]
    new.set_settings(new.settings.model_copy(update={"size": 32, "seed": 4}))
    assert new.reports[0] is before  # what is read is the same
    new.begin_gesture()
    for share in (80, 50):
        new.set_settings(new.settings.model_copy(update={"share": share}))
    assert new.reports[0] is before  # not at every move of the hand
    new.end_gesture()
    assert new.reports[0] is None
    until(lambda: new.reports[0] is not None)
    assert new.reports[0].usable == 3


def test_a_phase_may_have_data_of_its_own(session, until, photos, tmp_path):
    new, told = session.new_run, []
    new.schedule_changed.connect(told.append)
    new.add_data([photos])
    few = pictures_in(tmp_path / "few", 2)
    phases = tuple(Phase(name=name, duration=1, learning_rate=Ramp.level(0.1), batch=2) for name in ("Small", "Large"))
    new.draw_schedule(Schedule(phases=phases))
    (place, _) = new.possible_places
    assert new.title_of(place) == "Only in “Small”"
    new.add_data([few], place)
    assert new.schedule.phases[0].data == {"data": (str(few),)}
    assert told == [new.schedule]
    assert new.total_steps is None
    until(lambda: all(new.reports))
    assert [report.usable for report in new.reports] == [6, 2]
    assert new.total_steps == 1 + 3
    (few / "0.png").unlink()
    new.examiner.look_again(place)
    until(lambda: new.reports[1] is not None and new.reports[1].usable == 1)
    new.remove_data([few], place)
    assert (len(new.places), new.schedule.phases[0].data) == (1, {})


def test_moved_data_is_written_down_for_its_slot_alone(two_slots, until, tmp_path):
    plan = toy_plan(5).model_copy(update={"task": "cycle", "data": {"a": ("/horses",), "b": ("/zebras",)}})
    run = RunFolder.create(tmp_path / "run", plan)
    two_slots.manager.move_data(run.path, "b", tmp_path / "there")
    assert run.read_plan().data == {"a": ("/horses",), "b": (str(tmp_path / "there"),)}


def test_length_follows_schedule_batch_and_limit(session, photos, until):
    new = session.new_run
    new.add_data([photos])
    assert new.total_steps is None
    until(lambda: new.reports[0] is not None)
    assert new.total_steps == 10
    new.draw_schedule(constant_schedule(300))
    assert new.total_steps == 300
    new.set_settings(new.settings.model_copy(update={"steps": 120}))
    assert new.total_steps == 120
    new.reset()
    assert new.total_steps == 10
    assert not new.is_schedule_drawn


def test_settings_are_undone_by_gestures_and_bring_their_kind_back(session, undo_stack):
    new = session.new_run
    before = new.settings
    new.begin_gesture()
    for value in (0.2, 0.3):
        new.set_settings(new.settings.model_copy(update={"noise_weight": value}))
    new.end_gesture()
    kind = new.kind
    new.choose_kind("painter")
    undo_stack.undo()
    assert (new.kind, new.settings) == (kind, before)
    undo_stack.redo()
    assert new.settings.noise_weight == 0.3


def test_another_kind_keeps_its_own_settings(session):
    new = session.new_run
    new.set_settings(new.settings.model_copy(update={"batch": 7}))
    new.choose_kind("painter")
    assert new.settings.batch == ToySettings().batch
    new.choose_kind("toy")
    assert new.settings.batch == 7


def test_a_default_schedule_that_depends_on_settings_follows_them_until_one_is_drawn(session, qtbot):
    new = session.new_run
    new.choose_kind("painter")
    with qtbot.waitSignal(new.schedule_changed):
        new.set_settings(new.settings.model_copy(update={"batch": 6}))
    assert new.schedule == constant_schedule(60)
    drawn = constant_schedule(5)
    new.draw_schedule(drawn)
    with qtbot.assertNotEmitted(new.schedule_changed):
        new.set_settings(new.settings.model_copy(update={"batch": 8}))
    assert new.schedule == drawn


# -- a run's life ------------------------------------------------------------------------------------------------------


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


# -- runs from elsewhere -----------------------------------------------------------------------------------------------


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
