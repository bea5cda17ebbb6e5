"""A generator in training: what it is given, whose turn it is, what it leaves behind, and that it goes on exactly."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from generator_kit import STYLED, write_generator, write_pictures
from processes_kit import in_processes
from safetensors.torch import load_file
from training_kit import history_of

from models.generator_files import ANCESTORS, load_generator
from models.latent import latents_of, pictures_of
from models.weight_headers import FIRST_SEED, facts_of, first_seed_of
from studio.core.checksums import sha256_of
from studio.core.controls import Controls
from studio.core.events import Preview, finish
from studio.core.failures import StudioError
from studio.core.model_shelf import ModelShelf
from studio.jobs.train import train
from studio.training.kinds import kind_named
from studio.training.processes import Processes
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import NextBatch, Objective, TaskContext, Update
from studio.training.tasks.gan import GanTask, open_task
from studio.training.tasks.gan_settings import GAN, GanSettings, begins_as, default_schedule

QUIET = {
    "batch": 4, "size": 16, "width": 5, "latent": 8, "style": 16, "blocks": 1, "sample_every": 100,
    "validate_every": 100, "checkpoint_minutes": 240.0, "workers": 0,
}  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "pictures")


def plan_for(pictures: Path, steps: int = 3, batches: int = 1, **settings) -> RunPlan:
    phase = Phase(
        duration=steps, unit="steps", learning_rate=Ramp.level(1e-3), momentum=Ramp.level(0.0), batches=batches
    )
    return RunPlan(
        task="gan", data=(str(pictures),), settings={**QUIET, **settings}, schedule=Schedule(phases=(phase,))
    )


def sit(run: RunFolder):
    job, events = train(TrainRequest(run.path), Controls(GanSettings())), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, events


def opened(plan: RunPlan, folder: Path) -> GanTask:
    return finish(open_task(plan, TaskContext(torch.device("cpu"), folder / "cache", seed=0)))


def one_step(task: GanTask, plan: RunPlan, step: int = 0, size: int = 16):
    """Ask a task for its objectives of one step; returns networks and terms, in order."""
    timeline = task.timeline(plan.schedule, batch=4, size=16)
    config, asked = timeline.at(step), []
    batch = tuple(
        torch.stack(parts)
        for parts in zip(
            *(task.examples.draw(index, torch.Generator().manual_seed(index), size) for index in range(4)), strict=True
        )
    )
    objectives, answer = task.objectives(batch, config), None
    while True:
        try:
            said = objectives.send(answer)
        except StopIteration:
            return asked
        answer = None
        if isinstance(said, NextBatch):
            answer = batch
        elif isinstance(said, Objective):
            terms = {name: float(value) for name, value in said.terms.items()}
            asked.append((said.network, float(said.loss.detach()), terms))
            answer = Update(1.0, "step", asked[-1][1], terms)


def test_the_kind_is_known_by_name():
    assert kind_named("gan") is GAN
    assert GAN.product == "generator"


def test_a_run_leaves_a_generator_that_says_what_it_is_and_shows_the_first_seeds(pictures, tmp_path):
    run = RunFolder.create(tmp_path / "run", plan_for(pictures))
    trained, events = sit(run)
    assert trained.state == "finished"
    history = history_of(run)
    assert {"critic.penalty", "critic.real", "generator.loss", "critic.varied"} <= set(history.metrics)
    assert set(history.validation) == {
        "kid", "kid_real", "kid_noise", "spread", "precision", "recall", "copies", "twins",
    }  # fmt: skip
    generator, facts = load_generator(run.model_file)
    assert (facts.network, facts.size, facts.steps) == ("styled", 16, 3)
    shown = [event.picture for event in events if isinstance(event, Preview)][-1]
    assert shown.shape == (6 * 16, 8 * 16, 3)
    made = pictures_of(generator, generator.map(latents_of([9], generator.latent)))[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(shown[16:32, 16:32] - made).max() <= 2  # it is saved in half precision
    card = run.card_file.read_text(encoding="utf-8")
    assert "KID against 6 pictures" in card
    assert "real against real" in card
    assert "among its own" in card
    assert "pairs of twins among 6" in card


@pytest.mark.parametrize("course", ["default", "few-pictures", "wgan"])
def test_it_goes_on_as_if_it_had_not_been_interrupted(pictures, tmp_path, course):
    size = 32 if course == "few-pictures" else 16  # what looks needs to see something
    plan = plan_for(pictures, course=course, batches=2, steps=2, size=size)
    whole, parts = (RunFolder.create(tmp_path / name, plan) for name in ("whole", "parts"))
    sit(whole)
    job = train(TrainRequest(parts.path), Controls(GanSettings()))
    while "critic.loss" not in history_of(parts).metrics:
        next(job)
    job.close()
    sit(parts)
    one, other = load_file(whole.model_file), load_file(parts.model_file)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_critic_learns_from_every_batch_and_the_generator_from_the_last(pictures, tmp_path):
    plan = plan_for(pictures, batches=3)
    asked = one_step(opened(plan, tmp_path), plan)
    assert [network for network, *_ in asked] == ["critic", "critic", "critic", "generator"]


def test_a_clamped_critic_stays_within_its_bounds_and_measures_a_distance(pictures, tmp_path):
    plan = plan_for(pictures, course="wgan")
    task = opened(plan, tmp_path)
    ((_, loss, terms), _) = one_step(task, plan)
    assert terms["distance"] == pytest.approx(-loss)
    assert max(float(weight.detach().abs().max()) for weight in task.networks["critic"].parameters()) <= 0.01 + 1e-8


def test_penalties_count_as_much_when_they_come_more_rarely(pictures, tmp_path):
    plan = plan_for(pictures, steps=4, gamma=2.0, augment="none")
    rare = plan_for(pictures, steps=4, gamma=2.0, augment="none", penalty_every=2)
    (_, every, terms), _ = one_step(opened(plan, tmp_path), plan)
    (_, second, _), _ = one_step(opened(rare, tmp_path), rare)
    (_, _, without), _ = one_step(opened(rare, tmp_path), rare, step=1)
    assert second - every == pytest.approx(terms["penalty"], rel=1e-4)  # γ/2 = 1, counted once more
    assert "penalty" not in without


def test_augmentation_rises_with_the_steps_or_as_the_critic_grows_sure(pictures, tmp_path):
    plan = plan_for(pictures, steps=4, augment="rising", augment_most=0.8)
    task = opened(plan, tmp_path)
    shares = [one_step(task, plan, step)[0][2]["varied"] for step in range(4)]
    assert shares == pytest.approx([0.8 * (1 - math.cos(math.pi * step / 4)) / 2 for step in range(4)])
    plan = plan_for(pictures, loss="hinge", augment="adaptive", augment_most=1.0, gamma=0.0)
    task = opened(plan, tmp_path)
    assert task.rate_note == ""
    with torch.no_grad():
        task.networks["critic"].end.bias.fill_(100.0)  # it finds everything real
    one_step(task, plan)
    assert task.state_dict()["strength"] == pytest.approx(4 / 100_000)
    with pytest.raises(ValueError, match="hinge"):
        GanSettings(augment="adaptive")


def test_first_pictures_are_given_back_then_a_critic_comes_in(pictures, tmp_path):
    settings = {
        "course": "few-pictures",
        "size": 32,
        "steps": 40,
        **{name: QUIET[name] for name in ("width", "latent")},
    }
    schedule = default_schedule(GanSettings(**settings))
    plan = plan_for(pictures, **settings).model_copy(update={"schedule": schedule})
    task = opened(plan, tmp_path)
    assert "gives pictures back" in task.rate_note  # the finder tries each network alone
    timeline = task.timeline(schedule, batch=4, size=32)
    assert [timeline.at(step).trains("critic") for step in (0, 9, 10, 39)] == [False, False, True, True]
    ((network, loss, terms),) = one_step(task, plan, 5, 32)
    assert network == "generator"
    assert loss == pytest.approx(terms["back.pixels"] + terms["back.features"] + 0.1 * terms["even"], rel=1e-5)
    (first, _, _), (second, loss, terms) = one_step(task, plan, 20, 32)
    assert (first, second) == ("critic", "generator")
    back = terms["back.pixels"] + terms["back.features"] + 0.1 * terms["even"]
    assert loss == pytest.approx(3.0 * back + terms["taken"], rel=1e-4)


def test_a_generator_that_gives_back_learns_what_its_pictures_look_like_and_ships_alone(pictures, tmp_path):
    plan = plan_for(pictures, course="few-pictures", size=32, steps=30, reconstruction=1.0, held_back=0)
    (phase,) = plan.schedule.phases
    plan = plan.model_copy(update={"schedule": Schedule(phases=(phase.model_copy(update={"trains": ("generator",)}),))})
    run = RunFolder.create(tmp_path / "run", plan)
    sit(run)
    missed = history_of(run).metrics["generator.back.pixels"].values
    assert np.mean(missed[-5:]) < 0.8 * np.mean(missed[:5])
    assert not any("encoder" in name for name in load_file(run.model_file))
    load_generator(run.model_file)


def test_a_generator_is_taught_further(pictures, tmp_path):
    file = write_generator(tmp_path / "begun.safetensors")
    task = opened(plan_for(pictures, course="fine-tune", critic="residual", start=str(file)), tmp_path)
    begun, _ = load_generator(file)
    learning = dict(task.networks["generator"].named_parameters())
    assert all(torch.equal(learning[name], weight) for name, weight in begun.named_parameters())
    assert all(weight.requires_grad for weight in learning.values())
    with pytest.raises(StudioError, match="of 16 px, not of 32"):
        opened(plan_for(pictures, start=str(file), size=32), tmp_path)
    with pytest.raises(StudioError, match="no generator to be taught"):
        opened(plan_for(pictures, course="fine-tune"), tmp_path)


def test_the_one_that_is_taught_further_where_none_is_named_is_of_the_size_that_is_set(pictures, tmp_path):
    ModelShelf.standard().import_file(write_generator(tmp_path / "small.safetensors"))
    assert begins_as(GanSettings(course="fine-tune", size=16)).name == "small"
    assert begins_as(GanSettings(course="fine-tune", size=32)) is None
    with pytest.raises(StudioError, match="that makes pictures of 32 px"):
        opened(plan_for(pictures, course="fine-tune", size=32), tmp_path)


def test_who_learns_on_begins_at_the_same_seed(pictures, tmp_path):
    file = write_generator(tmp_path / "known.safetensors", replace(STYLED, about={FIRST_SEED: "15"}))
    run = RunFolder.create(tmp_path / "run", plan_for(pictures, course="fine-tune", start=str(file), steps=1))
    sit(run)
    facts = facts_of(run.model_file)
    assert first_seed_of(facts) == 15
    assert facts[ANCESTORS] == sha256_of(file)
    assert [first_seed_of({FIRST_SEED: told}) for told in ("-1", "7.5", "2147483648", "", "²")] == [0] * 5
    assert first_seed_of({}) == 0


def test_nothing_but_a_certain_collapse_ends_a_run(pictures, tmp_path):
    task = opened(plan_for(pictures), tmp_path)
    assert task.alarm({"kid": 5.0, "spread": 0.0}) == ""  # it has hardly begun
    assert task.alarm({"kid": 1.0, "spread": 0.6}) == ""
    assert task.alarm({"kid": 1.0, "spread": 0.1}) == ""
    assert "alike" in task.alarm({"kid": 2.0, "spread": 0.01})
    assert "no pictures" in task.alarm({"kid": math.nan, "spread": math.nan})


def test_copies_and_twins_are_told_once(pictures, tmp_path):
    task = opened(plan_for(pictures), tmp_path)
    assert task.remark({"kid": 1.0, "copies": 0.05, "twins": 0.0}) == ""
    said = task.remark({"kid": 1.0, "copies": 0.5, "twins": 3.0})
    assert "50% of what it makes" in said
    assert "about 5 pictures" in said  # 6 · 5 ÷ (2 · 3)
    assert task.remark({"kid": 1.0, "copies": 0.6, "twins": 3.0}) == ""


def test_a_course_decides_what_nobody_has_set():
    few, lesson = GanSettings(course="few-pictures", batch=8), GanSettings(course="wgan")
    assert (few.critic, few.loss, few.norm, few.gamma, few.batch) == ("trained", "hinge", "batch", 0.0, 8)
    assert (lesson.network, lesson.latent, lesson.batch, lesson.generator_share) == ("dcgan", 100, 128, 0.5)
    assert lesson.moved("course", "default") == GanSettings()
    for refused in ({"network": "dcgan"}, {"loss": "relativistic"}, {"loss": "hinge", "augment": "adaptive"}):
        with pytest.raises(ValueError, match=r"gives? back"):
            GanSettings.model_validate({"reconstruction": 1.0, "loss": "hinge", **refused})
    assert GanSettings(reconstruction=1.0, loss="hinge").calm == 0.0
    with pytest.raises(ValueError, match="not 48"):
        GanSettings(size=48)


def test_the_lessons_critic_is_ahead_at_first_and_every_five_hundredth_step():
    timeline = default_schedule(GanSettings(course="wgan", steps=1200)).timeline(1000, batch=128, size=64)
    batches = [timeline.at(step).batches for step in range(1200)]
    assert [step for step, count in enumerate(batches) if count == 100] == [*range(25), 500, 1000]
    assert set(batches) == {5, 100}
    assert {timeline.at(step).optimiser for step in (0, 600)} == {"rmsprop"}
    assert (timeline.at(899).learning_rate, timeline.at(900).learning_rate) == (1e-4, 1e-5)


@pytest.mark.parametrize("course", GAN.courses)
@pytest.mark.parametrize("steps", [1, 7, 2500])
def test_a_schedule_is_as_long_as_asked(course, steps):
    timeline = default_schedule(GanSettings(course=course, steps=steps)).timeline(1000, batch=32, size=64)
    assert timeline.total_steps == max(steps, 2 if course in ("default", "few-pictures", "fine-tune") else 1)


def test_the_second_beta_rises(pictures, tmp_path):
    plan = plan_for(pictures, steps=100)
    task = opened(plan, tmp_path)
    timeline = task.timeline(plan.schedule, batch=4, size=16)
    betas = task.optimiser("critic").betas
    assert betas(timeline.at(0)) == (None, pytest.approx(0.9))
    assert betas(timeline.at(50)) == (None, pytest.approx(0.945))
    assert opened(plan_for(pictures, course="wgan-gp"), tmp_path).optimiser("critic").betas == (None, 0.9)


def test_a_small_network_file_says_how_it_is_built(tmp_path):
    generator, facts = load_generator(write_generator(tmp_path / "g.safetensors"))
    assert (facts.shape, generator.size, generator.styles) == (STYLED.shape, 16, 3)


def sit_as_one_of_two(rank: int, path: Path) -> str:
    with Processes("cpu", devices=2, timeout=60.0) as processes:
        job = train(TrainRequest(path), Controls(GanSettings()), processes=processes)
        while True:
            try:
                next(job)
            except StopIteration as end:
                return end.value.state


def test_two_processes_learn_from_penalties_as_one_does(pictures, tmp_path):
    phase = Phase(duration=2, unit="steps", learning_rate=Ramp.level(1e-2), optimiser="sgd")
    settings = {"augment": "none", "average": "none", "held_back": 0}
    plan = plan_for(pictures, gamma=5.0, **settings).model_copy(update={"schedule": Schedule(phases=(phase,))})
    alone, together = (RunFolder.create(tmp_path / name, plan) for name in ("alone", "together"))
    sit(alone)
    assert [ending.result for ending in in_processes(2, sit_as_one_of_two, together.path)] == ["finished"] * 2
    one, two = (history_of(run).metrics["critic.penalty"].values for run in (alone, together))
    np.testing.assert_allclose(one, two, rtol=1e-4)
    one, two = load_file(alone.model_file), load_file(together.model_file)
    assert all(torch.allclose(one[name].float(), two[name].float(), atol=2e-3) for name in one)
