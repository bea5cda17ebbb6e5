"""Two processes train one run: the same weights on both, those that one would get, and no end without a word."""

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import gan_kit
import pytest
import torch
from processes_kit import in_processes
from safetensors.torch import load_file
from torch import Tensor, nn
from training_kit import (
    SIDE,
    Duel,
    Regression,
    ToySettings,
    constant_schedule,
    history_of,
    new_run,
    numbers_of,
    toy_kind,
    toy_plan,
    train_to_end,
)

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.jobs.train import train
from studio.training.checkpoints import Checkpoints
from studio.training.processes import Processes
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import StepConfig
from studio.training.task import Batch, Objective, TaskContext, TrainingTask

STEPS = 12
SGD = constant_schedule(STEPS, optimiser="sgd")


class Plain(Regression):
    """Without batch norm, dropout and noise: its gradient is a mean over examples, whoever looks at which of them."""

    def __init__(self, settings: ToySettings, place: TaskContext) -> None:
        super().__init__(settings, place)
        self.networks = {"network": nn.Sequential(nn.Linear(4, SIDE), nn.Tanh(), nn.Linear(SIDE, 4))}


class Broken(Plain):
    """Fails in one process of the two."""

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        if config.step == 3 and os.environ["LOCAL_RANK"] == "1":
            raise StudioError("The picture “sea.jpg” cannot be read.", "Take it out of the data.")
        yield from super().objectives(batch, config)


class Cramped(Plain):
    """One process of the two has little memory, and notices late."""

    def objectives(self, batch: Batch, config: StepConfig) -> Iterator[Objective | None]:
        if config.step >= 6 and len(batch[0]) > 1 and os.environ["LOCAL_RANK"] == "1":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        yield from super().objectives(batch, config)


TASKS = {
    "regression": Regression, "duel": Duel, "plain": Plain, "broken": Broken, "cramped": Cramped, **gan_kit.TASKS,
}  # fmt: skip
OPENED: list[TrainingTask] = []
"""What this process has opened, so that it can tell how its networks ended up."""


def open_any(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    """Open the task that the plan's title names, with other weights in each process."""
    yield Progress("Reading")
    torch.manual_seed(int(os.environ.get("LOCAL_RANK", "0")))
    task = TASKS[plan.title](ToySettings.model_validate(dict(plan.settings)), place)
    OPENED.append(task)
    yield Progress(f"Weight {next(task.networks[task.shown].parameters()).flatten()[0].item()}")
    return task


KIND = toy_kind("test_distributed_training:open_any")


@dataclass
class MultiscaleOptimisation:
    """What one process of a pair saw of a sitting."""

    state: str = ""
    step: int = 0
    said: list[str] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)
    cause: str = ""
    remedy: str = ""


def sit(
    rank: int, path: Path, pause_at: int | None = None, die_at: int | None = None, elsewhere: Path | None = None
) -> MultiscaleOptimisation:
    """Train the run in `path` as one of two processes; the second may ask for a pause, be killed, or look elsewhere."""
    sitting, controls, shown = MultiscaleOptimisation(), Controls(ToySettings()), 0
    path = elsewhere or path if rank == 1 else path
    try:
        with Processes("cpu", devices=2, timeout=60.0) as processes:
            job = train(TrainRequest(path), controls, kind=KIND, processes=processes)
            while True:
                try:
                    event = next(job)
                except StopIteration as end:
                    sitting.state, sitting.step = end.value.state, end.value.step
                    break
                shown = event.done if isinstance(event, Progress) else shown
                if isinstance(event, Progress) and event.total == 0:
                    sitting.said.append(event.stage)
                if rank == 1 and shown == pause_at:
                    controls.finish()
                if rank == 1 and shown == die_at:
                    os.kill(os.getpid(), signal.SIGKILL)
    except StudioError as error:
        sitting.cause, sitting.remedy = error.cause, error.remedy
    for name, network in OPENED[0].networks.items() if OPENED else ():
        for key, tensor in network.state_dict().items():
            sitting.weights[f"{name}.{key}"] = tensor.clone()
    return sitting


def pair_of(path: Path, **more: Any) -> list[MultiscaleOptimisation]:
    return [ending.result for ending in in_processes(2, partial(sit, path=path, **more))]


def new_plan(task: str, **more: Any) -> RunPlan:
    return toy_plan(STEPS, **more).model_copy(update={"title": task})


def differences(one: dict[str, Tensor], other: dict[str, Tensor]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if not torch.equal(one[name], other[name])]


@pytest.mark.parametrize("task", ["regression", "duel"])
def test_processes_that_start_different_end_up_equal(tmp_path, task):
    run = new_run(tmp_path / "run", new_plan(task, batch=8, accumulate=2, validate_every=5, sample_every=6))
    main, other = pair_of(run.path)
    assert main.said[-1] != other.said[-1]  # what each one's weights began with
    assert (main.state, main.step) == (other.state, other.step) == ("finished", STEPS)
    assert differences(main.weights, other.weights) == []
    history = history_of(run)
    assert history.logged_state == "finished"
    assert all(series.steps.tolist() == list(range(1, STEPS + 1)) for series in history.metrics.values())


def test_two_processes_with_one_picture_each_learn_like_one_with_two(tmp_path):
    plan = new_plan("plain", batch=2, noise_weight=0.0, average="none", schedule=SGD)
    alone, together = new_run(tmp_path / "alone", plan), new_run(tmp_path / "together", plan)
    train_to_end(alone, "test_distributed_training:open_any")
    pair_of(together.path)
    expected, found = load_file(alone.model_file), load_file(together.model_file)
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-6)
    assert_same_numbers(alone, together)


def assert_same_numbers(alone: RunFolder, together: RunFolder) -> None:
    for name, numbers in numbers_of(alone).items():
        assert numbers_of(together)[name] == [(step, pytest.approx(value, abs=1e-5)) for step, value in numbers]


@pytest.mark.parametrize("task", ["wgan", "cycle", "nogan"])
def test_two_processes_train_several_networks_like_one(tmp_path, task):
    plan = gan_kit.plan_of(task, optimiser="sgd", rate=0.003, pool=1000, steps=20)
    alone, together = new_run(tmp_path / "alone", plan), new_run(tmp_path / "together", plan)
    train_to_end(alone, "test_distributed_training:open_any")
    main, other = pair_of(together.path)
    assert (main.state, differences(main.weights, other.weights)) == ("finished", [])
    networks = Checkpoints(alone.checkpoints).newest_good()[1]["trainee"]["networks"]
    expected = {f"{network}.{key}": tensor for network, state in networks.items() for key, tensor in state.items()}
    assert expected.keys() == main.weights.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(main.weights[name], tensor, rtol=0, atol=1e-6)
    assert_same_numbers(alone, together)


def test_a_pause_that_one_process_asks_for_changes_nothing(tmp_path):
    plan = new_plan("duel", validate_every=5)
    unbroken, broken = new_run(tmp_path / "unbroken", plan), new_run(tmp_path / "broken", plan)
    pair_of(unbroken.path)
    main, other = pair_of(broken.path, pause_at=4)
    assert main.state == other.state == "paused"
    assert main.step == other.step < STEPS
    assert RunFolder(broken.path).state(history_of(broken).logged_state) == "paused"
    pair_of(broken.path)
    assert load_file(broken.model_file).keys() == load_file(unbroken.model_file).keys()
    assert differences(load_file(broken.model_file), load_file(unbroken.model_file)) == []
    assert numbers_of(broken) == numbers_of(unbroken)


def test_the_main_process_chooses_the_checkpoint_for_all(tmp_path):
    run = new_run(tmp_path / "run", new_plan("regression"))
    first, _ = pair_of(run.path, pause_at=4)
    elsewhere = Path(shutil.copytree(run.path, tmp_path / "elsewhere"))
    Checkpoints(elsewhere / "checkpoints").file_of(first.step).unlink()
    for sitting in pair_of(run.path, elsewhere=elsewhere):
        assert f"read the checkpoint of step {first.step}" in sitting.cause
        assert "share the run's folder" in sitting.remedy
    assert [sitting.state for sitting in pair_of(run.path)] == ["finished", "finished"]


def test_a_step_too_large_for_one_of_them_is_taken_in_parts_when_the_run_is_resumed(tmp_path):
    run = new_run(tmp_path / "run", new_plan("cramped"))
    pair_of(run.path, pause_at=4)
    main, other = pair_of(run.path)
    assert "does not fit into the memory" in main.cause
    assert "in 2 parts" in other.remedy
    assert [sitting.state for sitting in pair_of(run.path)] == ["finished", "finished"]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_process_ends_the_run_with_a_word_and_another_number_goes_on(tmp_path):
    run = new_run(tmp_path / "run", new_plan("regression"))
    main, other = pair_of(run.path, die_at=5)
    assert other is None
    assert main.cause == "Process 2 of 2 (rank 1) stopped answering."
    assert "Resume" in main.remedy
    history = history_of(run)
    assert history.logged_state == "failed"
    assert history.of_kind("state")[-1].facts["cause"] == main.cause
    trained, _ = train_to_end(run, "test_distributed_training:open_any")
    assert (trained.state, trained.step) == ("finished", STEPS)
    assert run.model_file.exists()


def test_a_process_that_fails_says_why_through_the_main_one(tmp_path):
    run = new_run(tmp_path / "run", new_plan("broken"))
    main, other = pair_of(run.path)
    assert other.cause == "The picture “sea.jpg” cannot be read."
    assert main.cause == "Process 2 of 2 (rank 1) failed: The picture “sea.jpg” cannot be read."
    assert main.remedy == "Take it out of the data."
    assert history_of(run).logged_state == "failed"


def test_pictures_that_cannot_be_divided_are_told_before_the_first_step(tmp_path):
    run = new_run(tmp_path / "run", new_plan("plain", batch=5))
    for sitting in pair_of(run.path):
        assert sitting.cause == "5 pictures a step cannot be divided among 2 processes."
        assert "4 or 6" in sitting.remedy
    assert history_of(run).step == 0
