"""A network that fills holes in training: what it is given, that it learns, its courses, what it leaves behind."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from training_kit import history_of

from models.inpainter import Inpainter
from models.network_files import load_network
from models.weight_headers import INPAINTER
from studio.core.controls import Controls
from studio.core.events import finish
from studio.jobs.train import train
from studio.training.kinds import kind_named
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext
from studio.training.tasks.inpaint import hole_psnr, open_task
from studio.training.tasks.inpaint_settings import INPAINT, InpaintSettings

QUIET = {
    "batch": 2, "size": 32, "width": 8, "held_back": 1, "sample_every": 100, "validate_every": 100,
    "checkpoint_minutes": 240.0, "workers": 0, "ema_decay": 0.5,
}  # fmt: skip


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of six small photos with edges in them."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        coarse = generator.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_NEAREST))
    return folder


def plan_for(photos: Path, steps: int, **settings) -> RunPlan:
    schedule = Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=Ramp.level(2e-3)),))
    return RunPlan(task="inpaint", data=(str(photos),), settings={**QUIET, **settings}, schedule=schedule)


def opened(plan: RunPlan, folder: Path):
    return finish(open_task(plan, TaskContext(torch.device("cpu"), folder / "cache")))


def test_the_kind_is_known_by_name():
    assert kind_named("inpaint") is INPAINT
    assert INPAINT.product == INPAINTER
    assert INPAINT.default_schedule(InpaintSettings(steps=300)).timeline(9, batch=4, size=96).total_steps == 300


def test_a_course_decides_what_nobody_has_set_and_another_takes_it_back():
    assert InpaintSettings(course="pixels").feature_weight == 0.0
    assert InpaintSettings(course="critic", critic_weight=0.5).critic_weight == 0.5
    critic = InpaintSettings().moved("course", "critic")
    assert critic.critic_weight == 0.01
    assert critic.moved("course", "look").critic_weight == 0.0
    assert critic.moved("batch", 3).batch == 3


def test_a_part_keeps_what_its_hole_hides_and_the_loss_counts_the_hole_alone(photos, tmp_path):
    task = opened(plan_for(photos, 1, course="pixels", from_afar=False), tmp_path)
    photo, hole = task.examples.draw(0, torch.Generator().manual_seed(1), 32)
    assert photo.shape == (3, 32, 32)
    assert set(hole.unique().tolist()) == {0.0, 1.0}
    batch = photo[None], hole[None]
    steps = task.objectives(batch, type("Config", (), {"step": 0})())
    objective = next(step for step in steps if step is not None)
    with torch.no_grad():
        made = task.networks["inpainter"](*batch)
    apart = (made - batch[0]).abs()[hole[None].expand(1, 3, -1, -1) > 0].mean()
    assert float(objective.loss.detach()) == pytest.approx(float(apart), rel=1e-4)


def test_a_run_learns_and_leaves_a_network_that_another_can_begin_with(photos, tmp_path):
    run = RunFolder.create(tmp_path / "run", plan_for(photos, 3, course="pixels"))
    assert finish(train(TrainRequest(run.path), Controls(InpaintSettings()))).state == "finished"
    history = history_of(run)
    kinds = ("scratches", "strokes", "squares")
    assert set(history.validation) == {f"{what}_{kind}" for kind in kinds for what in ("psnr", "gain")} | {"psnr"}
    network, facts = load_network(run.model_file, INPAINTER, Inpainter)
    assert facts.steps == 3
    assert facts.shape == {"widths": [8, 16, 24, 40]}
    assert "beyond the membrane" in run.card_file.read_text(encoding="utf-8")
    task = opened(plan_for(photos, 1, course="pixels", start=str(run.path)), tmp_path)
    begun = dict(task.networks["inpainter"].named_parameters())
    assert all(torch.equal(begun[name], weight) for name, weight in network.named_parameters())
    assert all(weight.requires_grad for weight in begun.values())


def test_with_look_and_critic_it_goes_on_as_if_it_had_not_been_interrupted(photos, tmp_path):
    plan = plan_for(photos, 2, course="critic", held_back=0)
    whole, parts = (RunFolder.create(tmp_path / name, plan) for name in ("whole", "parts"))
    finish(train(TrainRequest(whole.path), Controls(InpaintSettings())))
    terms = {"inpainter.pixels", "inpainter.critic", "inpainter.features relu3_1", "critic.accuracy"}
    assert terms <= set(history_of(whole).metrics)
    job = train(TrainRequest(parts.path), Controls(InpaintSettings()))
    while "inpainter.pixels" not in history_of(parts).metrics:
        next(job)
    job.close()
    finish(train(TrainRequest(parts.path), Controls(InpaintSettings())))
    one, other = load_file(whole.model_file), load_file(parts.model_file)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_psnr_counts_the_hole_alone():
    wanted, hole = torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    hole[..., :2] = 1
    made = wanted + 0.5 * (1 - hole)
    made[..., 0] = 0.1  # half of the hole
    assert hole_psnr(made, wanted, hole) == pytest.approx(-10 * np.log10(0.01 / 2), abs=1e-3)
