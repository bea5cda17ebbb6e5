"""A restorer in training: what it is given, that it learns, what it leaves behind, and that it goes on exactly."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from training_kit import advance_to, history_of

from models.collapsible import CollapsibleConvolution
from models.fidelity import chroma_drift
from models.restoration import load_restorer
from studio.core.checksums import sha256_of
from studio.core.controls import Controls
from studio.core.events import Preview, finish
from studio.core.failures import StudioError
from studio.core.trained_models import TrainedModels
from studio.jobs.train import train
from studio.training.checkpoints import Checkpoints
from studio.training.data.sampler import seed_of
from studio.training.data.variation import Variation
from studio.training.emphasis import EmphasisFolder
from studio.training.kinds import kind_named
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext
from studio.training.tasks.restore import facts_of, open_task
from studio.training.tasks.restore_emphasis import PaintedWeights
from studio.training.tasks.restore_finish import ColourWatch
from studio.training.tasks.restore_pictures import Damage, DamagedPictures, reduced, whole_squares
from studio.training.tasks.restore_settings import GRADED, RESTORE, RestorerSettings, default_schedule

QUIET = {
    "batch": 4, "size": 24, "width": 8, "held_back": 2, "sample_every": 100, "validate_every": 100,
    "checkpoint_minutes": 240.0, "workers": 0,
}  # fmt: skip

GREY = {"name": "grey", "steps": [{"kind": "black_and_white", "film": [0.0, 0.0]}]}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of ten small photos with edges in them."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(10):
        coarse = generator.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_NEAREST))
    return folder


def plan_for(photos: Path, steps: int = 4, rate: float = 1e-3, **settings) -> RunPlan:
    schedule = Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=Ramp.level(rate)),))
    return RunPlan(task="restore", data=(str(photos),), settings={**QUIET, **settings}, schedule=schedule)


def sit(run: RunFolder):
    job, events = train(TrainRequest(run.path), Controls(RestorerSettings())), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, events


def opened(plan: RunPlan, folder: Path):
    return finish(open_task(plan, TaskContext(torch.device("cpu"), folder / "cache", seed=0)))


def test_the_kind_is_known_by_name():
    assert kind_named("restore") is RESTORE
    assert RESTORE.product == "restorer"


def test_the_schedule_is_as_long_as_asked_and_ends_low():
    timeline = default_schedule(RestorerSettings(steps=500)).timeline(100, batch=16, size=96)
    assert timeline.total_steps == 500
    assert timeline.at(0).learning_rate < timeline.at(50).learning_rate == 5e-4
    assert timeline.at(499).learning_rate < 1e-5


def test_a_run_learns_and_leaves_a_network_that_says_what_it_is(photos, tmp_path):
    run = RunFolder.create(tmp_path / "run", plan_for(photos, steps=60, rate=5e-3, ema_decay=0.9))
    trained, events = sit(run)
    assert trained.state == "finished"
    history = history_of(run)
    losses = history.metrics["charbonnier"].values
    assert np.mean(losses[-20:]) < 0.9 * np.mean(losses[:20])
    assert history.validation["psnr"].values[-1] > 15
    assert set(history.validation) == {"psnr", "ssim", "gain"}
    assert [event.picture.shape[2] for event in events if isinstance(event, Preview)][-1] == 3
    network, facts = load_restorer(run.model_file)
    assert (facts.network, facts.scale, facts.steps, facts.finish) == ("enlarger", 2, 60, "faithful")
    assert not any(isinstance(layer, CollapsibleConvolution) for layer in network.modules())
    card = run.card_file.read_text(encoding="utf-8")
    assert "SPAN" in card
    assert "on photos it did not learn from" in card


def test_it_goes_on_as_if_it_had_not_been_interrupted(photos, tmp_path):
    whole, parts = (RunFolder.create(tmp_path / name, plan_for(photos)) for name in ("whole", "parts"))
    sit(whole)
    job = train(TrainRequest(parts.path), Controls(RestorerSettings()))
    while "loss" not in history_of(parts).metrics:
        next(job)
    job.close()
    sit(parts)
    one, other = load_file(whole.model_file), load_file(parts.model_file)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_given_is_what_is_wanted_reduced_from_all_around_it(photos, tmp_path):
    task = opened(plan_for(photos, scale="2", from_afar=False, turned=False), tmp_path)
    examples = task.examples
    given, wanted, strength, _ = examples.draw(0, torch.Generator().manual_seed(5), 24)
    assert (given.shape, wanted.shape, float(strength)) == ((3, 12, 12), (3, 24, 24), 1.0)
    pixels = examples.pictures[examples.chosen[0]]
    part = (wanted * 255).round().byte().permute(1, 2, 0).numpy()
    whole = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)
    for top in range(pixels.shape[0] - 23):  # where it was cut, the whole picture reduced shows the same
        for left in range(pixels.shape[1] - 23):
            if np.array_equal(pixels[top : top + 24, left : left + 24], part):
                shifted = whole[:, top % 2 :, left % 2 :]
                shifted = shifted[:, : shifted.shape[1] // 2 * 2, : shifted.shape[2] // 2 * 2]
                small = reduced(shifted, 2)[:, top // 2 : top // 2 + 12, left // 2 : left // 2 + 12]
                assert (small - (given * 255).round()).abs().max() <= 1
                return
    pytest.fail("it shows no part of the photo")


def test_an_enhancer_is_given_all_strengths_and_told_which(photos, tmp_path):
    task = opened(plan_for(photos, network="enhancer", size=32), tmp_path)
    draws = [task.examples.draw(0, torch.Generator().manual_seed(seed), 32) for seed in range(40)]
    strengths = np.array([float(strength) for _, _, strength, _ in draws])
    far = np.array([float((given - wanted).abs().mean()) for given, wanted, *_ in draws])
    assert strengths.min() == 0.0
    assert strengths.max() > 0.8
    assert far[strengths == 0].max() == 0.0
    assert np.corrcoef(strengths, far)[0, 1] > 0.7
    again = task.examples.draw(0, torch.Generator().manual_seed(3), 32)
    assert all(torch.equal(one, other) for one, other in zip(again, draws[3], strict=True))


def test_an_enlarger_may_be_told_strengths_too(photos, tmp_path):
    assert "conditioned" not in facts_of(RestorerSettings()).shape
    task = opened(plan_for(photos, damage=GRADED, scale="4", size=32), tmp_path)
    assert task.networks["restorer"].conditioned
    draws = [task.examples.draw(0, torch.Generator().manual_seed(seed), 32) for seed in range(20)]
    assert draws[0][0].shape == (3, 8, 8)
    assert len({float(strength) for _, _, strength, _ in draws}) > 10


def test_what_an_enhancer_is_measured_on_is_never_left_whole_by_chance():
    pictures = np.random.default_rng(1).integers(0, 256, (40, 24, 24, 3), dtype=np.uint8)
    examples = DamagedPictures(pictures, tuple(range(40)), Variation(), Damage(graded=True))
    for given, wanted, _ in whole_squares(examples, examples.chosen, size=24, seed=1):
        assert not torch.equal(given, wanted)  # a PSNR without end, which outweighs all others'


@pytest.mark.parametrize(
    ("damage", "scale"), [("web", "2"), ("web-x4", "4"), ("bicubic-x4-jpeg40", "4"), ("lesson7-sr", "2")]
)
def test_every_damage_comes_out_in_the_size_that_the_network_expects(photos, tmp_path, damage, scale):
    task = opened(plan_for(photos, damage=damage, scale=scale), tmp_path)
    given, wanted, strength, _ = task.examples.draw(1, torch.Generator().manual_seed(0), 24)
    assert (wanted.shape, given.shape[1]) == ((3, 24, 24), 24 // int(scale))
    assert float(strength) == 1.0
    assert float((given - reduced((wanted * 255).byte(), int(scale)) / 255).abs().max()) > 0


def test_a_recipe_of_ones_own_is_used(photos, tmp_path):
    task = opened(plan_for(photos, network="enhancer", damage="own", recipe=GREY), tmp_path)
    given, *_ = task.examples.draw(0, torch.Generator().manual_seed(0), 24)
    assert float((given.amax(0) - given.amin(0)).max()) <= 1 / 255
    with pytest.raises(ValueError, match="no damage"):
        RestorerSettings(damage="rain")


@pytest.mark.parametrize(("course", "term"), [("mse", "mse"), ("feature", "gram relu3_1")])
def test_the_lessons_courses_teach_a_unet_around_the_network_that_comes_along(photos, tmp_path, course, term):
    settings = {name: value for name, value in QUIET.items() if name not in ("width", "size")}
    plan = RunPlan(
        task="restore", data=(str(photos),), settings={**settings, "course": course, "size": 32, "batch": 2},
        schedule=Schedule(phases=(
            Phase(duration=1, unit="steps", learning_rate=Ramp.level(1e-3), frozen=("encoder",), train_norms=True),
            Phase(duration=1, unit="steps", learning_rate=Ramp.level(1e-3), layer_rates=(1e-3, 1.0)),
        )),
    )  # fmt: skip
    run = RunFolder.create(tmp_path / "run", plan)
    trained, _ = sit(run)
    assert trained.state == "finished"
    assert term in history_of(run).metrics
    network, facts = load_restorer(run.model_file)
    assert (facts.network, facts.damage, network.reach) == ("unet", "lesson7-sr", None)


def test_a_course_decides_what_nobody_has_set():
    settings = RestorerSettings(course="feature", damage="old-photo")
    assert (settings.network, settings.damage, settings.batch) == ("unet", "old-photo", 32)
    assert (settings.feature_weight, settings.charbonnier_weight) == (1.0, 0.0)
    assert RestorerSettings(**settings.model_dump(exclude_unset=True)) == settings
    small, large = RestorerSettings(course="mse"), default_schedule(settings).timeline(100, batch=32, size=128)
    mse = default_schedule(small).timeline(100, batch=32, size=128)
    assert mse.total_steps == 1200
    assert (mse.at(0).frozen, mse.at(0).train_norms) == (("encoder",), True)
    assert mse.at(383).learning_rate > 0.99 * 3e-3 > mse.at(479).learning_rate  # pct_start 0.8 of 480 steps
    assert mse.at(600).layer_rates == (1e-3, 1.0)
    assert (large.at(3999).size, large.at(3999).batch, large.at(2500).frozen) == (256, 12, ("encoder",))


CRITIC = {
    "course": "critic", "network": "enlarger", "damage": "none", "size": 32, "batch": 2, "critic": "trained",
    "critic_width": 8, "validate_every": 4, "sample_every": 4,
}  # fmt: skip


def with_a_critic(photos: Path, *, threshold: float) -> RunPlan:
    """The restorer alone, the critic alone, then both."""

    def phase(steps: int, *trains: str) -> Phase:
        return Phase(duration=steps, unit="steps", learning_rate=Ramp.level(1e-3), trains=trains)

    schedule = Schedule(phases=(phase(2, "restorer"), phase(2, "critic"), phase(8)))
    return RunPlan(task="restore", data=(str(photos),), schedule=schedule,
                   settings={**QUIET, **CRITIC, "critic_threshold": threshold})  # fmt: skip


def test_a_critic_learns_alone_and_then_in_turns_exactly_as_if_never_interrupted(photos, tmp_path):
    plan = with_a_critic(photos, threshold=2.0)  # which is always good enough
    whole, parts = (RunFolder.create(tmp_path / name, plan) for name in ("whole", "parts"))
    sit(whole)
    numbers = history_of(whole).metrics
    assert {"restorer.mse", "critic.accuracy", "critic.photos", "critic.results"} <= numbers.keys()
    # it waits for a sure critic, but not for ever: from a quarter of the phase on they take turns
    assert numbers["restorer.critic"].steps.tolist() == [8, 10, 12]
    assert numbers["critic.loss"].steps.tolist() == [3, 4, 5, 6, 7, 9, 11]
    checks = history_of(whole).of_kind("validation")
    assert (checks[0].step, checks[0].facts["best"]) == (4, False)  # it has not begun to matter yet
    assert checks[1].facts["best"]
    assert {"feature_distance", "colour_drift", "psnr"} <= checks[1].facts["values"].keys()
    job = train(TrainRequest(parts.path), Controls(RestorerSettings()))
    while history_of(parts).step < 9:
        next(job)
    job.close()
    sit(parts)
    one, other = load_file(whole.model_file), load_file(parts.model_file)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert history_of(parts).metrics["critic.loss"].values.tolist() == numbers["critic.loss"].values.tolist()


def test_a_critic_may_learn_at_every_step_beside_the_restorer(photos, tmp_path):
    plan = with_a_critic(photos, threshold=0.0)
    run = RunFolder.create(tmp_path / "run", plan)
    sit(run)
    numbers = history_of(run).metrics
    assert numbers["restorer.critic"].steps.tolist() == numbers["critic.loss"].steps.tolist()[2:] == [*range(5, 13)]


def test_a_crisp_network_begins_as_a_faithful_one_and_is_mixed_with_it(photos, tmp_path):
    faithful, crisp = (RunFolder.create(tmp_path / name, plan) for name, plan in (
        ("faithful", plan_for(photos, steps=2)),
        ("crisp", plan_for(photos, steps=3, course="crisp", start=str(tmp_path / "faithful"), size=32, critic_width=8,
                           sample_every=3, validate_every=3)),
    ))  # fmt: skip
    sit(faithful)
    _, events = sit(crisp)
    numbers = history_of(crisp).metrics
    assert {"restorer.features relu3_1", "restorer.gram relu4_1", "restorer.critic", "critic.loss"} <= numbers.keys()
    sheets = [event.picture for event in events if isinstance(event, Preview)]
    assert sheets[-1].shape[0] > 3 * 72  # what it made before stands between what is given and what it makes now
    (pinned,) = (one for one in Checkpoints(crisp.checkpoints).all() if one.pinned)
    assert pinned.note == "The best of the finish"
    models = TrainedModels.standard("restorer")
    found = models.crisp_of(models.find(str(faithful.path)))
    assert found.path == crisp.model_file
    (one, facts), (other, its_facts) = (load_restorer(run.model_file) for run in (faithful, crisp))
    assert (facts.shape, facts.finish, its_facts.shape, its_facts.finish) == (
        facts.shape,
        "faithful",
        facts.shape,
        "crisp",
    )
    assert any(not torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    with pytest.raises(StudioError, match="begins with a faithful network"):
        opened(plan_for(photos, course="crisp"), tmp_path)


def test_colours_that_drift_give_an_alarm():
    photo = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    redder = photo + torch.tensor([2 / 255, 0.0, 0.0]).view(1, 3, 1, 1)
    expected = (2 * 112.0 + 2 * 37.797) / 255 / 2  # levels of C_r and C_b (BT.601)
    assert float(chroma_drift(redder, photo.clamp(0, 1))) == pytest.approx(expected, rel=0.05)
    watch = ColourWatch()
    assert [watch.alarm(drift) for drift in (0.5, 0.2, 1.1)] == ["", "", ""]
    assert "off by 1.3 levels" in watch.alarm(1.3)


def test_the_critics_course_is_the_lessons():
    settings = RestorerSettings(course="critic")
    timeline = default_schedule(settings).timeline(100, batch=settings.batch, size=settings.size)
    assert (settings.damage, settings.critic, settings.mse_weight) == ("lesson7-critic", "lesson", 50.0)
    at = {config.phase_name: config for config in map(timeline.at, range(0, timeline.total_steps, 10))}
    turns, larger = at["In turns"], at["In turns, larger"]
    assert (turns.momentum, turns.learning_rate, turns.weight_decay) == (0.0, 1e-4, 1e-3)
    assert (larger.size, larger.batch, larger.learning_rate) == (192, 16, 5e-5)
    assert [timeline.at(step).trained for step in (0, 1300, 2200)] == [("restorer",), ("critic",), ()]


def test_a_clean_picture_is_only_made_smaller():
    assert Damage(2).is_clean
    assert Damage(2).draw_strength(torch.Generator()) == 1.0
    for scale, often in ((1, 0.1), (4, 0.4)):  # so often a photo is given as it was
        chance = torch.Generator().manual_seed(0)
        drawn = [Damage(scale, graded=True).draw_strength(chance) for _ in range(2000)]
        assert np.mean(np.equal(drawn, 0.0)) == pytest.approx(often, abs=0.03)


def test_photos_are_reduced_as_pillow_reduces():
    picture = np.random.default_rng(1).integers(0, 256, (60, 44, 3), dtype=np.uint8)
    made = reduced(torch.from_numpy(picture).permute(2, 0, 1), 4).permute(1, 2, 0).numpy()
    expected = np.asarray(Image.fromarray(picture).resize((11, 15), Image.Resampling.BICUBIC))
    assert np.abs(made.astype(int) - expected).max() <= 1


def test_a_network_to_begin_with_is_taken_over(photos, tmp_path):
    first = RunFolder.create(tmp_path / "first", plan_for(photos))
    sit(first)
    second = opened(plan_for(photos, scale="4", start=str(first.path)), tmp_path)
    trunk, _ = load_restorer(first.model_file)
    network = second.networks["restorer"]
    assert torch.allclose(network.head.kernel(), trunk.head.weight, atol=1e-6)
    with pytest.raises(StudioError, match="nothing in common"):
        opened(plan_for(photos, width=16, start=str(first.path)), tmp_path)


def test_moved_weights_change_the_loss(photos, tmp_path):
    task = opened(plan_for(photos), tmp_path)
    task.adopt(RestorerSettings(**QUIET, mse_weight=2.0, ssim_weight=0.5))
    batch = tuple(torch.stack(each) for each in zip(*(
        task.examples.draw(index, torch.Generator().manual_seed(seed_of(index) % 2**63), 24) for index in range(2)
    ), strict=True))  # fmt: skip
    config = default_schedule(RestorerSettings()).timeline(8, batch=2, size=24).at(0)
    objective = next(said for said in task.objectives(batch, config) if said is not None)
    assert set(objective.terms) == {"charbonnier", "mse", "ssim"}
    assert float(objective.loss.detach()) == pytest.approx(sum(map(float, objective.terms.values())))


# -- what matters ------------------------------------------------------------------------------------------------------


def greys_of(pictures, number: int) -> np.ndarray:
    return cv2.cvtColor(np.array(pictures[number]), cv2.COLOR_RGB2GRAY)


@pytest.mark.parametrize("network", ["enlarger", "enhancer"])
def test_what_is_painted_lies_where_the_picture_is_cut_turned_and_reduced(photos, tmp_path, network):
    task = opened(plan_for(photos, network=network), tmp_path)
    examples, folder = task.examples, EmphasisFolder(tmp_path)
    folder.path.mkdir()
    contents = [examples.pictures.content_of(number) for number in range(len(examples.pictures))]
    for number in examples.chosen:  # each picture's own light is painted over it
        emphasis = folder.keep(contents[number], greys_of(examples.pictures, number))
    weights = PaintedWeights(tmp_path, contents)
    weights.adopt(emphasis)
    for seed in range(12):
        _, wanted, _, place = examples.draw(seed % len(examples), torch.Generator().manual_seed(seed), 24)
        grey = (wanted * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(dim=0)
        found = weights.of(place[None], 24, 3.0)
        assert float(((found[0, 0] - 1) / 3 - grey).abs().mean()) < 0.02
    assert weights.of(place[None], 24, 0.0) is None


@pytest.fixture
def halves(tmp_path):
    """Photos that are red at the left and blue at the right: once they are grey, nobody can tell which was which."""
    generator, folder = np.random.default_rng(0), tmp_path / "halves"
    folder.mkdir()
    tint = np.zeros((72, 96, 3), np.int16)
    tint[:, :48], tint[:, 48:] = (-40, 0, 40), (40, 0, -40)
    for number in range(6):
        light = cv2.resize(generator.integers(60, 196, (9, 12), dtype=np.uint8), (96, 72), interpolation=2)
        cv2.imwrite(str(folder / f"{number}.png"), (light[..., None] + tint).astype(np.uint8))
    return folder


def test_the_error_under_the_brush_falls_faster(halves, tmp_path):
    errors = {}
    for name in ("plain", "painted"):
        plan = plan_for(halves, steps=30, rate=1e-2, turned=False, from_afar=False, painted_weight=50.0, average="none",
                        damage="own", recipe=GREY)  # fmt: skip
        run = RunFolder.create(tmp_path / name, plan)
        if name == "painted":
            folder = EmphasisFolder(run.path)
            folder.path.mkdir()
            for path in halves.iterdir():
                left = np.zeros((36, 48), np.uint8)
                left[:, :24] = 255
                emphasis = folder.keep(sha256_of(path), left)
            run.commands.post(RunCommand("settings", {"emphasis": emphasis.model_dump()}))
        sit(run)
        network, _ = load_restorer(run.model_file)
        task = opened(plan, tmp_path)
        squares = whole_squares(task.examples, task.examples.chosen, 72, 0)
        made = [(network(given, torch.ones(1)) - wanted)[..., :34] for given, wanted, _ in squares]  # of 36 px of red
        errors[name] = float(torch.cat(made).abs().mean().detach())
    assert errors["painted"] < 0.6 * errors["plain"]
    pictures = EmphasisFolder(run.path).pictures()
    assert {one.path.parent for one in pictures} == {halves}
    assert len(pictures) == 5  # one is kept for checking


def test_what_is_painted_in_mid_run_is_met_again_after_a_pause(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("studio.training.loop._POLL_S", 0.0)
    results = []
    for name in ("whole", "parts"):
        run = RunFolder.create(tmp_path / name, plan_for(photos, steps=6))
        job = train(TrainRequest(run.path), Controls(RestorerSettings()))
        folder = EmphasisFolder(run.path)
        while not folder.pictures():
            next(job)
        advance_to(2, job)
        for picture in folder.pictures():
            emphasis = folder.keep(picture.content, np.full((9, 12), 255, np.uint8))
        run.commands.post(RunCommand("settings", {"emphasis": emphasis.model_dump()}))
        if name == "parts":
            advance_to(4, job)
            job.close()
        for _ in job if name == "whole" else ():
            pass
        if name == "parts":
            sit(run)
        results.append((load_file(run.model_file), history_of(run)))
    (one, whole), (other, parts) = results
    assert whole.of_kind("settings")[0].step == parts.of_kind("settings")[0].step
    assert all(torch.equal(one[name], other[name]) for name in one)
    losses = whole.metrics["loss"].values
    assert losses[3:].min() > 3 * losses[:2].max()


def test_a_look_sees_pictures_at_another_place_of_its_grid_at_each_step(photos, tmp_path):
    """A network that halves its maps from one corner always teaches an enlarger a grid."""
    task = opened(plan_for(photos), tmp_path)
    across, down = (axis.float() for axis in torch.meshgrid(torch.arange(24), torch.arange(20), indexing="xy"))
    picture, corners = torch.stack([down, across])[None], set()
    for step in range(64):
        task._steps = step
        moved, again, nothing = task._shifted(picture, picture, None)
        assert moved.shape == picture.shape
        assert torch.equal(moved, again)
        assert nothing is None
        assert torch.equal(moved[..., 8:, 8:] - moved[..., 8:9, 8:9], picture[..., 8:, 8:] - picture[..., 8:9, 8:9])
        corners.add(tuple(moved[0, :, 8, 8].tolist()))
    assert corners == {(float(y), float(x)) for y in range(1, 9) for x in range(1, 9)}
