"""A run that is still learning, or was stopped, restores with what it has reached."""

import torch
from restorer_kit import write_restorer
from safetensors.torch import load_file
from studio_kit import write_painting

from models.restoration import RestorerFacts
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.recipes import Recipe
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.choices import RestorersTask, list_restorers
from studio.jobs.restore.networks import opened
from studio.jobs.restore.unfinished import model_so_far
from studio.jobs.train import train
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.tasks.restore import facts_of
from studio.training.tasks.restore_settings import RestorerSettings

SHORT = Schedule(phases=(Phase(duration=3, unit="steps", learning_rate=Ramp.level(1e-2)),))


def test_the_newest_checkpoint_is_used(tmp_path, home):
    for number in range(4):
        write_painting(tmp_path / "photos" / f"{number}.png", number, 32)
    settings = {"width": 8, "size": 16, "batch": 1, "held_back": 1, "workers": 0, "sample_every": 100}
    plan = RunPlan(task="restore", title="mine", data=(str(tmp_path / "photos"),), settings=settings, schedule=SHORT)
    run = RunFolder.create(home / "runs" / "mine", plan)
    finish(train(TrainRequest(run.path), Controls(RestorerSettings())))
    assert model_so_far(run.path) is None  # it is finished
    exported = load_file(run.model_file)
    run.model_file.unlink()

    found = {choice.name: choice for choice in finish(list_restorers(RestorersTask(), Controls(None)))}
    assert found[str(run.path)].words == "mine, step 3 so far · enlarges 2 ×"
    model = model_so_far(run.path)
    assert model.label == "mine, step 3"
    reached = load_file(model.path)
    assert reached.keys() == exported.keys()
    assert all(torch.equal(reached[name], exported[name]) for name in exported)
    restorer = opened(RestoreSettings(mode="enlarge", model=str(run.path)), 0.0)
    assert restorer.records[0].name == "mine"
    run.path.rename(tmp_path / "elsewhere")  # a picture is made again with what was reached then, whatever came of it
    recipe = Recipe(task="restore", settings={}, inputs=(), weights=restorer.records, seed=0)
    assert opened(RestoreSettings(mode="enlarge", model="mine"), 0.0, recipe).records == restorer.records


def test_a_crisp_finish_that_still_learns_does_what_it_begins_with_does(tmp_path, home):
    faithful = write_restorer(tmp_path / "four.safetensors", RestorerFacts("enlarger", {"scale": 4, "width": 8}))
    settings = {"course": "crisp", "start": str(faithful)}
    plan = RunPlan(task="restore", title="crisp", data=(str(tmp_path),), settings=settings, schedule=SHORT)
    run = RunFolder.create(home / "runs" / "crisp", plan)
    run.checkpoints.mkdir(exist_ok=True)
    (run.checkpoints / "step-00000002.json").touch()
    found = {choice.name: choice for choice in finish(list_restorers(RestorersTask(), Controls(None)))}
    assert found[str(run.path)].words == "crisp, step 2 so far · enlarges 4 ×"
    facts = facts_of(RestorerSettings.model_validate(settings))
    assert (facts.scale, facts.shape["width"], facts.finish) == (4, 8, "crisp")
    faithful.unlink()
    assert str(run.path) not in {choice.name for choice in finish(list_restorers(RestorersTask(), Controls(None)))}
