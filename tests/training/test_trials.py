"""What a task tries before its first step: chosen once, from the same first weights, and without leaving a trace."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from processes_kit import in_processes
from training_kit import (
    EverySteps,
    Regression,
    ToySettings,
    history_of,
    left_if_killed_now,
    new_run,
    numbers_of,
    toy_kind,
    toy_plan,
    train_to_end,
    training,
    weights_in,
)

from studio.core.controls import Controls
from studio.core.events import Job, Log, Progress
from studio.core.failures import StudioError
from studio.jobs.train import train
from studio.training.processes import Processes
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunChangedError, RunFolder, RunPlan, TrainRequest
from studio.training.run_summary import summarise
from studio.training.schedule import StepConfig
from studio.training.task import Batch, Objectives, TaskContext, TrainingTask, Trial, Trials

VALUES = (0.0, 0.1, 5.0)
AUTOMATIC = 10.0
"""How much noise there is, where that is to be tried."""


class Trying(Regression):
    """Finds out how much noise to learn with; `seen` are step, noise and weights of each step, `copies` its copies."""

    def __init__(self, settings: ToySettings, place: TaskContext) -> None:
        torch.manual_seed(3)
        super().__init__(settings, place)
        self.seen: list[tuple[int, float, float]] = []
        self.copies: list[Trying] = []

    def copied(self) -> "Trying":
        self.copies.append(super().copied())
        self.copies[-1].seen = []
        return self.copies[-1]

    def trials(self, steps: int) -> Trials | None:
        return Trials("noise_weight", "Noise", VALUES, 4) if self.settings.noise_weight == AUTOMATIC else None

    def choose(self, tried: Sequence[Trial]) -> tuple[float, str]:
        fit = [one for one in tried if not one.diverged]
        if not fit:
            raise StudioError("Nothing will do.", "Try something else.")
        best = min(fit, key=lambda one: one.measured["error"])
        return best.value, f"Noise is {best.value:g}."

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        first = float(self.networks["network"][0].weight.detach().sum())
        self.seen.append((config.step, self.settings.noise_weight, first))
        yield from super().objectives(batch, config)


class Hopeless(Trying):
    """Whatever is tried diverges."""

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        for said in super().objectives(batch, config):
            if said is not None and self.settings.noise_weight in VALUES:
                said = type(said)(said.network, said.loss * math.inf, said.terms)
            yield said

    def trials(self, steps: int) -> Trials | None:
        wanted = super().trials(steps)
        return Trials(wanted.setting, wanted.title, wanted.values, 12) if wanted else None


class Patient(Trying):
    """Takes its time: nobody's order comes too late."""

    def trials(self, steps: int) -> Trials | None:
        wanted = super().trials(steps)
        return Trials(wanted.setting, wanted.title, wanted.values, 1000) if wanted else None


class Hungry(Trying):
    """Two examples at a time are all that fits into memory."""

    def objectives(self, batch: Batch, config: StepConfig) -> Objectives:
        if len(batch[0]) > 2:
            raise MemoryError
        yield from super().objectives(batch, config)


OPENED: list[Trying] = []


def _opening(kind: type[Trying], plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    OPENED.append(kind(ToySettings.model_validate(dict(plan.settings)), place))
    return OPENED[-1]


def open_trying(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    return _opening(Trying, plan, place)


def open_hopeless(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    return _opening(Hopeless, plan, place)


def open_patient(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    return _opening(Patient, plan, place)


def open_hungry(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    return _opening(Hungry, plan, place)


def begun(path, **settings: Any) -> RunFolder:
    return new_run(path, toy_plan(8, **{"noise_weight": AUTOMATIC, "validate_every": 4, **settings}))


def trials_of(run: RunFolder) -> dict[str, Any]:
    return json.loads((run.path / "trials.json").read_text(encoding="utf-8"))


def said_in(run: RunFolder) -> list[str]:
    return [str(one.facts["message"]) for one in history_of(run).of_kind("log")]


def same_courses(one: RunFolder, other: RunFolder) -> bool:
    weights, others = weights_in(one), weights_in(other)
    return numbers_of(one) == numbers_of(other) and all(torch.equal(weights[name], others[name]) for name in weights)


def test_each_value_begins_with_the_first_weights_and_the_run_learns_as_if_it_had_been_told(tmp_path):
    run = begun(tmp_path / "run")
    trained, events = train_to_end(run, open_trying)
    assert trained.state == "finished"
    found = trials_of(run)
    assert [one["value"] for one in found["tried"]] == list(VALUES)
    assert all(one["numbers"]["error"] > 0 and one["measured"]["error"] > 0 for one in found["tried"])
    assert found["chosen"] == min(found["tried"], key=lambda one: one["measured"]["error"])["value"]
    assert f"Noise is {found['chosen']:g}." in said_in(run)
    assert f"Noise: trying {VALUES[1]:g}" in [event.stage for event in events if isinstance(event, Progress)]
    assert any(isinstance(event, Log) and event.message.startswith("Noise: 0, 0.1, 5") for event in events)
    assert not (run.path / "trials").exists()
    assert history_of(run).of_kind("settings")[0].facts["values"] == {"noise_weight": found["chosen"]}
    assert OPENED[-1].settings.noise_weight == found["chosen"]
    assert [one.value for one in OPENED[-1].tried] == list(VALUES)
    assert summarise(run.path).total == 8
    told = begun(tmp_path / "told", noise_weight=found["chosen"])
    train_to_end(told, open_trying)
    assert same_courses(run, told)


def test_trials_learn_the_runs_own_first_steps(tmp_path):
    run = begun(tmp_path / "run")
    train_to_end(run, open_trying)
    own, copies = OPENED[-1].seen, OPENED[-1].copies
    assert [[(step, noise) for step, noise, _ in copy.seen] for copy in copies] == [
        [(step, value) for step in range(4)] for value in VALUES
    ]
    assert {copy.seen[0][2] for copy in copies} == {own[0][2]}  # from the first weights
    assert [step for step, *_ in own] == list(range(8))
    assert copies[VALUES.index(trials_of(run)["chosen"])].seen == own[:4]  # so far the run does the very same


@pytest.mark.parametrize("breaths", [1, 4, 7, 12])
def test_paused_in_the_midst_of_it_a_run_goes_on_exactly_and_tries_nothing_twice(tmp_path, breaths):
    whole, parts = begun(tmp_path / "whole"), begun(tmp_path / "parts")
    train_to_end(whole, open_trying)
    job, heard = training(parts, open_trying), 0
    while heard < breaths:
        event = next(job)
        heard += isinstance(event, Progress) and event.stage.startswith("Noise")
    job.close()
    assert history_of(parts).logged_state == "paused"
    done = len(trials_of(parts)["tried"]) if (parts.path / "trials.json").exists() else 0
    kept = list((parts.path / "trials").glob("*.ckpt"))
    assert done or kept
    before = len(OPENED)
    train_to_end(parts, open_trying)
    assert same_courses(whole, parts)
    assert trials_of(parts) == trials_of(whole)
    assert sum(words.startswith("Noise: ") for words in said_in(parts)) == 1
    assert len(OPENED) == before + 1


def test_a_killed_run_goes_on_from_what_it_had_found(tmp_path):
    whole, killed = begun(tmp_path / "whole"), begun(tmp_path / "killed")
    train_to_end(whole, open_trying)
    job = training(killed, open_trying, clock=EverySteps(2))
    while not any((killed.path / "trials").glob("*.json")):
        next(job)
    left = left_if_killed_now(killed)
    job.close()
    train_to_end(left, open_trying)
    assert trials_of(left) == trials_of(whole)
    assert same_courses(whole, left)


def test_once_it_has_begun_it_never_tries_again(tmp_path):
    run = begun(tmp_path / "run")
    job = training(run, open_trying)
    while not history_of(run).metrics:
        next(job)
    job.close()
    before = trials_of(run)
    job = training(run, open_trying)
    stages = {event.stage for event in job if isinstance(event, Progress)}
    assert not any(stage.startswith("Noise") for stage in stages)
    assert trials_of(run) == before
    assert OPENED[-1].settings.noise_weight == before["chosen"]
    assert [one.value for one in OPENED[-1].tried] == list(VALUES)


def test_what_was_chosen_holds_also_where_a_run_of_that_length_would_try_nothing(tmp_path, monkeypatch):
    run = begun(tmp_path / "run")
    job = training(run, open_trying)
    while not history_of(run).metrics:
        next(job)
    job.close()
    monkeypatch.setattr(Trying, "trials", lambda self, steps: None)
    job = training(run, open_trying)
    for _ in job:
        pass
    assert OPENED[-1].settings.noise_weight == trials_of(run)["chosen"]
    assert [one.value for one in OPENED[-1].tried] == list(VALUES)


def test_another_plan_is_tried_anew_and_a_number_in_it_is_heeded(tmp_path):
    run = begun(tmp_path / "run")
    job = training(run, open_trying)
    while not (run.path / "trials.json").exists():
        next(job)
    job.close()
    plan = run.read_plan()
    run.write_plan(plan.model_copy(update={"settings": {**plan.settings, "batch": 2}}))
    with pytest.raises(RunChangedError):
        train_to_end(run, open_trying)
    train_to_end(run, open_trying, accept=True)
    other = begun(tmp_path / "other", batch=2)
    train_to_end(other, open_trying)
    assert same_courses(run, other)
    told = new_run(tmp_path / "told", toy_plan(8, noise_weight=AUTOMATIC))
    job = training(told, open_trying, clock=EverySteps(1))  # after a step it is heard
    for event in job:
        if isinstance(event, Progress) and event.total == 8 and event.done:
            break
    assert event.done < 8
    job.close()
    told.write_plan(
        told.read_plan().model_copy(update={"settings": {**told.read_plan().settings, "noise_weight": 2.0}})
    )
    train_to_end(told, open_trying, accept=True)
    assert OPENED[-1].settings.noise_weight == 2.0


def test_where_nothing_will_do_it_says_so_and_tries_anew_when_it_is_resumed(tmp_path):
    run = begun(tmp_path / "run")
    with pytest.raises(StudioError, match="Nothing will do") as failure:
        train_to_end(run, open_hopeless)
    assert failure.value.remedy == "Try something else."
    assert history_of(run).logged_state == "failed"
    assert not (run.path / "trials.json").exists()
    assert not run.model_file.exists()
    trained, _ = train_to_end(run, open_trying)
    assert trained.state == "finished"


def test_a_number_given_by_hand_ends_it(tmp_path):
    plan = toy_plan(1000, noise_weight=AUTOMATIC)
    run = new_run(tmp_path / "run", plan.model_copy(update={"settings": {**plan.settings, "steps": 8}}))
    job = training(run, open_patient)
    for event in job:
        if isinstance(event, Progress) and event.stage.startswith("Noise"):
            break
    run.commands.post(RunCommand("settings", {"noise_weight": 0.5}))
    for _ in job:
        pass
    assert OPENED[-1].settings.noise_weight == 0.5
    assert OPENED[-1].tried == ()
    assert not (run.path / "trials.json").exists()
    assert not (run.path / "trials").exists()
    assert history_of(run).step == 8


def test_a_run_that_is_finished_in_the_midst_of_it_leaves_no_trial_behind(tmp_path):
    run = begun(tmp_path / "run")
    job = training(run, open_patient)
    for event in job:
        if isinstance(event, Progress) and event.stage.startswith("Noise"):
            break
    run.commands.post(RunCommand("finish", {}))
    for _ in job:
        pass
    assert history_of(run).logged_state == "stopped"
    assert history_of(run).step == 0
    assert not (run.path / "trials").exists()


def test_a_trial_that_does_not_fit_into_memory_is_divided(tmp_path):
    run = begun(tmp_path / "run")
    trained, _ = train_to_end(run, open_hungry)
    assert trained.state == "finished"
    assert len(trials_of(run)["tried"]) == 3
    assert any("2 parts" in str(one.facts.get("message")) for one in history_of(run).of_kind("guard"))


def try_as_one_of_two(rank: int, path: Path) -> tuple[str, float, float]:
    with Processes("cpu", devices=2, timeout=60.0) as processes:
        job = train(TrainRequest(path), Controls(ToySettings()), kind=toy_kind(open_trying), processes=processes)
        while True:
            try:
                next(job)
            except StopIteration as end:
                weight = float(OPENED[-1].networks["network"][0].weight.detach().sum())
                return end.value.state, OPENED[-1].settings.noise_weight, weight


def test_two_processes_choose_the_same(tmp_path):
    run = begun(tmp_path / "run")
    one, other = (ending.result for ending in in_processes(2, try_as_one_of_two, run.path))
    assert one == other
    assert one[:2] == ("finished", trials_of(run)["chosen"])
