"""The style job: what it says, what it returns, how it is steered and stopped, and what happens when things fail."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from job_kit import run
from style_kit import drive, frames, moves, picture, quick, request_of, small_task

from models.backbones import untrained_backbone
from models.pixels import to_tensor
from studio.core.compositing import compose
from studio.core.controls import Controls
from studio.core.device import choose_device
from studio.core.events import Log, Metrics, Preview, Progress
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture
from studio.core.inference_format import FormatMemo
from studio.jobs.style.inputs import StyleInputs, loss_weights
from studio.jobs.style.stylize import stylize
from studio.jobs.warm_up import warm_up


def losses(events):
    return {event.step: event.values["loss"] for event in events if isinstance(event, Metrics)}


def loss_of_frame(frame, task, settings):
    """Judge a shown picture by the network itself."""
    backbone = untrained_backbone("squeezenet1_1", seed=settings.seed, pooling=settings.pooling)
    easel = StyleInputs(task, settings, backbone, torch.device("cpu"))
    image = to_tensor(frame)
    return easel.objective(*image.shape[2:]).look(image, loss_weights(settings)).loss


def test_it_says_what_it_does_and_returns_what_it_showed_last():
    task, settings = small_task(), quick(size=240, strength=0.5)
    events, result = drive(task, Controls(settings))
    assert events[0] == Progress("Loading the network…")
    assert any(isinstance(event, Log) and "untrained" in event.message for event in events)
    sizes = [event.picture.shape[1] for event in events if isinstance(event, Preview)]
    assert sizes[0] == 120
    assert sizes[-1] == 240
    last = [event for event in events if isinstance(event, Preview)][-1]
    assert np.array_equal((result.layer / 257.0).round().astype(np.uint8), last.picture)
    assert np.array_equal(result.picture, compose(task.photo.pixels, result.layer, settings))
    assert result.finished
    assert result.recipe.settings == settings.model_dump(mode="json")
    assert result.recipe.weights[0].name == "squeezenet1_1:untrained"
    assert not result.recipe.weights[0].trained
    assert [(record.role, record.name) for record in result.recipe.inputs] == [
        ("content", "photo.png"), ("style", "painting0.png"), ("style", "painting1.png"),
    ]  # fmt: skip
    assert result.recipe.steering == ()
    progress = [event for event in events if isinstance(event, Progress)][-1]
    assert progress.done == progress.total


def test_the_loss_falls_and_the_numbers_are_those_of_the_frames():
    task, settings = small_task(), quick(steps=30)
    events, _ = drive(task, Controls(settings))
    measured = losses(events)
    assert min(measured.values()) < 0.5 * measured[1]
    assert all(later <= 1.2 * earlier for earlier, later in pairwise(measured.values()))
    step, frame = list(frames(events).items())[-1]
    assert loss_of_frame(frame.picture, task, settings) == pytest.approx(measured[step], rel=0.05)


def test_moves_are_written_down():
    script = {6: {"style_weight": 8.0}, 12: {"content_layer_2": 2.0, "style_mix": (0.1, 0.9)}}
    settings = quick(steps=16)
    _, result = drive(small_task(), Controls(settings), moves(script))
    # a busy machine follows a move on a sketch first, and writes that down as well
    first, second = (step for step in result.recipe.steering if step.action == "settings")
    assert first.changes == {"style_weight": 8.0}
    assert second.changes == {"content_layer_2": 2.0, "style_mix": [0.1, 0.9]}
    assert first.at >= 6
    assert second.at >= 12  # each at the first picture from there on that was accepted
    assert result.recipe.settings["style_weight"] == 8.0
    assert result.recipe.initial == settings.model_dump(mode="json")


def test_what_only_a_restart_can_change_waits_for_one_and_the_rest_acts_at_the_end():
    task = small_task()
    hand = moves({3: {"size": 512, "saturation": 0.0, "style_weight": 2.0}})
    _, result = drive(task, Controls(quick()), hand)
    assert result.layer.shape[:2] == (72, 96)
    assert result.recipe.settings["size"] == 96
    assert result.recipe.settings["style_weight"] == 2.0
    grey = result.picture.astype(int)
    assert np.abs(grey[..., 0] - grey[..., 1]).max() <= 2


def test_a_change_near_the_end_gets_room_to_show():
    events, _ = drive(
        small_task(), Controls(quick(steps=20)), moves({20: {"style_weight": 5.0}, 19: {"style_weight": 4.0}})
    )
    assert max(losses(events)) >= 19 + 5


def test_a_size_ends_when_it_hardly_improves_any_more():
    events, result = drive(small_task(1), Controls(quick(size=224, steps=300, finish="raw")))
    measured = losses(events)
    assert max(measured) < 290
    assert result.finished
    assert result.recipe.steering == ()
    share = [event for event in events if isinstance(event, Progress)][-1]
    assert share.done == share.total
    tail = [measured[step] for step in sorted(measured)][-30:]
    assert tail[-1] > 0.9 * tail[0]


def test_the_canvas_takes_the_paintings_colours_only_where_that_lowers_the_loss():
    far = request_of(picture("photo.png", 0), LoadedPicture(np.full((90, 120, 3), 20, np.uint8), "p.png", "2" * 64))
    for style_weight, darkens in ((1.0, True), (0.0, False)):
        settings = quick(style_weight=style_weight, steps=1)
        _, result = drive(far, Controls(settings))
        assert bool(result.layer.mean() < 0.5 * 257.0 * far.photo.pixels.mean()) == darkens


def test_stopping_keeps_what_was_reached():
    events, result = drive(small_task(), Controls(quick(steps=500)), moves({5: "finish"}))
    assert not result.finished
    assert max(losses(events)) == 5
    assert result.recipe.steering[-1].action == "stop"
    assert np.array_equal((result.layer / 257.0).round().astype(np.uint8), frames(events)[5].picture)


def test_stopping_before_the_first_stroke_returns_the_blank_canvas():
    controls = Controls(quick())
    controls.finish()
    _, result = drive(small_task(), controls)
    assert result.layer.shape == (72, 96, 3)


def test_a_job_can_be_closed_at_any_event():
    for number in range(0, 40, 8):
        job = stylize(small_task(1), Controls(quick(size=240, steps=6)))
        for _ in zip(range(number), job, strict=False):
            pass
        job.close()
        assert list(job) == []


@pytest.mark.parametrize("start_from", ["photo", "painting", "noise"])
@pytest.mark.parametrize("mode", ["paint", "reconstruct", "texture"])
def test_every_mode_lowers_its_loss_from_every_start(mode, start_from):
    task = small_task(0 if mode == "reconstruct" else 1)
    settings = quick(mode=mode, start_from=start_from, content_layer_1=1.0, size=64)
    events, result = drive(task, Controls(settings))
    measured = losses(events)
    assert measured[max(measured)] < measured[1]
    assert result.layer.shape == (48, 64, 3)
    values = [event.values for event in events if isinstance(event, Metrics)][-1]
    assert (values["content"] == 0.0) == (mode == "texture")
    assert (values["style"] == 0.0) == (mode == "reconstruct")


def test_the_seed_makes_another_texture_and_the_same_one_again():
    runs = [drive(small_task(1), Controls(quick(mode="texture", size=64, steps=4, seed=seed)))[1] for seed in (1, 1, 2)]
    assert np.array_equal(runs[0].layer, runs[1].layer)
    assert not np.array_equal(runs[0].layer, runs[2].layer)


def test_transparency_is_kept_and_any_shape_can_be_painted():
    photo = picture("photo.png", seed=0, height=20, width=200)
    alpha = np.full((20, 200, 1), 77, np.uint8)
    task = request_of(
        type(photo)(np.dstack([photo.pixels, alpha]), "photo.png", "0" * 64),
        picture("p.png", 1, height=300, width=8),
    )
    _, result = drive(task, Controls(quick(size=160, steps=4)))
    assert result.picture.shape == (16, 160, 4)
    assert (result.picture[..., 3] == 77 * 257).all()


@pytest.mark.parametrize("start_from", ["photo", "painting", "noise"])
@pytest.mark.parametrize(
    ("height", "width", "left"),
    [(1, 2000, "1 pixel of height is"), (2000, 3, "1 pixel of width is"), (15, 512, "15 pixels of height are")],
)
def test_a_photo_too_narrow_for_the_network_is_refused(height, width, left, start_from):
    task = request_of(picture("photo.png", 0, height, width), picture("painting.png", 1))
    with pytest.raises(StudioError) as told:
        drive(task, Controls(quick(size=512, steps=2, start_from=start_from)))
    assert told.value.cause == f"Only {left} left at this size."
    assert told.value.remedy == "Choose a larger size, or crop the photo."


@pytest.mark.parametrize("start_from", ["photo", "painting", "noise"])
def test_the_narrowest_photo_that_is_taken_can_be_painted(start_from):
    task = request_of(picture("photo.png", 0, 16, 512), picture("painting.png", 1))
    events, result = drive(task, Controls(quick(size=512, steps=2, start_from=start_from)))
    assert result.layer.shape == (16, 512, 3)
    assert [event.values for event in events if isinstance(event, Metrics)][-1]["content"] >= 0.0


def pixels_seen(task, settings):
    """Return the (height, width) of every picture that the network sees when the targets are captured, and the loss."""
    backbone, seen = untrained_backbone("squeezenet1_1"), []
    backbone.features[0].register_forward_pre_hook(lambda _layer, given: seen.append(tuple(given[0].shape[2:])))
    objective = StyleInputs(task, settings, backbone, torch.device("cpu")).objective(48, 64)
    return seen, objective.look(objective.content, loss_weights(settings)).loss


@pytest.mark.parametrize("lying", [True, False])
def test_of_a_very_long_painting_the_middle_is_looked_at(lying):
    long = picture("painting.png", 1, height=2, width=5000).pixels
    middle = long[:, 2492:2508]
    looks = []
    for pixels in (long, middle):
        turned = np.ascontiguousarray(pixels if lying else pixels.transpose(1, 0, 2))
        painting = LoadedPicture(turned, "painting.png", "1" * 64)
        looks.append(pixels_seen(request_of(picture("photo.png", 0), painting), quick(size=64)))
    assert looks[0] == looks[1]
    assert max(max(sides) for sides in looks[0][0]) <= 8 * 32 + 2 * 4  # with the margin


def test_a_missing_painting_and_a_missing_network_are_told():
    with pytest.raises(StudioError) as told:
        drive(small_task(0), Controls(quick()))
    assert told.value.cause == "There is no painting to learn from."
    with pytest.raises(StudioError) as told:
        drive(small_task(), Controls(quick(backbone="/nowhere/net.pth")))
    assert "/nowhere/net.pth" in told.value.cause


def test_a_network_whose_numbers_overflow_is_told(tmp_path):
    source = untrained_backbone("squeezenet1_1")
    tensors = {f"features.{name}": value * 1e20 for name, value in source.features.state_dict().items()}
    torch.save(tensors, tmp_path / "loud.pth")
    with pytest.raises(StudioError) as told:
        drive(small_task(), Controls(quick(backbone=str(tmp_path / "loud.pth"))))
    assert "overflow" in told.value.cause


def test_a_weights_file_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "net.pth").write_bytes(b"not a network at all")
    with pytest.raises(StudioError) as told:
        drive(small_task(), Controls(quick(backbone=str(tmp_path / "net.pth"))))
    assert "net.pth" in told.value.cause


LITTLE_MEMORY = """
import resource, sys
sys.path[:0] = ["tests/jobs", "."]
from style_kit import drive, quick, small_task
from studio.core.controls import Controls
from studio.core.events import Log
import torch
torch.set_num_threads(1)
drive(small_task(1), Controls(quick(size=64, steps=2)))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20, resource.RLIM_INFINITY))
events, result = drive(small_task(1), Controls(quick(size=2048, steps=1)))
print([event.message for event in events if isinstance(event, Log) and "memory" in event.message])
print(result.layer.shape, [step.action for step in result.recipe.steering])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits its own memory as Linux allows")
def test_where_memory_runs_out_it_goes_on_at_a_smaller_size(request):
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY], cwd=request.config.rootpath, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told, reached = done.stdout.splitlines()
    assert "Not enough memory" in told
    assert "step_down" in reached
    assert "2048" not in reached


def test_warming_up_names_the_wait_and_says_what_computes():
    events, device = run(warm_up, "squeezenet1_1:untrained")
    assert device == choose_device().label
    assert set(events) == {Progress("Loading the network…")}


def test_warming_up_finds_out_which_formats_are_painted_in(nothing_measured):
    run(warm_up, "squeezenet1_1:untrained")
    known = FormatMemo.standard().known()
    assert list(known) == ["painting with squeezenet1_1", "fast styles of width 0.5"]
