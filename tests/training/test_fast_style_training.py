"""A fast style in training: what it draws, what it says, what it leaves behind, and that it goes on exactly."""

import math
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from job_kit import heard
from safetensors.torch import load_file
from training_kit import history_of

from models.fast_style_files import load_fast_style
from models.plain_ground import PlainGround
from models.weight_headers import safetensors_metadata
from studio.core.controls import Controls
from studio.core.events import Preview, finish
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.jobs.train import train
from studio.training.data.augment import centred
from studio.training.data.pictures import PictureExamples
from studio.training.kinds import kind_named
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext
from studio.training.tasks.fast_style import loss_weights, open_task
from studio.training.tasks.fast_style_settings import FAST_STYLE, FastStyleSettings, default_schedule

QUIET = {
    "batch": 2, "size": 32, "stroke_side": 64, "blocks": 1, "held_back": 2, "sample_every": 2, "validate_every": 2,
    "checkpoint_minutes": 240.0, "workers": 0,
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of ten small photos, and a painting."""
    generator = np.random.default_rng(0)
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(10):
        coarse = generator.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(photos / f"{number}.png"), cv2.resize(coarse, (80, 60), interpolation=cv2.INTER_CUBIC))
    stripes = np.zeros((72, 96, 3), np.uint8)
    stripes[:, ::8] = (40, 120, 250)
    cv2.imwrite(str(tmp_path / "stripes.png"), stripes)
    return photos, tmp_path / "stripes.png"


def plan_for(data: tuple[Path, Path], steps: int = 4, **settings) -> RunPlan:
    photos, painting = data
    schedule = Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=Ramp.level(2e-3)),))
    return RunPlan(
        task="fast-style", data=(str(photos),), inputs={"painting": str(painting)}, settings={**QUIET, **settings},
        schedule=schedule,
    )  # fmt: skip


def sit(run: RunFolder):
    events, result = heard(train(TrainRequest(run.path), Controls(FastStyleSettings())))
    return result, events


def place_in(folder: Path) -> TaskContext:
    return TaskContext(torch.device("cpu"), folder / "cache", seed=0)


def test_the_kind_is_known_by_name_and_asks_for_a_painting():
    assert kind_named("fast-style") is FAST_STYLE
    assert [one.role for one in FAST_STYLE.inputs] == ["painting"]
    assert FAST_STYLE.product == "fast_style"


def test_the_default_schedule_warms_up_and_ends_in_larger_squares():
    timeline = default_schedule(FastStyleSettings(size=160)).timeline(100, batch=2, size=160)
    first, last = timeline.at(0), timeline.at(timeline.total_steps - 1)
    assert first.learning_rate < 1e-4 < timeline.at(60).learning_rate
    assert last.learning_rate < 1e-4
    assert (first.size, last.size) == (128, 224)


def test_a_run_leaves_a_network_that_paints_and_says_what_it_is(data, tmp_path):
    run = RunFolder.create(tmp_path / "run", plan_for(data))
    trained, events = sit(run)
    assert trained.state == "finished"
    history = history_of(run)
    assert set(history.metrics) >= {"loss", "content", "style", "total_variation"}
    assert set(history.validation) >= {"loss", "content", "style"}
    grid = [event.picture for event in events if isinstance(event, Preview)][-1]
    height, width, _ = grid.shape  # two photos side by side: as they are, at half strength, in full; with their names
    assert height >= 3 * 32
    assert width >= 2 * 32
    network, facts = load_fast_style(run.model_file)
    picture = load_picture(data[1])
    assert (facts.painting, facts.painting_sha256, facts.steps) == ("stripes.png", picture.sha256, 4)
    assert facts.backbone == "atelier-slim"
    assert safetensors_metadata(run.model_file)["stroke_side"] == "64"
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}
    card = run.card_file.read_text(encoding="utf-8")
    assert "stripes.png" in card
    assert "on photos it did not learn from" in card
    assert "25% of them drawings" in card
    assert "smoothness 0.1, no nets 1" in card
    sit(run)
    assert run.card_file.read_text(encoding="utf-8") == card  # also when it is started again at its end


def test_it_goes_on_as_if_it_had_not_been_interrupted(data, tmp_path):
    whole = RunFolder.create(tmp_path / "whole", plan_for(data))
    sit(whole)
    parts = RunFolder.create(tmp_path / "parts", plan_for(data))
    job = train(TrainRequest(parts.path), Controls(FastStyleSettings()))
    while history_steps(parts) < 2:
        next(job)
    job.close()
    sit(parts)
    assert safetensors_metadata(parts.model_file) == safetensors_metadata(whole.model_file)
    weights, expected = load_file(parts.model_file), load_file(whole.model_file)
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def history_steps(run: RunFolder) -> int:
    if not run.events_file.exists():
        return 0
    loss = history_of(run).metrics.get("loss")
    return 0 if loss is None else len(loss.steps)


def test_the_loss_is_content_style_and_variation_as_weighted(data, tmp_path):
    run = RunFolder.create(tmp_path / "run", plan_for(data, steps=2, full_strength=1.0, style_weight=2.0))
    sit(run)
    values = {name: series.values[0] for name, series in history_of(run).metrics.items()}
    expected = values["content"] + 2.0 * 0.25 * 20 * values["style"] + 0.1 * 10 * values["total_variation"]
    expected += 1.0 * 50 * values["lattice"]
    assert math.isclose(values["loss"], expected, rel_tol=1e-4)


def test_moving_a_slider_changes_the_loss_of_the_running_task(data, tmp_path):
    task = finish(open_task(plan_for(data), place_in(tmp_path)))
    photos = torch.stack([task.examples.draw(0, torch.Generator().manual_seed(1), 32)[0]])

    def loss() -> float:
        torch.manual_seed(0)
        config = default_schedule(FastStyleSettings()).timeline(8, batch=1, size=32).at(0)
        *_, objective = task.objectives((photos,), config)
        return objective.loss.item()

    before = loss()
    task.adopt(FastStyleSettings(**{**QUIET, "style_weight": 4.0}))
    assert loss() > before


def test_photos_kept_for_checking_are_not_learnt_from(data, tmp_path):
    task = finish(open_task(plan_for(data), place_in(tmp_path)))
    assert isinstance(task.examples, PictureExamples)
    assert len(task.examples) == 8  # of ten, two are kept
    assert len(set(task.examples.chosen)) == 8


def test_a_handful_of_photos_is_learnt_whole(data, tmp_path):
    photos, painting = data
    for path in sorted(photos.iterdir())[3:]:
        path.unlink()
    task = finish(open_task(plan_for((photos, painting)), place_in(tmp_path)))
    assert len(task.examples) == 3
    assert task.best is None
    assert finish(task.validate(task.networks["painter"])) == {}
    with torch.no_grad():
        grid = finish(task.sample(task.networks["painter"]))
    assert grid.shape[0] >= 3 * 32
    assert grid.shape[1] >= 3 * 32  # it shows those that it learns from


def test_photos_in_valid_are_those_that_it_is_measured_on(data, tmp_path):
    photos, painting = data
    for number, path in enumerate(sorted(photos.iterdir())):
        part = photos / ("valid" if number < 4 else "train")
        part.mkdir(exist_ok=True)
        path.rename(part / path.name)
    task = finish(open_task(plan_for((photos, painting)), place_in(tmp_path)))
    assert {task.examples.pictures.files[index].parent.name for index in task.examples.chosen} == {"train"}
    assert (len(task.examples), len(task._kept)) == (6, 2)  # of the four, as many as the setting keeps
    crops = {tuple(centred(task.examples.pictures[index], task._kept[0].shape[-1]).flatten().tolist()): index
             for index in range(len(task.examples.pictures))}  # fmt: skip
    shown = [crops[tuple(kept.flatten().tolist())] for kept in task._kept]
    assert {task.examples.pictures.files[index].parent.name for index in shown} == {"valid"}


def test_a_phase_paints_photos_of_its_own(data, tmp_path):
    photos, painting = data
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(photos.iterdir())[:3]:
        path.rename(few / path.name)
    plan = plan_for((photos, painting))
    plan = plan.model_copy(update={"schedule": plan.schedule.with_data(0, {"data": (str(few),)})})
    task = finish(open_task(plan, place_in(tmp_path)))
    assert [len(examples) for examples in (task.examples, *task.other_examples)] == [6, 3]
    run = RunFolder.create(tmp_path / "run", plan)
    sit(run)
    assert history_of(run).logged_state == "finished"


def test_no_phase_learns_from_photos_that_the_run_is_checked_on(data, tmp_path):
    photos, painting = data
    plan = plan_for((photos, painting))
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(photos.iterdir())[1:]:
        shutil.copy(path, few)
    plan = plan.model_copy(update={"schedule": plan.schedule.with_data(0, {"data": (str(few),)})})
    task = finish(open_task(plan, place_in(tmp_path)))
    own, (other,) = task.examples.pictures, task.other_examples
    files = {own.files[index].name for index in range(len(own))} - {own.files[i].name for i in task.examples.chosen}
    assert files
    assert files.isdisjoint(other.pictures.files[index].name for index in other.chosen)


def test_the_same_chance_gives_the_same_crop(data, tmp_path):
    examples = finish(open_task(plan_for(data), place_in(tmp_path))).examples
    crops = [examples.draw(3, torch.Generator().manual_seed(seed), 24)[0] for seed in (5, 5, 6)]
    assert torch.equal(crops[0], crops[1])
    assert not torch.equal(crops[0], crops[2])
    assert crops[0].shape == (3, 24, 24)


def test_what_cannot_be_learnt_is_said_in_words(data, tmp_path):
    plan = plan_for(data)
    with pytest.raises(StudioError, match="no painting"):
        finish(open_task(plan.model_copy(update={"inputs": {}}), place_in(tmp_path)))
    with pytest.raises(StudioError, match="random"):
        finish(open_task(plan_for(data, backbone="atelier-slim:untrained"), place_in(tmp_path)))


def test_a_slider_at_one_asks_for_what_one_pass_can_keep_up_with():
    weights = loss_weights(FastStyleSettings())
    assert (weights.content, weights.style, weights.total_variation) == (1.0, 0.25, 0.1)


def on_white(count: int, folder: Path) -> Path:
    """Products on white: two of three views show nothing but paper; every third picture is nothing but paper."""
    folder.mkdir()
    for number in range(count):
        page = np.full((96, 128, 3), 240, np.uint8)
        if number % 3:
            page[4:20, 4:24] = np.random.default_rng(number).integers(0, 200, 3)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.putText(page, f"{number}", (99, 90), 0, 0.3, (9, 9, 9))
                    if number % 3 else page)  # fmt: skip
    return folder


def test_flat_pictures_do_not_throw_a_run_off(data, tmp_path):
    """Of a view of one colour the gradient is infinite: eight such steps in a row once ended a run."""
    plan = plan_for((on_white(9, tmp_path / "white"), data[1]), steps=10, batch=8, crop_smallest=0.05, blocks=5)
    run = RunFolder.create(tmp_path / "run", plan)
    trained, _ = sit(run)
    assert trained.state == "finished"
    norms = history_of(run).metrics["gradient_norm"].values
    assert len(norms) == 10
    assert all(math.isfinite(norm) for norm in norms)


def test_no_view_is_flat_and_each_depends_on_its_draw_alone(data, tmp_path):
    plan = plan_for((on_white(9, tmp_path / "white"), data[1]), crop_smallest=0.05)
    views = finish(open_task(plan, place_in(tmp_path))).examples
    for number in range(40):
        one, again = (views.draw(number % len(views), torch.Generator().manual_seed(number), 32)[0] for _ in range(2))
        assert torch.equal(one, again)
        assert float((one.amax((1, 2)) - one.amin((1, 2))).max()) > 2.5 / 255


def test_products_drawings_and_logos_are_made_of_photos_by_chance_alone(data, tmp_path):
    views = finish(open_task(plan_for(data, plain=1.0, crop_smallest=0.5), place_in(tmp_path))).examples
    shares = []
    for number in range(60):
        one, again = (views.draw(number % len(views), torch.Generator().manual_seed(number), 48)[0] for _ in range(2))
        assert torch.equal(one, again)
        assert (one.shape, one.dtype) == ((3, 48, 48), torch.float32)
        assert (float(one.min()) >= 0, float(one.max()) <= 1) == (True, True)
        colours, counts = one.mul(255).round().flatten(1).T.unique(dim=0, return_counts=True)
        shares.append((float(counts.max()) / 48**2, colours[counts.argmax()].tolist()))
    assert sum(share > 0.3 for share, _ in shares) > 45  # most of a view is of one colour
    assert sum(min(colour) >= 250 for _, colour in shares) > 15  # which often is white
    assert len({tuple(colour) for _, colour in shares}) > 10


@pytest.mark.parametrize(("ground", "kind"), [(True, "2"), (False, "1")])
def test_the_file_says_whether_the_network_keeps_its_ground_and_holds_the_paintings_colours(
    data, tmp_path, ground, kind
):
    run = RunFolder.create(tmp_path / "run", plan_for(data, steps=1, ground=ground))
    sit(run)
    assert safetensors_metadata(run.model_file)["format"] == kind
    network, facts = load_fast_style(run.model_file)
    assert network.keeps_ground == facts.keeps_ground == ground
    if network.ground is not None:
        orange = network.ground.colours[:, 8, 4, 1]  # where it has stripes of it
        assert float(orange[0]) > float(orange[2])
        assert not torch.equal(network.ground.colours, PlainGround().colours)


def test_a_white_page_stays_white_while_it_learns(data, tmp_path):
    halves = np.full((72, 96, 3), 20, np.uint8)
    halves[:36] = 235
    cv2.imwrite(str(data[1]), halves)
    run = RunFolder.create(tmp_path / "run", plan_for(data, steps=12, plain=1.0))
    sit(run)
    network, _ = load_fast_style(run.model_file)
    page = torch.ones(1, 3, 64, 64)
    page[:, :, 24:40, 24:40] = 0.2
    with torch.no_grad():
        light, dark = (network(sheet, torch.ones(1))[:, :, 2:8, 2:8].mean() for sheet in (page, 1 - page))
    assert float(light - dark) > 0.3


def test_nothing_but_paper_is_refused_in_words(data, tmp_path):
    (tmp_path / "paper").mkdir()
    for grey in (255, 254):
        cv2.imwrite(str(tmp_path / "paper" / f"{grey}.png"), np.full((64, 64, 3), grey, np.uint8))
    views = finish(open_task(plan_for((tmp_path / "paper", data[1])), place_in(tmp_path))).examples
    with pytest.raises(StudioError, match="is of one colour"):
        views.draw(0, torch.Generator(), 32)


def test_the_card_says_what_was_left_out(data, tmp_path):
    (data[0] / "cut.png").write_bytes((data[0] / "1.png").read_bytes()[:300])
    (data[0] / "page.jpg").write_text("<html>")
    run = RunFolder.create(tmp_path / "run", plan_for(data, steps=1))
    sit(run)
    card = run.card_file.read_text(encoding="utf-8")
    assert "“cut.png” is incomplete" in card
    assert "“page.jpg” is a web page, not a picture; it is left out." in card
