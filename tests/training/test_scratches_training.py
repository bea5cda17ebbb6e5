"""A scratch detector in training: what it is given, that it learns, what it leaves, that it goes on exactly."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from training_kit import history_of

from models.network_files import load_network
from models.scratch_detector import ScratchDetector, found_loss
from models.weight_headers import SCRATCH_DETECTOR
from studio.core.controls import Controls
from studio.core.events import finish
from studio.jobs.train import train
from studio.training.kinds import kind_named
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext
from studio.training.tasks.scratches import intersection_over_union, open_task
from studio.training.tasks.scratches_settings import SCRATCHES, ScratchesSettings

QUIET = {
    "batch": 2, "size": 48, "width": 8, "held_back": 2, "sample_every": 100, "validate_every": 100,
    "checkpoint_minutes": 240.0, "workers": 0, "ema_decay": 0.5,
}  # fmt: skip


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of eight small, smooth photos."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(8):
        coarse = generator.integers(20, 140, (5, 6, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_CUBIC))
    return folder


def plan_for(photos: Path, steps: int, rate: float = 2e-3, **settings) -> RunPlan:
    schedule = Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=Ramp.level(rate)),))
    return RunPlan(task="scratches", data=(str(photos),), settings={**QUIET, **settings}, schedule=schedule)


def test_the_kind_is_known_by_name():
    assert kind_named("scratches") is SCRATCHES
    assert SCRATCHES.product == SCRATCH_DETECTOR
    assert SCRATCHES.default_schedule(ScratchesSettings(steps=300)).timeline(9, batch=4, size=96).total_steps == 300


def test_what_is_given_is_damaged_where_the_truth_says_so(photos, tmp_path):
    task = finish(open_task(plan_for(photos, 1, from_afar=False), TaskContext(torch.device("cpu"), tmp_path / "cache")))
    drawn = [task.examples.draw(0, torch.Generator().manual_seed(seed), 48) for seed in range(6)]
    assert all(given.shape == (3, 48, 48) and truth.shape == (2, 48, 48) for given, truth in drawn)
    assert all(set(truth.unique().tolist()) <= {0.0, 1.0} for _, truth in drawn)
    again = task.examples.draw(0, torch.Generator().manual_seed(3), 48)
    assert all(torch.equal(one, other) for one, other in zip(again, drawn[3], strict=True))
    assert len({truth.sum().item() for _, truth in drawn}) > 3


def test_a_run_learns_and_leaves_a_detector_that_says_what_it_is(photos, tmp_path):
    plan = plan_for(photos, 16, rate=5e-3)
    run = RunFolder.create(tmp_path / "run", plan)
    assert finish(train(TrainRequest(run.path), Controls(ScratchesSettings()))).state == "finished"
    history = history_of(run)
    assert set(history.validation) == {"iou_damage", "iou_writing"}
    network, facts = load_network(run.model_file, SCRATCH_DETECTOR, ScratchDetector)
    assert facts.steps == 16
    untrained = finish(open_task(plan, TaskContext(torch.device("cpu"), tmp_path / "cache")))
    drawn = [untrained.examples.draw(0, torch.Generator().manual_seed(seed), 48) for seed in range(8)]
    given, truth = (torch.stack(each) for each in zip(*drawn, strict=True))
    with torch.no_grad():
        before, after = (
            sum(found_loss(one.logits(given), truth).values()) for one in (untrained.networks["detector"], network)
        )
    assert after < before
    assert network(torch.rand(1, 3, 32, 32)).shape == (1, 2, 32, 32)
    assert "intersection over union" in run.card_file.read_text(encoding="utf-8")


def test_it_goes_on_as_if_it_had_not_been_interrupted(photos, tmp_path):
    whole, parts = (RunFolder.create(tmp_path / name, plan_for(photos, 3)) for name in ("whole", "parts"))
    finish(train(TrainRequest(whole.path), Controls(ScratchesSettings())))
    job = train(TrainRequest(parts.path), Controls(ScratchesSettings()))
    while "loss" not in history_of(parts).metrics:
        next(job)
    job.close()
    finish(train(TrainRequest(parts.path), Controls(ScratchesSettings())))
    one, other = load_file(whole.model_file), load_file(parts.model_file)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_intersection_over_union_counts_all_pictures_together():
    found = [np.array([[True, True, False]]), np.array([[True]])]
    truth = [np.array([[False, True, True]]), np.array([[True]])]
    assert intersection_over_union(found, truth) == pytest.approx(2 / 4)
    assert intersection_over_union([np.zeros((2, 2), np.bool_)], [np.zeros((2, 2), np.bool_)]) == 1.0
