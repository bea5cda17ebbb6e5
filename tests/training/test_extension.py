"""A finished run learns on: what it had done stays, what comes is exact however it is interrupted."""

import pytest
from training_kit import (
    EverySteps,
    Regression,
    ToySettings,
    advance_to,
    constant_schedule,
    history_of,
    left_if_killed_now,
    new_run,
    numbers_of,
    open_regression,
    toy_kind,
    toy_plan,
    train_to_end,
    weights_in,
)

from studio.core.controls import Controls
from studio.core.events import finish
from studio.jobs.train import train
from studio.training.extension import extended
from studio.training.run_folder import RunFolder, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.schedule_presets import one_cycle

CYCLE = one_cycle(duration=10, unit="steps", rate=0.02, optimiser="adam")


def extending(run: RunFolder, steps: int, **more):
    return train(TrainRequest(run.path, extend=steps), Controls(ToySettings()), kind=toy_kind(), **more)


def longer(plan, steps: int, reached: int):
    timeline = plan.schedule.timeline(24, batch=4, size=16)
    return extended(plan, timeline, reached, steps)


def test_behind_its_end_it_warms_up_once_more_and_cools_down_to_where_it_was():
    plan = longer(toy_plan(schedule=CYCLE), 20, reached=10)
    assert plan.schedule.phases[:3] == CYCLE.phases
    warm, more = plan.schedule.phases[3:]
    assert (warm.name, more.name) == ("Warm again", "More")
    assert (warm.duration, more.duration) == (2, 18)
    end = CYCLE.phases[-1].learning_rate.end
    assert (warm.learning_rate.start, warm.learning_rate.end) == (end, 0.01)
    assert (more.learning_rate.start, more.learning_rate.end) == (0.01, end)
    assert more.momentum == Ramp.level(CYCLE.phases[-1].momentum.end)
    assert plan.extended == (10,)


def test_it_goes_on_as_fast_as_the_same_networks_once_learnt():
    alone = CYCLE.phases[0].model_copy(update={"learning_rate": Ramp.level(0.5), "trains": ("generator",)})
    plan = longer(toy_plan(schedule=Schedule(phases=(alone, *CYCLE.phases))), 20, reached=10)
    assert plan.schedule.phases[-2].learning_rate.end == 0.01


def test_a_rate_that_never_sank_goes_on_as_it_is():
    plan = longer(toy_plan(12), 5, reached=12)
    assert [phase.duration for phase in plan.schedule.phases] == [12, 5]
    assert plan.schedule.phases[1].learning_rate == Ramp.level(0.01)


def test_a_run_that_was_cut_short_goes_on_along_its_own_schedule():
    short = toy_plan(100)
    short = short.model_copy(update={"settings": {**short.settings, "steps": 60}})
    plan = longer(short, 30, reached=60)
    assert plan.schedule == constant_schedule(100)
    assert plan.settings["steps"] == 90
    further = longer(short, 50, reached=60)
    assert further.settings["steps"] == 0
    assert further.schedule.timeline(24, batch=4, size=16).total_steps == 110


@pytest.mark.parametrize("average", ["ema", "swa"])
def test_an_extended_run_ends_the_same_however_it_is_interrupted(tmp_path, average):
    plan = toy_plan(schedule=CYCLE, average=average, validate_every=4, sample_every=8)
    whole, broken = new_run(tmp_path / "whole", plan), new_run(tmp_path / "broken", plan)
    for run in (whole, broken):
        train_to_end(run)
    before = numbers_of(whole)["loss"]
    finish(extending(whole, 8))
    job = extending(broken, 8, clock=EverySteps(3))
    advance_to(15, job)
    left = left_if_killed_now(broken)
    job.close()
    again = train_to_end(left)[0]  # as any run is resumed: nobody has to say that it was extended
    assert (again.state, again.step) == ("finished", 18)
    assert numbers_of(left) == numbers_of(whole)
    assert left.model_file.read_bytes() == whole.model_file.read_bytes()
    assert numbers_of(whole)["loss"][:10] == before  # both stretches are one course
    assert [one.facts["total"] for one in history_of(whole).of_kind("extended")] == [18]


def test_a_run_that_patience_ended_learns_on(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(40, validate_every=2, stop_after_stale=2))
    for extend, reached in ((0, 6), (3, 9), (0, 9)):
        request = TrainRequest(run.path, extend=extend)
        ended = finish(train(request, Controls(ToySettings()), kind=toy_kind(open_best_first)))
        assert (ended.state, ended.step) == ("finished", 2)  # it keeps its best
        assert history_of(run).step == reached


def test_twice_extended_is_extended_twice(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(schedule=CYCLE))
    train_to_end(run)
    for end in (14, 18):
        assert finish(extending(run, 4)).step == end
    assert run.read_plan().extended == (10, 14)
    assert weights_in(run)


def test_what_else_changed_in_the_schedule_is_still_asked(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(schedule=CYCLE))
    train_to_end(run)
    finish(extending(run, 4))
    plan = run.read_plan()
    drawn = plan.schedule.phases[-1].model_copy(update={"duration": 9.0})
    run.write_plan(plan.model_copy(update={"schedule": Schedule(phases=(*plan.schedule.phases[:-1], drawn))}))
    with pytest.raises(Exception, match="the schedule"):
        train_to_end(run)


class BestFirst(Regression):
    """Its first check is its best."""

    checks = 0.0

    def validate(self, shown):
        yield
        self.checks += 1
        return {"error": self.checks}


def open_best_first(plan, place):
    yield from open_regression(plan, place)
    return BestFirst(ToySettings.model_validate(dict(plan.settings)), place)


def test_a_phase_of_another_batch_is_extended_as_it_was():
    phases = (*CYCLE.phases[:2], CYCLE.phases[2].model_copy(update={"batch": 8, "size": 32}))
    plan = toy_plan(schedule=Schedule(phases=phases))
    more: Phase = longer(plan, 20, reached=10).schedule.phases[-1]
    assert (more.batch, more.size, more.unit) == (8, 32, "steps")
