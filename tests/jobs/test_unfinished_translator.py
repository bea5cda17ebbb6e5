"""A pair that is still learning translates with what it has reached, and is asked to save it more often."""

import os
import time

import torch
from safetensors.torch import load_file
from studio_kit import write_painting
from translator_kit import write_translator

from models.translation import load_translator
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.translate_settings import TranslateSettings
from studio.jobs.train import train
from studio.jobs.translate.choices import TranslatorChoice, TranslatorsTask, list_translators
from studio.jobs.translate.draw import ResidentPair
from studio.jobs.translate.follow import FollowTask, follow_run
from studio.jobs.translate.unfinished import model_so_far
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.tasks.translate_settings import TranslatorSettings

SHORT = Schedule(phases=(Phase(duration=2, unit="steps", learning_rate=Ramp.level(1e-2)),))
TINY = {
    "size": 32, "batch": 1, "width": 4, "blocks": 1, "critic_width": 4, "critic_depth": 1, "held_back": 1,
    "kid_crops": 0, "pool": 0, "workers": 0, "sample_every": 100, "validate_every": 100,
}  # fmt: skip


def test_the_average_of_the_newest_checkpoint_is_used(tmp_path, home):
    for world in ("summer", "winter"):
        for number in range(3):
            write_painting(tmp_path / world / f"{number}.png", number, 32)
    data = {"a": (str(tmp_path / "summer"),), "b": (str(tmp_path / "winter"),)}
    run = RunFolder.create(home / "runs" / "mine", RunPlan(task="cyclegan", data=data, settings=TINY, schedule=SHORT))
    finish(train(TrainRequest(run.path), Controls(TranslatorSettings())))
    assert model_so_far(run.path) is None  # it is finished
    exported = load_file(run.model_file)
    run.model_file.unlink()

    (found,) = finish(list_translators(TranslatorsTask(), Controls(None)))
    ways = ("AtoB", "BtoA")
    assert found == TranslatorChoice(str(run.path), "mine", "summer", "winter", ways, 32, 2)
    assert found.words == "mine, step 2 so far"
    model = model_so_far(run.path)
    reached = load_file(model.path)
    assert reached.keys() == exported.keys()
    assert all(torch.equal(reached[name], exported[name]) for name in exported)
    assert load_translator(model.path, "ba")[1].steps == 2


def test_finished_pairs_tell_their_worlds_and_ways(home):
    write_translator(home / "runs" / "monet" / "model.safetensors")
    (found,) = finish(list_translators(TranslatorsTask(), Controls(None)))
    assert (found.a, found.b, found.ways, found.size, found.step) == ("photo", "painting", ("AtoB", "BtoA"), 32, 0)


def test_what_is_worked_on_is_asked_to_save_when_its_checkpoint_is_old(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    slip = run.checkpoints / "step-00000007.json"
    slip.write_text("{}")
    with run.held():
        assert finish(follow_run(FollowTask(run.path), Controls(None))) == 7
        assert not run.commands.given("checkpoint")
        os.utime(slip, (time.time() - 60, time.time() - 60))
        finish(follow_run(FollowTask(run.path), Controls(None)))
        finish(follow_run(FollowTask(run.path), Controls(None)))
        assert [order.kind for order in run.commands.take()] == ["checkpoint"]
    finish(follow_run(FollowTask(run.path), Controls(None)))  # nobody is there to obey
    assert run.commands.take() == ()


def test_a_pair_stays_open_until_another_is_asked_for(home):
    write_translator(home / "runs" / "monet" / "model.safetensors")
    resident, settings = ResidentPair(), TranslateSettings(model=str(home / "runs" / "monet"))
    first = resident.opened(settings)
    assert resident.opened(settings) is first
    assert resident.opened(settings.model_copy(update={"direction": "BtoA"})) is not first
