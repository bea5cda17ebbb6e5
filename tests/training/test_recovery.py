"""What goes wrong in a run, and what becomes of it: divergence, too little memory, full disks, faulty tasks."""

import math
import os
import shutil
from collections import namedtuple
from collections.abc import Generator, Iterator, Mapping

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
    constant_schedule,
    history_of,
    new_run,
    numbers_of,
    toy_plan,
    train_to_end,
    training,
    weights_in,
)

from studio.core.events import Job, Log, Picture, Progress, finish
from studio.core.failures import StudioError
from studio.training.checkpoints import Checkpoints
from studio.training.live_settings import ChangeLog
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.schedule import StepConfig
from studio.training.task import Batch, Objective, TaskContext, TrainingTask

pytestmark = pytest.mark.usefixtures("every_breath")


class Treacherous(Regression):
    """Its loss is not finite from some step on, unless it learns slowly enough; or its memory is small."""

    def __init__(self, settings: ToySettings, place: TaskContext, *, bound: float = math.inf, room: int = 1000) -> None:
        super().__init__(settings, place)
        self.bound, self.room = bound, room
        self.network = self.networks["network"]

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        self.network[1].running_mean += 1  # something that a repeated step must not find done already
        if len(batch[0]) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        (objective,) = [one for one in super().objectives(batch, config) if one is not None]
        bad = config.step in range(12, 30) and self.settings.learning_rate_factor > self.bound
        yield Objective("network", objective.loss * (math.nan if bad else 1.0), objective.terms)


def open_exploding(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Treacherous(ToySettings.model_validate(dict(plan.settings)), place, bound=0.5)


def open_cramped(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Treacherous(ToySettings.model_validate(dict(plan.settings)), place, room=2)


def open_hopeless(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Treacherous(ToySettings.model_validate(dict(plan.settings)), place, room=0)


def test_a_divergence_goes_back_halves_the_rate_and_in_the_end_stops_with_a_report(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(40))
    with pytest.raises(StudioError, match="diverges") as report:
        train_to_end(run, open_exploding, clock=EverySteps(5))
    assert "lower learning rate" in report.value.remedy
    history = history_of(run)
    setbacks = [event for event in history.of_kind("guard") if event.facts["what"] == "set_back"]
    assert len(setbacks) == 4
    assert history.logged_state == "failed"
    assert history.of_kind("state")[-1].facts["cause"] == report.value.cause
    assert ChangeLog.read(run.path / "course.json").at(100).rate_factor == 0.5**4
    rates = dict(numbers_of(run)["rate"])
    assert rates[10] == 0.01
    assert rates[12] == 0.01 / 16


class Alternating(Duel):
    """Its generator always learns, and its critic `times` at every `every`th step: from step 12 on from nothing."""

    every, times = 2, 1

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        for _ in range(0 if config.step % self.every else self.times):
            loss = self.networks["critic"](batch[1]).mean()
            yield Objective("critic", loss * (math.nan if config.step >= 12 else 1.0))
        yield Objective("generator", self.networks["generator"](batch[0]).square().mean())


def open_alternating(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Alternating(ToySettings.model_validate(dict(plan.settings)), place)


@pytest.mark.parametrize(("every", "times", "back"), [(2, 1, 8), (1, 8, 12)])
def test_a_divergence_goes_back_to_before_it_began_however_often_the_network_learns(
    tmp_path, monkeypatch, every, times, back
):
    monkeypatch.setattr(Alternating, "every", every)
    monkeypatch.setattr(Alternating, "times", times)
    run = new_run(tmp_path / "run", toy_plan(40))
    with pytest.raises(StudioError, match="The critic diverges"):
        train_to_end(run, open_alternating, clock=EverySteps(4 if every == 1 else 8))
    first = next(event for event in history_of(run).of_kind("guard") if event.facts["what"] == "set_back")
    assert f"back to step {back}," in first.facts["message"]


def test_a_few_bad_steps_are_left_out_and_the_run_goes_on(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(20))
    trained, _ = train_to_end(run, open_stumbling)
    assert trained.state == "finished"
    guards = history_of(run).of_kind("guard")
    assert [event.facts["what"] for event in guards] == ["skipped"] * 3
    assert guards[0].facts["message"] == "A step of the network was left out: its gradient was not finite."
    assert all(torch.isfinite(value).all() for value in weights_in(run).values())
    losses = dict(numbers_of(run)["loss"])
    assert [step for step, loss in losses.items() if math.isnan(loss)] == [6, 7, 8]


class Stumbling(Plain):
    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        for one in super().objectives(batch, config):
            bad = one is not None and config.step in {5, 6, 7}
            yield Objective("network", one.loss * math.nan) if bad else one


def open_stumbling(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Stumbling(ToySettings.model_validate(dict(plan.settings)), place)


def test_a_batch_that_is_not_finite_leaves_no_trace_in_running_statistics(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(12, average="none", validate_every=6))
    train_to_end(run, open_soiled)
    assert [event.facts["what"] for event in history_of(run).of_kind("guard")] == ["skipped"]
    assert all(torch.isfinite(value).all() for value in weights_in(run).values())
    assert np.isfinite(history_of(run).validation["error"].values).all()


class Soiled(Regression):
    """One of its batches holds a number that is none."""

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        x, y = batch
        yield from super().objectives((x * math.nan if config.step == 4 else x, y), config)


def open_soiled(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Soiled(ToySettings.model_validate(dict(plan.settings)), place)


def test_a_step_that_does_not_fit_is_repeated_exactly_in_smaller_parts(tmp_path):
    told = new_run(tmp_path / "told", toy_plan(10, accumulate=2))
    train_to_end(told, open_cramped)
    found = new_run(tmp_path / "found", toy_plan(10))
    _, said = train_to_end(found, open_cramped)
    assert found.model_file.read_bytes() == told.model_file.read_bytes()
    assert numbers_of(found) == numbers_of(told)
    assert any("memory was too small" in event.message for event in said if isinstance(event, Log))
    again = new_run(tmp_path / "again", toy_plan(10))
    _, said = train_to_end(again, open_cramped)
    assert not [event for event in said if isinstance(event, Log)]  # this computer remembers
    assert again.model_file.read_bytes() == told.model_file.read_bytes()


def test_what_does_not_fit_at_all_is_said(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(10))
    with pytest.raises(StudioError, match="Not even one picture"):
        train_to_end(run, open_hopeless)


def test_a_full_disk_in_mid_run_is_said_and_the_run_goes_on(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run", toy_plan(20))
    job = training(run, clock=EverySteps(5))
    advance_to(7, job)
    usage, room = namedtuple("usage", "total used free"), shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    said = []
    for event in job:
        said.append(event)
        if isinstance(event, Progress) and event.done == 12:
            monkeypatch.setattr(shutil, "disk_usage", room)
    assert any("no room" in event.message for event in said if isinstance(event, Log))
    assert history_of(run).logged_state == "finished"


def test_a_run_at_its_end_leaves_its_network_even_without_room_for_a_checkpoint(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run", toy_plan(12))
    job = training(run, clock=EverySteps(5))
    advance_to(7, job)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    trained = finish(job)
    assert (trained.state, trained.step) == ("finished", 12)
    assert run.model_file.exists()
    assert Checkpoints(run.checkpoints).newest_good()[0].step == 5


def test_a_run_whose_folder_is_deleted_ends_and_does_not_bring_it_back(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(40))
    job = training(run, clock=EverySteps(5))
    advance_to(7, job)
    shutil.rmtree(run.path)
    with pytest.raises(StudioError, match="not there any more"):
        finish(job)
    assert not run.path.exists()


def test_a_look_that_does_not_fit_into_memory_is_left_out_and_the_run_goes_on(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(12, validate_every=4, sample_every=6))
    trained, said = train_to_end(run, open_crowded)
    assert trained.state == "finished"
    assert history_of(run).validation["error"].steps.tolist() == [8, 12]
    assert [event.step for event in history_of(run).of_kind("sample")] == [0, 12]
    told = [event.message for event in said if isinstance(event, Log)]
    assert any("check at step 4 did not fit" in message for message in told)
    assert any("sample at step 6 did not fit" in message for message in told)


class Crowded(Regression):
    """Its first check and its second sample find no memory."""

    checks = samples = 0

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        self.checks += 1
        if self.checks == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return (yield from super().validate(shown))

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        self.samples += 1
        if self.samples == 2:
            raise MemoryError
        return (yield from super().sample(shown))


def open_crowded(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Crowded(ToySettings.model_validate(dict(plan.settings)), place)


def test_begun_files_of_a_killed_process_are_swept_away(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(4))
    run.samples.mkdir()
    begun = [run.samples / ".0123456789abcdef.part", run.path / ".fedcba9876543210.part"]
    for path in begun:
        path.write_bytes(b"begun")
        os.utime(path, (0, 0))
    fresh = run.path / ".0000000000000000.part"  # somebody writes a note just now
    fresh.write_bytes(b"begun")
    train_to_end(run)
    assert [path.exists() for path in (*begun, fresh)] == [False, False, True]


def test_only_one_process_trains_a_run(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(20))
    job = training(run)
    advance_to(3, job)
    with pytest.raises(StudioError, match="training run already"):
        train_to_end(RunFolder(run.path))
    assert history_of(run).logged_state == "running"
    job.close()


def test_layers_that_are_not_there_are_named_before_anything_begins(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(schedule=constant_schedule(5, frozen=("roof",))))
    with pytest.raises(StudioError, match="roof"):
        train_to_end(run)


def test_a_failing_task_leaves_its_words_in_the_log(tmp_path):
    run = new_run(tmp_path / "run")
    with pytest.raises(StudioError, match="no paint"):
        train_to_end(run, open_nothing)
    assert history_of(run).of_kind("state")[-1].facts["cause"] == "There is no paint."


def open_nothing(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    raise StudioError("There is no paint.", "Buy some.")


def test_parts_that_follow_different_objectives_are_a_fault(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(3, accumulate=2))
    with pytest.raises(RuntimeError, match="same objectives"):
        train_to_end(run, open_confused)


class Confused(Duel):
    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        name = "critic" if batch[0][0, 0] > batch[0].mean() or not self.pool else "generator"
        self.pool = [batch[0]]
        yield Objective(name, self.networks[name](batch[0]).mean())


def open_confused(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    return Confused(ToySettings.model_validate(dict(plan.settings)), place)


class RunsAway(Regression):
    """Its checks find it better and better, and from some step on far worse; it says so."""

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        yield
        slow = self.settings.learning_rate_factor
        return {"error": 9.0 if self.steps > 8 else 1.0 / (self.steps * slow)}

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        self.steps = config.step + 1
        yield from super().objectives(batch, config)

    def setback(self, values: Mapping[str, float]) -> str:
        return "It has run away." if values["error"] > 8 else ""


def open_running_away(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    task = RunsAway(ToySettings.model_validate(dict(plan.settings)), place)
    task.best_note = "The best so far"
    return task


def test_what_runs_away_goes_back_to_its_best_at_half_the_rate_and_in_the_end_keeps_that(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(40, validate_every=4))
    trained, _ = train_to_end(run, open_running_away)
    guards = [event.facts["message"] for event in history_of(run).of_kind("guard")]
    assert guards == ["It has run away. Back to step 8, and on at half the rate."] * 4
    assert [change.rate_factor for change in ChangeLog.read(run.path / "course.json").changes] == [0.5] * 4
    assert (trained.state, trained.step) == ("finished", 8)
    (pinned,) = [one for one in Checkpoints(run.checkpoints).all() if one.pinned]
    assert (pinned.step, pinned.note, pinned.best) == (8, "The best so far", True)
