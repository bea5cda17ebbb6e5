"""Phases that learn from data of their own: counted apart, drawn apart, and exact however a run is interrupted."""

import shutil

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from training_kit import (
    EverySteps,
    Regression,
    ToyExamples,
    ToySettings,
    advance_to,
    constant_schedule,
    history_of,
    left_if_killed_now,
    new_run,
    numbers_of,
    open_regression,
    toy_plan,
    train_to_end,
    training,
    weights_in,
)

from studio.core.events import Job, Progress, finish
from studio.core.failures import StudioError
from studio.training.plan_changes import changes_between, identity_of
from studio.training.run_folder import RunPlan
from studio.training.schedule import Phase, Ramp, Schedule, counted
from studio.training.task import TaskContext, TrainingTask

COUNTS = {"small": 10, "large": 30}
"""How many examples there are in the toys' folders."""
EXAMPLES = 24


def phase(data=None, **more) -> Phase:
    own = {"data": {"data": (data,)}} if data else {}
    return Phase(**{"duration": 1, "learning_rate": Ramp.level(0.01)} | own | more)


SCHEDULE = Schedule(phases=(phase("small"), phase(), phase("large"), phase("small", duration=2), phase()))


def count_of(one: Phase) -> int:
    return COUNTS[one.data["data"][0]] if one.data else EXAMPLES


def open_toys(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    """The regression, with as many examples in each data set as its folder's name says."""
    yield Progress("Reading")
    task = Regression(ToySettings.model_validate(dict(plan.settings)), place)
    task.other_examples = [
        ToyExamples(COUNTS[data["data"][0].rpartition("/")[2]]) for data in plan.schedule.data_sets[1:]
    ]
    return task


# -- the timeline ------------------------------------------------------------------------------------------------------


def test_every_phase_is_counted_by_its_own_data():
    timeline = SCHEDULE.timeline(count_of, batch=5, size=16)
    assert timeline.counts == (10, 24, 30, 10, 24)
    assert [timeline.phase_start(index) for index in range(6)] == [0, 2, 7, 13, 17, 22]
    assert [timeline.at(timeline.phase_start(index)).data_set for index in range(5)] == [1, 0, 2, 1, 0]


def test_what_learns_from_the_same_data_goes_on_with_its_draws():
    timeline = SCHEDULE.timeline(count_of, batch=5, size=16)
    firsts = [timeline.at(timeline.phase_start(index)).draws for index in range(5)]
    assert firsts == [0, 0, 0, 10, 25]  # the second of each goes on where the first has ended
    assert timeline.at(21).epoch == pytest.approx(3.0 + 1.0 + (25 + 20) / 24)
    assert timeline.total_draws == 30 + 30 + 50
    assert timeline.total_epochs == pytest.approx(3.0 + 1.0 + 50 / 24)


@given(st.lists(st.sampled_from(["", "small", "large"]), min_size=1, max_size=5), st.integers(1, 7))
def test_no_draw_of_any_data_comes_twice_or_is_left_out(names, batch):
    schedule = Schedule(phases=tuple(phase(name, batch=1 + i % 2 or None) for i, name in enumerate(names)))
    timeline = schedule.timeline(count_of, batch=batch, size=16)
    drawn: dict[int, int] = {}
    for step in range(timeline.total_steps):
        config = timeline.at(step)
        assert config.draws == drawn.get(config.data_set, 0)
        drawn[config.data_set] = config.draws + config.batch * config.batches
    assert sum(drawn.values()) == timeline.total_draws


def test_a_list_alone_is_meant_for_the_only_slot():
    given_list = Phase.model_validate({"duration": 1, "learning_rate": {"start": 0.1}, "data": ["small"]})
    assert given_list.data == {"data": ("small",)}
    for empty in ([], {"data": []}):
        said = Phase.model_validate({"duration": 1, "learning_rate": {"start": 0.1}, "data": empty})
        assert said.data == {}  # the run's data, as where nothing is said
    assert Schedule.model_validate_json(SCHEDULE.model_dump_json()) == SCHEDULE


def test_what_is_known_of_the_data_stays_known_while_a_schedule_is_redrawn():
    count = counted(SCHEDULE, (10, 24, 30, 10, 24))
    assert [count(one) for one in (phase("large", duration=9), phase("small", name="x"), phase("unknown"))] == [
        30,
        10,
        10,
    ]


def test_data_is_put_into_a_phase_and_taken_out_again():
    other = SCHEDULE.with_data(1, {"data": ("large",)})
    assert other.phases[1] == phase("large")
    assert other.with_data(1, {"data": ()}) == SCHEDULE


# -- a run -------------------------------------------------------------------------------------------------------------


def toy_run(path, **settings):
    return new_run(path, toy_plan(schedule=SCHEDULE, batch=5, **settings))


def test_a_run_on_several_data_sets_ends_as_if_it_had_not_been_killed(tmp_path):
    whole = toy_run(tmp_path / "whole")
    train_to_end(whole, open_toys)
    assert history_of(whole).step == 22
    for number, step in enumerate((1, 9, 19)):  # in the first, in the middle, in the last phase
        broken = toy_run(tmp_path / f"broken {number}")
        job = training(broken, open_toys, clock=EverySteps(3))
        advance_to(step, job)
        left = left_if_killed_now(broken, f"left {number}")
        job.close()
        train_to_end(left, open_toys)
        assert numbers_of(left) == numbers_of(whole)
        assert all(torch.equal(value, weights_in(left)[name]) for name, value in weights_in(whole).items())


def test_helpers_draw_the_same_from_every_data_set(tmp_path):
    two = Schedule(phases=SCHEDULE.phases[:2])  # each has helpers of its own, which take seconds to come
    runs = [new_run(tmp_path / str(n), toy_plan(schedule=two, batch=5, workers=n)) for n in (0, 1)]
    for run in runs:
        train_to_end(run, open_toys)
    assert numbers_of(runs[0]) == numbers_of(runs[1])


def test_a_task_that_learns_from_the_same_throughout_says_so(tmp_path):
    run = toy_run(tmp_path / "run")
    with pytest.raises(StudioError, match="cannot learn from other data in one of its phases"):
        train_to_end(run, open_regression)


def test_where_the_data_lies_is_no_change_but_what_it_holds_is(tmp_path):
    def identity(folder: str, prints: dict[str, str], schedule: Schedule = SCHEDULE) -> dict[str, object]:
        moved = schedule
        for index, one in enumerate(schedule.phases):
            moved = moved.with_data(index, {slot: (f"{folder}/{paths[0]}",) for slot, paths in one.data.items()})
        return identity_of(toy_plan(schedule=moved), ToySettings(), prints)

    prints = {"data": "a", "phase 1": "b", "phase 3": "c"}
    before = identity("/here", prints)
    assert changes_between(before, identity("/there", prints), ToySettings) == []
    others = changes_between(before, identity("/here", {**prints, "phase 3": "d"}), ToySettings)
    assert others == ["the pictures it learns from (phase 3)"]
    redrawn = SCHEDULE.with_data(1, {"data": ("large",)})
    assert changes_between(before, identity("/here", prints, redrawn), ToySettings) == ["the schedule"]
    apart, together = (Schedule(phases=(phase("small"), phase(second))) for second in ("large", "small"))
    before = identity("/here", {"data": "a", "phase 1": "b", "phase 2": "c"}, apart)
    after = identity("/here", {"data": "a", "phase 1": "b"}, together)
    assert changes_between(before, after, ToySettings) == ["the schedule"]


def test_fingerprints_are_told_by_phase(tmp_path):
    plan = toy_plan(schedule=SCHEDULE)
    task = finish(open_toys(plan, TaskContext(torch.device("cpu"), tmp_path)))
    prints = task.fingerprint(SCHEDULE)
    assert list(prints) == ["data", "phase 1", "phase 3"]
    assert prints["phase 1"] == ToyExamples(10).fingerprint
    alone = Regression(ToySettings(), TaskContext(torch.device("cpu"), tmp_path))
    assert alone.fingerprint(constant_schedule(3)) == ToyExamples(24).fingerprint


def test_a_change_in_one_of_several_slots_is_told_by_its_name(tmp_path):
    class Sides(ToyExamples):
        @property
        def fingerprint(self) -> dict[str, str]:
            return {"a": "horses", "b": f"zebras {self.count}"}

    prints = []
    for count in (3, 4):
        task = Regression(ToySettings(), TaskContext(torch.device("cpu"), tmp_path))
        task.examples = Sides(count)
        prints.append(task.fingerprint(constant_schedule(3)))
    before, now = (identity_of(toy_plan(), ToySettings(), each) for each in prints)
    assert changes_between(before, now, ToySettings) == ["the pictures it learns from (b)"]


def test_a_run_whose_phase_s_data_moved_goes_on(tmp_path):
    run = toy_run(tmp_path / "run")
    job = training(run, open_toys)
    advance_to(9, job)
    job.close()
    plan = run.read_plan()
    schedule = plan.schedule.with_data(2, {"data": ("elsewhere/large",)})
    run.write_plan(plan.model_copy(update={"schedule": schedule}))
    assert train_to_end(run, open_toys)[0].state == "finished"
    whole = toy_run(tmp_path / "whole")
    train_to_end(whole, open_toys)
    assert numbers_of(run)["loss"] == numbers_of(whole)["loss"]
    shutil.rmtree(whole.path)
