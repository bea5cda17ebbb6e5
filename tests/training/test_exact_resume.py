"""However a run is interrupted, it ends as if it had not been: the same weights bit by bit, the same numbers."""

import shutil
from pathlib import Path

import pytest
import torch
from gan_kit import open_points, plan_of
from training_kit import (
    EverySteps,
    advance_to,
    constant_schedule,
    full_disk,
    history_of,
    left_if_killed_now,
    new_run,
    numbers_of,
    open_duel,
    open_regression,
    toy_plan,
    train_to_end,
    training,
)

from studio.core.failures import StudioError
from studio.core.user_folders import UserFolders
from studio.training.checkpoints import Checkpoints
from studio.training.live_settings import ChangeLog
from studio.training.micro_batches import MicroBatchMemo
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder
from studio.training.schedule import Phase, Ramp, Schedule

STEPS = 23
TWO_PHASES = Schedule(
    phases=(
        Phase(duration=9, unit="steps", learning_rate=Ramp(start=0.01, end=0.05, decay="linear"), frozen=("0",)),
        Phase(
            duration=14, unit="steps", optimiser="sgd", learning_rate=Ramp(start=0.05, end=0.001, decay="cosine"),
            batch=6, size=24, layer_rates=(0.1, 1.0),
        ),
    )
)  # fmt: skip
LOOKS = {"sample_every": 4, "validate_every": 5}
PLANS = {
    "regression, EMA": (open_regression, toy_plan(STEPS, **LOOKS)),
    "regression, SWA, phases, parts": (
        open_regression,
        toy_plan(schedule=TWO_PHASES, average="swa", swa_start=0.5, accumulate=2, clip_norm=0.5, **LOOKS),
    ),
    "duel": (open_duel, toy_plan(STEPS, **LOOKS)),
    "WGAN": (open_points, plan_of("wgan", **LOOKS)),
    "CycleGAN, EMA": (open_points, plan_of("normed cycle", **LOOKS)),
    "CycleGAN, SWA, micro-batches": (
        open_points, plan_of("normed cycle", average="swa", swa_start=0.3, accumulate=2, **LOOKS)
    ),
    "NoGAN": (open_points, plan_of("nogan", steps=STEPS, accumulate=2, **LOOKS)),
}  # fmt: skip


@pytest.fixture(autouse=True)
def every_breath(monkeypatch):
    """Small networks are through before it would be time for one."""
    monkeypatch.setattr("studio.training.loop._BREATH_S", 0.0)


def outcome(run: RunFolder) -> tuple[bytes, dict[str, list[tuple[int, float]]]]:
    return run.model_file.read_bytes(), numbers_of(run)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    results = {}
    for name, (opener, plan) in PLANS.items():
        run = new_run(tmp_path_factory.mktemp("unbroken") / "run", plan)
        train_to_end(run, opener)
        results[name] = outcome(run)
    return results


BREAKS = {
    "closed while it opens, killed in mid-course, closed near the end": ([(2, False), (43, True), (67, False)], 4),
    "killed before its first checkpoint, and again between two": ([(5, True), (31, True), (18, True)], 7),
    "closed again and again": ([(11, False), (12, False), (13, False), (14, False)], 3),
}
"""After how many events it is left, whether killed, and how often it saves (steps)."""


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("name", PLANS)
def test_closed_or_killed_anywhere_it_ends_the_same(tmp_path, unbroken, name, broken):
    opener, plan = PLANS[name]
    breaks, every = BREAKS[broken]
    run = new_run(tmp_path / "run", plan)
    for number, (moments, killed) in enumerate(breaks):
        job = training(run, opener, clock=EverySteps(every))
        for _ in range(moments):
            if next(job, None) is None:
                break
        if killed:  # what is on the disk at this instant is all that a killed process leaves
            run = left_if_killed_now(run, f"left {number}")
        job.close()
    train_to_end(run, opener)
    assert outcome(run) == unbroken[name]


def test_other_jobs_on_the_thread_change_nothing(tmp_path, unbroken):
    name = "duel"
    opener, plan = PLANS[name]
    run = new_run(tmp_path / "run", plan)
    for _ in training(run, opener):
        assert torch.is_grad_enabled()
        torch.rand(3)  # as a neighbour on the engine's thread does
        torch.manual_seed(0)
    assert outcome(run) == unbroken[name]


@pytest.mark.parametrize("damage", ["truncated", "altered", "emptied", "no slip"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(tmp_path, unbroken, damage):
    name = "regression, EMA"
    opener, plan = PLANS[name]
    run = new_run(tmp_path / "run", plan)
    job = training(run, opener, clock=EverySteps(6))
    while not (run.checkpoints / "step-00000018.json").exists():
        next(job)
    left = left_if_killed_now(run)
    job.close()
    newest = Checkpoints(left.checkpoints).file_of(18)
    content = newest.read_bytes()
    match damage:
        case "truncated":
            newest.write_bytes(content[: len(content) // 2])
        case "altered":
            newest.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
        case "emptied":
            newest.write_bytes(b"")
        case "no slip":
            newest.with_suffix(".json").unlink()
    _, said = train_to_end(left, opener)
    assert [event.step for event in history_of(left).of_kind("resumed")] == [12]
    told = [event.message for event in said if "damaged" in getattr(event, "message", "")]
    assert bool(told) == (damage != "no slip")  # a checkpoint without its slip was never finished: nothing was lost
    assert outcome(left) == unbroken[name]


def test_nothing_is_begun_anew_unasked_when_every_checkpoint_is_damaged(tmp_path, unbroken):
    opener, plan = PLANS["regression, EMA"]
    run = new_run(tmp_path / "run", plan)
    training_job = training(run, opener)
    for _ in range(20):
        next(training_job)
    training_job.close()
    for path in run.checkpoints.glob("*.ckpt"):
        path.write_bytes(b"rust")
    with pytest.raises(StudioError, match="damaged"):
        train_to_end(run, opener)
    train_to_end(run, opener, accept=True)
    assert outcome(run) == unbroken["regression, EMA"]


def test_what_is_begun_anew_is_kept_although_damaged_checkpoints_were_further(tmp_path, unbroken):
    opener, plan = PLANS["regression, EMA"]
    run = new_run(tmp_path / "run", plan)
    training_job = training(run, opener, clock=EverySteps(5))
    advance_to(18, training_job)
    training_job.close()
    for path in run.checkpoints.glob("*.ckpt"):
        path.write_bytes(b"rust")
    again = training(run, opener, accept=True, clock=EverySteps(2))
    advance_to(3, again)
    left = left_if_killed_now(run)
    again.close()
    _, said = train_to_end(left, opener)
    assert not any("damaged" in getattr(event, "message", "") for event in said)
    assert [event.step for event in history_of(left).of_kind("resumed")] == [0, 2]
    assert outcome(left) == unbroken["regression, EMA"]


def test_a_run_whose_checkpoints_are_gone_is_not_begun_anew_unasked(tmp_path, unbroken):
    opener, plan = PLANS["regression, EMA"]
    run = new_run(tmp_path / "run", plan)
    train_to_end(run, opener)
    shutil.rmtree(run.checkpoints)
    with pytest.raises(StudioError, match="step 23, are gone"):
        train_to_end(run, opener)
    assert outcome(run) == unbroken["regression, EMA"]
    train_to_end(run, opener, accept=True)
    assert outcome(run) == unbroken["regression, EMA"]


def test_a_disk_that_is_full_for_a_while_changes_nothing(tmp_path, unbroken):
    opener, plan = PLANS["regression, EMA"]
    run = new_run(tmp_path / "run", plan)
    job, said = training(run, opener, clock=EverySteps(5)), []
    advance_to(7, job)
    with full_disk():
        for event in job:
            said.append(event)
            if getattr(event, "done", 0) == 16:
                break
    left = left_if_killed_now(run)
    train_to_end(left, opener)
    assert outcome(left) == unbroken["regression, EMA"]
    said += list(job)
    assert outcome(run) == unbroken["regression, EMA"]
    told = {event.message.split(":")[0] for event in said if hasattr(event, "message")}
    assert {"“events.jsonl” could not be saved", "“00000012.png” could not be saved"} <= told
    assert [event.step for event in history_of(run).of_kind("sample")] == [0, 4, 16, 20, 23]
    assert [event.step for event in history_of(run).of_kind("checkpoint")][:3] == [0, 5, 20]


def test_a_look_before_a_phase_is_the_same_when_that_phase_is_known_to_need_parts(tmp_path, home):
    memo = MicroBatchMemo(UserFolders.standard().cache / "training" / "parts.json")
    memo.remember("toy · 24 px · 6 · fp32 · cpu", 2)  # the second phase's, found out by an earlier run
    plan = toy_plan(schedule=TWO_PHASES, validate_every=3)
    whole, broken = new_run(tmp_path / "whole", plan), new_run(tmp_path / "broken", plan)
    train_to_end(whole)
    assert [change.micro_batches for change in ChangeLog.read(whole.path / "course.json").changes] == [2]
    job = training(broken, clock=EverySteps(4))
    advance_to(11, job)
    left = left_if_killed_now(broken)
    job.close()
    train_to_end(left)
    assert [event.step for event in history_of(left).of_kind("resumed")] == [8]
    assert outcome(left) == outcome(whole)


# -- what changes in mid-run ------------------------------------------------------------------------------------------


def steer_at(run: RunFolder, opener, step: int, values: dict, until: int | None = None) -> None:
    """Train, change settings when `step` is reached, and leave what a process killed at step `until` would leave."""
    job = training(run, opener, clock=EverySteps(5))
    asked = False
    for event in job:
        done = getattr(event, "done", 0) if getattr(event, "total", 0) else 0
        if done == step and not asked:
            asked = True
            run.commands.post(RunCommand("settings", values))
        if until is not None and done == until:
            left_if_killed_now(run)
            return


def test_settings_steered_in_mid_run_are_met_again_at_the_same_step(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.training.loop._POLL_S", 0.0)  # not by the clock: the order is to be met at that step
    whole = new_run(tmp_path / "whole", toy_plan(20))
    steer_at(whole, open_regression, 12, {"learning_rate_factor": 0.25, "noise_weight": 1.0})
    broken = new_run(tmp_path / "broken", toy_plan(20))
    steer_at(broken, open_regression, 12, {"learning_rate_factor": 0.25, "noise_weight": 1.0}, until=14)
    left = RunFolder(tmp_path / "left")
    assert max(one.step for one in Checkpoints(left.checkpoints).all()) == 10  # before the change
    train_to_end(left)
    assert outcome(left) == outcome(whole)
    rates = dict(numbers_of(left)["rate"])
    changed = history_of(left).of_kind("settings")[0].step
    assert {rates[step] for step in range(1, changed + 1)} == {0.01}
    assert {rates[step] for step in range(changed + 1, 21)} == {0.0025}


def test_a_setting_that_cannot_change_in_mid_run_is_refused_and_said(tmp_path):
    run = new_run(tmp_path / "run", toy_plan(20))
    job = training(run)
    next(job)
    run.commands.post(RunCommand("settings", {"batch": 8}))
    next(job)
    run.commands.post(RunCommand("settings", {"batch": 8}))
    run.commands.post(RunCommand("settings", {"learning_rate_factor": -3.0}))
    said = [event.message for event in job if hasattr(event, "message")]
    assert any("batch cannot change" in message for message in said)
    assert any("learning_rate_factor" in message for message in said)


# -- what was changed between two sittings ----------------------------------------------------------------------------


def paused_run(path: Path) -> RunFolder:
    run = new_run(path, toy_plan(12))
    job = training(run)
    advance_to(4, job)
    job.close()
    return run


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda plan: {"settings": {**plan.settings, "batch": 8}}, "Pictures a step"),
        (lambda plan: {"settings": {**plan.settings, "examples": 30}}, "the pictures it learns from"),
        (lambda plan: {"schedule": constant_schedule(12, momentum=Ramp.level(0.5))}, "the schedule"),
    ],
)
def test_changed_data_or_settings_are_named_and_the_user_decides(tmp_path, change, named):
    run = paused_run(tmp_path / "run")
    plan = run.read_plan()
    run.write_plan(plan.model_copy(update=change(plan)))
    with pytest.raises(StudioError, match=named):
        train_to_end(run)
    assert history_of(run).logged_state == "paused"  # nothing is broken: somebody has to decide
    trained, said = train_to_end(run, accept=True)
    assert trained.state == "finished"
    assert any(named in getattr(event, "message", "") for event in said)
    train_to_end(run)  # what was accepted once is not asked again


def test_a_checkpoint_of_version_0_1_whose_schedule_says_less_is_that_of_the_same_run(tmp_path):
    run = paused_run(tmp_path / "run")
    found, state, _ = Checkpoints(run.checkpoints).newest_good()
    for phase in state["identity"]["schedule"]["phases"]:
        for name in ("trains", "train_norms", "decay_norms", "batches"):
            del phase[name]
    Checkpoints(run.checkpoints).save(found.step, state)
    assert train_to_end(run)[0].state == "finished"


def test_what_changes_nothing_about_the_course_is_not_asked(tmp_path):
    run = paused_run(tmp_path / "run")
    plan = run.read_plan()
    run.write_plan(plan.model_copy(update={"settings": {**plan.settings, "checkpoint_minutes": 1, "steps": 8}}))
    trained, _ = train_to_end(run)
    assert (trained.state, trained.step) == ("finished", 8)
