"""A picture steered by hand is made again bit by bit: moves, sketches, races, branches, stops."""

import random
import time
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch
from style_kit import KnownMachine, drive, frames, moves, picture, quick, request_of, small_task

from models.backbones import untrained_backbone
from models.pixels import to_deep_picture, to_picture, to_tensor
from studio.core.controls import Controls
from studio.core.events import Log, Metrics, Preview
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture
from studio.core.inference_format import FORMATS, FormatMemo
from studio.core.model_shelf import ModelShelf
from studio.core.picture_task import PictureResult
from studio.core.picture_tasks import STYLIZE
from studio.core.recipes import Recipe, SteeringStep, WeightsRecord
from studio.jobs.picture_recipes import RecipeWriter, ReplayControls, segments_of
from studio.jobs.style.arithmetic import OF_0_1, RECORD, Arithmetic, arithmetic_of, kind_of_backbone
from studio.jobs.style.inputs import StyleInputs, loss_weights
from studio.jobs.style.multiscale import MultiscaleOptimisation
from studio.jobs.style.steering import ReplayedSteering


def through_a_file(recipe):
    """What is left of a recipe once it has been in a file."""
    return Recipe.model_validate_json(recipe.model_dump_json())


def replayed(task, recipe):
    _, result = drive(task, ReplayControls(through_a_file(recipe)))
    assert isinstance(result, PictureResult)
    return result


def random_changes(draw):
    return draw.choice(
        [
            {"style_weight": round(10 ** draw.uniform(-1, 1), 2)},
            {"content_weight": round(10 ** draw.uniform(-1, 1), 2)},
            {f"style_layer_{draw.randint(1, 5)}": round(draw.uniform(0, 4), 2)},
            {f"content_layer_{draw.randint(1, 5)}": draw.choice([0.0, 1.0])},
            {"style_mix": (round(draw.random(), 2), round(draw.random(), 2))},
            {"total_variation": round(draw.uniform(0, 2), 2), "saturation": 0.5},
        ]
    )


def a_random_hand(seed, *, stops):
    draw = random.Random(seed)

    def hand(event, controls):
        if isinstance(event, Metrics) and draw.random() < 0.5:
            controls.replace(controls.settings.model_copy(update=random_changes(draw)))
        if stops and getattr(event, "step", 0) > 14:
            controls.finish()

    return hand


@pytest.mark.parametrize("seed", range(4))
def test_a_steered_painting_replays_to_identical_pixels(seed):
    task = small_task()
    _, result = drive(task, Controls(quick(steps=16, size=224)), a_random_hand(seed, stops=seed % 2 == 1))
    assert any(step.action == "settings" for step in result.recipe.steering)
    again = replayed(task, result.recipe)
    assert np.array_equal(again.layer, result.layer)
    assert np.array_equal(again.picture, result.picture)
    assert again.recipe == result.recipe


def test_the_unsteered_painting_replays_and_its_recipe_has_no_record():
    _, result = drive(small_task(), Controls(quick()))
    assert result.recipe.initial is None
    assert np.array_equal(replayed(small_task(), result.recipe).layer, result.layer)


def test_every_frame_carries_the_recipe_that_makes_it_again():
    task = small_task()
    events, _ = drive(task, Controls(quick(size=224, steps=14)), a_random_hand(5, stops=False))
    shown = list(frames(events).values())
    for frame in (shown[0], shown[len(shown) // 2], shown[-1]):
        again = replayed(task, frame.recipe)
        assert np.array_equal((again.layer / 257.0).round().astype(np.uint8), frame.picture)


def test_branches_of_branches_replay_from_the_beginning():
    task, hand = small_task(), moves({4: {"style_weight": 6.0}, 7: {"style_weight": 0.2}})
    events, first = drive(task, Controls(quick(steps=10)), hand)
    shown = frames(events)
    early = shown[sorted(shown)[len(shown) // 2]]
    branched = replace(task, branch=early.picture, history=early.recipe)
    settings = quick(steps=8, style_weight=2.0, content_layer_3=1.0)
    events, second = drive(branched, Controls(settings), moves({3: {"total_variation": 1.0}}))
    last = list(frames(events).values())[-1]
    grown = replace(task, branch=last.picture, history=second.recipe)
    _, third = drive(grown, Controls(quick(steps=6, size=128, seed=4)), moves({4: "finish"}))
    assert [len(segments_of(result.recipe)) for result in (first, second, third)] == [1, 2, 3]
    for result in (second, third):
        again = replayed(task, result.recipe)
        assert np.array_equal(again.layer, result.layer)
    assert third.layer.shape == (96, 128, 3)
    assert not np.array_equal(second.layer, first.layer)


def test_a_branch_starts_at_the_frame():
    task = small_task()
    events, _ = drive(task, Controls(quick(steps=10)))
    frame = list(frames(events).values())[-1]
    branched = replace(task, branch=frame.picture, history=frame.recipe)
    events, _ = drive(branched, Controls(quick(steps=1)))
    start = next(iter(frames(events).values()))
    assert np.abs(start.picture.astype(int) - frame.picture).mean() < 8


def test_a_frame_without_history_is_named_as_an_input():
    frame = np.full((72, 96, 3), 90, np.uint8)
    task = small_task(branch=frame)
    _, result = drive(task, Controls(quick(steps=4)))
    assert [record.role for record in result.recipe.inputs][-1] == "branch"
    assert np.array_equal(replayed(task, result.recipe).layer, result.layer)


def test_recipes_of_other_tasks_and_other_times_are_refused():
    with pytest.raises(StudioError, match="“sculpt”"):
        ReplayControls(Recipe(task="sculpt", settings={}))
    with pytest.raises(StudioError, match="another version"):
        ReplayControls(Recipe(task="stylize", settings={"brush": 3}))


@pytest.mark.parametrize(
    "step",
    [
        {"action": "sketch", "changes": {"side": 64}},
        {"action": "sketch", "changes": {"evaluations": 3}},
        {"action": "sketch", "changes": {"side": "wide", "evaluations": 3}},
        {"action": "sketch", "changes": {"side": 64, "evaluations": [3]}},
        {"action": "sketch", "changes": {"side": 64, "evaluations": -1}},
        {"action": "sketch", "changes": {"side": 0, "evaluations": 3}},
        {"action": "sketch", "changes": {"side": 10**6, "evaluations": 3}},
        {"action": "settings", "changes": {"style_weight": "much"}},
        {"action": "settings", "changes": {"brush": 3}},
        {"action": "branch", "changes": {"size": -5}},
        {"action": "stop", "at": -1},
    ],
)
def test_a_record_that_cannot_be_followed_is_refused_before_anything_is_painted(step):
    recipe = Recipe(task="stylize", settings=quick().model_dump(), steering=(SteeringStep(**{"at": 2, **step}),))
    with pytest.raises(StudioError, match="settings cannot be read"):
        ReplayControls(through_a_file(recipe))
    branched = small_task(branch=np.full((72, 96, 3), 90, np.uint8), history=recipe)
    with pytest.raises(StudioError, match="settings cannot be read"):
        drive(branched, Controls(quick(steps=2)))


def test_random_weights_stay_random_where_trained_ones_have_come_since(home, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    _, result = drive(small_task(), Controls(quick(backbone="squeezenet1_1", steps=4)))
    assert result.recipe.weights == (WeightsRecord(name="squeezenet1_1:untrained", trained=False),)
    trained = untrained_backbone("squeezenet1_1", seed=99).features.state_dict()
    (home / "models").mkdir()
    torch.save({f"features.{name}": value for name, value in trained.items()}, home / "models" / "squeezenet1_1.pth")
    events, again = drive(small_task(), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)
    assert not any(isinstance(event, Log) for event in events)
    _, other = drive(small_task(), Controls(quick(backbone="squeezenet1_1", steps=4)))
    assert not np.array_equal(other.layer, result.layer)


def test_another_network_than_the_recipes_is_told():
    _, result = drive(small_task(), Controls(quick(steps=2)))
    other = result.recipe.model_copy(update={"weights": (WeightsRecord(name="squeezenet1_1", sha256="1" * 64),)})
    events, _ = drive(small_task(), ReplayControls(other))
    assert any(isinstance(event, Log) and "it will differ" in event.message for event in events)


def test_a_recipe_names_a_weights_file_but_not_its_folder(home, tmp_path, monkeypatch):
    private = tmp_path / "secret client" / "mine.pth"
    private.parent.mkdir()
    network = untrained_backbone("squeezenet1_1", seed=5).features.state_dict()
    torch.save({f"features.{name}": value for name, value in network.items()}, private)
    _, result = drive(small_task(), Controls(quick(backbone=str(private), steps=2)))
    branched = small_task(branch=result.picture, history=result.recipe)
    _, further = drive(branched, Controls(quick(backbone=str(private), steps=3)))
    for recipe in (result.recipe, further.recipe):
        assert "secret client" not in recipe.model_dump_json()
        assert recipe.settings["backbone"] == "mine.pth"
    with pytest.raises(StudioError, match=r"mine\.pth that this picture was made with is not on this computer"):
        drive(small_task(), ReplayControls(through_a_file(result.recipe)))
    monkeypatch.chdir(private.parent)
    _, beside = drive(small_task(), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(beside.layer, result.layer)
    monkeypatch.chdir(tmp_path)
    renamed = private.rename(tmp_path / "another name.pth")
    ModelShelf(home / "models").import_file(renamed)
    events, again = drive(small_task(), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)
    assert not any(isinstance(event, Log) for event in events)


# -- sketches: followed on a machine of known speed --------------------------------------------------------------------


class Studio:
    """A sitting over a small task on a machine of known speed, live or replayed.

    Args:
        settings: those to start with.
        steps: the record to replay; None is live.
        seconds: what an evaluation at 64 px takes, live.
        clock: for the rate of frames; by default the machine's.

    """

    def __init__(self, settings, steps=None, seconds=0.02, clock=None):
        self.task = small_task()
        backbone = untrained_backbone("squeezenet1_1", pooling=settings.pooling)
        self.easel = StyleInputs(self.task, settings, backbone, torch.device("cpu"))
        self.controls = Controls(settings)
        if steps is None:
            self.steering = KnownMachine(self.controls, settings, seconds)
            clock = clock or self.steering.clock
        else:
            self.steering = ReplayedSteering(settings, steps)
        writer = RecipeWriter(
            STYLIZE, self.task, settings, WeightsRecord(name="squeezenet1_1:untrained", trained=False)
        )
        recipe = lambda newest, at: writer.write(newest, self.steering.record, stopped_at=at)  # noqa: E731
        self.sitting = MultiscaleOptimisation(self.easel, settings, self.steering, recipe, clock or time.monotonic)

    def paint(self, hand=lambda event, controls: None):
        events = []
        for event in self.sitting.paint():
            events.append(event)
            hand(event, self.controls)
        return events

    def loss(self, frame, settings):
        """Judge a shown picture by the network itself."""
        image = to_tensor(frame.picture)
        return self.easel.objective(*image.shape[2:]).look(image, loss_weights(settings)).loss


def test_steering_goes_on_from_the_picture_and_never_makes_it_much_worse():
    script = {
        6: {"style_weight": 8.0},
        12: {"content_layer_2": 2.0, "style_mix": (0.1, 0.9)},
        18: {"style_weight": 0.1, "content_weight": 6.0},
        26: {"style_layer_1": 4.0, "style_layer_5": 0.0},
    }
    settings, moments = quick(steps=36), sorted(script)
    studio = Studio(settings, seconds=0.001, clock=count().__next__)  # every accepted picture is shown
    shown = frames(studio.paint(moves(script)))
    for start, end in zip(moments, [*moments[1:], 10**6], strict=True):
        settings = settings.model_copy(update=script[start])
        before = studio.loss(shown[max(step for step in shown if step <= start)], settings)
        after = [studio.loss(shown[step], settings) for step in shown if start < step <= end]
        assert after
        assert max(after) <= 1.2 * before * 1.02  # frames are rounded to 8 bits
        assert after[-1] < before


SLOW = quick(size=192, steps=12)


def dragging(seed=0, stop_after=None):
    """A hand that drags while drafts come, lets go, and drags again."""
    draw, drafts = random.Random(seed), []

    def hand(event, controls):
        step = getattr(event, "step", 0)
        dragged = isinstance(event, Preview) and event.draft
        drafts.append(dragged)
        if stop_after is not None and sum(drafts) >= stop_after:
            controls.finish()
        elif (dragged and sum(drafts) % 9 < 5) or (step in (4, 8) and isinstance(event, Metrics)):
            controls.replace(controls.settings.model_copy(update=random_changes(draw)))

    return hand


def test_a_slow_painting_is_sketched_while_the_slider_moves():
    studio = Studio(SLOW)
    events = studio.paint(dragging())
    drafts, paintings = frames(events, drafts=True), frames(events)
    assert drafts
    assert all(draft.picture.shape == (144, 192, 3) and draft.recipe is None for draft in drafts.values())
    sketches = [step for step in studio.steering.record if step.action == "sketch"]
    assert {step.changes["side"] for step in sketches} == {64}
    first = sketches[0]
    before = paintings[max(step for step in paintings if step <= first.at)].picture
    during = drafts[min(step for step in drafts if step > first.at)].picture
    change = during.astype(float) - before
    assert np.sqrt((change**2).mean()) >= 3.0
    # what changes is coarse: the painting's sharpness stays
    inside = (during[2:-2, 2:-2] > 0) & (during[2:-2, 2:-2] < 255)
    bends = np.abs(change[1:-3, 2:-2] - 2 * change[2:-2, 2:-2] + change[3:-1, 2:-2])[inside]
    assert bends.mean() < 0.5 * np.abs(change[2:-2, 2:-2])[inside].mean()


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_sketches_replay_to_identical_pixels(seed):
    studio = Studio(SLOW)
    live = studio.paint(dragging(seed))
    assert any(step.action == "sketch" for step in studio.steering.record)
    again = Studio(SLOW, studio.steering.record)
    made = again.paint()
    assert torch.equal(again.sitting.painting, studio.sitting.painting)
    assert again.sitting.settings == studio.sitting.settings
    one, other = frames(live), frames(made)
    for step in one.keys() & other.keys():
        assert np.array_equal(one[step].picture, other[step].picture)


def test_the_frame_in_which_a_sketch_is_carried_over_replays_too():
    shown = frames(Studio(SLOW).paint(dragging(5)))  # of the first eight hands the one whose change lowers the loss
    sketches = {step.at + step.changes["evaluations"] for step in shown[max(shown)].recipe.steering
                if step.action == "sketch"}  # fmt: skip
    carried = [frame for at, frame in shown.items() if at - 1 in sketches]
    assert carried
    for frame in carried:
        again = Studio(SLOW, frame.recipe.steering)
        again.paint()
        assert np.array_equal(to_picture(again.sitting.painting), frame.picture)


@pytest.mark.parametrize("drafts", [1, 4])
def test_stopping_in_mid_drag_keeps_what_is_seen_and_replays(drafts):
    studio = Studio(SLOW)
    events = studio.paint(dragging(stop_after=drafts))
    assert studio.sitting.stopped
    last = [event for event in events if isinstance(event, Preview)][-1]
    assert np.array_equal(last.picture, to_picture(studio.sitting.painting))
    again = Studio(SLOW, studio.steering.record)
    again.paint()
    assert np.array_equal(to_deep_picture(again.sitting.painting), to_deep_picture(studio.sitting.painting))


def test_a_painting_that_is_fast_enough_is_not_sketched():
    studio = Studio(quick(size=64, steps=12))
    events = studio.paint(a_random_hand(2, stops=False))
    assert not frames(events, drafts=True)
    assert not any(step.action == "sketch" for step in studio.steering.record)


def test_the_photo_wins_the_race_where_the_painting_is_far_off():
    photo = picture("photo.png", seed=0)
    task = request_of(photo, LoadedPicture(255 - photo.pixels, "p.png", "2" * 64))
    start = quick(steps=24, style_weight=10.0, content_weight=0.01, content_layer_1=1.0, total_variation=0.0,
                  start_from="painting")  # fmt: skip
    hand = moves({6: {"style_weight": 0.001, "content_weight": 10.0}})
    events, result = drive(task, Controls(start), hand)
    small = to_tensor(photo.pixels)
    small = torch.nn.functional.interpolate(small, result.layer.shape[:2], mode="area")
    left = np.abs(result.layer / 65535.0 - small[0].permute(1, 2, 0).numpy()).mean()
    painted = frames(events)[max(step for step in frames(events) if step <= 6)].picture / 255.0
    assert left < 0.3 * np.abs(painted - small[0].permute(1, 2, 0).numpy()).mean()
    assert np.array_equal(replayed(task, result.recipe).layer, result.layer)


def test_the_recipe_tells_the_arithmetic_and_a_replay_takes_that(nothing_measured):
    _, result = drive(small_task(1), Controls(quick()))
    known, kind = FormatMemo.standard().known(), kind_of_backbone(untrained_backbone("squeezenet1_1"))
    assert result.recipe.versions[RECORD] == str(Arithmetic(format=known[kind][0]))
    pictures = {}
    for arithmetic in (OF_0_1, *(Arithmetic(format=format) for format in FORMATS)):
        versions = result.recipe.versions | {RECORD: str(arithmetic)}
        recipe = result.recipe.model_copy(update={"versions": versions})
        assert arithmetic_of(through_a_file(recipe)) == (arithmetic,)
        pictures[str(arithmetic)] = replayed(small_task(1), recipe).layer
    assert np.array_equal(pictures[result.recipe.versions[RECORD]], result.layer)
    assert not np.array_equal(pictures[str(OF_0_1)], pictures[str(Arithmetic())])


def test_a_picture_of_version_0_1_that_is_gone_on_from_keeps_its_arithmetic():
    _, first = drive(small_task(1), Controls(quick()))
    versions = {name: value for name, value in first.recipe.versions.items() if name != RECORD}
    old = first.recipe.model_copy(update={"versions": versions})
    assert arithmetic_of(old) == (OF_0_1,)
    frame = to_picture(to_tensor(replayed(small_task(1), old).layer) / 257.0)
    _, grown = drive(small_task(1, branch=frame, history=old), Controls(quick(size=128)))
    assert [each.equilibrated for each in arithmetic_of(grown.recipe)] == [False, True]
    assert np.array_equal(replayed(small_task(1), grown.recipe).layer, grown.layer)
