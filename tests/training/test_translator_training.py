"""A pair of worlds in training: each recipe learns, is measured, goes on exactly, and says what it has become."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from training_kit import history_of

from models.translation import load_translator
from studio.core.controls import Controls
from studio.core.events import Preview, finish
from studio.jobs.rehearse import rehearse_run
from studio.jobs.train import train
from studio.training.kinds import kind_named
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import NextBatch, Objective, TaskContext, Update
from studio.training.tasks.translate import open_task
from studio.training.tasks.translate_measures import Watch, changes
from studio.training.tasks.translate_settings import CYCLEGAN, TranslatorSettings, default_schedule
from studio.training.tasks.translate_sheet import Ranking, changed_map, coverage, untouched

TINY = {
    "size": 32, "batch": 1, "width": 4, "blocks": 1, "critic_width": 4, "critic_depth": 1, "held_back": 2,
    "kid_crops": 8, "pool": 2, "workers": 0, "sample_every": 100, "validate_every": 100, "checkpoint_minutes": 240.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> Path:
    """Two folders of the same names: dull squares, and the same in gold."""
    chance, folder = np.random.default_rng(0), tmp_path_factory.mktemp("worlds")
    for side in ("dull", "gold"):
        (folder / side).mkdir()
    for number in range(9):
        coarse = chance.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (48, 40), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / "dull" / f"{number}.png"), picture)
        cv2.imwrite(str(folder / "gold" / f"{number}.png"), picture // np.array([8, 2, 1], np.uint8))
    return folder


def plan_for(worlds: Path, steps: int = 3, **settings) -> RunPlan:
    schedule = Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=Ramp.level(1e-3)),))
    data = {"a": (str(worlds / "dull"),), "b": (str(worlds / "gold"),)}
    return RunPlan(task="cyclegan", data=data, settings={**TINY, **settings}, schedule=schedule)


def whole_and_interrupted(plan: RunPlan, folder: Path, curve: str) -> tuple[dict[str, torch.Tensor], ...]:
    """The weights of a run in one sitting, and of one that was closed as soon as it had drawn a curve."""
    whole, parts = (RunFolder.create(folder / name, plan) for name in ("whole", "parts"))
    sit(whole)
    job = train(TrainRequest(parts.path), Controls(TranslatorSettings()))
    while curve not in history_of(parts).metrics:
        next(job)
    job.close()
    sit(parts)
    return load_file(whole.model_file), load_file(parts.model_file)


def sit(run: RunFolder):
    job, events = train(TrainRequest(run.path), Controls(TranslatorSettings())), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, events


def opened(plan: RunPlan, folder: Path):
    return finish(open_task(plan, TaskContext(torch.device("cpu"), folder / "cache", seed=0)))


def objectives_of(task, batch, step=0, total=10):
    """What a step asks of each network."""
    config = default_schedule(TranslatorSettings(steps=total)).timeline(8, batch=1, size=32).at(step)
    found = []
    for said in task.objectives(batch, config):
        assert not isinstance(said, NextBatch)
        found += [said] if isinstance(said, Objective) else []
    return found


def test_the_kind_is_known_with_its_courses_and_two_folders():
    assert kind_named("cyclegan") is CYCLEGAN
    assert [slot.flag for slot in CYCLEGAN.data] == ["--data-a", "--data-b"]
    assert set(CYCLEGAN.courses) == {"cyclegan", "fastcut", "cut", "pix2pix", "fast"}
    lesson = TranslatorSettings(course="cyclegan")
    assert (lesson.network, lesson.width, lesson.shape["blocks"], lesson.pool, lesson.batch) == ("resnet", 64, 9, 50, 1)
    assert TranslatorSettings(course="cyclegan", size=128).shape["blocks"] == 6
    assert TranslatorSettings(course="pix2pix").shape["depth"] == 8
    assert lesson.moved("course", "fast") == TranslatorSettings()
    for impossible in ({"size": 16}, {"course": "cut", "network": "unet"}):
        with pytest.raises(ValueError, match=r"critic sees nothing|first half"):
            TranslatorSettings(**impossible)


def test_the_lesson_learns_a_hundred_rounds_and_slows_down_for_a_hundred():
    timeline = default_schedule(TranslatorSettings(course="cyclegan")).timeline(1334, batch=1, size=256)
    assert timeline.total_steps == 266_800
    assert timeline.at(0).learning_rate == timeline.at(133_399).learning_rate == 2e-4
    assert timeline.at(200_100).learning_rate == pytest.approx(1e-4)
    assert timeline.at(0).momentum == 0.5
    short = default_schedule(TranslatorSettings(course="fastcut", steps=40)).timeline(9, batch=1, size=256)
    assert [short.steps_of(phase) for phase in range(2)] == [30, 10]


@pytest.mark.parametrize("course", CYCLEGAN.courses)
def test_each_course_learns_and_leaves_networks_that_say_what_they_are(course, worlds, tmp_path):
    network = {"pix2pix": "unet", "fast": "separable"}.get(course, "resnet")
    settings = {"course": course, "network": network, "critic_depth": 1, "r1_weight": 1.0, "augment": "all"}
    run = RunFolder.create(tmp_path / "run", plan_for(worlds, **settings))
    trained, events = sit(run)
    assert trained.state == "finished"
    history = history_of(run)
    two_way = course in ("fast", "cyclegan")
    terms = {"cycle_a", "cycle_b", "adversarial_a", "adversarial_b"} if two_way else {
        "pix2pix": {"l1"}, "cut": {"nce_a", "nce_b"}, "fastcut": {"nce_a"}}[course] | {"adversarial_b"}  # fmt: skip
    learnt = {name.removeprefix("generators.") for name in history.metrics if name.startswith("generators.")}
    assert terms <= learnt <= terms | {"loss", "gradient_norm", "identity_a", "identity_b"}
    assert {"critic_b.accuracy", "critic_b.r1"} <= set(history.metrics)
    assert ("critic_a.loss" in history.metrics) == two_way
    checked = {"kid", "kid_b", "kid_real_b", "changed_b", "variety_b", "light_b"} | {
        "pix2pix": {"l1"}}.get(course, {"cycle_a"} if two_way else set())  # fmt: skip
    assert checked <= set(history.validation)
    sheet = [event.picture for event in events if isinstance(event, Preview)][-1]
    assert sheet.shape[0] > 2 * 32
    for way in ("ab", "ba")[: 1 + two_way]:
        generator, facts = load_translator(run.model_file, way)
        assert generator(torch.rand(1, 3, 32, 32)).shape == (1, 3, 32, 32)
    assert (facts.network, facts.a, facts.b, facts.steps) == (network, "dull", "gold", 3)
    card = run.card_file.read_text(encoding="utf-8")
    assert "From dull to gold" in card
    assert "Of “gold” 2 pictures are kept for checking, too few" in card


def test_a_pair_learns_by_noise_and_surfaces_from_critics_that_are_aided_and_goes_on_exactly(worlds, tmp_path):
    plan = plan_for(worlds, steps=4, critic="aided", noise=True, look_weight=1.0)
    one, other = whole_and_interrupted(plan, tmp_path, "critic_b.loss")
    assert all(torch.equal(one[name], other[name]) for name in one)
    with pytest.raises(ValueError, match="two pictures at once"):
        TranslatorSettings(course="pix2pix", critic="aided")


def test_what_a_run_costs_is_measured_for_every_course(worlds):
    for course in CYCLEGAN.courses:
        network = {"pix2pix": "unet", "fast": "separable"}.get(course, "resnet")
        plan = plan_for(worlds, steps=40, course=course, network=network, kid_crops=2, r1_weight=1.0)
        found = finish(rehearse_run(plan, Controls(TranslatorSettings())))
        assert (found.steps, found.rehearsed.steps, found.rehearsed.parts) == (40, 5, 1)
        assert min(found.rehearsed.step, found.rehearsed.check, found.rehearsed.sample) > 0


def test_a_step_is_what_the_paper_writes(worlds, tmp_path):
    settings = {"course": "cyclegan", "size": 32, "identity_until": 0.5, "kid_crops": 0}
    task = opened(plan_for(worlds, **settings), tmp_path)
    a, b = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    g, f = task.networks["generators"]["ab"], task.networks["generators"]["ba"]
    d_a, d_b = task.networks["critic_a"], task.networks["critic_b"]
    first, second, judged_a, judged_b = objectives_of(task, (a, b))
    assert [one.step for one in (first, second, judged_a, judged_b)] == [False, True, True, True]
    assert [one.network for one in (second, judged_a, judged_b)] == ["generators", "critic_a", "critic_b"]
    for objective, there, back, judge, real, own in ((first, g, f, d_b, a, b), (second, f, g, d_a, b, a)):
        fake = there(real)
        loss = (judge(fake) - 1).square().mean()
        loss = loss + 10 * 2 * (back(fake) - real).abs().mean() + 5 * 2 * (there(own) - own).abs().mean()
        assert objective.loss.item() == pytest.approx(loss.item(), rel=1e-4)
    fake = (g(a) * 255).round() / 255  # as the pool keeps it
    expected = ((d_b(b) - 1).square().mean() + d_b(fake).square().mean()) / 2
    assert judged_b.loss.item() == pytest.approx(expected.item(), rel=1e-3)
    later = objectives_of(task, (a, b), step=5)
    assert "identity_b" in first.terms
    assert "identity_b" not in later[0].terms


def test_a_step_of_pairs_is_what_the_paper_writes(worlds, tmp_path):
    settings = {"course": "pix2pix", "dropout": False, "augment": "none", "r1_weight": 0.0, "kid_crops": 0}
    task = opened(plan_for(worlds, **settings), tmp_path)
    a, b = task.examples.draw(0, torch.Generator().manual_seed(1), 32)
    assert (b[0] / a[0]).nan_to_num(1.0).max() <= 1.0  # gold is what became of the very same view
    a, b = a[None], b[None]
    painted, judged = objectives_of(task, (a, b))
    fake = task.networks["generators"]["ab"](a)
    critic = task.networks["critic_b"]
    loss = (critic(torch.cat([a, fake], dim=1)) - 1).square().mean() + 100 * 2 * (fake - b).abs().mean()
    assert painted.loss.item() == pytest.approx(loss.item(), rel=1e-4)
    real, made = critic(torch.cat([a, b], dim=1)), critic(torch.cat([a, fake], dim=1))
    assert judged.loss.item() == pytest.approx(
        (((real - 1).square().mean() + made.square().mean()) / 2).item(), rel=1e-4
    )


def test_many_answers_are_learnt_from_pairs_as_the_equations_say(worlds, tmp_path):
    settings = {"course": "pix2pix", "network": "separable", "augment": "none", "r1_weight": 0.0, "kid_crops": 0,
                "answers": 3, "pool": 0}  # fmt: skip
    task = opened(plan_for(worlds, **settings), tmp_path)
    a, b = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    torch.manual_seed(5)
    painted, judged = objectives_of(task, (a, b))
    generators, critic = task.networks["generators"], task.networks["critic_b"]
    g, encoder = generators["ab"], generators["code"]
    torch.manual_seed(5)
    mean, log_variance = encoder(b)
    alike = g(a, mean + torch.exp(log_variance / 2) * torch.randn(1, 3))
    code = torch.randn(1, 3)
    other = g(a, code)

    def fooled(made):
        return (critic(torch.cat([a, made], dim=1)) - 1).square().mean()

    kl = (mean.square() + log_variance.exp() - log_variance - 1).sum() / 2
    latent = (encoder(other)[0] - code).abs().mean()
    loss = fooled(other) + fooled(alike) + 100 * 2 * (alike - b).abs().mean() + 0.01 * kl + 0.5 * latent
    assert painted.loss.item() == pytest.approx(loss.item(), rel=1e-4)
    assert set(painted.terms) == {"adversarial_b", "l1", "kl", "latent"}
    fake = critic(torch.cat([a, other], dim=1)).square().mean()
    real = (critic(torch.cat([a, b], dim=1)) - 1).square().mean()
    assert judged.loss.item() == pytest.approx(((fake + real) / 2).item(), rel=1e-4)


def test_many_answers_are_learnt_one_way_and_both_ways_without(worlds, tmp_path):
    assert TranslatorSettings(answers=8).code == 0
    assert TranslatorSettings(course="cut", answers=8).shape["code"] == 8
    plan = plan_for(worlds, course="fastcut", network="separable", answers=3, mirrored_twice=False)
    task = opened(plan, tmp_path)
    a, b = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    torch.manual_seed(7)
    painted = objectives_of(task, (a, b))[0]
    torch.manual_seed(7)
    code = torch.randn(2, 3)
    generators = task.networks["generators"]
    latent = (generators["code"](generators["ab"](a, code))[0] - code).abs().mean()
    assert painted.terms["latent"].item() == pytest.approx(0.5 * latent.item(), rel=1e-4)
    with torch.no_grad():
        plain = finish(task.sample(generators.eval())).shape[0]
    assert plain > 6 * 32  # A, A to B, what changed, and three answers
    exported = task.export(generators)
    assert not any(name.startswith("code") for name in exported.tensors)
    assert "a code of 3 numbers" in exported.card


@pytest.mark.parametrize("course", ["fast", "fastcut"])
def test_it_goes_on_as_if_it_had_not_been_interrupted(course, worlds, tmp_path):
    settings = {"network": "separable", "pool": 2, "augment": "all", "r1_weight": 1.0, "kid_crops": 0}
    plan = plan_for(worlds, steps=4, course=course, **settings)
    one, other = whole_and_interrupted(plan, tmp_path, "generators.loss")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_smaller_world_is_drawn_by_chance_and_the_larger_in_turn(worlds, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for number in range(3):
        cv2.imwrite(str(few / f"{number}.png"), np.full((32, 32, 3), 80 * number, np.uint8))
    plan = plan_for(worlds, kid_crops=0, held_back=0, mirror=False, crop_smallest=1.0)
    plan = plan.model_copy(update={"data": {"a": (str(few),), "b": plan.data["b"]}})
    examples = opened(plan, tmp_path).examples
    assert (len(examples), examples.counts) == (9, {"a": 3, "b": 9})
    chance = torch.Generator().manual_seed(0)
    drawn = [examples.draw(number, chance, 32) for number in range(9)]
    assert {round(float(a.mean()) * 255) for a, _ in drawn} == {0, 80, 160}
    assert len({float(b.mean()) for _, b in drawn}) == 9
    assert set(examples.fingerprint) == {"a", "b"}


def test_pairs_side_by_side_are_named_twice(tmp_path):
    both = tmp_path / "both"
    both.mkdir()
    for number in range(8):
        halves = np.hstack([np.full((40, 40, 3), 30, np.uint8), np.full((40, 40, 3), 200, np.uint8)])
        halves[number] = 0
        cv2.imwrite(str(both / f"{number}.png"), halves)
    plan = plan_for(tmp_path, course="pix2pix", kid_crops=0)
    task = opened(plan.model_copy(update={"data": {"a": (str(both),), "b": (str(both),)}}), tmp_path)
    a, b = task.examples.draw(0, torch.Generator().manual_seed(0), 32)
    assert (float(a.median()), float(b.median())) == pytest.approx((30 / 255, 200 / 255))


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ({"changed_b": 0.2}, "world B comes out as it went in: nothing happens. Lower “Keep its own”"),
        ({"variety_b": 0.01}, "world B becomes the same picture (collapse)"),
        ({"light_a": -0.6}, "Light and dark have changed places on the way to world A (colour inversion)"),
        ({"critic_b": 0.995}, "The critic of world B is never taken in any more"),
    ],
)
def test_what_does_not_mend_itself_is_told_with_advice(trouble, words):
    watch = Watch()
    well = {"changed_b": 9.0, "variety_b": 0.8, "kid_b": 0.1, "light_a": 0.4, "light_b": 0.9, "critic_b": 0.7}
    course = [trouble, trouble, trouble, {}, trouble, trouble, trouble]
    assert [watch.alarm(well | now) for now in course] == [""] * 7
    assert words in watch.alarm(well | trouble)


def test_what_runs_away_when_the_rate_falls_is_told_and_what_did_so_before_is_not():
    watch = Watch()
    early = [watch.setback(value, spread=0.02, slowing=False) for value in (0.5, 0.3, 0.9, 0.9, 0.9)]
    assert early == [""] * 5
    assert watch.setback(0.62, spread=0.02, slowing=True) == ""  # by chance, perhaps
    assert watch.setback(0.9, spread=0.02, slowing=True) == ""
    assert "worse instead of better (0.9, at its best 0.3)" in watch.setback(0.9, spread=0.02, slowing=True)


def test_a_check_tells_apart_what_it_does_well_and_where_it_does_nothing(worlds, tmp_path):
    task = opened(plan_for(worlds, identity_until=0.0, held_back=2), tmp_path)
    shown = task.networks["generators"].eval()
    with torch.no_grad():
        values = finish(task.validate(shown))
    assert {"untouched_a", "untouched_b", "critic_a", "critic_b", "kid_spread_b"} <= values.keys()
    assert values["critic_b"] == 0.5  # it has learnt nothing yet
    assert task.alarm(values) == task.setback(values) == ""
    rows = task._rankings["ab"].rows()
    assert [name.partition(": ")[0] for name in rows] == ["dull", "dull to gold", "Changed, all 2 of dull to gold"]
    assert rows["Changed, all 2 of dull to gold"].shape == (1, 3, 32, 32)
    with torch.no_grad():
        before = finish(task.sample(shown)).shape[0]
        task._rankings.clear()
        assert finish(task.sample(shown)).shape[0] < before


def test_ranking_and_coverage_show_the_one_that_did_not_get_a_go():
    given = [torch.full((1, 3, 32, 32), 0.2) for _ in range(4)]
    made = [picture.clone() for picture in given]
    for number, picture in enumerate(made):
        picture[:, :, :16] += 0.1 * number  # the upper half changes, the lower never does
    assert untouched(given, made) == pytest.approx(0.5 + 0.5 / 4)
    covered = coverage(given, made)
    assert covered[0, 0, 4, 16] == pytest.approx(sum(min(0.1 * n * 255 / 64, 1.0) for n in range(4)) / 4, abs=1e-4)
    assert covered[0, :, 24:].abs().max() < 1e-5
    assert changed_map(given[3], made[3])[0, 0, 4, 16] == 1.0
    rows = Ranking("A to B", [4.0, 1.0, 3.0, 2.0], {"A": made}, covered).rows()
    ranked, changed = rows
    assert (ranked, changed) == ("A: best (to 2), worst (from 3)", "Changed, all 4 of A to B")
    assert torch.equal(rows[ranked][..., :64], torch.cat([made[1], made[3]], dim=3))
    assert torch.equal(rows[ranked][..., -64:], torch.cat([made[0], made[2]], dim=3))
    assert Ranking("A to B", [1.0], {"A": made}, covered).rows() == {}


def test_a_critic_remembers_how_often_it_was_right(worlds, tmp_path):
    task = opened(plan_for(worlds, kid_crops=0), tmp_path)
    judge = task._judges["b"]
    for step, right in enumerate((1.0, 1.0)):
        learning = judge.learning(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32), step)
        while not isinstance(said := next(learning), Objective):
            pass
        for _ in range(2):  # a second micro-batch hears the same
            with pytest.raises(StopIteration):
                learning.send(Update(1.0, "step", 0.0, {"accuracy": right}))
            learning = judge.learning(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32), step)
            while not isinstance(said := next(learning), Objective):
                pass
        assert said.network == "critic_b"
    assert judge.accuracy == pytest.approx(0.5 + 0.5 / 50 + (0.5 - 0.5 / 50) / 50)
    other = opened(plan_for(worlds, kid_crops=0), tmp_path)
    other.load_state_dict(task.state_dict())
    assert other._judges["b"].accuracy == judge.accuracy


def test_changes_say_what_has_become_of_pictures():
    given = [torch.rand(1, 3, 8, 8) for _ in range(3)]
    assert changes(given, given) == pytest.approx({"changed": 0.0, "variety": 1.0, "light": 1.0}, abs=1e-5)
    inverted = changes(given, [1 - picture for picture in given])
    assert inverted["light"] == pytest.approx(-1.0, abs=1e-5)
    same = changes(given, [given[0]] * 3)
    assert same["variety"] == pytest.approx(0.0, abs=1e-6)
    assert same["changed"] > 10
