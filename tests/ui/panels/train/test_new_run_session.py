"""A run that is put together: what is missing, what the data is like, how long it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from training_kit import ToySettings, constant_schedule, toy_plan

from studio.training.data.worlds import Together
from studio.training.run_folder import RunFolder
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.tasks.gan_settings import GAN, GanSettings
from studio.ui.panels.train.new_run.session import NewRun
from studio.ui.panels.train.session import TrainSession


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


def test_two_worlds_are_looked_at_together_once_each_is_known(two_slots, until, tmp_path):
    new = two_slots.new_run
    horses, zebras = new.places
    new.add_data([pictures_in(tmp_path / "few", 1)], horses)
    assert new.examiner.together is None
    new.add_data([pictures_in(tmp_path / "many", 9, first=20)], zebras)
    until(lambda: new.examiner.together is not None)
    assert "B has 9 pictures, A only 1" in [finding.found for finding in new.examiner.together.findings]
    new.add_data([pictures_in(tmp_path / "more", 5, first=60)], horses)
    assert new.examiner.together is None
    until(lambda: new.examiner.together is not None)
    assert "6 pictures" in new.examiner.together.facts
    new.choose_kind("toy")
    assert new.examiner.together is None


def test_one_click_makes_the_drawings_that_pairs_begin_with(two_slots, until, tmp_path):
    new = two_slots.new_run
    new.kind = replace(new.kind, worlds=lambda settings: "pairs")
    drawings, photos = new.places
    assert new.photos_to_draw is None
    folder = pictures_in(tmp_path / "fruit", 3)
    new.add_data([folder], photos)
    assert new.photos_to_draw == folder
    new.make_drawings()
    assert new.drawn is not None
    until(lambda: new.drawn is None)
    assert new.paths_at(drawings) == (tmp_path / "fruit drawings",)
    assert new.photos_to_draw is None
    until(lambda: isinstance(new.examiner.together, Together))
    assert new.examiner.together.headline.startswith("3 pairs")


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


def test_a_small_folder_is_taught_to_a_generator_that_is_here_unless_a_hand_chooses(
    engines, undo_stack, until, tmp_path
):
    new = NewRun((GAN,), engines[1], undo_stack)
    few, many = pictures_in(tmp_path / "few", 5), pictures_in(tmp_path / "many", 201)

    def learns_from(folder: Path) -> None:
        new.remove_data(new.data["data"])
        new.add_data([folder])
        until(lambda: new.reports[0] is not None)

    learns_from(few)
    assert new.settings == GanSettings()  # there is none to be taught further
    new.know_networks("generator", here=True)
    assert new.settings == GanSettings(course="fine-tune")
    assert new.why_so_long.startswith("5 pictures are few for a new generator, so one that is here is taught further.")
    assert new.total_steps == 1_000
    assert undo_stack.count() == 0
    learns_from(many)
    assert new.settings == GanSettings()
    learns_from(few)
    new.set_settings(new.settings.moved("course", "few-pictures"))
    learns_from(many)
    learns_from(few)
    assert new.settings == GanSettings(course="few-pictures")
    new.reset()
    assert new.settings == GanSettings(course="fine-tune")
    steps = undo_stack.count()
    new.reset()
    assert undo_stack.count() == steps  # nothing was changed, so there is nothing to be undone
    undo_stack.undo()
    undo_stack.redo()
    assert new.settings == GanSettings(course="fine-tune")
    new.take_plan(new.plan().model_copy(update={"settings": {}}))
    learns_from(few)
    assert new.settings == GanSettings()  # as that run was
