"""The training job as its users meet it: what it says, hears, keeps, and how it ends."""

from collections.abc import Generator, Iterator

import numpy as np
import pytest
import torch
from torch import nn
from training_kit import (
    Duel,
    EverySteps,
    Plain,
    Regression,
    ToySettings,
    advance_to,
    history_of,
    new_run,
    numbers_of,
    open_duel,
    open_regression,
    toy_kind,
    toy_plan,
    train_to_end,
    training,
    weights_in,
)

from studio.core.controls import Controls
from studio.core.events import Job, Log, Preview, Progress, finish
from studio.core.failures import StudioError
from studio.core.user_folders import UserFolders
from studio.jobs.train import train
from studio.training.checkpoints import Checkpoints
from studio.training.live_settings import ChangeLog
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.run_summary import summarise
from studio.training.schedule import Phase, Ramp, Schedule, StepConfig
from studio.training.step import split
from studio.training.task import Batch, Objective, TaskContext, TrainingTask

pytestmark = pytest.mark.usefixtures("every_breath")


# -- from beginning to end --------------------------------------------------------------------------------------------


def test_a_run_trains_looks_saves_and_leaves_a_network(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(60, sample_every=20, validate_every=30))
    trained, said = train_to_end(run)
    history = history_of(run)
    assert (trained.state, trained.step, trained.model) == ("finished", 60, run.model_file)
    assert history.logged_state == "finished"
    assert history.metrics["loss"].steps.tolist() == list(range(1, 61))
    assert np.mean(history.metrics["error"].values[-10:]) < np.mean(history.metrics["error"].values[:10])
    assert history.validation["error"].steps.tolist() == [30, 60]
    assert [event.step for event in history.of_kind("sample")] == [0, 20, 40, 60]
    assert all((run.samples / event.facts["file"]).exists() for event in history.of_kind("sample"))
    assert [event.step for event in said if isinstance(event, Preview)] == [0, 20, 40, 60]
    assert run.card_file.read_text().startswith("# A toy")
    assert set(weights_in(run)) >= {"0.weight", "1.running_mean"}
    steps = [event.done for event in said if isinstance(event, Progress) and event.total]
    assert steps == sorted(steps)
    assert steps[-1] == 60


def test_a_finished_run_that_is_started_again_is_still_finished(tmp_path):
    run = new_run(tmp_path / "run")
    train_to_end(run)
    weights = weights_in(run)
    trained, _ = train_to_end(run)
    assert (trained.state, trained.step) == ("finished", 10)
    assert all(torch.equal(weights[name], value) for name, value in weights_in(run).items())


def test_two_networks_each_have_their_own_curves(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(5))
    train_to_end(run, open_duel)
    assert set(history_of(run).metrics) == {
        "generator.loss", "generator.gradient_norm", "critic.loss", "critic.real", "critic.gradient_norm",
    }  # fmt: skip


def test_a_term_is_the_mean_over_the_objectives_that_have_it(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(3, accumulate=2))
    train_to_end(run, open_lesson)
    numbers = numbers_of(run)
    assert [value for _, value in numbers["critic.twice"]] == pytest.approx([2.0] * 3)  # of 1 and 3
    assert [value for _, value in numbers["critic.once"]] == pytest.approx([5.0] * 3)


def test_a_network_that_learns_alone_for_a_while_keeps_its_name(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(3))
    train_to_end(run, open_lesson)
    assert set(numbers_of(run)) == {"critic.loss", "critic.twice", "critic.once", "critic.gradient_norm", "rate"}


class Lesson(Duel):
    """Only the critic learns, twice a step; one of its terms is there only once."""

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        critic = self.networks["critic"]
        yield Objective("critic", critic(batch[0]).square().mean(), {"twice": torch.tensor(1.0)})
        terms = {"twice": torch.tensor(3.0), "once": torch.tensor(5.0)}
        yield Objective("critic", critic(batch[1]).square().mean(), terms)


def open_lesson(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Lesson(ToySettings.model_validate(dict(plan.settings)), place)


def test_the_schedule_is_followed(tmp_path):
    schedule = Schedule(
        phases=(
            Phase(name="Up", duration=4, unit="steps", learning_rate=Ramp(start=0.1, end=0.5, decay="linear")),
            Phase(name="Down", duration=3, unit="steps", learning_rate=Ramp.level(0.2), batch=8),
        )
    )
    run = new_run(tmp_path / "run", toy_plan(schedule=schedule))
    _, said = train_to_end(run)
    history = history_of(run)
    assert history.rate.values.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.2, 0.2, 0.2])
    assert history.epoch.values.tolist() == pytest.approx([n / 24 for n in (0, 4, 8, 12, 16, 24, 32)], abs=1e-5)
    assert [(event.step, event.facts["name"]) for event in history.of_kind("phase")] == [(0, "Up"), (4, "Down")]
    assert {event.stage for event in said if isinstance(event, Progress)} == {"Preparing…", "Reading", "Up", "Down"}


def test_all_parts_of_a_step_are_one_step(tmp_path):
    plan = toy_plan(8, noise_weight=0.0, average="none")
    whole, divided = new_run(tmp_path / "whole", plan), new_run(tmp_path / "divided", plan)
    divided.write_plan(plan.model_copy(update={"settings": {**plan.settings, "accumulate": 3}}))
    train_to_end(whole, open_plain)
    train_to_end(divided, open_plain)
    for name, value in weights_in(whole).items():
        assert torch.allclose(value, weights_in(divided)[name], atol=1e-6)
    assert numbers_of(whole)["loss"] == [(step, pytest.approx(loss)) for step, loss in numbers_of(divided)["loss"]]


def test_a_batch_is_split_into_parts_of_nearly_equal_size():
    batch = (torch.arange(7), torch.arange(14).reshape(7, 2))
    assert [len(part[0]) for part in split(batch, 3)] == [3, 2, 2]
    assert torch.equal(torch.cat([part[1] for part in split(batch, 3)]), batch[1])
    assert len(split(batch, 20)) == 7


def open_plain(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Plain(ToySettings.model_validate(dict(plan.settings)), place)


# -- orders and ends --------------------------------------------------------------------------------------------------


def order_at(step: int, order: RunCommand, run: RunFolder, **options):
    job = training(run, **options)
    advance_to(step, job)
    run.commands.post(order)
    return job


@pytest.fixture
def prompt(monkeypatch):
    """Orders are heard at the next step, however fast those are."""
    monkeypatch.setattr("studio.training.loop._POLL_S", 0.0)


def test_an_order_to_pause_saves_and_ends(tmp_path, prompt):
    run = new_run(tmp_path / "run", toy_plan(50))
    trained = finish(order_at(7, RunCommand("pause"), run))
    assert (trained.state, trained.model) == ("paused", None)
    assert 7 <= trained.step <= 8
    assert Checkpoints(run.checkpoints).newest_good()[0].step == trained.step
    assert history_of(run).logged_state == "paused"
    assert finish(training(run)).state == "finished"


def test_an_order_to_finish_keeps_what_was_reached(tmp_path, prompt):
    run = new_run(tmp_path / "run", toy_plan(50))
    trained = finish(order_at(7, RunCommand("finish"), run))
    assert (trained.state, trained.model) == ("stopped", run.model_file)
    assert run.model_file.exists()
    assert history_of(run).of_kind("sample")[-1].step == trained.step  # what is kept is seen


def test_a_pinned_checkpoint_stays_with_its_note(tmp_path, prompt):
    run = new_run(tmp_path / "run", toy_plan(50))
    finish(order_at(7, RunCommand("pin", {"note": "lovely"}), run, clock=EverySteps(3)))
    pinned = [one for one in Checkpoints(run.checkpoints).all() if one.pinned]
    assert [one.note for one in pinned] == ["lovely"]
    assert [event.facts["kind"] for event in history_of(run).of_kind("checkpoint")].count("pinned") == 1


def test_orders_of_one_moment_are_all_obeyed_even_if_the_job_is_closed_over_them(tmp_path, prompt):
    run = new_run(tmp_path / "run", toy_plan(50))
    job = order_at(7, RunCommand("checkpoint"), run)
    run.commands.post(RunCommand("pin", {"note": "lovely"}))
    run.commands.post(RunCommand("settings", {"noise_weight": 0.5}))
    next(job)
    job.close()
    (pinned,) = [one for one in Checkpoints(run.checkpoints).all() if one.pinned]
    assert pinned.note == "lovely"
    assert [change.settings for change in ChangeLog.read(run.path / "course.json").changes] == [{"noise_weight": 0.5}]


def test_an_order_to_save_saves(tmp_path, prompt):
    run = new_run(tmp_path / "run", toy_plan(50))
    job = order_at(7, RunCommand("checkpoint"), run)
    advance_to(10, job)
    assert max(one.step for one in Checkpoints(run.checkpoints).all()) in {7, 8}
    job.close()


def test_a_signal_pauses_as_an_order_does(tmp_path):
    run, controls = new_run(tmp_path / "run", toy_plan(50)), Controls(ToySettings())
    job = train(TrainRequest(run.path), controls, kind=toy_kind())
    advance_to(5, job)
    controls.finish()
    assert finish(job).state == "paused"


def open_endlessly(plan, place):
    try:
        while True:
            yield Progress("Reading")
    finally:
        (place.cache.parent / "put away").touch()


@pytest.mark.parametrize("how", ["order", "signal"])
def test_a_run_that_still_reads_its_data_can_be_paused(tmp_path, how):
    run, controls = new_run(tmp_path / "run"), Controls(ToySettings())
    UserFolders.standard().cache.mkdir(parents=True, exist_ok=True)
    job = train(TrainRequest(run.path), controls, kind=toy_kind(open_endlessly))
    for _ in range(4):
        next(job)
    if how == "order":
        run.commands.post(RunCommand("pause"))
    else:
        controls.finish()
    ended = finish(job)
    assert (ended.state, ended.step) == ("paused", 0)
    assert history_of(run).logged_state == "paused"
    assert (UserFolders.standard().cache / "put away").exists()
    assert train_to_end(run)[0].state == "finished"


def test_a_pause_need_not_wait_for_a_long_check_which_is_made_when_the_run_goes_on(tmp_path):
    run, controls = new_run(tmp_path / "run", toy_plan(8, validate_every=4)), Controls(ToySettings())
    job = train(TrainRequest(run.path), controls, kind=toy_kind(open_thorough))
    advance_to(4, job)
    for _ in range(5):
        next(job)
    controls.finish()
    rest = list(job)
    assert len(rest) < 50
    assert Checkpoints(run.checkpoints).newest_good()[0].step == 4
    assert "error" not in history_of(run).validation
    train_to_end(run, open_thorough)
    assert history_of(run).validation["error"].steps.tolist() == [4, 8]


class Thorough(Regression):
    """Its check takes long."""

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        for _ in range(500):
            yield
        return (yield from super().validate(shown))


def open_thorough(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Thorough(ToySettings.model_validate(dict(plan.settings)), place)


def open_missing(plan, place):
    yield Progress("Reading")
    raise StudioError("The photos are not there.", "Plug the disk in.")


def test_a_run_whose_photos_are_gone_fails_where_it_was(tmp_path):
    run, controls = new_run(tmp_path / "run", toy_plan(50)), Controls(ToySettings())
    job = train(TrainRequest(run.path), controls, kind=toy_kind())
    advance_to(5, job)
    controls.finish()
    reached = finish(job).step
    with pytest.raises(StudioError, match="not there"):
        finish(train(TrainRequest(run.path), Controls(ToySettings()), kind=toy_kind(open_missing)))
    assert summarise(run.path).step == reached >= 5


def test_closing_in_the_middle_of_a_step_brings_it_to_its_end_and_saves(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(50))
    job = training(run)
    advance_to(5, job)
    advance_to(5, job)  # the next that says so is a breath in the midst of step 6
    job.close()
    history = history_of(run)
    assert history.logged_state == "paused"
    assert history.metrics["loss"].steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert Checkpoints(run.checkpoints).newest_good()[0].step == 6


def test_closing_before_the_first_step_leaves_a_run_that_can_begin(tmp_path):
    run = new_run(tmp_path / "run")
    job = training(run)
    next(job)
    next(job)
    job.close()
    assert train_to_end(run)[0].state == "finished"


def test_a_run_without_progress_ends_and_keeps_its_best(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(100, validate_every=5, stop_after_stale=2))
    trained, said = train_to_end(run, open_worsening)
    assert history_of(run).validation["error"].values.tolist() == [5.0, 1.0, 5.0, 5.0]
    assert (trained.state, trained.step) == ("finished", 10)
    assert any("checks in a row" in event.message for event in said if isinstance(event, Log))
    best = [one for one in Checkpoints(run.checkpoints).all() if one.best][-1]
    average = Checkpoints(run.checkpoints).read(best)["trainee"]["average"]["weights"]
    assert torch.equal(weights_in(run)["0.weight"], average[0])


def test_an_alarm_ends_a_run_which_keeps_and_pins_what_was_best_before(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(100, validate_every=5))
    trained, said = train_to_end(run, open_alarmed)
    assert (trained.state, trained.step) == ("finished", 5)
    assert [one.facts["best"] for one in history_of(run).of_kind("validation")] == [True, False]
    assert any(event.message.startswith("It burns. The run ends") for event in said if isinstance(event, Log))
    (pinned,) = (one for one in Checkpoints(run.checkpoints).all() if one.pinned)
    assert (pinned.step, pinned.note) == (5, "Before the fire")


class Worsening(Regression):
    """Best at its second check."""

    checks = 0

    def validate(self, shown):
        yield
        self.checks += 1
        return {"error": 1.0 if self.checks == 2 else 5.0}


class Alarmed(Worsening):
    """Something is very wrong at its second check."""

    best_note = "Before the fire"

    def alarm(self, values):
        return "It burns." if self.checks == 2 else ""


def open_alarmed(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Alarmed(ToySettings.model_validate(dict(plan.settings)), place)


def open_worsening(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Worsening(ToySettings.model_validate(dict(plan.settings)), place)


def test_the_kit_opens_by_name():
    assert toy_kind(open_regression).opener == "training_kit:open_regression"


# -- how often it looks, and what it says ------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [3, 49, 153])
def test_a_run_is_checked_and_sampled_at_least_ten_times(tmp_path, steps):
    run = new_run(tmp_path / "run", toy_plan(steps, validate_every=0, sample_every=0))
    train_to_end(run)
    history = history_of(run)
    for kind in ("validation", "sample"):
        assert len([one for one in history.of_kind(kind) if one.step > 0]) >= min(steps, 10)
    assert len(history.of_kind("validation")) <= 13


def test_what_the_artist_asks_for_is_obeyed(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(30, validate_every=15))
    train_to_end(run)
    assert [one.step for one in history_of(run).of_kind("validation")] == [15, 30]


def test_a_run_that_rests_can_be_kept_without_learning_on(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(30))
    job = training(run)
    advance_to(7, job)
    job.close()
    kept = finish(train(TrainRequest(run.path, keep=True), Controls(ToySettings()), kind=toy_kind()))
    assert (kept.state, kept.model) == ("stopped", run.model_file)
    assert kept.step == history_of(run).step < 30
    assert run.model_file.exists()
    assert train_to_end(run)[0].step == 30  # and it can still go on


class Weighed(Regression):
    """What it is measured by is weighted by a setting."""

    judged_by = frozenset({"noise_weight"})

    def validate(self, shown):
        yield
        return {"error": 1.0 + self.settings.noise_weight}


def open_weighed(plan, place):
    yield Progress("Reading")
    return Weighed(ToySettings.model_validate(dict(plan.settings)), place)


@pytest.mark.parametrize(("moved", "best"), [({"noise_weight": 0.5}, [2, 6]), ({"learning_rate_factor": 0.5}, [2])])
def test_what_is_best_is_judged_anew_when_that_which_it_is_measured_by_is_moved(tmp_path, monkeypatch, moved, best):
    monkeypatch.setattr("studio.training.loop._POLL_S", 0.0)
    run = new_run(tmp_path / "run", toy_plan(8, validate_every=2))
    job = training(run, open_weighed)
    advance_to(4, job)
    run.commands.post(RunCommand("settings", moved))
    for _ in job:
        pass
    assert [one.step for one in history_of(run).of_kind("validation") if one.facts["best"]] == best


def test_what_is_said_of_the_data_stands_once_in_the_log(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(12))
    for step in (3, 6):
        job = training(run, open_duel)
        advance_to(step, job)
        job.close()
    train_to_end(run, open_duel)
    told = [one.facts["message"] for one in history_of(run).of_kind("log")]
    assert told.count("Two networks") == 1
