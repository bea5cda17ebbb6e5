"""The small network learns from its teachers through the real loop: a teacher-student task like any other."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open
from training_kit import EverySteps, advance_to, history_of, left_if_killed_now, numbers_of, weights_in

from models.backbones import Backbone, Layout, load_backbone
from models.classifiers import draw_weights
from models.distillation import gradient_error, style_gap
from models.normalised_vgg19 import normalised_features
from models.slim import TAPS, SlimNetwork
from models.teachers import Teachers
from studio.core.checksums import sha256_of
from studio.core.controls import Controls
from studio.core.events import Job, finish
from studio.core.failures import StudioError
from studio.core.settings import describe
from studio.core.weights import resolve_backbone
from studio.jobs.train import train
from studio.training.kinds import kind_named
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule, StepConfig
from studio.training.task import TaskContext
from studio.training.tasks.distill import DistillTask, open_task, opening_distillation
from studio.training.tasks.distill_settings import DISTILL, DistillSettings

WIDTHS = ((6,), (6, 8), (8, 10), (10, 12), (12, 12))
TINY = {
    "size": 64, "batch": 2, "painted": 1, "fit_batches": 2, "ema_decay": 0.9, "held_back": 2, "workers": 0,
    "sample_every": 1000, "validate_every": 1000, "checkpoint_minutes": 240.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Discs and stripes in colours."""
    folder, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(10):
        canvas = np.full((90, 120, 3), random.integers(0, 255, 3), np.uint8)
        for _ in range(12):
            centre = (int(random.integers(120)), int(random.integers(90)))
            cv2.circle(canvas, centre, int(random.integers(4, 25)), random.integers(0, 255, 3).tolist(), -1)
        canvas[:, :: int(random.integers(3, 9))] //= 2
        assert cv2.imwrite(str(folder / f"{number}.png"), canvas)
    return folder


def narrow(*widths: int, seed: int = 7) -> Backbone:
    """VGG's first scales, narrow and random."""
    features, taps = normalised_features("max", widths, (2, 2, 1, 1, 1)[: len(widths)])
    for layer in features:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.zeros_(layer.bias)
    draw_weights(features, generator=torch.Generator().manual_seed(seed))
    scales = tuple(tap for tap in taps if tap.endswith("_1"))
    return Backbone(Layout(features, taps, scales), "vgg19_normalised", trained=True)


def teachers() -> Teachers:
    return Teachers({"fine": narrow(6, 8, 10), "all": narrow(4, 6, 8, 10, 12, seed=8)})


def open_tiny(plan: RunPlan, place: TaskContext) -> Job[DistillTask]:
    """What `open_task` does, with tiny teachers and a tiny pupil."""
    return (yield from opening_distillation(plan, place, teachers(), WIDTHS, {"fine": "1a2b", "all": "3c4d"}))


def plan_for(pictures: Path, steps: int = 12, **settings) -> RunPlan:
    rising, falling = Ramp(start=1e-4, end=7e-4, decay="linear"), Ramp(start=7e-4, end=7e-6, decay="cosine")
    phases = (Phase(duration=2, unit="steps", learning_rate=rising),
              Phase(duration=steps - 2, unit="steps", learning_rate=falling))  # fmt: skip
    return RunPlan(
        task="distill", data=[str(pictures)], settings={**TINY, **settings}, schedule=Schedule(phases=phases)
    )


def training(run: RunFolder, **more) -> Job:
    kind = replace(DISTILL, opener=f"{__name__}:open_tiny")
    return train(TrainRequest(run.path), Controls(DistillSettings()), kind=kind, **more)


def opened(pictures: Path, tmp_path: Path, **settings) -> DistillTask:
    return finish(open_tiny(plan_for(pictures, **settings), TaskContext(torch.device("cpu"), tmp_path / "cache")))


def first_step(task: DistillTask, batch: int = 2) -> StepConfig:
    return task.timeline(DISTILL.default_schedule(DistillSettings()), batch=batch, size=64).at(0)


def test_some_steps_teach_something(pictures, tmp_path):
    """It is measured on nearly the same pictures, which lie in valid: ten could not teach it to see others."""
    data = tmp_path / "data"
    for part in ("train", "valid"):
        (data / part).mkdir(parents=True)
        for file in pictures.iterdir():
            pixels = cv2.imread(str(file))
            pixels[0, 0] += part == "valid"
            assert cv2.imwrite(str(data / part / file.name), pixels)
    more = {"held_back": 10, "seed": 2, "validate_every": 120}
    run = RunFolder.create(tmp_path / "run", plan_for(data, 120, **more))
    task = opened(data, tmp_path, **more)
    with torch.no_grad():
        before = finish(task.validate(task.networks["pupil"]))
    finish(training(run))
    after = {name: series.values[-1] for name, series in history_of(run).validation.items()}
    for what, left in (("features", 0.96), ("grams", 0.9), ("gradients", 1.0)):
        layers = [name for name in before if name.startswith(what)]
        assert len(layers) == 8
        assert sum(after[name] for name in layers) < left * sum(before[name] for name in layers)
    assert after["loss"] < before["loss"]


@pytest.fixture(scope="module")
def whole(pictures, tmp_path_factory) -> RunFolder:
    """A run that nobody interrupted."""
    run = RunFolder.create(tmp_path_factory.mktemp("runs") / "whole", plan_for(pictures))
    finish(training(run))
    return run


@pytest.mark.parametrize("killed_at", [1, 7])
def test_a_killed_run_ends_with_the_same_bits(pictures, whole, tmp_path, killed_at):
    broken = RunFolder.create(tmp_path / "broken", plan_for(pictures))
    job = training(broken, clock=EverySteps(3))
    advance_to(killed_at, job)
    left = left_if_killed_now(broken)
    job.close()
    finish(training(left))
    assert numbers_of(left) == numbers_of(whole)
    assert all(torch.equal(value, weights_in(left)[name]) for name, value in weights_in(whole).items())


def test_the_pool_paints_towards_its_styles(pictures, tmp_path):
    """A stroke lowers the style loss that the pupil sees, and stays within the colours there are."""
    task = opened(pictures, tmp_path)
    pool, pupil = task.pool, task.networks["pupil"].requires_grad_(False)
    pool.ages.zero_()
    chosen, styles = pool.pictures[:1].clone(), pool.styles[:1].clone()
    before = style_gap(pupil.heads, pupil(chosen), pupil(styles))
    for _ in range(10):
        pool.turn = 0
        painted = pool.advance(1, pupil, styles)
    assert style_gap(pupil.heads, pupil(painted), pupil(styles)) < 0.8 * before
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_a_picture_whose_life_is_over_makes_way_for_a_crop(pictures, tmp_path):
    task = opened(pictures, tmp_path)
    pool, fresh = task.pool, torch.full((1, 3, 32, 32), 0.5)
    pool.ages[:2] = torch.tensor([40, 3])
    torch.manual_seed(1)  # no noise
    pool.advance(2, task.networks["pupil"], fresh)
    assert pool.ages[:2].tolist() == [1, 4]
    assert torch.allclose(pool.styles[0], torch.full((3, 64, 64), 0.5))
    assert pool.turn == 2


def test_exported_weights_are_the_averaged_ones_with_the_heads_folded_in(pictures, tmp_path):
    task = opened(pictures, tmp_path)
    run = RunFolder.create(tmp_path / "run", plan_for(pictures, 3))
    finish(training(run))
    with safe_open(run.model_file, framework="pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    assert all(value.dtype == torch.float16 for value in weights.values())
    assert json.loads(metadata["widths"]) == [list(scale) for scale in WIDTHS]
    assert metadata["steps"] == "3"
    shipped = SlimNetwork(WIDTHS)
    pupil = task.networks["pupil"]
    exported = task.export(pupil).tensors
    shipped.load_state_dict({name: value.float() for name, value in exported.items()})
    picture = task._kept
    seen = shipped(picture)["relu5_1"].flatten(2)
    known = pupil(picture)["relu5_1"].flatten(2)
    # distances between places are the teachers', as the heads tell them
    told = torch.einsum("nci,cd,ndi->ni", known, pupil.heads.metric("relu5_1"), known)
    assert torch.allclose(seen.square().sum(1), told, rtol=0.05, atol=0.01 * told.mean().item())
    shipped.load_state_dict({name: value.float() for name, value in weights.items()})
    assert shipped(picture)["relu5_1"].isfinite().all()


def test_a_run_that_goes_on_finds_its_pupil_fitted(pictures, tmp_path):
    first = opened(pictures, tmp_path).networks["pupil"].state_dict()
    (fit,) = (tmp_path / "cache" / "fits").iterdir()
    stamp = fit.stat().st_mtime_ns
    again = opened(pictures, tmp_path).networks["pupil"].state_dict()
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert fit.stat().st_mtime_ns == stamp
    opened(pictures, tmp_path, steps=7, batch=2, gram_weight=0.5)  # what it learns later does not change how it begins
    assert list((tmp_path / "cache" / "fits").iterdir()) == [fit]
    other = opened(pictures, tmp_path, seed=1).networks["pupil"].state_dict()
    assert any(not torch.equal(value, other[name]) for name, value in first.items())


def test_a_network_that_was_taught_before_goes_on_from_there(pictures, tmp_path):
    """What Atelier brings along, with its readouts taken out again, sees what it saw."""
    plan, place = plan_for(pictures, start="atelier-slim"), TaskContext(torch.device("cpu"), tmp_path / "cache")
    task = finish(opening_distillation(plan, place, Teachers({"all": narrow(4, 6, 8, 10, 12)})))
    known = load_backbone(resolve_backbone("atelier-slim").path)(task._kept, TAPS)
    seen = task.networks["pupil"](task._kept)
    for tap in TAPS[:2]:  # these have no readouts
        assert torch.allclose(seen[tap], known[tap], atol=1e-4), tap


def test_what_is_no_slim_network_cannot_be_gone_on_from(pictures, tmp_path):
    plan, place = plan_for(pictures, start="fast-wave"), TaskContext(torch.device("cpu"), tmp_path / "cache")
    with pytest.raises(StudioError, match="cannot look at them"):
        finish(open_tiny(plan, place))


def test_crops_depend_on_nothing_but_the_generator(pictures, tmp_path):
    crops = opened(pictures, tmp_path).examples
    first, again = (torch.stack([crops.draw(i, torch.Generator().manual_seed(5 + i), 64)[0] for i in range(6)])
                    for _ in range(2))  # fmt: skip
    assert torch.equal(first, again)
    assert first.shape == (6, 3, 64, 64)
    assert first.min() >= 0
    assert first.max() <= 1


def test_what_it_paints_of_the_same_pictures_is_shown(pictures, tmp_path):
    task = opened(pictures, tmp_path)
    first = finish(task.sample(task.networks["pupil"]))
    task.pool.advance(4, task.networks["pupil"], task._kept)
    assert first.shape == (3 * 64, len(task._kept) * 64, 3)
    assert np.array_equal(finish(task.sample(task.networks["pupil"])), first)
    photos, painted, _ = np.split(first, 3)
    assert not np.array_equal(painted, photos)


@pytest.mark.parametrize(("painted", "expected"), [(0, [0, 0, 0, 0]), (1, [0, 0, 1, 0]), (6, [1, 1, 2, 2])])
def test_how_a_step_is_divided_does_not_change_how_many_pictures_it_paints(pictures, tmp_path, painted, expected):
    task = opened(pictures, tmp_path, painted=painted)
    crops, lots = torch.rand(4, 3, 64, 64), torch.tensor([0.1, 0.3, 0.8, 0.6])
    config = first_step(task, batch=4)
    turns = []
    for division in (1, 4):
        task.pool.turn = 0
        for part, lot in zip(crops.chunk(division), lots.chunk(division), strict=True):
            before = task.pool.turn
            assert all(torch.isfinite(one.loss) for one in task.objectives((part.clone(), lot), config) if one)
            turns.append(task.pool.turn - before)
    assert turns == [sum(expected), *expected]


def test_a_pupil_learns_to_move_pictures_as_its_teachers_would(pictures, tmp_path):
    task = opened(pictures, tmp_path)
    pupil = task.networks["pupil"].requires_grad_()
    optimiser = torch.optim.Adam(pupil.parameters(), 1e-3)
    asked = task._kept.clone().requires_grad_()
    index = next(i for i, lesson in enumerate(pupil.heads.lessons) if lesson.layer == "fine.relu2_1")
    errors = []
    for _ in range(15):
        error = gradient_error(pupil.heads, index, asked, pupil(asked), task._teachers(asked))
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(error.item())
    assert errors[-1] < 0.9 * errors[0]


def test_a_teacher_who_says_nothing_does_no_harm(pictures, tmp_path):
    silent = narrow(6, 8, 10)
    for parameter in silent.parameters():
        parameter.zero_()
    taught = Teachers({"silent": silent, "all": narrow(4, 6, 8, 10, 12)})
    place = TaskContext(torch.device("cpu"), tmp_path / "cache")
    task = finish(opening_distillation(plan_for(pictures), place, taught, WIDTHS))
    pupil = task.networks["pupil"].requires_grad_()
    for _ in range(3):
        (objective,) = filter(None, task.objectives((torch.rand(2, 3, 64, 64), torch.rand(2)), first_step(task)))
        objective.loss.backward()
        assert all(weight.grad is None or weight.grad.isfinite().all() for weight in pupil.parameters())
    with torch.no_grad():
        assert all(np.isfinite(error) for error in finish(task.validate(pupil)).values())
    assert all(tensor.isfinite().all() for tensor in task.export(pupil).tensors.values())


def test_the_card_names_teachers_and_errors(pictures, tmp_path):
    run = RunFolder.create(tmp_path / "run", plan_for(pictures, 3, validate_every=3))
    finish(training(run))
    card = run.card_file.read_text()
    assert "all (sha256 3c4d)" in card
    measured = {name: series.values[-1] for name, series in history_of(run).validation.items()}
    errors = (measured[f"{what} fine.relu2_1"] for what in ("features", "grams", "gradients"))
    assert "| fine.relu2_1 | relu2_1 | " + " | ".join(f"{error:.3f}" for error in errors) in card


def test_teachers_whose_weights_are_random_are_refused(pictures, tmp_path):
    place = TaskContext(torch.device("cpu"), tmp_path / "cache")
    with pytest.raises(StudioError, match="random: they teach nothing"):
        finish(open_task(plan_for(pictures, teacher="vgg19:untrained"), place))


def test_a_scale_that_nobody_teaches_is_named(pictures, tmp_path):
    place = TaskContext(torch.device("cpu"), tmp_path / "cache")
    features, _ = normalised_features("max", convolutions=(2, 2, 1), widths=(64, 128, 256))
    draw_weights(features)
    torch.save(features.state_dict(), tmp_path / "vgg.pth")
    with pytest.raises(StudioError, match="nobody teaches relu4_1, relu5_1"):
        finish(open_task(plan_for(pictures, teacher=str(tmp_path / "vgg.pth"), second_teacher=""), place))
    of_0_1 = {"vgg19": str(tmp_path / "vgg.pth"), "squeezenet": ""}  # named its teachers in another place
    with pytest.raises(StudioError, match="nobody teaches relu4_1, relu5_1"):
        finish(open_task(plan_for(pictures).model_copy(update={"inputs": of_0_1}), place))


def test_it_is_a_kind_of_the_command_line_alone():
    assert kind_named("distill") is DISTILL
    assert not DISTILL.in_window
    assert {info.name: info.default for info in describe(DistillSettings)}["clip_norm"] == 2.0


@pytest.mark.data
def test_the_real_teachers_teach_the_real_network(shared_data, tmp_path):
    """Two steps of what the network inside the package was made by."""
    weights = shared_data / "weights"
    vgg, squeezenet = weights / "vgg19_to_relu3_1" / "vgg_normalised_conv3_1.pth", weights / "squeezenet1_1.pth"
    chosen = {"teacher": str(vgg), "second_teacher": str(squeezenet), "start": "atelier-slim"}
    run = RunFolder.create(tmp_path / "run", plan_for(shared_data / "images" / "styles", 2 + 1, **chosen))
    finish(train(TrainRequest(run.path), Controls(DistillSettings())))
    assert history_of(run).logged_state == "finished"
    network = SlimNetwork()
    network.load_state_dict({name: value.float() for name, value in weights_in(run).items()})
    assert sha256_of(vgg) in run.card_file.read_text()
