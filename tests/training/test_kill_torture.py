"""Eight times `kill -9`, real processes, at random instants and in the middle of writing a checkpoint."""

import multiprocessing
import os
import random
import sys
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
from training_kit import EverySteps, history_of, new_run, numbers_of, toy_plan, training

from studio.training.checkpoints import Checkpoints
from studio.training.run_folder import RunFolder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")

KILLS = 8
STEPS = 200
PLAN = toy_plan(STEPS, sample_every=15, validate_every=10, clip_norm=1.0)


def live(path: Path, save_every: int, moments: Any, home: str) -> None:
    """Train until the end, or until killed, and count the moments of this life."""
    os.environ["ATELIER_HOME"] = home
    torch.set_num_threads(1)
    for _ in training(RunFolder(path), clock=EverySteps(save_every)):
        moments.value += 1


@dataclass(frozen=True)
class Life:
    process: BaseProcess
    moments: Any

    def wait_for(self, moments: int) -> None:
        while self.process.is_alive() and self.moments.value < moments:
            time.sleep(0.001)

    def wait_until_it_writes(self, folder: Path) -> bool:
        while self.process.is_alive():
            if any(name.endswith(".part") for name in os.listdir(folder)):  # noqa: PTH208 - the fastest look
                return True
        return False

    def kill(self) -> None:
        assert self.process.is_alive(), "it was done before it could be killed: let it train for longer"
        self.process.kill()
        self.process.join()


def begin(run: RunFolder, save_every: int) -> Life:
    """Start a process quickly: forked from one that has loaded torch already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "studio.jobs.train"])
    moments = context.Value("i", lock=False)
    arguments = (run.path, save_every, moments, os.environ["ATELIER_HOME"])
    process = context.Process(target=live, args=arguments, daemon=True)
    process.start()
    return Life(process, moments)


def test_a_run_killed_again_and_again_ends_as_one_that_was_not(tmp_path):
    whole, broken = new_run(tmp_path / "whole", PLAN), new_run(tmp_path / "broken", PLAN)
    unbroken = begin(whole, save_every=100)
    broken.checkpoints.mkdir()
    chance, caught_writing = random.Random(4), 0
    for kill in range(KILLS):
        life = begin(broken, save_every=3)
        life.wait_for(chance.randrange(40))  # from the first moment on, while it still opens its data
        if kill % 2:
            caught_writing += life.wait_until_it_writes(broken.checkpoints)
        else:
            time.sleep(chance.uniform(0, 0.05))
        life.kill()
        assert broken.state(history_of(broken).logged_state) in {"new", "interrupted"}
    reached = history_of(broken).step
    last = begin(broken, save_every=100)
    for life in (unbroken, last):
        life.process.join(120)
        assert life.process.exitcode == 0
    assert caught_writing == KILLS // 2
    assert 10 < reached < STEPS
    assert broken.model_file.read_bytes() == whole.model_file.read_bytes()
    assert numbers_of(broken) == numbers_of(whole)
    assert in_words(last_state(broken)) == in_words(last_state(whole))
    assert not list(broken.checkpoints.glob(".*"))
    assert {file.name for file in broken.samples.iterdir()} == {file.name for file in whole.samples.iterdir()}


def last_state(run: RunFolder) -> dict[str, Any]:
    """Weights, optimisers, averages, generators, guards …: everything in the last checkpoint."""
    found, state, _ = Checkpoints(run.checkpoints).newest_good()
    assert found is not None
    assert found.step == STEPS
    return state


def in_words(state: Any) -> Any:
    """Return a state with its tensors as bytes, to be compared."""
    if isinstance(state, torch.Tensor):
        return state.dtype, tuple(state.shape), state.numpy().tobytes()
    if isinstance(state, dict):
        return {key: in_words(value) for key, value in state.items()}
    return [in_words(value) for value in state] if isinstance(state, list | tuple) else state
